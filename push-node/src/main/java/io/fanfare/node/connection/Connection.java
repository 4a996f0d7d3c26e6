package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.fanfare.node.broker.Message;
import io.fanfare.node.catchup.Gap;
import io.fanfare.node.encoding.Blocks;
import io.fanfare.node.presence.Proof;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.subscription.Topic;
import io.fanfare.node.subscription.Topic.Subscription;
import io.fanfare.node.timer.Liveness;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.ConnectionState;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.redis.Frame;
import io.fanfare.protocol.redis.History.Predecessor;
import io.fanfare.protocol.redis.Presence.Claim;
import io.fanfare.protocol.redis.Presence.ClaimResult;
import io.fanfare.protocol.redis.Presence.Field;
import io.fanfare.protocol.redis.Presence.Held;
import io.fanfare.protocol.redis.Presence.UserLimits;
import org.jspecify.annotations.Nullable;

/**
 * One event stream: how it is admitted, whose it is, and how it ends. What it is owed is
 * its {@link Delivery}'s, what time does to it its {@link StreamTimers}'s. Belongs to its
 * loop: only the loop's thread touches it.
 */
public final class Connection {

	/** Where an error of its end is counted. */
	private static final String CLOSE = "close";

	private final String id;

	/** Null once it was said. */
	private @Nullable ConnectionKey key;

	private final StreamRequest request;

	private final String client;

	private final List<ChannelName> channels;

	private final StreamLoop loop;

	private final StreamWriter writer;

	/** Its slot on the node, or its request for one. */
	private final Slot slot;

	private final long openedMillis;

	private final long openedNanos;

	/** Since when it has a slot. */
	private long admittedNanos;

	private final List<Subscription<Connection>> subscriptions = new ArrayList<>(2);

	/** One of the topics, asked for last: what many hear is mostly of the same one. */
	private @Nullable Topic<Connection> heard;

	private final Delivery delivery;

	private final StreamTimers timers;

	/** How many of its subscriptions, from the first on, are confirmed on a link. */
	private int confirmed;

	private long confirmedOn;

	/** The topic for whose confirmation it waits, or null. */
	private @Nullable Topic<Connection> awaited;

	private final UserClaim claim = new UserClaim();

	private Phase phase = Phase.OPENING;

	/** Whether it waits in one of the loop's queues to be written to. */
	private boolean queued;

	/** What its client's kernel had taken when the loop last looked for stalled ones. */
	private long drained = -1;

	/** Where it stands among the loop's connections, -1 for nowhere. */
	private int index = -1;

	Connection(ConnectionKey key, StreamRequest request, StreamLoop loop, Outlet outlet, Slot slot) {
		this.id = key.connection();
		this.key = key;
		this.request = request;
		String given = request.client();
		this.client = (given != null) ? given : this.id;
		this.loop = loop;
		this.writer = new StreamWriter(outlet, loop);
		this.timers = new StreamTimers(this, loop, this.writer);
		this.delivery = new Delivery(this, loop, this.writer, this.timers);
		this.slot = slot;
		this.openedMillis = loop.millis();
		this.openedNanos = loop.nanoTime();
		this.channels = new ArrayList<>(request.topics().size() + 2);
		this.channels.add(ChannelName.user(request.user()));
		this.channels.add(ChannelName.ALL);
		this.channels.addAll(request.topics());
	}

	/**
	 * Its id, which may be shown.
	 * @return the id
	 */
	public String id() {
		return this.id;
	}

	/**
	 * Whose stream it is.
	 * @return the user
	 */
	public String user() {
		return this.request.user();
	}

	String client() {
		return this.client;
	}

	/** The id of the client's document, or "" where it is not known. */
	private String document() {
		String given = this.request.document();
		return (given != null) ? given : "";
	}

	/**
	 * How much it counts.
	 * @return the tier
	 */
	public Tier tier() {
		return this.request.tier();
	}

