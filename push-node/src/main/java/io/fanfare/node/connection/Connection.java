package io.fanfare.node.connection;

import java.time.Duration;
import java.util.List;

import io.fanfare.node.presence.Proof;
import io.fanfare.node.subscription.SubscribedTopics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.ConnectionState;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence.Field;
import org.jspecify.annotations.Nullable;

/**
 * One event stream: who it is, its {@link Phase}, and the parts that do the rest: how it
 * begins ({@link StreamOpening}), what it is owed ({@link Delivery}), what time does to
 * it ({@link StreamTimers}), whose it is ({@link OwnershipChanges}) and how it ends
 * ({@link StreamEnding}). Belongs to its loop: only the loop's thread touches it.
 */
public final class Connection {

	/** Where an error of its end is counted. */
	static final String CLOSE = "close";

	private final ConnectionIdentity identity;

	private List<ChannelName> channels;

	private final StreamLoop loop;

	private final StreamWriter writer;

	/** Its slot on the node, or its request for one. */
	private final Slot slot;

	private final long openedNanos;

	/** Since when it has a slot. */
	private long admittedNanos;

	private final SubscribedTopics<Connection> topics = new SubscribedTopics<>(this);

	private final Delivery delivery;

	private final StreamTimers timers;

	private final UserClaim claim = new UserClaim();

	private final StreamOpening opening;

	private final OwnershipChanges ownership;

	private final StreamEnding ending;

	private Phase phase = new Phase.Opening();

	/** Whether it waits in one of the loop's queues to be written to. */
	private boolean queued;

	/** Where it stands among the loop's connections, -1 for nowhere. */
	private int index = -1;

	Connection(ConnectionKey key, StreamRequest request, StreamLoop loop, Outlet outlet, Slot slot) {
		this.identity = ConnectionIdentity.of(key.connection(), loop.millis(), request);
		this.loop = loop;
		this.writer = new StreamWriter(outlet, loop);
		this.timers = new StreamTimers(this, loop, this.writer);
		this.delivery = new Delivery(this, loop, this.writer, this.topics);
		this.opening = new StreamOpening(key, this, loop, this.writer, this.delivery, this.timers, this.claim,
				this.topics);
		this.ending = new StreamEnding(this, loop, this.writer, this.delivery, this.claim);
		this.ownership = new OwnershipChanges(this, loop, this.delivery, this.claim);
		this.slot = slot;
		this.openedNanos = loop.nanoTime();
		this.channels = request.channels();
	}

	/**
	 * Its id, which may be shown.
	 * @return the id
	 */
	public String id() {
		return this.identity.id();
	}

	/**
	 * Whose stream it is.
	 * @return the user
	 */
	public String user() {
		return request().user();
	}

	String client() {
		return this.identity.client();
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
		return this.identity.request();
	}

	Delivery delivery() {
		return this.delivery;
	}

	StreamOpening opening() {
		return this.opening;
	}

	OwnershipChanges ownership() {
		return this.ownership;
	}

	StreamEnding ending() {
		return this.ending;
	}

	StreamWriter writer() {
		return this.writer;
	}

	/**
	 * Returns whether it has ended. On its loop.
	 * @return whether it has
	 */
	public boolean isClosed() {
		return this.phase instanceof Phase.Closed;
	}

	Phase phase() {
		return this.phase;
	}

	/** Moves on, as {@link Phase} says, unless a write has closed it. */
	void enter(Phase next) {
		this.phase = isClosed() ? this.phase : next;
	}

	/** Whether it has a slot and its client does not know yet that it is a stream. */
	boolean isClaiming() {
		return this.phase instanceof Phase.Claiming;
	}

	/** Whether its client was asked to stop and it is closed soon. */
	boolean isLeaving() {
		return this.phase instanceof Phase.Leaving;
	}

