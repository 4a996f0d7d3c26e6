package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.node.broker.Message;
import io.fanfare.node.catchup.Gap;
import io.fanfare.node.catchup.Round;
import io.fanfare.node.presence.Proof;
import io.fanfare.node.subscription.Topic.Subscription;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.redis.Presence.Claim;
import io.fanfare.protocol.redis.Presence.ClaimResult;
import io.fanfare.protocol.redis.Presence.Field;
import io.fanfare.protocol.redis.Presence.Held;
import io.fanfare.protocol.sse.SseBlock;
import org.jspecify.annotations.Nullable;

/**
 * One event stream and what it is owed. Belongs to its loop: only the loop's thread
 * touches it.
 * <p>
 * Its <em>position</em> is the id up to which everything of its channels was written or
 * announced as a gap. It is
 * <ul>
 * <li>PENDING until its topics are confirmed and its user is claimed; what arrives
 * meanwhile is kept in the backlog,</li>
 * <li>LIVE when its backlog holds all it is owed above its position,</li>
 * <li>CATCHING_UP when it does not: the connection resumes, read too slowly, missed a
 * stretch of pub/sub, or lacks the proof that it still hears its user. History is read in
 * rounds. A round begins by keeping what arrives from now on (tracking); once the
 * position has reached the floor, the highest id that may be missing from the backlog,
 * the rest comes from the backlog and the connection is LIVE in the same turn. That ends
 * under any load.</li>
 * </ul>
 * A slow reader is not written to; its backlog overflows, is dropped, and it catches up
 * when it reads again: no queue grows, and nothing is lost within retention.
 */
public final class Connection {

	/** A backlog longer than this is dropped: reading history is cheaper then. */
	private static final int MAX_OWED = 1024;

	private static final int MAX_OWED_BYTES = 1024 * 1024;

	private final String id;

	private final StreamRequest request;

	private final String client;

	private final List<ChannelName> channels;

	private final StreamLoop loop;

	private final Outlet outlet;

	private final long openedMillis;

	private final long openedNanos;

	private final List<Subscription<Connection>> subscriptions = new ArrayList<>(2);

	private State state = State.PENDING;

	private boolean claiming;

	private boolean claimed;

	/** Whether a claim was ever sent: then Redis may name this connection. */
	private boolean claimSent;

	private boolean begun;

	/** 0 until claimed. */
	private long generation;

	private @Nullable Proof proof;

	/** Whether a renewal that listed it may have written its field back unheard. */
	private boolean unsure;

	private long since;

	private long position;

	/** The client's cursor: the id of the last block that moved it. */
	private long cursor;

	private Backlog owed;

	private boolean tracking = true;

	/** The highest id that may be missing from the backlog while tracking. */
	private long floor;

	private boolean reading;

	/** Channels of which only what lies above an id was asked for. */
	private Map<ChannelName, Long> starts = Map.of();

	/** The highest end of a gap announced per channel, while catching up. */
	private Map<ChannelName, Long> announced = Map.of();

	/** Whether it waits in one of the loop's queues to be written to. */
	private boolean queued;

	private long lastWriteNanos;

	private long lastCursorNanos;

	/** When it was first seen without progress, and how much was pending then. */
	private long stalledNanos;

	private long stalledPending;

	/** When it is closed after a notice; 0 for never. */
	private long closeAtNanos;

	/** What that notice said. */
	private @Nullable CloseReason noticed;

	private boolean expiryAnnounced;

	Connection(String id, StreamRequest request, StreamLoop loop, Outlet outlet) {
		this.id = id;
		this.request = request;
		String given = request.client();
		this.client = (given != null) ? given : id;
		this.loop = loop;
		this.outlet = outlet;
		this.owed = loop.nothingOwed();
		this.openedMillis = loop.millis();
		this.openedNanos = loop.nanoTime();
		this.lastWriteNanos = this.openedNanos;
		this.lastCursorNanos = this.openedNanos;
		this.channels = new ArrayList<>(request.topics().size() + 2);
		this.channels.add(ChannelName.user(request.user()));
		this.channels.add(ChannelName.ALL);
		this.channels.addAll(request.topics());
	}

	/** Where a connection stands. */
	enum State {

		PENDING, CATCHING_UP, LIVE, CLOSED

	}

	/**
	 * Its id, which is also the capability to acknowledge and close.
	 * @return the id
	 */
	public String id() {
		return this.id;
	}

	String user() {
		return this.request.user();
	}

	String client() {
		return this.client;
	}