	/**
	 * The loop that owns it.
	 * @return the loop
	 */
	public StreamLoop loop() {
		return this.loop;
	}

	/**
	 * What was asked for.
	 * @return the request
	 */
	public StreamRequest request() {
		return this.request;
	}

	Delivery delivery() {
		return this.delivery;
	}

	/**
	 * Tells whether it has ended. On its loop.
	 * @return whether it has
	 */
	public boolean isClosed() {
		return this.phase instanceof Phase.Closed;
	}

	Phase phase() {
		return this.phase;
	}

	/** Whether it has a slot and its client does not know yet that it is a stream. */
	boolean isClaiming() {
		return this.phase instanceof Phase.Claiming;
	}

	/** Whether its client was told to stop and it is closed soon. */
	private boolean isLeaving() {
		return this.phase instanceof Phase.Leaving;
	}

	/**
	 * Tells whether it is a stream, or was one when it was closed: it was admitted, and
	 * its client knows. On its loop.
	 * @return whether it is
	 */
	public boolean isBegun() {
		return switch (this.phase) {
			case Phase.Opening opening -> false;
			case Phase.Waiting waiting -> false;
			case Phase.Claiming claiming -> false;
			case Phase.Streaming streaming -> true;
			case Phase.Leaving leaving -> true;
			case Phase.Closed closed -> closed.begun();
		};
	}

	/** Whether it waits for a slot. */
	boolean isWaiting() {
		return this.phase instanceof Phase.Waiting;
	}

	boolean isQueued() {
		return this.queued;
	}

	void queued(boolean now) {
		this.queued = now;
	}

	int index() {
		return this.index;
	}

	void index(int now) {
		this.index = now;
	}

	Slot slot() {
		return this.slot;
	}

	long admittedNanos() {
		return this.admittedNanos;
	}

	/**
	 * The channels that it is subscribed to.
	 * @return the user's own first
	 */
	public List<ChannelName> channels() {
		return this.channels;
	}

	// ---- what it is owed

	/**
	 * A message of one of its channels arrived.
	 * @param named whether presence named this connection when it was published
	 */
	void append(Message message, boolean named) {
		this.delivery.append(message, named);
	}

	/** Takes over what of the loop's broadcasts is its own. */
	void takeBroadcasts() {
		this.delivery.take();
	}

	/** Whether it hears a topic. */
	boolean hears(Topic<Connection> topic) {
		if (topic == this.heard) {
			return true;
		}
		for (Subscription<Connection> subscription : this.subscriptions) {
			if (subscription.topic() == topic) {
				this.heard = topic;
				return true;
			}
		}
		return false;
	}

	/** Writes what it is owed, if it may and can. */
	void visit() {
		this.delivery.visit();
	}

	/** Something may be missed from here on. */
	void fallBehind() {
		this.delivery.fallBehind();
	}

	/** What arrived up to an id may not have come here. */
	void missed(long upTo) {
		this.delivery.missed(upTo);
	}

	void catchUp() {
		this.delivery.catchUp();
	}

	/** The socket takes more again. */
	void writable() {
		this.timers.progressed();
		retry();
	}

	/** Writes on if the socket takes more. One that waits for a slot is owed nothing. */
	void retry() {
		if (this.index >= 0) {
			this.loop.askClocks();
			this.delivery.writable();
		}
	}

	/** The client says that it hears the stream. */
	void acknowledged(List<String> nonces) {
		this.timers.acknowledged(nonces);
	}

	/**
	 * Looks at what is due.
	 * @return seconds until it wants to be looked at again
	 */
	long tick(long nowNanos, long nowMillis) {
		if (!(this.phase instanceof Phase.Leaving leaving)) {
			return this.timers.tick(nowNanos, nowMillis);
		}
		if (nowNanos - leaving.closeAtNanos() < 0) {
			return 1;
		}
		endAfterNotice(leaving.reason());
		return 0;
	}

