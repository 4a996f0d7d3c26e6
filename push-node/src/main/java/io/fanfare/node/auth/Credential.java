package io.fanfare.node.auth;

/** What a request for a stream shows to prove a right. */
public sealed interface Credential {

	/**
	 * A stream token.
	 *
	 * @param text the token in compact form
	 */
	record Token(String text) implements Credential {

		@Override
		public String toString() {
			return "Token[]";
		}

	}

}
