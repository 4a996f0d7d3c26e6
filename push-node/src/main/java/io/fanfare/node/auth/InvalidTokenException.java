package io.fanfare.node.auth;

/** A token that does not open a stream. The message may be shown to the client. */
@SuppressWarnings("serial")
public final class InvalidTokenException extends Exception {

	InvalidTokenException(String message) {
		super(message);
	}

	static InvalidTokenException malformed() {
		return new InvalidTokenException("The token is malformed");
	}

	static InvalidTokenException signature() {
		return new InvalidTokenException("The token's signature is not valid");
	}

}