	// ---- waiting for a slot

	/** There is no slot yet: its client is notified of its position. */
	void waitForSlot() {
		QueuePosition now = this.slot.position();
		if (now != null) {
			this.writer.answer(waiting(now, this.loop.spreadRetry()));
			this.phase = new Phase.Waiting(now);
		}
	}

	/** Notifies its client of its position, if that changed and the client reads. */
	void notifyPosition() {
		QueuePosition now = this.slot.position();
		if (now == null || !(this.phase instanceof Phase.Waiting(QueuePosition notified))
				|| !this.writer.isWritable()) {
			return;
		}
		if (now.position() != notified.position() || now.total() != notified.total()) {
			this.phase = new Phase.Waiting(now);
			this.writer.write(waiting(now, null));
		}
	}

	private byte[] waiting(QueuePosition now, @Nullable Duration retry) {
		return Blocks.waiting(now.position(), now.total(), now.estimateMillis(), this.request.cursorText(),
				this.loop.settings().heartbeat(), retry);
	}

	/** It got the slot for which it waited. On its loop. */
	public void admitted() {
		if (isClosed()) {
			return;
		}
		this.loop.events().waited(Duration.ofNanos(this.loop.nanoTime() - this.openedNanos));
		this.loop.admit(this);
	}

	/** No stream has to go for it. On its loop. */
	public void noSlot() {
		if (!isClosed() && this.slot.giveUp()) {
			refuse(CloseReason.FULL);
		}
	}

	/** No stream that had to go for it went in time. */
	void noSlotInTime() {
		if (!isClosed() && this.slot.withdraw()) {
			refuse(CloseReason.FULL);
		}
	}

	/**
	 * Tells whether it may be evicted for a stream of a higher tier. On its loop.
	 * @return whether it may
	 */
	public boolean isEvictable() {
		return tier() == Tier.LOW && this.phase instanceof Phase.Streaming;
	}

	/**
	 * Tells why it would soon be closed anyway. On its loop.
	 * @return the reason, or null
	 */
	public @Nullable CloseReason overdue() {
		return (this.phase instanceof Phase.Streaming) ? this.timers.overdue() : null;
	}

	/**
	 * Since when it has had no message, or not answered. On its loop.
	 * @return the time of the monotonic clock
	 */
	public long idleNanos() {
		return this.timers.idleNanos();
	}

	// ---- what is told of it

	/**
	 * The one place that says where it stands. On its loop.
	 * @param nowNanos now
	 * @return its state
	 */
	public ConnectionState state(long nowNanos) {
		return switch (this.phase) {
			case Phase.Opening opening -> ConnectionState.CONNECTING;
			case Phase.Waiting waiting -> ConnectionState.WAITING;
			case Phase.Claiming claiming -> ConnectionState.CONNECTING;
			case Phase.Streaming streaming -> stateOfStream(nowNanos);
			case Phase.Leaving leaving -> stateOfStream(nowNanos);
			case Phase.Closed closed -> ConnectionState.CLOSED;
		};
	}

	private ConnectionState stateOfStream(long nowNanos) {
		if (this.timers.isInError()) {
			return ConnectionState.ERROR;
		}
		return this.timers.isIdle(nowNanos) ? ConnectionState.IDLE : ConnectionState.ACTIVE;
	}

	/**
	 * Where its client is.
	 * @return the IP address
	 */
	public String address() {
		return this.request.address().getHostAddress();
	}

	long openedNanos() {
		return this.openedNanos;
	}

	/**
	 * When it was opened.
	 * @return milliseconds since the epoch
	 */
	public long openedMillis() {
		return this.openedMillis;
	}

