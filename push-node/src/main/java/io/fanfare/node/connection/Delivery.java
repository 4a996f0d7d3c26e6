package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

import io.fanfare.node.broker.Message;
import io.fanfare.node.catchup.Gap;
import io.fanfare.node.catchup.Round;
import io.fanfare.node.catchup.Standing;
import io.fanfare.node.encoding.Backlog;
import io.fanfare.node.encoding.Blocks;
import io.fanfare.node.encoding.BroadcastLog;
import io.fanfare.node.encoding.Owed;
import io.fanfare.node.recorder.StreamJournal;
import io.fanfare.node.recorder.StreamJournal.Why;
import io.fanfare.node.subscription.SubscribedTopics;
import io.fanfare.node.subscription.Topic;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Retraction;
import io.fanfare.protocol.Predecessor;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.sse.SseBlock;
import io.fanfare.redis.presence.Presence.Received;
import io.fanfare.redis.presence.Unacknowledged;
import org.jspecify.annotations.Nullable;

/**
 * What one connection is owed and where it stands.
 * <p>
 * Its <em>position</em> is the id up to which everything of its channels was written or
 * announced as a gap. It is
 * <ul>
 * <li>PENDING until its topics are confirmed and its user is claimed; what arrives
 * meanwhile is kept in the backlog,</li>
 * <li>LIVE when its backlog holds all it is owed above its position,</li>
 * <li>CATCHING_UP when it does not: the connection resumes, read too slowly, missed a
 * stretch of pub/sub, or lacks the proof that it still receives its user's messages.
 * History is read in rounds. A round begins by keeping what arrives from now on
 * (tracking); once the position has reached the floor, the highest id that may be missing
 * from the backlog, the rest comes from the backlog and the connection is LIVE in the
 * same turn. That ends under any load.</li>
 * </ul>
 * A slow reader is not written to; its backlog overflows, is dropped, and it catches up
 * when it reads again: no queue grows, and nothing is lost within retention.
 * <p>
 * Messages to its user reach it only while presence names it. Where the field was gone
 * for a while they went to history alone, and the position may have passed them with what
 * else came. So it keeps apart up to which id the user's own channel was received. The
 * script that writes the field back says so on the link, in order with the messages: what
 * the channel then has above that id was hidden. Above the position it is read from
 * history in order; below it is announced as a gap.
 * <p>
 * Belongs to its connection's loop.
 */
final class Delivery {

	/** A backlog longer than this is dropped: reading history is cheaper then. */
	private static final int MAX_OWED = 1024;

	private static final int MAX_OWED_BYTES = 1024 * 1024;

	/** Retractions that are noted before a backlog is searched for what they cover. */
	private static final int MAX_RETRACTIONS = 64;

	/**
	 * What is written at once, or one message that is larger: it bounds what lies in
	 * direct memory for a reader that stalls, and how long the loop is busy with one.
	 */
	static final int PIECE_BYTES = 64 * 1024;

	private final Connection connection;

	private final StreamLoop loop;

	private final StreamWriter writer;

	private final SubscribedTopics<Connection> topics;

	/** Counts what is owed. */
	private final Owed account;

	/**
	 * Notes how the position changes, for those who ask later what became of a message.
	 */
	private final StreamJournal journal;

	private State state = State.PENDING;

	/**
	 * Never goes back, but where the store forgot the ids below it. While LIVE it lies at
	 * or above the floor.
	 */
	private long position;

	/**
	 * The client's cursor: the id of the last block that moved it. On a quiet stream it
	 * runs ahead of the position, over ids that were none of its channels'.
	 */
	private long cursor;

	/**
	 * In id order. While tracking it holds everything of the channels that lies above
	 * both floor and position, as far as it has arrived; otherwise it is empty.
	 */
	private Backlog owed;

	private boolean tracking = true;

	/** What the last round brought and was not written yet, in id order. */
	private Backlog replay;

	/** Up to where that round is complete, and whether nothing more was retained. */
	private long replayUpTo;

	private boolean replayComplete;

	/** Whether a piece is being written: the socket may report progress meanwhile. */
	private boolean writing;

	/** How far its user's channel was received. */
	private final UserChannel own = new UserChannel();