	/**
	 * Returns whether it is a stream, or was one when it was closed: it was admitted, and
	 * its client knows. On its loop.
	 * @return whether it is
	 */
	public boolean isBegun() {
		return this.phase.isBegun();
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

	/** It is subscribed to one less; what reads the others may go on. */
	void leave(ChannelName topic) {
		this.channels = this.channels.stream().filter((channel) -> !channel.equals(topic)).toList();
	}

	// ---- what comes from outside

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

	/** The client says that it receives the stream. */
	void acknowledged(Frame.Acknowledgement said) {
		this.timers.acknowledged(said.nonces());
		this.delivery.acknowledged(said.cursor(), said.ids());
	}

	/**
	 * Looks at what is due.
	 * @return seconds until it wants to be looked at again
	 */
	long tick(long nowNanos, long nowMillis) {
		return (this.phase instanceof Phase.Leaving leaving) ? this.ending.tick(leaving, nowNanos)
				: this.timers.tick(nowNanos, nowMillis);
	}

	/** Writes its position in the queue: at first, and when it changed and is read. */
	void notifyPosition() {
		QueuePosition now = this.slot.position();
		if (now != null && QueueNotice.write(this.phase, now, request(), this.writer, this.loop)) {
			enter(new Phase.Waiting(now));
		}
	}

	/** It got the slot for which it waited. On its loop. */
	public void admitted() {
		if (isClosed()) {
			return;
		}
		Duration waited = Duration.ofNanos(this.loop.nanoTime() - this.openedNanos);
		this.loop.context().timings().waited(this.identity.request().tier(), waited);
		this.loop.admit(this);
	}

	/**
	 * Returns whether it may be evicted for a stream of a higher tier. On its loop.
	 * @return whether it may
	 */
	public boolean isEvictable() {
		return request().tier() == Tier.LOW && this.phase instanceof Phase.Streaming;
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

	/**
	 * Says where it stands. On its loop.
	 * @param nowNanos now
	 * @return its state
	 */
	public ConnectionState state(long nowNanos) {
		return ConnectionReport.state(this.phase, this.timers, nowNanos);
	}

	long openedNanos() {
		return this.openedNanos;
	}

	/**
	 * When it was opened.
	 * @return milliseconds since the epoch
	 */
	public long openedMillis() {
		return this.identity.openedMillis();
	}

	/**
	 * What is reported of it. On its loop.
	 * @param ending how it ended, or null while it is open
	 * @return its status
	 */
	public ConnectionStatus status(@Nullable Ending ending) {
		return ConnectionReport.of(this, this.timers, this.writer, ending);
	}

	void subscribe() {
		this.phase = new Phase.Claiming(isWaiting());
		this.admittedNanos = this.loop.nanoTime();
		this.topics.addAll(this.loop.topics(), this.channels);
		this.delivery.hearFromNow();
	}

	/**
	 * Says that there is no stream now. On its loop.
	 * @param reason why
	 */
	public void refuse(CloseReason reason) {
		this.ending.refuse(reason);
	}

	/** Whether it may be written to: it surely still receives its user's messages. */
	boolean isProven() {
		Proof present = this.claim.proof();
		return present != null && this.loop.holds(present);
	}

	/**
	 * Returns whether presence names it, as far as is known here. On its loop.
	 * @return whether it does
	 */
	public boolean isHeld() {
		return this.claim.isOwned() && !isClosed() && !isLeaving();
	}

	ConnectionIdentity identity() {
		return this.identity;
	}

	Held held() {
		return this.identity.held(this.claim.generation());
	}

	/** A request of its user, by some client, waits in its place. On its loop. */
	public void replacedInQueue(@Nullable String client) {
		this.ending.replacedInQueue(client);
	}

	/**
	 * Asks the client to reconnect, after a spread while. On its loop.
	 * @param reason why
	 */
	public void goAway(CloseReason reason) {
		goAway(reason, null);
	}

	/**
	 * Asks the client to reconnect, after a spread while. On its loop.
	 * @param reason why
	 * @param message what it is given besides, or null
	 */
	public void goAway(CloseReason reason, @Nullable String message) {
		this.ending.goAway(reason, message);
	}

	/** The socket is closed or closing: now clean up. */
	void close(Ending ending) {
		if (isClosed()) {
			return;
		}
		boolean begun = isBegun();
		this.phase = new Phase.Closed(begun);
		Errors errors = this.loop.context().errors();
		errors.run(CLOSE, this.delivery::close);
		this.topics.removeAll(this.loop.topics(), errors, CLOSE);
		if (this.claim.isToBeReleased()) {
			errors.run(CLOSE, () -> this.loop.release(field(ending.reason())));
		}
		this.loop.closed(this, ending, begun);
	}

	Field field(String reason) {
		return this.identity.field(this.claim.generation(), isBegun() ? this.delivery : null, reason);
	}

}