	/**
	 * What is reported of it. On its loop.
	 * @param ending how it ended, or null while it is open
	 * @return its status
	 */
	public ConnectionStatus status(@Nullable Ending ending) {
		long now = this.loop.nanoTime();
		// The wall clock's now is taken from the monotonic one, so that times agree.
		long millis = this.openedMillis + (now - this.openedNanos) / 1_000_000;
		long active = isBegun() ? now - this.timers.lastActivityNanos() : now - this.openedNanos;
		Liveness liveness = this.timers.liveness();
		long heard = (liveness != null && liveness.isEverHeard()) ? millis - (now - liveness.heardNanos()) / 1_000_000
				: 0;
		return new ConnectionStatus(this.id, this.loop.node(), user(), this.client, tier().wireName(), address(),
				state(now).wireName(), this.openedMillis, millis - active / 1_000_000, heard,
				(liveness != null) ? liveness.roundTripNanos() / 1_000 : 0, this.writer.messagesSent(),
				this.writer.bytesSent(), this.timers.errors(), (now - this.openedNanos) / 1_000_000,
				(ending != null) ? ending.reason() : null);
	}

	// ---- admission

	void subscribe() {
		this.phase = new Phase.Claiming(isWaiting());
		this.admittedNanos = this.loop.nanoTime();
		for (ChannelName channel : this.channels) {
			this.subscriptions.add(this.loop.topics().add(channel, this));
		}
		this.delivery.hearFromNow();
	}

	/**
	 * Whether all it hears is confirmed on the present link. If not it waits for the
	 * first topic that is not: so each confirmation concerns those alone that wait for
	 * it. Without a link it waits for the next one, which looks at all that are pending.
	 */
	private boolean isSubscribed() {
		long link = this.loop.link();
		if (link != this.confirmedOn) {
			this.confirmedOn = link;
			this.confirmed = 0;
			this.awaited = null;
		}
		for (; this.confirmed < this.subscriptions.size(); this.confirmed++) {
			Topic<Connection> topic = this.subscriptions.get(this.confirmed).topic();
			if (!topic.isConfirmed(link)) {
				if (link != 0 && topic != this.awaited) {
					topic.awaitConfirmed(this);
					this.awaited = topic;
				}
				return false;
			}
		}
		return true;
	}

	/**
	 * Claims the user once everything it hears is confirmed on the present link. Called
	 * again whenever that may be so.
	 */
	void claimWhenSubscribed() {
		if (!isClaiming() || !this.claim.isDue() || !isSubscribed()) {
			return;
		}
		if (!this.writer.isOpen()) {
			close(Ending.CLIENT);
			return;
		}
		if (this.loop.isLeaseLapsed()) {
			// What waited through a freeze may be an attempt that its client has long
			// given
			// up.
			this.writer.abort();
			close(Ending.LAPSED);
			return;
		}
		if (!this.loop.mayClaim(this)) {
			return;
		}
		this.claim.sent();
		Proof sent = this.loop.proofFromNow();
		Long cursor = this.request.cursor();
		Claim asked = new Claim(user(), this.id, this.client, tier(), document(),
				(cursor != null) ? cursor : MessageId.ZERO);
		this.loop.claim(this, asked, (result, failure) -> {
			if (result != null) {
				claimed(result, sent);
				return;
			}
			int failures = this.claim.unanswered();
			if (isClosed()) {
				this.loop.release(field());
			}
			else {
				this.loop.claimLater(this, failures);
			}
		});
	}