	/** Whether it is being found out what of its user's channel it received. */
	private boolean doubted;

	/** Which messages its client says that it received. */
	private Acknowledged acknowledged = Acknowledged.NOTHING;

	/** Of which messages a verdict is awaited of its client. */
	private final WrittenReceipts receipts = new WrittenReceipts();

	/**
	 * A data loss up to this id cost it nothing, once ids above have arrived on the link.
	 */
	private long vouchedSince;

	/**
	 * The topic of the last broadcast that was its own, or null: mostly that of the next.
	 */
	private @Nullable Topic<Connection> lastTopic;

	/** The number of the first broadcast of the loop that it has not taken over. */
	private long broadcast;

	/** The highest id that may be missing from the backlog. Only rises. */
	private long floor;

	/** Whether a round is on its way; there is one at a time. */
	private boolean reading;

	private boolean waitingForRound;

	/** What was erased since it was last looked for among what is owed and read. */
	private List<Retraction> retractions = List.of();

	/**
	 * Whether the round that is on its way reads a channel that was given up since, or
	 * more was erased meanwhile than is noted.
	 */
	private boolean outdated;

	/** How many rounds failed one after the other. */
	private int failures;

	/** Whether a message is missing that only a read which is yet to begin will find. */
	private boolean unread;

	/** Whether memory was freed when there was last too little for a write. */
	private boolean roomMade;

	private Resume resume = Resume.NONE;

	/** Channels of which only what lies above an id was asked for. */
	private Map<ChannelName, Long> starts = Map.of();

	/** The highest end of a gap announced per channel, while catching up. */
	private Map<ChannelName, Long> announced = Map.of();

	Delivery(Connection connection, StreamLoop loop, StreamWriter writer, SubscribedTopics<Connection> topics) {
		this.connection = connection;
		this.loop = loop;
		this.writer = writer;
		this.topics = topics;
		this.account = loop.owed();
		this.journal = loop.journal();
		this.owed = this.account.nothing();
		this.replay = this.owed;
	}

	/** Where a connection stands. */
	enum State {

		PENDING, CATCHING_UP, LIVE, CLOSED

	}

	/** What is to be told of a stream with a cursor, once it is live. */
	private enum Resume {

		NONE, COMPLETE, GAP

	}

	State state() {
		return this.state;
	}

	long position() {
		return this.position;
	}

	long cursor() {
		return this.cursor;
	}

	/** Which messages its client says that it received. */
	Acknowledged acknowledged() {
		return this.acknowledged;
	}

	/**
	 * Its client says that it received everything up to an id, and some messages above.
	 */
	void acknowledged(long upTo, List<Long> ids) {
		Acknowledged before = this.acknowledged;
		this.acknowledged = before.and(upTo, ids, this.cursor);
		if (this.acknowledged.cursor() > before.cursor()) {
			this.journal.acknowledged(this.loop.millis(), this.acknowledged.cursor());
		}
		// Of single ids only the newest are remembered, but each counts.
		List<Long> settled = this.receipts
			.take((id) -> this.acknowledged.contains(id) || id <= this.cursor && ids.contains(id));
		if (!settled.isEmpty()) {
			this.loop.receipts().acknowledged(this.connection.user(), settled);
		}
	}

	/**
	 * Its client may acknowledge messages that were written to its last stream, up to the
	 * cursor with which it continued that.
	 */
	void mayAcknowledge(List<Long> ids) {
		if (this.loop.receipts().isEnabled()) {
			ids.forEach(this::written);
		}
	}

	/** A message was written of which a verdict is awaited. */
	private void written(long id) {
		if (this.receipts.add(id)) {
			this.loop.receipts().dropped(1);
		}
		if (this.connection.request().acknowledges() && this.receipts.beginAsking()) {
			this.loop.askForReceipts(this.connection);
		}
	}

	/**
	 * Asks its client to acknowledge what it was written, if it did not. One that does
	 * not read is asked later.
	 * @return whether it is to be asked once more
	 */
	boolean askForReceipts() {
		boolean askable = this.connection.phase() instanceof Phase.Streaming && this.writer.isWritable();
		if (this.receipts.isToBeAsked() && askable) {
			this.writer.write(Blocks.probe(MessageId.format(this.cursor), this.loop.context().spread().nonce()));
			this.receipts.asked();
		}
		return this.receipts.isToBeAsked();
	}

