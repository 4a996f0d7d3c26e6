package io.fanfare.node.auth;

import io.fanfare.protocol.audit.RefusalReason;

/** A token that does not open a stream. The message may be shown to the client. */
@SuppressWarnings("serial")
public final class InvalidTokenException extends Exception {

	private final RefusalReason reason;

	InvalidTokenException(RefusalReason reason, String message) {
		super(message);
		this.reason = reason;
	}

	static InvalidTokenException malformed() {
		return new InvalidTokenException(RefusalReason.TOKEN_MALFORMED, "The token is malformed");
	}

	/** The client is given the same text for each of these reasons. */
	static InvalidTokenException signature(RefusalReason reason) {
		return new InvalidTokenException(reason, "The token's signature is not valid");
	}

	/** What is wrong with it. */
	RefusalReason reason() {
		return this.reason;
	}

}
