package io.fanfare.node.connection;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

import io.fanfare.node.catchup.Gap;
import io.fanfare.node.encoding.Blocks;
import io.fanfare.node.presence.Proof;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.QuotaUse;
import io.fanfare.node.subscription.SubscribedTopics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.UserLimits;
import org.jspecify.annotations.Nullable;

/**
 * How a connection that has a slot becomes a stream: once its topics are confirmed it
 * claims its user, and what Redis answers says where it begins. Belongs to its
 * connection's loop.
 */
final class StreamOpening {

	/** What refuses a ticket whose token is revoked. */
	private static final String REVOKED = "revoked";

	/** Null once it was said. */
	private @Nullable ConnectionKey key;

	/** Topics that were taken away before the client knew of its stream, or null. */
	private @Nullable Map<ChannelName, String> unsubscribed;

	private final Connection connection;

	private final StreamLoop loop;

	private final StreamWriter writer;

	private final Delivery delivery;

	private final StreamTimers timers;

	private final UserClaim claim;

	private final SubscribedTopics<Connection> topics;

	/** What the claim is to spend; null for a token, and once it is spent. */
	private Claim.@Nullable Ticket ticket;

	StreamOpening(ConnectionKey key, Connection connection, StreamLoop loop, StreamWriter writer, Delivery delivery,
			StreamTimers timers, UserClaim claim, SubscribedTopics<Connection> topics) {
		this.key = key;
		this.connection = connection;
		this.loop = loop;
		this.writer = writer;
		this.delivery = delivery;
		this.timers = timers;
		this.claim = claim;
		this.topics = topics;
		this.ticket = connection.request().ticket();
	}

	/**
	 * Spends the ticket of a connection that is to wait: its client is answered only
	 * then, for a second one with the same ticket is refused. What gets a slot meanwhile
	 * claims with it as any other does.
	 * @param waits is run where it still is to wait
	 * @return whether it has a ticket to spend
	 */
	boolean spendTicket(Runnable waits) {
		Claim.Ticket present = this.ticket;
		if (present == null) {
			return false;
		}
		this.loop.spend(this.connection, present, (refusal, failure) -> {
			boolean answered = failure == null;
			if (answered && refusal == null) {
				this.ticket = null;
				this.loop.context().events().ticketSpent();
			}
			if (!(this.connection.phase() instanceof Phase.Opening)) {
				return;
			}
			if (!answered) {
				this.connection.refuse(CloseReason.REDIS_UNAVAILABLE);
			}
			else if (REVOKED.equals(refusal)) {
				this.connection.ending().revoked(MessageId.of(this.loop.millis(), 0));
			}
			else if (refusal != null) {
				this.connection.ending().refuseTicket(refusal);
			}
			else {
				waits.run();
			}
		});
		return true;
	}

	/**
	 * Claims the user once everything it receives is confirmed on the present link.
	 * Called again whenever that may be so.
	 */
	void claimWhenSubscribed() {
		if (!this.connection.isClaiming() || !this.claim.isDue() || !this.topics.isConfirmed(this.loop.link())) {
			return;
		}
		if (!this.writer.isOpen()) {
			this.connection.close(Ending.CLIENT);
			return;
		}
		if (this.loop.isLeaseLapsed()) {
			// What waited through a freeze may be an attempt that its client has long
			// given up.
			this.writer.abort();
			this.connection.close(Ending.LAPSED);
			return;
		}
		if (!this.loop.mayClaim(this.connection)) {
			return;
		}
		this.claim.sent();
		Proof sent = this.loop.proofFromNow();
		Long cursor = this.connection.request().cursor();
		Claim asked = this.connection.identity().claim((cursor != null) ? cursor : MessageId.ZERO, this.ticket);
		this.loop.claim(this.connection, asked, (result, failure) -> {
			if (result != null) {
				claimed(result, sent);
				return;
			}
			int failures = this.claim.unanswered();
			if (this.connection.isClosed()) {
				this.loop.release(this.connection.field(Field.UNKNOWN));
			}
			else {
				this.loop.claimLater(this.connection, failures);
			}
		});
	}