	/** What its client did not acknowledge, for its next stream; null for nothing. */
	@Nullable Unacknowledged unacknowledged(String client) {
		return this.receipts.left(client);
	}

	/** How its position changed. */
	StreamJournal journal() {
		return this.journal;
	}

	/** Up to which id its user's channel surely was received. */
	long ownUpTo() {
		return this.own.upTo();
	}

	/** Whether all that arrived was written. */
	boolean isIdle() {
		take();
		return this.state == State.LIVE && this.owed.isEmpty();
	}

	// ---- where it begins and ends

	/**
	 * Sets out from an id; of some channels only what lies above another was asked for.
	 * @param hiddenFrom up to here at least, below that id, its holder received the
	 * user's channel; null where all of it
	 */
	void begin(long from, @Nullable Long hiddenFrom, Map<ChannelName, Long> only) {
		take();
		this.position = from;
		this.cursor = from;
		long start = only.getOrDefault(this.connection.channels().getFirst(), from);
		this.own.begin((hiddenFrom != null) ? Math.min(hiddenFrom, start) : start);
		this.starts = only;
		this.journal.begin(from, this.connection.request().cursor() != null, only);
	}

	/** Its client has a cursor: whether all came since is counted once it is live. */
	void resumes() {
		this.resume = Resume.COMPLETE;
	}

	/** Begins with the past. */
	void beginCatchingUp() {
		take();
		if (this.state == State.CLOSED) {
			return;
		}
		enterCatchingUp();
		catchUp();
	}

	private void enterCatchingUp() {
		if (this.state != State.CATCHING_UP) {
			this.state = State.CATCHING_UP;
			this.loop.context().catchUps().began(this.connection);
		}
	}

	/** Its client's cursor is of no use: begins at the clock, behind a gap. */
	void beginBehind(long from, long clock, Gap.Reason reason) {
		take();
		this.position = clock;
		this.cursor = clock;
		this.own.begin(clock);
		this.journal.begin(clock, false, Map.of());
		announce(from, clock, reason);
		live(clock);
	}

	/** Says of each channel that something may be missing. */
	void announce(long from, long to, Gap.Reason reason) {
		gaps(this.connection.channels().stream().map((channel) -> new Gap(channel, from, to, reason)).toList());
	}

	/** The store forgot what lies above an id: ids above it may be given once more. */
	void setBack(long since) {
		take();
		forgetReplay();
		if (this.state == State.CATCHING_UP && this.position >= since) {
			long stood = this.position;
			this.journal.setBack(since, stood);
			this.position = since;
			this.cursor = since;
			List<Gap> gaps = new ArrayList<>();
			for (ChannelName channel : this.connection.channels()) {
				long from = channel.isUser() ? Math.min(this.own.upTo(), since) : since;
				gaps.add(new Gap(channel, from, stood, Gap.Reason.DATA_LOSS));
			}
			gaps(gaps);
			this.own.setBack(since);
			this.acknowledged = this.acknowledged.setBack(since);
			this.receipts.setBack(since);
		}
	}

	void close() {
		boolean catchingUp = this.state == State.CATCHING_UP;
		this.state = State.CLOSED;
		letGo();
		forgetReplay();
		if (catchingUp) {
			LoopContext context = this.loop.context();
			context.errors().run("close", () -> context.catchUps().ended(this.connection, false));
		}
	}

	/** What it was owed is no longer owed, or to other connections only. */
	private void letGo() {
		Backlog held = this.owed;
		this.owed = this.account.nothing();
		this.account.drop(held);
	}

	private void forgetReplay() {
		Backlog held = this.replay;
		this.replay = this.account.nothing();
		this.account.drop(held);
	}

	/** How many bytes {@link #dropToHistory} frees at most. */
	long bytesAtMost() {
		int messages = this.owed.size() + this.replay.size();
		return this.owed.bytes() + this.replay.bytes() + (long) messages * (Owed.NODE_BYTES + Owed.MESSAGE_BYTES);
	}