	Tier tier() {
		return this.request.tier();
	}

	StreamLoop loop() {
		return this.loop;
	}

	State state() {
		return this.state;
	}

	boolean isClosed() {
		return this.state == State.CLOSED;
	}

	boolean isPending() {
		return this.state == State.PENDING;
	}

	boolean isQueued() {
		return this.queued;
	}

	void queued(boolean now) {
		this.queued = now;
	}

	long openedNanos() {
		return this.openedNanos;
	}

	List<ChannelName> channels() {
		return this.channels;
	}

	long position() {
		return this.position;
	}

	// ---- opening

	void subscribe() {
		for (int i = 1; i < this.channels.size(); i++) {
			this.subscriptions.add(this.loop.topics().add(this.channels.get(i), this));
		}
	}

	/**
	 * Claims the user once everything it hears is confirmed on the present link. Called
	 * again whenever that may be so.
	 */
	void claimWhenSubscribed() {
		if (this.state != State.PENDING || this.claiming || this.claimed) {
			return;
		}
		for (Subscription<Connection> subscription : this.subscriptions) {
			if (!subscription.topic().isConfirmed(this.loop.link())) {
				return;
			}
		}
		if (!this.outlet.isOpen()) {
			close(Ending.CLIENT);
			return;
		}
		if (this.loop.isLeaseLapsed()) {
			// What waited through a freeze may be an attempt that its page has long given
			// up.
			this.outlet.abort();
			close(Ending.LAPSED);
			return;
		}
		this.claiming = true;
		this.claimSent = true;
		Proof sent = this.loop.proofFromNow();
		this.loop.claim(new Claim(user(), this.id, this.client, tier()), (result, failure) -> {
			this.claiming = false;
			if (result != null) {
				claimed(result, sent);
			}
			else if (isClosed()) {
				this.loop.release(field());
			}
		});
	}

	private void claimed(ClaimResult result, Proof sent) {
		switch (result) {
			case ClaimResult.Owner owner -> {
				this.generation = owner.generation();
				if (isClosed()) {
					this.loop.release(field());
					return;
				}
				this.claimed = true;
				this.since = owner.since();
				this.proof = sent;
				this.loop.noteProof(sent);
				if (!isProven()) {
					this.loop.renewSoon();
				}
				begin(owner);
			}
			case ClaimResult.Displaced displaced -> {
				if (!isClosed()) {
					this.claimSent = false;
					kicked(CloseReason.TAKEOVER, displaced.generation());
				}
			}
		}
	}

	private void begin(ClaimResult.Owner owner) {
		long clock = owner.clock();
		// What has a lower id may never have come here: a shared batch that ends below
		// is older than the claim.
		missed(clock);
		switch (this.request.start()) {
			case StreamRequest.Start.Now now -> {
				begun(clock, clock, false, false, null);
				live(clock);
			}
			case StreamRequest.Start.After after when after.cursor() > clock -> {
				begun(after.cursor(), clock, true, true, null);
				this.cursor = clock;
				for (ChannelName channel : this.channels) {
					gap(new Gap(channel, after.cursor(), clock, Gap.Reason.CURSOR_AHEAD));
				}
				this.announced = Map.of();
				live(clock);
			}
			case StreamRequest.Start.After after -> {
				begun(after.cursor(), after.cursor(), true, true, null);
				this.state = State.CATCHING_UP;
				catchUp();
			}
			case StreamRequest.Start.Latest latest ->
				this.loop.starts(this.channels, latest.count(), (found, failure) -> {
					if (isClosed()) {
						return;
					}
					if (found == null) {
						refuse(CloseReason.REDIS_UNAVAILABLE);
						return;
					}
					long from = found.values().stream().mapToLong(Long::longValue).min().orElse(clock);
					from = Math.min(from, clock);
					begun(from, from, false, !found.isEmpty(), found);
					this.state = State.CATCHING_UP;
					catchUp();
				});
		}
	}

	private void begun(long first, long from, boolean resumed, boolean replayed,
			@Nullable Map<ChannelName, Long> found) {
		this.position = from;
		this.cursor = first;
		if (found != null) {
			this.starts = new HashMap<>();
			for (ChannelName channel : this.channels) {
				// What came after the claim is promised, wherever the past begins;
				// without
				// anything retained, nothing else is.
				this.starts.put(channel, Math.min(found.getOrDefault(channel, this.generation), this.generation));
			}
		}
		this.begun = true;
		this.outlet.begin(Blocks.connected(this, this.loop.node(), MessageId.format(first), resumed, replayed,
				this.loop.settings().heartbeat(), this.loop.ordinaryRetry()));
		wrote();
		this.loop.began(this, resumed);
	}

