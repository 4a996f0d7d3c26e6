package io.fanfare.node.connection;

import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence.Field;
import org.jspecify.annotations.Nullable;

/**
 * Who a connection is, as presence names it.
 *
 * @param id its id, which may be shown
 * @param client the id of its client, which is its own where the client gave none
 * @param openedMillis when it was opened, in milliseconds since the epoch
 * @param request what it asked for
 */
record ConnectionIdentity(String id, String client, long openedMillis, StreamRequest request) {

	static ConnectionIdentity of(String id, long openedMillis, StreamRequest request) {
		String given = request.client();
		return new ConnectionIdentity(id, (given != null) ? given : id, openedMillis, request);
	}

	/** The id of the client's document, or "" where it is not known. */
	private String document() {
		String given = this.request.document();
		return (given != null) ? given : "";
	}

	/**
	 * Its claim to its user.
	 * @param ticket the ticket that the claim spends, or null for none
	 */
	Claim claim(long cursor, Claim.@Nullable Ticket ticket) {
		return new Claim(this.request.user(), this.id, this.client, this.request.tier(), document(), cursor,
				this.request.token(), ticket);
	}

	/** What is renewed of it. */
	Held held(long generation) {
		return new Held(this.request.user(), this.id, generation, this.client, this.openedMillis, this.request.tier(),
				document());
	}

	/**
	 * What is released of it.
	 * @param delivery what was written to it; null where it never was a stream
	 */
	Field field(long generation, @Nullable Delivery delivery, String reason) {
		return (delivery == null) ? new Field(this.request.user(), this.id, generation, null, reason)
				: new Field(this.request.user(), this.id, generation, delivery.received(), reason,
						delivery.unacknowledged(this.client));
	}

}