	/** How many bytes it alone is owed. */
	long ownBytes() {
		return this.account.ownBytes(this.owed) + this.account.ownBytes(this.replay);
	}

	// ---- what arrives

	/** What the loop keeps for many is its own from here on. */
	void hearFromNow() {
		this.broadcast = this.loop.broadcasts().head();
	}

	/**
	 * A message of one of its channels arrived. Queues where there is something to write.
	 */
	void append(Message message, boolean named) {
		take();
		if (named && this.state == State.LIVE && !this.doubted) {
			this.own.received(message.id());
		}
		else if (named) {
			this.own.arrived(message.id());
		}
		else if (message.channel().isUser()) {
			this.own.arrivedByAll(message.id());
		}
		if (keep(message) && this.state == State.LIVE) {
			this.loop.queue(this.connection, message.channel().isUser());
		}
	}

	/**
	 * Takes over what the loop keeps for many and is its own. To be called before the
	 * state is read or changed.
	 */
	void take() {
		BroadcastLog<Connection> log = this.loop.broadcasts();
		while (this.broadcast < log.head() && this.state != State.CLOSED) {
			BroadcastLog.Entry<Connection> entry = log.get(this.broadcast++);
			if (receives(entry.topic())) {
				keep(entry.message());
			}
		}
	}

	private boolean receives(Topic<Connection> topic) {
		if (topic == this.lastTopic) {
			return true;
		}
		if (this.topics.contains(topic)) {
			this.lastTopic = topic;
			return true;
		}
		return false;
	}

	/** Returns whether the message went into the backlog. */
	private boolean keep(Message message) {
		long id = message.id();
		if (id <= this.position && this.state != State.PENDING || !this.tracking || this.state == State.CLOSED) {
			return false;
		}
		this.owed = this.account.append(this.owed, message);
		if (this.owed.size() > MAX_OWED || this.owed.bytes() > MAX_OWED_BYTES && this.owed.size() > 1) {
			dropOwedToHistory();
			return false;
		}
		return true;
	}

	/**
	 * Messages were erased: those that were not written yet are not written any more. A
	 * backlog is searched when it is written next, so that a retraction costs a loop with
	 * many slow readers no more than a note for each. In order with what arrives.
	 */
	void retract(Retraction retraction) {
		take();
		if (this.state == State.CLOSED) {
			return;
		}
		if (!this.owed.isEmpty() || !this.replay.isEmpty() || this.reading) {
			if (this.retractions.isEmpty()) {
				this.retractions = new ArrayList<>();
			}
			this.retractions.add(retraction);
			if (this.retractions.size() > MAX_RETRACTIONS) {
				dropRetracted();
				this.outdated |= this.reading;
				this.retractions = List.of();
			}
		}
		if (retraction.all() && this.connection.isBegun()) {
			this.writer.write(SseBlock.platform(Retraction.EVENT, MessageId.format(this.cursor), retraction.data(), 0));
		}
	}

	/** Drops what was erased of what is owed and of what a round brought. */
	private void dropRetracted() {
		if (this.retractions.isEmpty()) {
			return;
		}
		List<Retraction> erased = this.retractions;
		Predicate<Message> covered = (message) -> isRetracted(erased, message);
		int held = this.owed.size() + this.replay.size();
		this.owed = this.account.except(this.owed, covered);
		this.replay = this.account.except(this.replay, covered);
		if (this.owed.size() + this.replay.size() < held) {
			for (Retraction one : erased) {
				this.journal.erased(this.loop.millis(), one.channel(), one.id(), one.all(), this.position);
			}
		}
		if (!this.reading) {
			this.retractions = List.of();
		}
	}

	private static boolean isRetracted(List<Retraction> erased, Message message) {
		for (Retraction retraction : erased) {
			if (retraction.covers(message.channel(), message.id())) {
				return true;
			}
		}
		return false;
	}

	/** Leaves what it is owed, and what a round brought, to history, and falls behind. */
	void dropToHistory() {
		if (!this.replay.isEmpty()) {
			forgetReplay();
			// Nothing else leads to another round: the socket may have room all the time.
			this.loop.later(this.connection, 0, this::catchUp);
		}
		dropOwedToHistory();
	}

