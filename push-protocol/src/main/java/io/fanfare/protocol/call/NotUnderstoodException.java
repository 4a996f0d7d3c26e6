package io.fanfare.protocol.call;

/**
 * What another process said is not what this version expects: a field is missing, has
 * another type, or is not known. The message names the field, never its value.
 */
@SuppressWarnings("serial")
public final class NotUnderstoodException extends RuntimeException {

	NotUnderstoodException(String message) {
		super(message);
	}

}