	private void claimed(ClaimResult result, Proof sent) {
		switch (result) {
			case ClaimResult.Owner owner -> {
				this.claim.owned(owner, sent, this.loop.stepsBack());
				if (this.ticket != null) {
					this.ticket = null;
					this.loop.context().events().ticketSpent();
				}
				if (this.connection.isClosed()) {
					this.loop.release(this.connection.field(Field.UNKNOWN));
					return;
				}
				this.loop.noteProof(sent);
				if (!this.connection.isProven()) {
					this.loop.renewSoon();
				}
				Frame.Displacement displacement = this.claim.displacement();
				if (displacement != null) {
					this.connection.ownership().displaced(displacement);
				}
				owner.revokedTopics().forEach(this::unsubscribe);
				if (!this.connection.isClosed()) {
					show(owner.opens());
					begin(owner);
				}
			}
			case ClaimResult.Displaced displaced -> {
				this.claim.refused();
				if (!this.connection.isClosed()) {
					this.connection.ending().kicked(CloseReason.TAKEOVER, displaced.generation());
				}
			}
			case ClaimResult.TicketRefused refused -> {
				this.claim.refused();
				if (!this.connection.isClosed()) {
					this.connection.ending().refuseTicket(refused.reason());
				}
			}
			case ClaimResult.Revoked revoked -> {
				this.claim.refused();
				if (!this.connection.isClosed()) {
					this.connection.ending().revoked(revoked.headId());
				}
			}
			case ClaimResult.Limited limited -> {
				this.claim.refused();
				if (!this.connection.isClosed()) {
					this.connection.ending().refuse(quota(limited));
				}
			}
		}
	}

	private static Quota quota(ClaimResult.Limited limited) {
		UserLimits limits = limited.limits();
		return switch (limited.counted()) {
			case TAKEOVERS -> Quota.takeovers(limits.takeovers(), limits.window(), limited.reset());
			case OPENS -> Quota.userOpens(limits.opens(), limits.window(), limited.reset());
		};
	}

	private void show(ClaimResult.@Nullable Opens opens) {
		if (opens != null) {
			UserLimits limits = opens.limits();
			this.writer.show(new QuotaUse(Quota.userOpens(limits.opens(), limits.window(), opens.reset()),
					Math.max(0, limits.opens() - opens.count())));
		}
	}

	private void begin(ClaimResult.Owner owner) {
		long clock = owner.headId();
		// What has a lower id may never have come here: a shared batch that ends below
		// is older than the claim.
		this.delivery.missed(clock);
		this.delivery.mayAcknowledge(owner.unacknowledged());
		switch (this.connection.request().start()) {
			case StreamRequest.Start.Now now -> {
				begun(clock, false, false, Map.of());
				this.delivery.live(clock);
			}
			case StreamRequest.Start.After after when after.cursor() > clock -> {
				begun(after.cursor(), true, true, Map.of());
				this.delivery.beginBehind(after.cursor(), clock, Gap.Reason.CURSOR_AHEAD);
			}
			case StreamRequest.Start.After after -> {
				begun(after.cursor(), true, true, Map.of());
				this.delivery.beginCatchingUp();
			}
			case StreamRequest.Start.Latest latest -> beginWithLatest(latest.count(), clock, false);
			case StreamRequest.Start.Unknown unknown when unknown.history() == 0 -> {
				begun(clock, true, false, Map.of());
				this.delivery.beginBehind(MessageId.ZERO, clock, Gap.Reason.CURSOR_UNKNOWN);
			}
			case StreamRequest.Start.Unknown unknown -> beginWithLatest(unknown.history(), clock, true);
		}
	}