	private void claimed(ClaimResult result, Proof sent) {
		switch (result) {
			case ClaimResult.Owner owner -> {
				this.claim.owned(owner, sent, this.loop.stepsBack());
				if (isClosed()) {
					this.loop.release(field());
					return;
				}
				this.loop.noteProof(sent);
				if (!isProven()) {
					this.loop.renewSoon();
				}
				Frame.Displacement displacement = this.claim.displacement();
				if (displacement != null) {
					displaced(displacement);
				}
				if (!isClosed()) {
					begin(owner);
				}
			}
			case ClaimResult.Displaced displaced -> {
				this.claim.refused();
				if (!isClosed()) {
					kicked(CloseReason.TAKEOVER, displaced.generation());
				}
			}
			case ClaimResult.Limited limited -> {
				this.claim.refused();
				if (!isClosed()) {
					refuse(quota(limited));
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

	private void begin(ClaimResult.Owner owner) {
		long clock = owner.clock();
		// What has a lower id may never have come here: a shared batch that ends below
		// is older than the claim.
		missed(clock);
		switch (this.request.start()) {
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
		this.loop.starts(this, count, (found, failure) -> {
			if (isClosed()) {
				return;
			}
			if (found == null) {
				refuse(CloseReason.REDIS_UNAVAILABLE);
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
		for (ChannelName channel : this.channels) {
			starts.put(channel, Math.min(found.getOrDefault(channel, generation), generation));
		}
		return starts;
	}

	private void begun(long from, boolean resumed, boolean replayed, Map<ChannelName, Long> starts) {
		this.delivery.begin(from, this.claim.hiddenFrom(), starts);
		byte[] first = Blocks.connected(new Blocks.Identity(this.id, keyOnce(), this.client, this.loop.node(), user()),
				MessageId.format(from), resumed, replayed, this.loop.settings().heartbeat(), this.loop.ordinaryRetry());
		this.writer.answer(first);
		boolean waited = this.phase instanceof Phase.Claiming claiming && claiming.waited();
		this.phase = Phase.STREAMING;
		this.timers.began();
		this.loop.began(this, resumed, waited);
	}

	/** The client's key, which is said once and not kept. */
	private String keyOnce() {
		ConnectionKey said = Objects.requireNonNull(this.key, "The key was said before");
		this.key = null;
		return said.value();
	}

	/**
	 * Says that there is no stream now. On its loop.
	 * @param reason why
	 */
	public void refuse(CloseReason reason) {
		this.loop.events().refused(reason);
		Duration retry = this.loop.spreadRetry();
		if (this.writer.isAnswered()) {
			this.writer.end(Blocks.busy(reason, this.request.cursorText(), retry));
		}
		else {
			this.writer.refuse(reason, retry);
		}
		close(Ending.of(reason));
	}

	/** Says that a quota is used up. */
	private void refuse(Quota quota) {
		this.loop.events().limited(quota);
		Duration retry = this.loop.retryAfter(quota);
		if (this.writer.isAnswered()) {
			this.writer.end(Blocks.busy(CloseReason.RATE_LIMITED, this.request.cursorText(), retry));
		}
		else {
			this.writer.refuse(quota, retry);
		}
		close(Ending.of(CloseReason.RATE_LIMITED));
	}

	/** Whether it may be written to: it surely still hears its user. */
	boolean isProven() {
		Proof present = this.claim.proof();
		return present != null && this.loop.holds(present);
	}

	// ---- renewal

	/**
	 * Tells whether presence names it, as far as is known here. On its loop.
	 * @return whether it does
	 */
	public boolean isHeld() {
		return this.claim.isOwned() && !isClosed() && !isLeaving();
	}

	Held held() {
		return new Held(user(), this.id, this.claim.generation(), this.client, this.openedMillis, tier(), document());
	}

	/**
	 * A renewal that listed it found nothing amiss, or wrote its field back. Whether
	 * messages to the user were hidden meanwhile is told apart, by {@link #restored}.
	 */
	void renewed(Proof sent, long clock, long dataLossFloor, boolean restored) {
		if (isClosed() || isLeaving()) {
			return;
		}
		UserClaim.Continuity continuity = this.claim.renewed(sent, this.loop.link(), this.loop.stepsBack());
		if (continuity == UserClaim.Continuity.BROKEN) {
			missed(clock);
		}
		boolean unbroken = continuity == UserClaim.Continuity.UNBROKEN;
		if (unbroken && !restored) {
			this.delivery.owned(clock);
		}
		if (this.claim.raiseDataLossFloor(dataLossFloor)) {
			if (unbroken) {
				this.delivery.vouch(dataLossFloor);
			}
			else {
				fallBehind();
				this.delivery.setBack(dataLossFloor);
			}
		}
	}

	/**
	 * Redis is another server. Ids above the given one that came from the server before
	 * say nothing about those that this one gave.
	 */
	void serverChanged(long dataLossFloor) {
		if (isHeld() && this.claim.raiseDataLossFloor(dataLossFloor)) {
			fallBehind();
			this.delivery.setBack(dataLossFloor);
		}
	}

	/**
	 * Its field was gone and is written back. In order with the messages that arrive.
	 * @param last the last message of the user's channel then
	 */
	void restored(Predecessor last) {
		if (isHeld()) {
			this.delivery.restored(last);
		}
	}

	/**
	 * The stream that ended where this one may have begun did not receive all of its
	 * user's channel.
	 */
	void hidden(Frame.Hidden frame) {
		Long cursor = this.request.cursor();
		if (cursor == null || cursor <= frame.from() || cursor > frame.to() || isClosed() || isLeaving()) {
			return;
		}
		if (isBegun()) {
			this.delivery.hiddenBefore(frame.from(), cursor);
		}
		else {
			this.claim.hidden(frame.from());
		}
	}

	/** It stands behind a gap that tells of what the store lost up to an id. */
	void passedLoss(long upTo) {
		this.claim.raiseDataLossFloor(upTo);
	}

	/** A newer connection may own the user. */
	void displaced(Frame.Displacement by) {
		if (this.claim.isDisplaced(by) && !isLeaving()) {
			displaced(by.generation(), by.client().equals(this.client));
		}
	}

	/** A renewal found that another connection owns the user. */
	void displaced(long by, boolean sameClient) {
		if (isClosed()) {
			return;
		}
		if (sameClient) {
			endSilently();
		}
		else {
			kicked(CloseReason.TAKEOVER, by);
		}
	}

	// ---- ends

	/**
	 * Tells the client to stop: it was displaced or disconnected.
	 * @param reason why
	 * @param by the generation that did it
	 * @param grace how long after the notice the stream is closed
	 */
	void kicked(CloseReason reason, long by, Duration grace) {
		if (isClosed()) {
			return;
		}
		if (grace.isZero() || !isBegun()) {
			kicked(reason, by);
			return;
		}
		this.writer.write(kickedBlock(reason, by));
		this.loop.events().kicked(reason);
		this.phase = new Phase.Leaving(reason, this.loop.nanoTime() + grace.toNanos());
		this.claim.giveUp();
		fallBehind();
		this.loop.watch(this, grace.toSeconds());
	}

	private void kicked(CloseReason reason, long by) {
		byte[] block = kickedBlock(reason, by);
		if (this.writer.isAnswered()) {
			this.writer.end(block);
		}
		else {
			this.writer.answer(block);
			this.writer.end(null);
		}
		if (isBegun()) {
			this.loop.events().kicked(reason);
		}
		else {
			// There was no stream: its client was told to stop before.
			this.loop.events().refused(reason);
		}
		close(Ending.of(reason));
	}

	private byte[] kickedBlock(CloseReason reason, long by) {
		Long asked = this.request.cursor();
		long last = isBegun() ? this.delivery.cursor() : (asked != null) ? asked : by;
		return Blocks.kicked(reason, by, MessageId.format(last), this.loop.millis());
	}

	/** Ends a stream whose client was told why before. */
	private void endAfterNotice(CloseReason reason) {
		this.writer.end(null);
		close(Ending.of(reason));
	}

	/** Ends a stream that a newer one of the same client replaces. On its loop. */
	public void endSilently() {
		if (isClosed()) {
			return;
		}
		if (this.writer.isAnswered()) {
			this.writer.end(null);
		}
		else {
			this.writer.abort();
		}
		close(Ending.REPLACED);
	}

	/**
	 * Asks the client to reconnect, after a spread while. On its loop.
	 * @param reason why
	 */
	public void goAway(CloseReason reason) {
		if (isClosed()) {
			return;
		}
		if (!isBegun() && reason != CloseReason.TOKEN_EXPIRED) {
			refuse(CloseReason.DRAINING);
			return;
		}
		if (this.phase instanceof Phase.Leaving leaving) {
			endAfterNotice(leaving.reason());
			return;
		}
		String cursor = isBegun() ? MessageId.format(this.delivery.cursor()) : this.request.cursorText();
		this.writer.end(Blocks.goaway(reason, cursor, this.loop.spreadRetry()));
		close(Ending.of(reason));
	}

	/** The client asked for the end. */
	void closeByClient() {
		if (!isClosed() && this.writer.isAnswered()) {
			this.writer.end(null);
		}
		else {
			this.writer.abort();
		}
		close(Ending.CLIENT);
	}

	/**
	 * Something of it threw. Never throws itself: whatever step fails, the others free
	 * what they can. Its client comes back and catches up.
	 */
	void failed() {
		if (isClosed()) {
			return;
		}
		Errors errors = this.loop.errors();
		if (!errors.run(CLOSE, this::sayError)) {
			errors.run(CLOSE, this.writer::abort);
		}
		errors.run(CLOSE, () -> close(Ending.of(CloseReason.ERROR)));
	}

	private void sayError() {
		if (isLeaving()) {
			this.writer.end(null);
		}
		else if (this.delivery.isWriting()) {
			this.writer.abort();
		}
		else if (isBegun()) {
			this.writer.end(Blocks.goaway(CloseReason.ERROR, MessageId.format(this.delivery.cursor()),
					this.loop.spreadRetry()));
		}
		else if (this.writer.isAnswered()) {
			this.writer.end(Blocks.busy(CloseReason.ERROR, this.request.cursorText(), this.loop.spreadRetry()));
		}
		else {
			this.writer.refuse(CloseReason.ERROR, this.loop.spreadRetry());
		}
	}

	/** What waits for a client that does not read, in the process; 0 while it reads. */
	long heldBytes() {
		return this.writer.heldBytes();
	}

	/**
	 * Whether the client's kernel took nothing since this was last asked. Only the loop
	 * asks, when memory is scarce.
	 */
	boolean tookNothing() {
		long drained = this.writer.drainedBytes();
		boolean same = drained == this.drained;
		this.drained = drained;
		return same;
	}

	/** Ends at once to free what waits for a client that does not read. */
	void shed() {
		if (!isClosed()) {
			this.writer.abort();
			close(Ending.of(CloseReason.MEMORY));
		}
	}

	/** Nothing reaches the client any more. */
	void giveUp() {
		this.writer.abort();
		close(Ending.UNREACHABLE);
	}

	/** The socket is gone. */
	void disconnected(boolean broken) {
		close(broken ? Ending.BROKEN : Ending.CLIENT);
	}

	/** The socket is closed or closing: now clean up. */
	private void close(Ending ending) {
		if (isClosed()) {
			return;
		}
		boolean begun = isBegun();
		this.phase = new Phase.Closed(begun);
		Errors errors = this.loop.errors();
		errors.run(CLOSE, this.delivery::close);
		for (Subscription<Connection> subscription : this.subscriptions) {
			errors.run(CLOSE, () -> this.loop.topics().remove(subscription));
		}
		this.subscriptions.clear();
		this.heard = null;
		if (this.claim.isToBeReleased()) {
			errors.run(CLOSE, () -> this.loop.release(field()));
		}
		this.loop.closed(this, ending, begun);
	}

	private Field field() {
		return new Field(user(), this.id, this.claim.generation(), isBegun() ? this.delivery.received() : null);
	}

}