	private void dropOwedToHistory() {
		if (this.owed.isEmpty()) {
			return;
		}
		long last = this.owed.lastId();
		dropOwed();
		missed(last);
		if (this.state == State.LIVE) {
			fallBehind(Why.SLOW);
			catchUp();
		}
	}

	/** Writes a piece of what it is owed, if it may and can. */
	void visit() {
		take();
		if (this.state == State.CATCHING_UP && !this.replay.isEmpty()) {
			writeReplay();
			return;
		}
		dropRetracted();
		if (this.state != State.LIVE || this.owed.isEmpty()) {
			return;
		}
		if (!this.connection.isProven()) {
			fallBehind(Why.UNPROVEN);
			return;
		}
		if (this.writing || !hasRoomFor(this.owed)) {
			return;
		}
		Backlog piece = this.owed.upTo(PIECE_BYTES);
		if (!write(piece)) {
			postpone();
			return;
		}
		if (this.state != State.LIVE) {
			return;
		}
		this.owed = this.account.without(this.owed, piece);
		this.writer.movedCursor();
		this.loop.context().events().sent(piece.size(), piece.firstId(), piece.lastId());
		goOn(this.owed);
	}

	/** Whether the socket takes the next piece of a backlog. */
	private boolean hasRoomFor(Backlog backlog) {
		return this.writer.isWritable(Math.min(backlog.bytes(), PIECE_BYTES));
	}

	/** The rest waits for its turn, so that others have theirs. */
	private void goOn(Backlog rest) {
		if (!rest.isEmpty()) {
			this.loop.queue(this.connection, false);
		}
	}

	/**
	 * Writes messages, and moves to the last of them. Returns false where there is no
	 * direct memory for them: then none of them was written, as after any other error of
	 * the outlet.
	 */
	private boolean write(Backlog piece) {
		this.writing = true;
		try {
			this.writer.write(this.loop.chunk(piece), piece);
		}
		catch (OutOfMemoryError ex) {
			if (!Errors.isDirectMemory(ex) || !this.writer.isOpen()) {
				throw ex;
			}
			this.roomMade = this.loop.makeRoom(ex);
			return false;
		}
		finally {
			this.writing = false;
		}
		// Not before it is written, for a stream that an error ends is notified of its
		// cursor.
		this.position = piece.lastId();
		this.cursor = this.position;
		if (piece.hasReceipts() && this.loop.receipts().isEnabled()) {
			piece.eachReceipt(this::written);
		}
		return true;
	}

	/**
	 * Whether messages are being written, so that its cursor lags behind its client's.
	 */
	boolean isWriting() {
		return this.writing;
	}

	/** What could not be written is, as soon as there is memory for it. */
	private void postpone() {
		if (this.state == State.LIVE && this.roomMade) {
			this.loop.queue(this.connection, false);
			return;
		}
		fallBehind(Why.SLOW);
		untrack();
		if (this.roomMade) {
			this.loop.submit(this.connection, this::catchUp);
		}
		else {
			this.loop.later(this.connection, this.failures++, this::catchUp);
		}
	}

	/** The socket takes more again. */
	void writable() {
		if (this.writing) {
			return;
		}
		take();
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
		fallBehind(Why.LINK);
	}

	private void fallBehind(Why why) {
		take();
		if (this.state != State.LIVE) {
			return;
		}
		if (this.owed.isEmpty() && this.floor <= this.position && this.connection.isProven()) {
			// Without proof a message to the user may have gone nowhere, whatever else
			// passed.
			this.position = Math.max(this.position, this.loop.headId());
		}
		leaveLive(why);
	}

	private void dropOwed() {
		if (!this.owed.isEmpty()) {
			// What the store lost of it is nowhere any more.
			this.vouchedSince = MessageId.ZERO;
		}
		letGo();
	}

	private void leaveLive(Why why) {
		dropOwed();
		this.journal.behind(this.loop.millis(), this.position, why);
		this.tracking = false;
		enterCatchingUp();
		this.own.notOwned();
		this.loop.context().events().fellBehind();
	}

	// ---- whether its user's channel reached it

	private long vouchedSince() {
		return (this.loop.headId() > this.vouchedSince) ? this.vouchedSince : MessageId.ZERO;
	}

