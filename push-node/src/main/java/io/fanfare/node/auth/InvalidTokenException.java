package io.fanfare.node.auth;

/** A token that does not open a stream. The message may be shown to the client. */
@SuppressWarnings("serial")
public final class InvalidTokenException extends Exception {

	InvalidTokenException(String message) {
		super(message);
	}

}