	/** Says that there is no stream now. */
	void refuse(CloseReason reason) {
		this.outlet.refuse(reason, this.loop.spreadRetry());
		this.loop.events().refused(reason);
		close(Ending.of(reason));
	}

	// ---- what arrives

	/**
	 * A message of one of its channels arrived. Queues the connection where there is
	 * something to write.
	 */
	void append(Message message, boolean urgent) {
		long id = message.id();
		if (id <= this.position && this.state != State.PENDING || !this.tracking) {
			return;
		}
		if (this.state == State.CLOSED) {
			return;
		}
		this.owed = this.owed.append(message);
		if (this.owed.size() > MAX_OWED || this.owed.bytes() > MAX_OWED_BYTES && this.owed.size() > 1) {
			overflow(id);
		}
		else if (this.state == State.LIVE) {
			this.loop.queue(this, urgent);
		}
	}

	private void overflow(long id) {
		this.owed = this.loop.nothingOwed();
		missed(id);
		if (this.state == State.LIVE) {
			fallBehind();
			catchUp();
		}
	}

	/** Writes what it is owed, if it may and can. */
	void visit() {
		if (this.state != State.LIVE || this.owed.isEmpty()) {
			return;
		}
		if (!isProven()) {
			fallBehind();
			return;
		}
		if (!this.outlet.isWritable()) {
			return;
		}
		Backlog written = this.owed;
		this.owed = this.loop.nothingOwed();
		this.position = written.lastId();
		this.cursor = this.position;
		this.outlet.write(this.loop.chunk(written));
		wrote();
		this.lastCursorNanos = this.lastWriteNanos;
		this.loop.events().sent(written.size(), written.lastId());
	}

	private boolean isProven() {
		Proof present = this.proof;
		return present != null && this.loop.holds(present);
	}

	/** The socket takes more again. */
	void writable() {
		this.stalledNanos = 0;
		this.loop.beginSlice();
		if (this.state == State.LIVE) {
			visit();
		}
		else if (this.state == State.CATCHING_UP) {
			catchUp();
		}
	}

	// ---- catching up

	/**
	 * From LIVE: what arrives is not kept from here on, until a round of history begins.
	 */
	void fallBehind() {
		if (this.state != State.LIVE) {
			return;
		}
		if (this.owed.isEmpty() && this.floor <= this.position && isProven()) {
			// Without proof a message to the user may have gone nowhere, whatever else
			// passed.
			this.position = Math.max(this.position, this.loop.head());
		}
		this.owed = this.loop.nothingOwed();
		this.tracking = false;
		this.state = State.CATCHING_UP;
		this.loop.events().fellBehind();
	}

	/** Begins a round, if one is due and possible now. */
	void catchUp() {
		if (this.state != State.CATCHING_UP || this.reading) {
			return;
		}
		if (!this.outlet.isWritable() || !isProven()) {
			untrack();
			return;
		}
		track();
		this.reading = true;
		this.loop.round(this.channels, this.position, this.starts, (round, failure) -> {
			this.reading = false;
			if (this.state != State.CATCHING_UP) {
				return;
			}
			if (round == null) {
				untrack();
				this.loop.later(this::catchUp);
			}
			else if (!isProven()) {
				untrack();
			}
			else {
				caughtUp(round);
			}
		});
	}

	/**
	 * Keeps what arrives from now on; whatever arrived before has an id up to the loop's
	 * head.
	 */
	void track() {
		if (!this.tracking) {
			this.tracking = true;
			this.owed = this.loop.nothingOwed();
			missed(this.loop.head());
		}
	}

	private void untrack() {
		this.tracking = false;
		this.owed = this.loop.nothingOwed();
	}

	/**
	 * What arrived up to an id may be missing from the backlog: only history has it all.
	 */
	void missed(long upTo) {
		this.floor = Math.max(this.floor, upTo);
	}

	/**
	 * Whether a check of last ids may stand in for a round: proven, and no round on its
	 * way.
	 */
	boolean isCheckable() {
		return this.state == State.CATCHING_UP && !this.reading && this.outlet.isWritable() && isProven();
	}

	/**
	 * Nothing of its channels has an id above the position, up to the clock at the check.
	 */
	void missedNothing(long clock) {
		if (this.state == State.CATCHING_UP && !this.reading && this.tracking) {
			live(clock);
		}
	}