	/** What is published from here on does not arrive. */
	void linkLost() {
		this.vouchedSince = vouchedSince();
		forgetReplay();
		fallBehind();
	}

	/** The store lost data, and it was live all the while. */
	void vouch(long since) {
		if (this.state == State.LIVE) {
			this.vouchedSince = since;
		}
	}

	/** A renewal found that presence names it. */
	void owned(long clock) {
		take();
		if (this.state != State.LIVE || this.doubted) {
			return;
		}
		this.own.owned(clock, this.loop.headId());
	}

	/**
	 * Presence did not name it and does so again. In order with what arrives.
	 * @param last the last message of the user's channel
	 */
	void restored(Predecessor last) {
		take();
		this.own.notOwned();
		if (this.state == State.PENDING || !last.isAbove(this.own.upTo(), this.loop.millis())) {
			return;
		}
		if (this.state == State.LIVE && this.own.isAnyByAll()) {
			// After a data loss: what it is owed is nowhere else, so it stays LIVE.
			this.doubted = true;
			doubt(last.id(), 0);
			return;
		}
		missed(last.id());
		if (this.state == State.LIVE) {
			// The position stays: what was hidden above it comes in order.
			leaveLive(Why.UNPROVEN);
			catchUp();
		}
	}

	/**
	 * Finds out whether all of its user's channel up to an id came by way of all nodes.
	 */
	private void doubt(long upTo, int attempt) {
		ChannelName channel = this.connection.channels().getFirst();
		long from = this.own.upTo();
		this.loop.isAnyWithin(this.connection, from, upTo, this.own.byAll(), (any, failure) -> {
			if (this.state != State.LIVE || any == null) {
				// A round finds it out, now or after another try.
				this.doubted = this.state == State.LIVE;
				if (this.doubted) {
					this.loop.later(this.connection, attempt, () -> doubt(upTo, attempt + 1));
				}
				return;
			}
			this.doubted = false;
			if (any) {
				this.own.hid(from, Math.max(upTo, this.cursor));
				write(List.of(new Gap(channel, from, upTo, Gap.Reason.PRESENCE_LOSS)));
			}
			this.own.received(Math.max(upTo, this.own.last()));
		});
	}

	/**
	 * The stream of which it is the continuation received its user's channel only up to
	 * an id below the cursor with which this one began, as was found out late.
	 */
	void hiddenBefore(long from, long began) {
		hiddenBefore(from, began, 0);
	}

	private void hiddenBefore(long from, long began, int attempt) {
		ChannelName channel = this.connection.channels().getFirst();
		this.loop.isAnyWithin(this.connection, from, began, Set.of(), (any, failure) -> {
			if (this.state == State.CLOSED) {
				return;
			}
			if (any == null) {
				this.loop.later(this.connection, attempt, () -> hiddenBefore(from, began, attempt + 1));
			}
			else if (any) {
				this.own.hid(from, Math.max(began, this.cursor));
				write(List.of(new Gap(channel, from, began, Gap.Reason.PRESENCE_LOSS)));
			}
		});
	}

	/**
	 * How far its user's channel reached its client, for the stream that continues it.
	 */
	Received received() {
		take();
		return this.own.report(Math.max(this.position, this.cursor));
	}

	// ---- rounds

	/** Begins a round, if one is due and possible now. */
	void catchUp() {
		take();
		if (this.state != State.CATCHING_UP || this.reading) {
			return;
		}
		if (!this.replay.isEmpty()) {
			writeReplay();
			return;
		}
		if (!this.writer.isWritable(PIECE_BYTES) || !this.connection.isProven()
				|| !this.loop.rounds().begin(this.connection)) {
			untrack();
			return;
		}
		round();
	}

	/** Whether it waits until fewer rounds are on their way. */
	boolean isWaitingForRound() {
		return this.waitingForRound;
	}

	void waitForRound(boolean now) {
		this.waitingForRound = now;
	}

	/** Whether it would still begin the round for which it waited. */
	boolean wantsRound() {
		return isCheckable();
	}

