package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.node.encoding.Blocks;
import io.fanfare.node.presence.Proof;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.subscription.SubscribedTopics;
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
import io.fanfare.protocol.redis.Presence.Field;
import io.fanfare.protocol.redis.Presence.Held;
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

	private final SubscribedTopics<Connection> topics = new SubscribedTopics<>(this);

	private final Delivery delivery;

	private final StreamTimers timers;

	private final UserClaim claim = new UserClaim();

	private final StreamOpening opening;

	private final CloseNotice notice;

	private Phase phase = Phase.OPENING;

	/** Whether it waits in one of the loop's queues to be written to. */
	private boolean queued;

	/** What its client's kernel had taken when the loop last looked for stalled ones. */
	private long drained = -1;

	/** Where it stands among the loop's connections, -1 for nowhere. */
	private int index = -1;

	Connection(ConnectionKey key, StreamRequest request, StreamLoop loop, Outlet outlet, Slot slot) {
		this.id = key.connection();
		this.request = request;
		String given = request.client();
		this.client = (given != null) ? given : this.id;
		this.loop = loop;
		this.writer = new StreamWriter(outlet, loop);
		this.timers = new StreamTimers(this, loop, this.writer);
		this.delivery = new Delivery(this, loop, this.writer, this.timers, this.topics);
		this.opening = new StreamOpening(key, this, loop, this.writer, this.delivery, this.claim, this.topics);
		this.notice = new CloseNotice(request, this.writer, loop);
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

	StreamOpening opening() {
		return this.opening;
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
	 * Says where it stands. On its loop.
	 * @param nowNanos now
	 * @return its state
	 */
	public ConnectionState state(long nowNanos) {
		return ConnectionReport.state(this.phase, this.timers, nowNanos);
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
		return ConnectionReport.of(this, this.timers, this.writer, ending);
	}

	// ---- admission

	void subscribe() {
		this.phase = new Phase.Claiming(isWaiting());
		this.admittedNanos = this.loop.nanoTime();
		this.topics.addAll(this.loop.topics(), this.channels);
		this.delivery.hearFromNow();
	}

	/** Its client knows that it is a stream. */
	void begun(boolean resumed) {
		boolean waited = this.phase instanceof Phase.Claiming claiming && claiming.waited();
		this.phase = Phase.STREAMING;
		this.timers.began();
		this.loop.began(this, resumed, waited);
	}

	/**
	 * Says that there is no stream now. On its loop.
	 * @param reason why
	 */
	public void refuse(CloseReason reason) {
		this.notice.refuse(reason);
		close(Ending.of(reason));
	}

	/** Says that a quota is used up. */
	void refuse(Quota quota) {
		this.notice.refuse(quota);
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

	Claim claimOf(long cursor) {
		return new Claim(user(), this.id, this.client, tier(), document(), cursor);
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
			this.delivery.missed(clock);
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
				this.delivery.fallBehind();
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
			this.delivery.fallBehind();
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
		this.notice.announceKick(reason, by, lastId(by));
		this.loop.events().kicked(reason);
		this.phase = new Phase.Leaving(reason, this.loop.nanoTime() + grace.toNanos());
		this.claim.giveUp();
		this.delivery.fallBehind();
		this.loop.watch(this, grace.toSeconds());
	}

	void kicked(CloseReason reason, long by) {
		this.notice.kick(reason, by, lastId(by));
		if (isBegun()) {
			this.loop.events().kicked(reason);
		}
		else {
			// There was no stream: its client was told to stop before.
			this.loop.events().refused(reason);
		}
		close(Ending.of(reason));
	}

	/** Up to where its client has what it was sent. */
	private long lastId(long by) {
		Long asked = this.request.cursor();
		return isBegun() ? this.delivery.cursor() : (asked != null) ? asked : by;
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
		this.notice.endSilently();
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
		this.notice.goAway(reason, isBegun() ? MessageId.format(this.delivery.cursor()) : this.request.cursorText());
		close(Ending.of(reason));
	}

	/** The client asked for the end. */
	void closeByClient() {
		if (isClosed()) {
			this.writer.abort();
			return;
		}
		this.notice.endSilently();
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
			this.notice.goAway(CloseReason.ERROR, MessageId.format(this.delivery.cursor()));
		}
		else {
			this.notice.notNow(CloseReason.ERROR);
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
	void close(Ending ending) {
		if (isClosed()) {
			return;
		}
		boolean begun = isBegun();
		this.phase = new Phase.Closed(begun);
		Errors errors = this.loop.errors();
		errors.run(CLOSE, this.delivery::close);
		this.topics.removeAll(this.loop.topics(), errors, CLOSE);
		if (this.claim.isToBeReleased()) {
			errors.run(CLOSE, () -> this.loop.release(field()));
		}
		this.loop.closed(this, ending, begun);
	}

	Field field() {
		return new Field(user(), this.id, this.claim.generation(), isBegun() ? this.delivery.received() : null);
	}

}
