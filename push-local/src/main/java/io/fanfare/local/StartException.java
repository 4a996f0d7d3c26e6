package io.fanfare.local;

/** Why the cluster does not start, in words for the person who started it. */
@SuppressWarnings("serial")
final class StartException extends RuntimeException {

	StartException(String message) {
		super(message);
	}

}