	/** Reads a round. It was counted as begun. */
	void round() {
		boolean asked = false;
		try {
			track();
			Standing standing = new Standing(this.position, this.own.upTo(), this.own.byAll(), vouchedSince(),
					this.starts);
			this.reading = true;
			this.unread = false;
			this.loop.round(this.connection, standing, (round, failure) -> {
				try {
					answered(standing, round);
				}
				finally {
					this.loop.rounds().end(this.connection);
				}
			});
			asked = true;
		}
		finally {
			if (!asked) {
				this.loop.rounds().end(this.connection);
			}
		}
	}

	private void answered(Standing standing, @Nullable Round round) {
		this.reading = false;
		if (round != null) {
			this.failures = 0;
		}
		boolean dated = this.outdated;
		this.outdated = false;
		if (this.state != State.CATCHING_UP) {
			return;
		}
		if (dated) {
			untrack();
			this.loop.submit(this.connection, this::catchUp);
		}
		else if (round == null) {
			untrack();
			this.loop.later(this.connection, this.failures++, this::catchUp);
		}
		else if (!this.connection.isProven()) {
			untrack();
		}
		else {
			if (standing.position() < round.since()) {
				this.connection.ownership().passedLoss(round.since());
			}
			caughtUp(round);
		}
	}

	/**
	 * Keeps what arrives from now on; whatever arrived before has an id up to the loop's
	 * head.
	 */
	void track() {
		take();
		if (!this.tracking) {
			this.tracking = true;
			letGo();
			missed(this.loop.headId());
		}
	}

	private void untrack() {
		this.tracking = false;
		letGo();
	}

	/**
	 * What arrived up to an id may be missing from the backlog: only history has it all.
	 */
	void missed(long upTo) {
		this.floor = Math.max(this.floor, upTo);
	}

	/**
	 * A message of a channel of its own came that could not be read, and whose id is not
	 * known: what a read finds that was begun before is not enough.
	 */
	void lost() {
		take();
		if (this.state == State.CLOSED) {
			return;
		}
		this.unread = true;
		fallBehind();
		catchUp();
	}

	/**
	 * One of its channels was given up. What it is owed may hold messages of it: that is
	 * dropped, and the others are read again.
	 */
	void left(ChannelName topic) {
		this.lastTopic = null;
		take();
		this.journal.left(this.loop.millis(), topic, this.position);
		if (this.state == State.CLOSED) {
			return;
		}
		this.outdated = this.reading;
		forgetReplay();
		missed(this.owed.isEmpty() ? this.loop.headId() : Math.max(this.loop.headId(), this.owed.lastId()));
		if (this.state == State.LIVE) {
			leaveLive(Why.RESUME);
		}
		else {
			letGo();
		}
		catchUp();
	}

	/**
	 * Whether a check of last ids may stand in for a round: proven, and no round on its
	 * way.
	 */
	boolean isCheckable() {
		take();
		return this.state == State.CATCHING_UP && !this.reading && this.replay.isEmpty()
				&& this.writer.isWritable(PIECE_BYTES) && this.connection.isProven();
	}

	/**
	 * Nothing of its channels has an id above the position, up to the clock at the check.
	 */
	void missedNothing(long clock) {
		take();
		if (this.state == State.CATCHING_UP && !this.reading && this.replay.isEmpty() && this.tracking) {
			this.own.received(clock);
			live(clock);
		}
	}

	/** Whether a check of last ids finds that it missed something. */
	boolean missedAny(long since, ToLongFunction<ChannelName> lastId) {
		if (since > this.position && since > vouchedSince()) {
			return true;
		}
		for (ChannelName channel : this.connection.channels()) {
			long upTo = channel.isUser() ? Math.min(this.position, this.own.upTo()) : this.position;
			if (lastId.applyAsLong(channel) > upTo) {
				return true;
			}
		}
		return false;
	}

