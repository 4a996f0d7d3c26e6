package io.fanfare.redis.ticket;

import java.time.Duration;
import java.time.Instant;

/** What asking for a ticket came to. */
public sealed interface Issue {

	/**
	 * There is one.
	 *
	 * @param ticket the ticket, which is a secret
	 * @param expiresAt when it ends, unless it is spent before
	 */
	record Issued(String ticket, Instant expiresAt) implements Issue {

		@Override
		public String toString() {
			return "Issued[expiresAt=" + this.expiresAt + "]";
		}

	}

	/**
	 * The user has as many that are not spent as may be.
	 *
	 * @param reset how long until the first of them ends
	 */
	record TooMany(Duration reset) implements Issue {

	}

	/** The token that it was to be made of is revoked. */
	record Revoked() implements Issue {

	}

}
