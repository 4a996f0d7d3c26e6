package io.fanfare.redis.presence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

import io.fanfare.protocol.MessageId;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;
import io.fanfare.redis.presence.ClaimResult.Counted;
import io.fanfare.redis.presence.Presence.Times;
import io.fanfare.redis.presence.Presence.Twins;
import io.fanfare.redis.presence.Presence.UserLimits;
import org.jspecify.annotations.Nullable;

/**
 * The claims of {@link Presence}: what {@code claim-user} takes and returns. Any thread
 * may call.
 */
final class Claims {

	private final CommandLink link;

	private final RedisKeys keys;

	private final UserLimits limits;

	/** The arguments that are the same for every claim. */
	private final byte[] lease;

	private final byte[] tombstone;

	private final byte[] maxTakeovers;

	private final byte[] maxOpens;

	private final byte[] userWindow;

	private final byte[] twins;

	Claims(CommandLink link, RedisKeys keys, Times times, UserLimits limits, Twins twins) {
		this.link = link;
		this.keys = keys;
		this.limits = limits;
		this.lease = Presence.millis(times.lease());
		this.tombstone = Presence.millis(times.tombstone());
		this.maxTakeovers = Presence.bytes(Integer.toString(limits.takeovers()));
		this.maxOpens = Presence.bytes(Integer.toString(limits.opens()));
		this.userWindow = Presence.millis(limits.window());
		this.twins = Presence.bytes(twins.replacements() + " " + twins.within().toMillis() + " " + twins.returns() + " "
				+ twins.window().toMillis());
	}

	/** Runs {@code claim-user}. */
	CompletableFuture<ClaimResult> run(String node, Claim claim) {
		Claim.Ticket ticket = claim.ticket();
		byte[][] scriptKeys = with(ticket,
				(one) -> List.of(this.keys.ticket(one.digest()), this.keys.tickets(claim.user())), this.keys.clock(),
				this.keys.run(), this.keys.since(), this.keys.presence(), this.keys.lease(node),
				this.keys.kicked(claim.user(), claim.client()), this.keys.takeovers(claim.user()), this.keys.renewals(),
				this.keys.hidden(claim.user()), this.keys.userOpens(claim.user()), this.keys.revoked(claim.user()),
				this.keys.revokedToken(claim.token().hash()), this.keys.unacknowledged(claim.user(), claim.client()));
		return this.link
			.<List<Object>>run(Script.CLAIM_USER, scriptKeys,
					(run, name) -> with(ticket,
							(one) -> List.of(Presence.bytes(one.digest()), Presence.bytes(one.attempt())), run,
							Presence.bytes(MessageId.format(this.link.seen())), this.link.durable(),
							this.keys.keyPrefix(), this.keys.channelPrefix(), Presence.bytes(claim.user()),
							Presence.bytes(node), Presence.bytes(claim.connection()), Presence.bytes(claim.client()),
							Presence.bytes(claim.tier().wireName()), this.lease, this.tombstone, this.maxTakeovers,
							this.userWindow, Presence.bytes(claim.page()), this.twins, Presence.bytes(name),
							Presence.bytes(MessageId.format(claim.cursor())), this.maxOpens,
							Presence.bytes(Long.toString(claim.token().issued()))))
			.thenApply((values) -> claimed(new Reply(values)));
	}

	/** What every claim has, and what one by a ticket has besides. */
	private static byte[][] with(Claim.@Nullable Ticket ticket, Function<Claim.Ticket, List<byte[]>> more,
			byte[]... all) {
		if (ticket == null) {
			return all;
		}
		List<byte[]> values = new ArrayList<>(List.of(all));
		values.addAll(more.apply(ticket));
		return values.toArray(byte[][]::new);
	}

	private ClaimResult claimed(Reply reply) {
		String outcome = reply.text();
		if (outcome.equals("ticket")) {
			String reason = reply.text();
			this.link.observe(reply.id());
			return new ClaimResult.TicketRefused(reason);
		}
		if (outcome.equals("limited") || outcome.equals("opens")) {
			Duration reset = Duration.ofMillis(reply.number());
			this.link.observe(reply.id());
			return new ClaimResult.Limited(this.limits, outcome.equals("opens") ? Counted.OPENS : Counted.TAKEOVERS,
					reset);
		}
		long generation = reply.id();
		long headId = reply.id();
		this.link.observe(headId);
		if (outcome.equals("revoked")) {
			return new ClaimResult.Revoked(headId);
		}
		if (!outcome.equals("owner")) {
			return new ClaimResult.Displaced(generation);
		}
		long dataLossFloor = reply.id();
		long hiddenFrom = reply.idOrZero();
		ClaimResult.Opens opens = new ClaimResult.Opens(this.limits, (int) reply.number(),
				Duration.ofMillis(Math.max(0, reply.number())));
		List<Long> unacknowledged = Unacknowledged.parse(reply.text());
		Map<String, String> revokedTopics = reply.hasNext() ? new HashMap<>() : Map.of();
		while (reply.hasNext()) {
			revokedTopics.put(reply.text(), reply.text());
		}
		return new ClaimResult.Owner(generation, headId, dataLossFloor,
				(hiddenFrom != MessageId.ZERO) ? hiddenFrom : null, (opens.count() > 0) ? opens : null, revokedTopics,
				unacknowledged);
	}

}