	private void caughtUp(Round round) {
		take();
		gaps(round.gaps()
			.stream()
			.filter((gap) -> gap.to() > this.announced.getOrDefault(gap.channel(), MessageId.ZERO))
			.toList());
		for (Gap gap : round.gaps()) {
			if (gap.reason() == Gap.Reason.PRESENCE_LOSS) {
				this.own.hid(gap.from(), Math.max(gap.to(), this.cursor));
			}
		}
		for (Message message : round.messages()) {
			if (message.id() > this.position) {
				this.replay = this.account.append(this.replay, message);
			}
		}
		dropRetracted();
		this.loop.context().timings().replaying(round.messages().size());
		this.loop.context().catchUps().read(this.connection, round.messages().size());
		this.replayUpTo = round.upTo();
		this.replayComplete = round.complete();
		if (this.replay.isEmpty()) {
			replayed();
		}
		else {
			writeReplay();
		}
	}

	/**
	 * Writes a piece of what a round brought, if it may and can. Without proof it is
	 * dropped, and read again.
	 */
	private void writeReplay() {
		if (!this.connection.isProven()) {
			forgetReplay();
			untrack();
			return;
		}
		if (this.writing) {
			return;
		}
		dropRetracted();
		if (this.replay.isEmpty()) {
			replayed();
			return;
		}
		if (!hasRoomFor(this.replay)) {
			return;
		}
		Backlog piece = this.replay.upTo(PIECE_BYTES);
		if (!write(piece)) {
			forgetReplay();
			postpone();
			return;
		}
		this.own.received(this.position);
		if (this.state != State.CATCHING_UP) {
			return;
		}
		this.replay = this.account.without(this.replay, piece);
		this.loop.context()
			.events()
			.replayed(piece.size(), piece.firstId(), piece.lastId(), this.connection.openedMillis());
		if (this.state == State.CATCHING_UP && this.replay.isEmpty()) {
			replayed();
		}
		goOn(this.replay);
	}

	/** All that a round brought was written. */
	private void replayed() {
		this.position = Math.max(this.position, this.replayUpTo);
		this.own.received(this.replayUpTo);
		if (!this.replayComplete || this.position < this.floor || this.unread) {
			catchUp();
			return;
		}
		if (!this.announced.isEmpty()) {
			moveCursor(this.position);
		}
		live(this.position);
	}

	/** Everything up to an id was written: the rest comes from the backlog. */
	void live(long upTo) {
		take();
		if (this.state == State.CLOSED) {
			return;
		}
		this.position = Math.max(this.position, upTo);
		this.starts = Map.of();
		this.announced = Map.of();
		if (this.position < this.floor || this.unread || !this.connection.isProven()) {
			enterCatchingUp();
			catchUp();
			return;
		}
		this.owed = this.account.above(this.owed, this.position);
		boolean caughtUp = this.state == State.CATCHING_UP;
		this.state = State.LIVE;
		if (caughtUp) {
			this.loop.context().catchUps().ended(this.connection, true);
		}
		if (this.resume != Resume.NONE) {
			this.loop.context().timings().resumed(this.resume == Resume.GAP);
			this.resume = Resume.NONE;
		}
		this.journal.live(this.loop.millis(), this.position);
		this.own.received(this.own.last());
		visit();
	}

	private void gaps(List<Gap> gaps) {
		if (gaps.isEmpty()) {
			return;
		}
		if (this.announced.isEmpty()) {
			this.announced = new HashMap<>();
		}
		if (this.resume == Resume.COMPLETE) {
			this.resume = Resume.GAP;
		}
		gaps.forEach((gap) -> this.announced.put(gap.channel(), gap.to()));
		write(gaps);
	}

	/** Those that differ in their channels alone come as one block. */
	private void write(List<Gap> gaps) {
		Map<Gap.Stretch, List<ChannelName>> stretches = new LinkedHashMap<>();
		for (Gap gap : gaps) {
			this.journal.gap(this.loop.millis(), gap);
			stretches.computeIfAbsent(gap.stretch(), (stretch) -> new ArrayList<>()).add(gap.channel());
			this.loop.context().events().gap();
		}
		Duration retry = this.loop.context().spread().retry();
		stretches.forEach((stretch, channels) -> this.writer.write(Blocks.gap(channels, stretch.from(), stretch.to(),
				stretch.reason().wireName(), MessageId.format(this.cursor), retry)));
	}

	void moveCursor(long to) {
		if (to > this.cursor) {
			this.writer.write(SseBlock.cursor(MessageId.format(to)));
			this.writer.movedCursor();
			this.cursor = to;
		}
	}

}