	/**
	 * Begins with the last messages of each channel.
	 * @param count how many, or 0 for all
	 * @param clock the clock at the claim
	 * @param unknown whether the client may have missed what came before them
	 */
	private void beginWithLatest(int count, long clock, boolean unknown) {
		this.loop.starts(this.connection, count, (found, failure) -> {
			if (this.connection.isClosed()) {
				return;
			}
			if (found == null) {
				this.connection.refuse(CloseReason.REDIS_UNAVAILABLE);
				return;
			}
			long from = found.values().stream().mapToLong(Long::longValue).min().orElse(clock);
			from = Math.min(from, clock);
			begun(from, unknown, !found.isEmpty(), promised(found));
			if (unknown) {
				this.delivery.announce(MessageId.ZERO, clock, Gap.Reason.CURSOR_UNKNOWN);
			}
			this.delivery.beginCatchingUp();
		});
	}

	/**
	 * Where each channel begins: what came after the claim is promised, wherever the past
	 * begins; without anything retained, nothing else is.
	 */
	private Map<ChannelName, Long> promised(Map<ChannelName, Long> found) {
		long generation = this.claim.generation();
		Map<ChannelName, Long> starts = new HashMap<>();
		for (ChannelName channel : this.connection.channels()) {
			starts.put(channel, Math.min(found.getOrDefault(channel, generation), generation));
		}
		return starts;
	}

	private void begun(long from, boolean resumed, boolean replayed, Map<ChannelName, Long> starts) {
		this.delivery.begin(from, this.claim.hiddenFrom(), starts);
		if (resumed) {
			this.delivery.resumes();
		}
		Blocks.Identity identity = new Blocks.Identity(this.connection.id(), keyOnce(), this.connection.client(),
				this.loop.context().node(), this.connection.user());
		boolean waited = this.connection.phase() instanceof Phase.Claiming claiming && claiming.waited();
		Duration heartbeat = this.loop.context().settings().heartbeat();
		Duration retry = this.loop.context().spread().ordinaryRetry();
		String cursor = MessageId.format(from);
		this.writer.answer(Blocks.connected(identity, cursor, resumed, replayed, heartbeat, retry),
				() -> Blocks.connected(identity.withoutKey(), cursor, resumed, replayed, heartbeat, retry));
		if (this.connection.isClosed()) {
			return;
		}
		this.connection.enter(new Phase.Streaming());
		this.timers.began();
		this.loop.began(this.connection, resumed, waited);
		Map<ChannelName, String> left = this.unsubscribed;
		this.unsubscribed = null;
		if (left != null) {
			left.forEach(this::notifyUnsubscribed);
		}
	}

	/**
	 * Takes a topic from the connection: nothing more of it is written. Its client is
	 * notified, at once or behind the first block.
	 * @param topic the topic
	 * @param reason why
	 * @return whether it was a stream that was subscribed to it
	 */
	boolean unsubscribe(String topic, String reason) {
		ChannelName channel = this.connection.request()
			.topics()
			.stream()
			.filter((name) -> name.value().equals(topic))
			.findFirst()
			.orElse(null);
		if (channel == null || this.connection.isClosed() || !this.connection.channels().contains(channel)) {
			return false;
		}
		boolean subscribed = this.connection.isClaiming() || this.connection.isBegun();
		if (subscribed) {
			this.delivery.take();
		}
		this.connection.leave(channel);
		if (subscribed) {
			this.topics.remove(this.loop.topics(), channel);
			this.delivery.left(channel);
		}
		if (this.connection.isBegun()) {
			notifyUnsubscribed(channel, reason);
			return true;
		}
		this.unsubscribed = (this.unsubscribed != null) ? this.unsubscribed : new HashMap<>();
		this.unsubscribed.put(channel, reason);
		if (subscribed && this.claim.state() == UserClaim.State.NONE) {
			// It may have waited for that topic alone.
			claimWhenSubscribed();
		}
		return false;
	}

	private void notifyUnsubscribed(ChannelName channel, String reason) {
		if (!this.connection.isClosed() && !this.connection.isLeaving()) {
			this.writer.write(Blocks.unsubscribed(channel, reason, MessageId.format(this.delivery.cursor())));
			this.loop.context().events().unsubscribed();
		}
	}

	/** The client's key, which is said once and not kept. */
	private String keyOnce() {
		ConnectionKey said = Objects.requireNonNull(this.key, "The key was said before");
		this.key = null;
		return said.value();
	}

}