	private void caughtUp(Round round) {
		for (Gap gap : round.gaps()) {
			if (gap.to() > this.announced.getOrDefault(gap.channel(), MessageId.ZERO)) {
				gap(gap);
			}
		}
		Backlog batch = this.loop.nothingOwed();
		for (Message message : round.messages()) {
			if (message.id() > this.position) {
				batch = batch.append(message);
			}
		}
		if (!batch.isEmpty()) {
			this.cursor = batch.lastId();
			this.outlet.write(this.loop.chunk(batch));
			wrote();
			this.loop.events().sent(batch.size(), batch.lastId());
		}
		this.position = Math.max(this.position, round.upTo());
		if (!round.complete() || this.position < this.floor) {
			catchUp();
			return;
		}
		if (!this.announced.isEmpty()) {
			moveCursor(this.position);
		}
		live(this.position);
	}

	/** Everything up to an id is written: the rest comes from the backlog. */
	private void live(long upTo) {
		this.position = Math.max(this.position, upTo);
		this.starts = Map.of();
		this.announced = Map.of();
		if (this.position < this.floor || !isProven()) {
			this.state = State.CATCHING_UP;
			catchUp();
			return;
		}
		this.owed = this.owed.above(this.position, this.loop.nothingOwed());
		this.state = State.LIVE;
		visit();
	}

	private void gap(Gap gap) {
		if (this.announced.isEmpty()) {
			this.announced = new HashMap<>();
		}
		this.announced.put(gap.channel(), gap.to());
		write(Blocks.gap(gap, MessageId.format(this.cursor)));
		this.loop.events().gap();
	}

	private void moveCursor(long to) {
		if (to > this.cursor) {
			this.cursor = to;
			write(SseBlock.cursor(MessageId.format(to)));
			this.lastCursorNanos = this.lastWriteNanos;
		}
	}

	// ---- renewal

	boolean isHeld() {
		return this.claimed && this.state != State.CLOSED && !isLeaving();
	}

	/** Whether its client was told to stop and it is closed soon. */
	private boolean isLeaving() {
		return this.closeAtNanos != 0;
	}

	Held held() {
		return new Held(user(), this.id, this.generation, this.client, this.openedMillis, tier());
	}

	/** A renewal that listed it was not answered. */
	void renewalLost() {
		this.unsure = true;
	}

	/** A renewal that listed it found nothing amiss, or wrote its field back. */
	void renewed(Proof sent, long clock, long storeSince, boolean restored) {
		if (isClosed() || isLeaving()) {
			return;
		}
		Proof before = this.proof;
		boolean absent = restored || this.unsure;
		this.unsure = false;
		if (absent) {
			this.proof = null;
			fallBehind();
		}
		this.proof = sent;
		if (absent || before == null || before.link() != sent.link()) {
			// What was published until then may have gone nowhere.
			missed(clock);
		}
		if (storeSince > this.since) {
			this.since = storeSince;
			if (this.state == State.CATCHING_UP && this.begun && this.position >= storeSince) {
				// The position is of a past that the store forgot: ids above it may be
				// given once more.
				for (ChannelName channel : this.channels) {
					gap(new Gap(channel, storeSince, this.position, Gap.Reason.DATA_LOSS));
				}
				this.position = storeSince;
				this.cursor = storeSince;
			}
		}
	}

	/** A renewal found that another connection hears the user. */
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

	// ---- time

	/**
	 * Looks at what is due.
	 * @return seconds until it wants to be looked at again
	 */
	long tick(long nowNanos, long nowMillis) {
		if (this.closeAtNanos != 0) {
			// Nothing may follow the notice: a block with another id would wipe its
			// cursor.
			if (nowNanos - this.closeAtNanos < 0) {
				return 1;
			}
			endAfterNotice();
			return 0;
		}
		if (!this.begun) {
			return 1;
		}
		if (!this.outlet.isWritable()) {
			return stalled(nowNanos);
		}
		this.stalledNanos = 0;
		long expires = this.request.tokenExpires().toEpochMilli() - nowMillis;
		if (expires <= 0) {
			goAway(CloseReason.TOKEN_EXPIRED);
			return 0;
		}
		if (expires <= 60_000 && !this.expiryAnnounced) {
			this.expiryAnnounced = true;
			write(Blocks.expiring(MessageId.format(this.cursor), this.request.tokenExpires().toEpochMilli()));
		}
		ConnectionSettings settings = this.loop.settings();
		if (this.state == State.LIVE && this.owed.isEmpty() && isProven()
				&& nowNanos - this.lastCursorNanos >= settings.cursorInterval().toNanos()) {
			moveCursor(Math.max(this.position, this.loop.head()));
			this.lastCursorNanos = nowNanos;
		}
		long quiet = nowNanos - this.lastWriteNanos;
		if (quiet >= settings.heartbeat().toNanos()) {
			beat(nowMillis);
			quiet = 0;
		}
		long next = Math.ceilDiv(settings.heartbeat().toNanos() - quiet, 1_000_000_000L);
		long untilExpiry = Math.ceilDiv((expires > 60_000) ? expires - 60_000 : expires, 1_000L);
		return Math.min(next, untilExpiry);
	}

