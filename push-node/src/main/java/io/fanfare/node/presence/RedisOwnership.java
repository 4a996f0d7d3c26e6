package io.fanfare.node.presence;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.CommandLink;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Renewal;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.redis.ticket.Tickets;
import org.jspecify.annotations.Nullable;

/** {@link Ownership} by the presence hash in Redis. */
public final class RedisOwnership implements Ownership {

	private final CommandLink link;

	private final Presence presence;

	private final Tickets tickets;

	private final String node;

	/**
	 * Makes it.
	 * @param link returns whether Redis answers
	 * @param presence the presence hash
	 * @param tickets where tickets are spent
	 * @param node this node's identity
	 */
	public RedisOwnership(CommandLink link, Presence presence, Tickets tickets, String node) {
		this.link = link;
		this.presence = presence;
		this.tickets = tickets;
		this.node = node;
	}

	@Override
	public CompletableFuture<ClaimResult> claim(Claim claim) {
		return this.presence.claim(this.node, claim);
	}

	@Override
	public CompletableFuture<@Nullable String> spend(String user, String connection, Claim.Ticket ticket,
			IssuedToken token) {
		return this.tickets.spend(user, ticket.digest(), connection, ticket.attempt(), token);
	}

	@Override
	public CompletableFuture<Boolean> isRevoked(String user, IssuedToken token) {
		return this.presence.isRevoked(user, token);
	}

	@Override
	public CompletableFuture<Renewal> renew(List<Held> held, @Nullable Long revocations) {
		return this.presence.renew(this.node, held, revocations);
	}

	@Override
	public CompletableFuture<Long> release(List<Field> fields) {
		return this.presence.release(fields);
	}

	@Override
	public boolean isAvailable() {
		return this.link.isUp();
	}

}
