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

	/**
	 * A ticket.
	 *
	 * @param text the ticket
	 * @param attempt the request of a trusted proxy that it came with, or "" for none
	 */
	record Ticket(String text, String attempt) implements Credential {

		@Override
		public String toString() {
			return "Ticket[attempt=" + this.attempt + "]";
		}

	}

}