	private void beat(long nowMillis) {
		if (this.request.heartbeatEvents()) {
			write(Blocks.heartbeat(MessageId.format(this.cursor), nowMillis));
		}
		else {
			write(Blocks.HEARTBEAT);
		}
	}

	private long stalled(long nowNanos) {
		long pending = this.outlet.pendingBytes();
		if (this.stalledNanos == 0 || pending < this.stalledPending) {
			this.stalledNanos = nowNanos;
			this.stalledPending = pending;
		}
		else if (nowNanos - this.stalledNanos >= this.loop.settings().slowLimit().toNanos()) {
			// It hears why if it reads on within the moment that a farewell may take.
			goAway(CloseReason.SLOW);
			return 0;
		}
		return 1;
	}

	private void write(byte[] block) {
		this.outlet.write(Chunks.chunk(this.outlet.allocator(), block));
		wrote();
	}

	private void wrote() {
		this.lastWriteNanos = this.loop.nanoTime();
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
		if (grace.isZero() || !this.begun) {
			kicked(reason, by);
			return;
		}
		write(kickedBlock(reason, by));
		this.loop.events().kicked(reason);
		this.noticed = reason;
		this.closeAtNanos = this.loop.nanoTime() + grace.toNanos();
		this.proof = null;
		fallBehind();
		this.loop.watch(this, grace.toSeconds());
	}

	private void kicked(CloseReason reason, long by) {
		byte[] block = kickedBlock(reason, by);
		if (this.begun) {
			this.outlet.end(block);
		}
		else {
			this.outlet.begin(block);
			this.outlet.end(null);
		}
		this.loop.events().kicked(reason);
		close(Ending.of(reason));
	}

	private byte[] kickedBlock(CloseReason reason, long by) {
		Long asked = this.request.cursor();
		long last = this.begun ? this.cursor : (asked != null) ? asked : by;
		return Blocks.kicked(reason, by, MessageId.format(last), this.loop.millis());
	}

	private void endAfterNotice() {
		this.outlet.end(null);
		close((this.noticed != null) ? Ending.of(this.noticed) : Ending.REPLACED);
	}

	/** Ends a stream that a newer one of the same client replaces. */
	void endSilently() {
		if (isClosed()) {
			return;
		}
		if (this.begun) {
			this.outlet.end(null);
		}
		else {
			this.outlet.abort();
		}
		close(Ending.REPLACED);
	}

	/** Sends the client on, to come back after a spread while. */
	void goAway(CloseReason reason) {
		if (isClosed()) {
			return;
		}
		if (!this.begun) {
			refuse(CloseReason.DRAINING);
			return;
		}
		if (this.noticed != null) {
			endAfterNotice();
			return;
		}
		this.outlet.end(Blocks.goaway(reason, MessageId.format(this.cursor), this.loop.spreadRetry()));
		close(Ending.of(reason));
	}

	/** The client asked for the end. */
	void closeByClient() {
		if (!isClosed() && this.begun) {
			this.outlet.end(null);
		}
		else {
			this.outlet.abort();
		}
		close(Ending.CLIENT);
	}

	/** The socket is gone. */
	void disconnected(boolean broken) {
		close(broken ? Ending.ERROR : Ending.CLIENT);
	}

	/** The socket is closed or closing: now clean up. */
	private void close(Ending ending) {
		if (isClosed()) {
			return;
		}
		this.state = State.CLOSED;
		this.owed = this.loop.nothingOwed();
		for (Subscription<Connection> subscription : this.subscriptions) {
			this.loop.topics().remove(subscription);
		}
		this.subscriptions.clear();
		if (this.claimSent && !this.claiming) {
			this.loop.release(field());
		}
		this.loop.closed(this, ending, this.begun);
	}

	private Field field() {
		return new Field(user(), this.id, this.generation);
	}

}
