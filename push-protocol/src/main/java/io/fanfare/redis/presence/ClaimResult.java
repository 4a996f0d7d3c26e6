package io.fanfare.redis.presence;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/** What a claim came to. */
public sealed interface ClaimResult {

	/**
	 * The connection owns the user.
	 *
	 * @param generation its generation
	 * @param headId where history ends and live begins
	 * @param dataLossFloor the id below which the store may have lost something
	 * @param hiddenFrom up to which id, below the cursor, the user's channel was surely
	 * received; null where nothing is known to be missing up to the cursor
	 * @param opens what its user has opened, this one among them; null where that is not
	 * limited, or where the connection owned the user before
	 * @param revokedTopics the topics that the token grants no more, and the reason of
	 * each
	 * @param unacknowledged messages up to the cursor of which a verdict is awaited, and
	 * which the client did not acknowledge on its last stream
	 */
	record Owner(long generation, long headId, long dataLossFloor, @Nullable Long hiddenFrom, @Nullable Opens opens,
			Map<String, String> revokedTopics, List<Long> unacknowledged) implements ClaimResult {

		/** A connection whose client owes no acknowledgement. */
		public Owner(long generation, long headId, long dataLossFloor, @Nullable Long hiddenFrom, @Nullable Opens opens,
				Map<String, String> revokedTopics) {
			this(generation, headId, dataLossFloor, hiddenFrom, opens, revokedTopics, List.of());
		}

		/**
		 * A connection from which nothing is known to be hidden.
		 * @param generation its generation
		 * @param headId where history ends and live begins
		 * @param dataLossFloor the id below which the store may have lost something
		 */
		public Owner(long generation, long headId, long dataLossFloor) {
			this(generation, headId, dataLossFloor, null, null, Map.of());
		}

	}

	/**
	 * How many opens a user had.
	 *
	 * @param limits the limits
	 * @param count how many opens
	 * @param reset how long until those are counted anew
	 */
	record Opens(Presence.UserLimits limits, int count, Duration reset) {

	}

	/**
	 * The page was displaced.
	 *
	 * @param generation what displaced it
	 */
	record Displaced(long generation) implements ClaimResult {

	}

	/**
	 * The token was revoked: nothing names this connection.
	 *
	 * @param headId the last id given
	 */
	record Revoked(long headId) implements ClaimResult {

	}

	/**
	 * The user had as many takeovers, or opens, as the limits allow: the owner stays, and
	 * nothing names this connection.
	 *
	 * @param limits the limits
	 * @param counted which of them
	 * @param reset how long until those are counted anew
	 */
	record Limited(Presence.UserLimits limits, Counted counted, Duration reset) implements ClaimResult {

	}

	/**
	 * Its ticket ended, or was spent by another: the owner stays, and nothing names this
	 * connection.
	 *
	 * @param reason {@code unknown} or {@code spent}
	 */
	record TicketRefused(String reason) implements ClaimResult {

	}

	/** What is counted for each user. */
	enum Counted {

		/** Takeovers. */
		TAKEOVERS,
		/** Opens. */
		OPENS

	}

}
