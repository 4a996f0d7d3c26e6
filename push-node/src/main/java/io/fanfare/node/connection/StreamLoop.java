package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

import io.fanfare.node.broker.DeliverySpan;
import io.fanfare.node.broker.Message;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.Round;
import io.fanfare.node.catchup.Standing;
import io.fanfare.node.encoding.Backlog;
import io.fanfare.node.encoding.Blocks;
import io.fanfare.node.encoding.BroadcastLog;
import io.fanfare.node.encoding.Owed;
import io.fanfare.node.encoding.SharedChunk;
import io.fanfare.node.presence.Ownership;
import io.fanfare.node.presence.Proof;
import io.fanfare.node.recorder.PastStream;
import io.fanfare.node.recorder.StreamJournal;
import io.fanfare.node.subscription.Topic;
import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.Retraction;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.Failures;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Presence.Field;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop and the connections it owns outright: no locks. Everything that concerns
 * them comes through one queue, the inbox, in one order: messages, kicks, replies, the
 * state of the link.
 * <p>
 * A turn takes what waits in the inbox, then writes to connections that are owed
 * something, each in bounded slices, and lets the loop look at its sockets before it goes
 * on. What many receive is kept once, and each takes what is its own when it is its turn;
 * messages that arrive while earlier ones wait are merged into one write. So a busier
 * loop gets cheaper, not later. Nothing waits for a timer.
 * <p>
 * Each item, each visit, each tick and each step of what lasts longer runs behind a
 * barrier: what it throws is noted, ends the connection concerned and no other, and the
 * loop runs on. Where it may have cost a message that concerns many, those catch up from
 * history.
 */
public final class StreamLoop {

	private static final Logger log = LoggerFactory.getLogger(StreamLoop.class);

	/** How long a phase of a turn may take. */
	private static final long SLICE_NANOS = 1_000_000;

	/** How many pieces of work are done before the clock is asked. */
	private static final int CLOCK_EVERY = 8;

	/**
	 * A message that one in so many receive is kept once for all; one that fewer receive
	 * is handed to each.
	 */
	private static final int MANY = 4;

	static final Duration TICK = Duration.ofMillis(100);

	private static final int TICKS_A_SECOND = 10;

	/** Sockets that had no room and are asked again: some 2 us each. */
	private static final int RETRIES_A_TICK = 256;

	/** Between two looks for clients that took nothing of what waits for them. */
	private static final Duration RELIEF = Duration.ofSeconds(1);

	static final Duration RETRY = Duration.ofMillis(400);

	private static final Duration MOST_RETRY = Duration.ofSeconds(5);

	private static final Duration MAX_CLAIM_RETRY = Duration.ofSeconds(1);

	private static final int MAX_DOUBLINGS = 8;

	/** Claims on their way: Redis needs some 30 ms for so many. */
	private static final int MAX_CLAIMS = 500;

	private final LoopExecutor executor;

	private final Node node;

	private final Topics<Connection> topics;

	private long bytesSent;

	/** The bytes, for other threads. */
	private volatile long shownBytesSent;

	private final Inbox inbox;

	private final AtomicBoolean armed = new AtomicBoolean();

	private final Runnable turn = this::turn;

	private final Consumer<Connection> visit = this::visit;

	/** Connections that are owed a message of their own: written first. */
	private final Deque<Connection> urgent = new ArrayDeque<>();

	/** Connections that are owed something. */
	private final Deque<Connection> behind = new ArrayDeque<>();

	private final RoundRobin connections = new RoundRobin();

	private final Owed owed;

	private final BroadcastLog<Connection> broadcasts;

	private final TracedWrites traced = new TracedWrites();

	private final Unflushed unflushed;

	private final Rounds rounds;

	/** The number of the first message that came during the present round. */
	private long roundEnd;

	/** Connections whose claim is not answered yet, in the order of their opening. */
	private final Deque<Connection> pending = new ArrayDeque<>();

	/** How many claims are on their way. */
	private int claims;

	/** Connections that are to claim when fewer are. */
	private final Deque<Connection> claimants = new ArrayDeque<>();

	private final Waiters waiters;

	private final LoopContext context;

	private final Wheel wheel = new Wheel();

	private final Releases releases;

	private final ReceiptAsks receiptAsks = new ReceiptAsks(this);

	private final SharedChunk chunk;

	/** The number of the present link, 0 for none. */
	private long link;

	/** The highest id that has passed here. */
	private long headId;

	/**
	 * How often an id came that was not above the last: the store was emptied while its
	 * clock stepped back, and gives ids once more.
	 */
	private int stepsBack;

	private final LoopPulse pulse = new LoopPulse();

	/** The newest renewal or claim of this loop, which vouches for the lease. */
	private @Nullable Proof lastProof;

	private final Renewals renewals;

	private final RevokedStreams revoked = new RevokedStreams(this);

	private final TokenChecks tokenChecks = new TokenChecks(this);

	private int ticks;

	private boolean stopped;

	/** When what could be freed was last looked for, 0 for never. */
	private long lookedNanos;

	/** When clients that took nothing were last looked for. */
	private long relievedNanos;

	/** Time when the clocks were last asked. */
	private long nowNanos;

	private long nowMillis;

	/** When this slice began. What happens within it must not move it. */
	private long sliceBegan;

	/** Pieces of work done in this slice since the clock was asked. */
	private int sliceWork;

	/**
	 * Makes a loop.
	 * @param executor its thread
	 * @param node what it shares with the other loops
	 */
	public StreamLoop(LoopExecutor executor, Node node) {
		this(executor, node, Inbox.LIMIT);
	}

	/**
	 * Makes a loop.
	 * @param executor its thread
	 * @param node what it shares with the other loops
	 * @param inboxLimit how many messages may wait in its inbox; above it they are
	 * dropped and all connections catch up from history
	 */
	public StreamLoop(LoopExecutor executor, Node node, int inboxLimit) {
		this.executor = executor;
		this.node = node;
		this.owed = new Owed(node.budget().owed());
		this.broadcasts = new BroadcastLog<>(this.owed);
		this.chunk = new SharedChunk(this.owed);
		this.rounds = new Rounds(node.budget().catchUp());
		this.unflushed = new Unflushed(node.budget().unflushed(), node.memory());
		this.inbox = new Inbox(inboxLimit, node.budget().inbox(), this::arm, this::recoverFromOverflow);
		this.renewals = new Renewals(this, node);
		this.releases = new Releases(node.connections().max(), this::release, this::submit,
				(task, failures) -> schedule(retryAfter(failures, MOST_RETRY), () -> submit(task)));
		this.waiters = new Waiters(node.noticeInterval());
		this.context = LoopContext.of(node);
		this.nowNanos = executor.nanoTime();
		this.relievedNanos = this.nowNanos;
		this.nowMillis = executor.millis();
		this.topics = new Topics<>(node.upstream(), this::submit,
				(connection) -> guard("claim", connection, StreamLoop::claim));
	}

	/**
	 * What the loops of a node share.
	 *
	 * @param identity the node's identity
	 * @param settings settings of connections
	 * @param renewInterval how often connections are renewed
	 * @param lease how long a lease lasts
	 * @param noticeInterval how often a waiting client is notified of its position at
	 * most
	 * @param ownership who owns users
	 * @param catchUp reads history
	 * @param upstream subscribes
	 * @param events is notified of what happens
	 * @param catchUps is notified when streams read history
	 * @param connections is notified of every connection that is gone
	 * @param random spreads what clients are asked to wait
	 * @param errors notes what is thrown
	 * @param budget how much memory each loop may take
	 * @param memory the direct memory of the process
	 */
	public record Node(String identity, ConnectionSettings settings, Duration renewInterval, Duration lease,
			Duration noticeInterval, Ownership ownership, CatchUp catchUp, Topics.Upstream upstream,
			ConnectionEvents events, CatchUpEvents catchUps, Connections connections, RandomGenerator random,
			Errors errors, MemoryBudget budget, DirectMemory memory) {

	}

	/** Begins: the first renewal sets the node's lease. */
	public void start() {
		this.pulse.begun(this.executor.nanoTime());
		this.executor.execute(this::tick);
	}

	// ---- the inbox; any thread

	/** Hands a message over for all who receive its channel. */
	void offer(Message message) {
		this.inbox.add(message);
	}

	/** Hands a message over for one connection. */
	void offer(Connection connection, Message message) {
		this.inbox.add(connection, message);
	}

	/** Runs something in order with what else arrives. */
	void submit(Runnable task) {
		this.inbox.add(task);
	}

	/**
	 * Runs what concerns one connection in order with what else arrives. Any thread may
	 * call.
	 * @param connection the connection, which ends if the task throws
	 * @param task the task
	 */
	public void submit(Connection connection, Runnable task) {
		this.inbox.add(new Task(connection, task));
	}

	/** A task that concerns one connection: what it throws ends that connection. */
	private record Task(Connection connection, Runnable task) implements Runnable {

		@Override
		public void run() {
			this.task.run();
		}

	}

	private void arm() {
		if (!this.armed.get() && this.armed.compareAndSet(false, true)) {
			continueBy(this.executor::execute);
		}
	}

	/** Hands the next turn to the thread. Without one, the next tick begins again. */
	@SuppressWarnings("CatchThrowable")
	private void continueBy(Consumer<Runnable> thread) {
		try {
			thread.accept(this.turn);
		}
		catch (Throwable ex) {
			this.armed.set(false);
			this.node.errors().note("turn", ex);
		}
	}

	/** What came after this was dropped, until now: as if the link had been lost. */
	private void recoverFromOverflow() {
		List<Connection> all = this.connections.all();
		log.warn("inbox=overflowed connections={}", all.size());
		each("inbox", all, (connection) -> connection.delivery().fallBehind());
		catchUpFrom(all, this.inbox.reopen());
	}

	/** Messages up to an id may not have come here: only history has them all. */
	private void catchUpFrom(List<Connection> all, long lost) {
		pass(lost);
		each("inbox", all, (connection) -> connection.delivery().missed(lost));
		each("inbox", all, (connection) -> connection.delivery().catchUp());
	}

	// ---- barriers

	/**
	 * Does something with one connection: what it throws ends that connection and goes no
	 * further. On the loop.
	 * @param where the place that an error is counted for
	 * @param connection the connection
	 * @param task what is done
	 * @return whether it ended without an error
	 */
	@SuppressWarnings("CatchThrowable")
	public boolean guard(String where, Connection connection, Consumer<Connection> task) {
		try {
			task.accept(connection);
			return true;
		}
		catch (Throwable ex) {
			failed(where, connection, ex);
			return false;
		}
	}

	/** Does something with each of some connections, each behind a barrier. */
	void each(String where, List<Connection> some, Consumer<Connection> task) {
		for (Connection connection : some) {
			guard(where, connection, task);
		}
	}

	/** Something that concerns one connection threw: it ends, and no other does. */
	private void failed(String where, Connection connection, Throwable error) {
		this.node.errors().note(where, error);
		if (Errors.isDirectMemory(error)) {
			free(StreamLoop::any);
		}
		connection.ending().failed();
	}

	// ---- direct memory

	/**
	 * There is no direct memory for a write. Most of it is held by what clients that do
	 * not read have not taken: the largest such backlogs go, and their clients catch up
	 * when they come back.
	 * @return whether this loop had any to free
	 */
	boolean makeRoom(OutOfMemoryError error) {
		this.node.errors().note("direct-memory", error);
		long now = this.executor.nanoTime();
		if (this.lookedNanos != 0 && now - this.lookedNanos < RETRY.toNanos() / 2) {
			// The others of this turn lack the same.
			return false;
		}
		if (free(StreamLoop::any)) {
			return true;
		}
		this.node.connections().makeRoom(this);
		return false;
	}

	/**
	 * A socket waits for direct memory that clients hold which do not read, or soon will:
	 * the largest of those that took nothing since the last look go. On the loop, once
	 * per second at most.
	 */
	private void relieve() {
		if (this.nowNanos - this.relievedNanos < RELIEF.toNanos()
				|| !this.unflushed.lacked() && !this.unflushed.isTooMuch()) {
			return;
		}
		this.relievedNanos = this.nowNanos;
		free((connection) -> connection.writer().tookNothing());
	}

	/** Another loop lacks memory and has none to free. */
	void shed() {
		// Several connections may have asked for the same.
		if (this.lookedNanos == 0 || this.executor.nanoTime() - this.lookedNanos >= RETRY.toNanos() / 2) {
			free(StreamLoop::any);
		}
	}

	/**
	 * Frees a quarter of what waits for clients that do not read. Returns whether there
	 * was any.
	 * @param which those that may be ended
	 */
	private boolean free(Predicate<Connection> which) {
		this.lookedNanos = this.executor.nanoTime();
		this.chunk.drop();
		record Stalled(Connection connection, long bytes) {

		}
		List<Stalled> stalled = new ArrayList<>();
		long total = 0;
		for (Connection connection : this.connections.all()) {
			long bytes = connection.writer().heldBytes();
			if (bytes > 0 && which.test(connection)) {
				stalled.add(new Stalled(connection, bytes));
				total += bytes;
			}
		}
		if (stalled.isEmpty()) {
			return false;
		}
		stalled.sort(Comparator.comparingLong(Stalled::bytes).reversed());
		long freed = 0;
		int ended = 0;
		for (Stalled largest : stalled) {
			guard("direct-memory", largest.connection(), (stalling) -> stalling.ending().shed());
			ended++;
			freed += largest.bytes();
			if (freed >= total / 4) {
				break;
			}
		}
		log.warn("memory=direct ended={} of={} bytes={}", ended, stalled.size(), freed);
		return true;
	}

	private static boolean any(Connection connection) {
		return true;
	}

	/** Asks Redis. What cannot even be asked fails as what is not answered. */
	@SuppressWarnings("CatchThrowable")
	private <T> CompletableFuture<T> asked(String call, Supplier<CompletableFuture<T>> question) {
		try {
			CompletableFuture<T> answer = question.get();
			answer.whenComplete((value, failure) -> {
				if (failure != null && !isCancelled(failure)) {
					this.node.events().unanswered(call);
					this.node.connections().outage().failed(call, failure);
				}
			});
			return answer;
		}
		catch (Throwable ex) {
			this.node.errors().note("ask", ex);
			return CompletableFuture.failedFuture(ex);
		}
	}

	// ---- a turn

	@SuppressWarnings("CatchThrowable")
	private void turn() {
		boolean more;
		try {
			more = work();
		}
		catch (Throwable ex) {
			this.node.errors().note("turn", ex);
			more = isMore();
		}
		if (more) {
			continueBy(this.executor::executeAfterIo);
			return;
		}
		this.armed.set(false);
		if (!this.inbox.isEmpty() && this.armed.compareAndSet(false, true)) {
			continueBy(this.executor::executeAfterIo);
		}
	}

	/** Does a slice of what waits. Returns whether there is more. */
	private boolean work() {
		beginSlice();
		takeInbox();
		writeUrgent();
		beginSlice();
		writeBehind();
		beginSlice();
		writeBroadcasts();
		if (!this.traced.isEmpty() && this.urgent.isEmpty() && this.behind.isEmpty()) {
			this.traced.written(this.broadcasts.tail());
		}
		this.releases.flush();
		if (this.owed.isOver()) {
			shedLargest();
		}
		boolean more = isMore();
		if (!more) {
			this.chunk.drop();
		}
		return more;
	}

	private boolean isMore() {
		return !this.inbox.isEmpty() || !this.urgent.isEmpty() || !this.behind.isEmpty() || !this.broadcasts.isEmpty();
	}

	private void beginSlice() {
		askClocks();
		this.sliceBegan = this.nowNanos;
		this.sliceWork = 0;
	}

	/** Asks the clocks: what was proven before a freeze must not count after it. */
	void askClocks() {
		this.nowNanos = this.executor.nanoTime();
		this.nowMillis = this.executor.millis();
	}

	private boolean isSliceOver() {
		if (++this.sliceWork < CLOCK_EVERY) {
			return false;
		}
		this.sliceWork = 0;
		return this.executor.nanoTime() - this.sliceBegan > SLICE_NANOS;
	}

	@SuppressWarnings("CatchThrowable")
	private void takeInbox() {
		Object item;
		while (!isSliceOver() && (item = this.inbox.poll()) != null) {
			try {
				take(item);
			}
			catch (Throwable ex) {
				failed(item, ex);
			}
		}
	}

	private void take(Object item) {
		switch (item) {
			case Message message -> dispatch(message);
			case Inbox.Delivery(Connection connection, Message message) -> {
				connection.delivery().append(message, true);
				arrive(message.id());
			}
			default -> ((Runnable) item).run();
		}
	}

	/** An item threw. What it would have brought is not missing without a word. */
	private void failed(Object item, Throwable error) {
		switch (item) {
			case Message message -> {
				this.node.errors().note("inbox", error);
				List<Connection> all = this.connections.all();
				each("inbox", all, (connection) -> connection.delivery().fallBehind());
				catchUpFrom(all, message.id());
			}
			case Inbox.Delivery(Connection connection, Message message) -> {
				failed("inbox", connection, error);
				arrive(message.id());
			}
			case Task(Connection connection, Runnable task) -> failed("inbox", connection, error);
			default -> this.node.errors().note("inbox", error);
		}
	}

	private void dispatch(Message message) {
		Topic<Connection> topic = this.topics.find(message.channel());
		if (topic != null && !topic.name().isUser() && topic.size() >= this.connections.size() / MANY) {
			if (this.broadcasts.isFull()) {
				takeAll();
			}
			this.broadcasts.add(topic, message);
		}
		else if (topic != null) {
			// From the end: one that ends leaves its place to the last.
			for (int i = topic.size() - 1; i >= 0; i--) {
				append(topic.subscriber(i), message);
			}
			this.sliceWork += topic.size();
		}
		arrive(message.id());
	}

	@SuppressWarnings("CatchThrowable")
	private void append(Connection connection, Message message) {
		try {
			connection.delivery().append(message, false);
		}
		catch (Throwable ex) {
			failed("inbox", connection, ex);
		}
	}

	/**
	 * The message that was handed over just before is part of a trace. Any thread.
	 * @param marker is run behind the message, or dropped where too many wait
	 */
	void trace(Runnable marker) {
		if (this.traced.expect()) {
			submit(() -> {
				this.traced.arrived();
				marker.run();
			});
		}
	}

	/**
	 * The message of a channel that was taken just before is part of a trace. On the
	 * loop.
	 */
	void traced(ChannelName channel, DeliverySpan span) {
		Topic<Connection> topic = this.topics.find(channel);
		traced(span, (topic != null) ? topic.size() : 0);
	}

	/**
	 * The message that was taken just before, for so many streams, is part of a trace.
	 */
	void traced(DeliverySpan span, int streams) {
		this.traced.add(span, streams, this.broadcasts.head());
	}

	/** Makes room for more broadcasts than can be written in one round. */
	private void takeAll() {
		each("inbox", this.connections.all(), (connection) -> connection.delivery().take());
		this.broadcasts.forget(this.broadcasts.head());
		this.sliceWork += this.connections.size();
	}

	/** A message came over pub/sub. */
	private void arrive(long id) {
		this.node.events().timings().taken(id);
		if (id <= this.headId) {
			this.stepsBack++;
		}
		pass(id);
	}

	/**
	 * A probe arrived at the node: it passes by the inbox as messages do. Any thread.
	 * @param id whatever was published up to it arrived before
	 */
	void probe(long id) {
		this.pulse.probeArrived(this.executor.nanoTime());
		submit(() -> {
			this.pulse.probeSeen(this.executor.nanoTime());
			pass(id);
		});
	}

	/**
	 * Signs of life of this loop.
	 * @return them
	 */
	public LoopPulse pulse() {
		return this.pulse;
	}

	/** Whatever was published up to an id has arrived here. */
	void pass(long id) {
		if (id > this.headId) {
			this.headId = id;
		}
	}

	@SuppressWarnings("CatchThrowable")
	private void visit(Connection connection) {
		try {
			connection.delivery().visit();
		}
		catch (Throwable ex) {
			failed("visit", connection, ex);
		}
	}

	private void writeUrgent() {
		Connection connection;
		while ((connection = this.urgent.poll()) != null) {
			visit(connection);
		}
	}

	private void writeBehind() {
		Connection connection;
		while (!isSliceOver() && (connection = this.behind.poll()) != null) {
			connection.queued(false);
			visit(connection);
		}
	}

	/**
	 * Visits one connection after the other while there is something that not all have
	 * taken; what arrives meanwhile goes along.
	 */
	private void writeBroadcasts() {
		while (!this.broadcasts.isEmpty() && !isSliceOver()) {
			if (this.connections.isAtStart()) {
				this.roundEnd = this.broadcasts.head();
			}
			if (!this.connections.step(this.visit)) {
				this.broadcasts.forget(this.roundEnd);
			}
		}
	}

	/**
	 * Drops the largest backlogs that are one connection's own, until a fifth of what may
	 * be owed is free; the connections read history instead. Where that is not enough,
	 * backlogs that several are owed go, too. On the loop.
	 * @return how many backlogs were dropped
	 */
	int shedLargest() {
		this.chunk.drop();
		int dropped = Shedding.shed(this.connections.all(), this.owed, this.owed.target());
		if (dropped > 0) {
			log.warn("owed=shed backlogs={} left={} limit={}", dropped, this.owed.bytes(), this.owed.limit());
		}
		return dropped;
	}

	BroadcastLog<Connection> broadcasts() {
		return this.broadcasts;
	}

	void queue(Connection connection, boolean first) {
		if (first) {
			// May stand in the other queue as well: a visit with nothing owed does
			// nothing.
			this.urgent.add(connection);
		}
		else if (!connection.isQueued()) {
			connection.queued(true);
			this.behind.add(connection);
		}
	}

	/** A journal for a stream of this loop. */
	StreamJournal journal() {
		return this.node.connections().recorder().journal();
	}

	/**
	 * The streams of a user that are open here. On the loop.
	 * @param user the user
	 * @return them as they are now
	 */
	public List<PastStream> streamsOf(String user) {
		List<PastStream> found = new ArrayList<>();
		Topic<Connection> topic = this.topics.find(ChannelName.user(user));
		for (int i = 0; topic != null && i < topic.size(); i++) {
			Connection connection = topic.subscriber(i);
			if (connection.isBegun()) {
				found.add(ConnectionReport.past(connection, connection.writer(), null));
			}
		}
		return found;
	}

	/** The bytes of a backlog, shared by neighbours that are owed the same. */
	SharedChunk chunk(Backlog backlog) {
		return this.chunk.of(backlog);
	}

	// ---- connections

	/**
	 * Takes a connection in. On the loop.
	 * @param key its key, from which its id comes
	 * @param request what is asked for
	 * @param outlet its socket
	 * @param slot its request for a slot
	 * @return the connection
	 */
	Connection open(ConnectionKey key, StreamRequest request, Outlet outlet, Slot slot) {
		return new Connection(key, request, this, outlet, slot);
	}

	/**
	 * Begins to claim the user of a connection that has a slot. On the loop.
	 * @param connection the connection, which is registered
	 */
	public void admit(Connection connection) {
		this.waiters.remove(connection);
		this.connections.add(connection);
		this.pending.add(connection);
		connection.subscribe();
		askClocks();
		connection.opening().claimWhenSubscribed();
	}

	/**
	 * Keeps a connection that is not answered yet, until it is admitted or refused. On
	 * the loop.
	 * @param connection the connection
	 */
	public void asks(Connection connection) {
		this.waiters.addAsking(connection);
	}

	/**
	 * Lets a connection wait for a slot. On the loop.
	 * @param connection the connection
	 */
	public void await(Connection connection) {
		this.waiters.remove(connection);
		if (connection.opening().spendTicket(() -> await(connection))) {
			asks(connection);
			return;
		}
		this.waiters.add(connection);
		connection.notifyPosition();
		if (connection.isWaiting()) {
			this.wheel.add(connection, 1);
		}
	}

	/** A claim was not answered: it is sent again, unless the next link is sooner. */
	void claimLater(Connection connection, int failures) {
		long most = Math.min(RETRY.toMillis() << Math.min(failures, MAX_DOUBLINGS), MAX_CLAIM_RETRY.toMillis());
		Duration pause = Blocks.spread(this.node.random(), Duration.ofMillis(most / 2), Duration.ofMillis(most));
		schedule(pause, () -> submit(connection, connection.opening()::claimWhenSubscribed));
	}

	/** What came on a pub/sub channel could not be read. On the loop. */
	void unreadable(@Nullable ChannelName channel) {
		// A read that was begun before may lack it.
		this.node.errors().run("link", this.node.catchUp()::forget);
		List<Connection> concerned = new ArrayList<>();
		if (channel == null) {
			concerned.addAll(this.connections.all());
		}
		else {
			Topic<Connection> topic = this.topics.find(channel);
			for (int i = 0; topic != null && i < topic.size(); i++) {
				concerned.add(topic.subscriber(i));
			}
		}
		each("inbox", concerned, (connection) -> connection.delivery().lost());
		worked(concerned.size());
	}

	/**
	 * What was erased is not given to a stream any more. In order with the messages. On
	 * the loop.
	 */
	void retract(Retraction retraction) {
		// A read that was begun before may hold it.
		this.node.errors().run("inbox", () -> this.node.catchUp().forget(retraction.channel()));
		Topic<Connection> topic = this.topics.find(retraction.channel());
		if (topic == null) {
			return;
		}
		for (int i = topic.size() - 1; i >= 0; i--) {
			guard("inbox", topic.subscriber(i), (connection) -> connection.delivery().retract(retraction));
		}
		worked(topic.size());
	}

	void began(Connection connection, boolean resumed, boolean waited) {
		this.node.events().began(connection, resumed);
		// A token may end before the first heartbeat is due: the first look tells when.
		if (!waited) {
			this.wheel.add(connection, 1);
		}
	}

	void watch(Connection connection, long seconds) {
		this.wheel.add(connection, seconds);
	}

	void closed(Connection connection, Ending ending, boolean begun) {
		this.waiters.remove(connection);
		this.connections.remove(connection);
		Errors errors = this.node.errors();
		errors.run("close", () -> this.node.connections().closed(connection, ending));
		if (begun) {
			errors.run("close", () -> this.node.events()
				.closed(ending, Duration.ofNanos(this.executor.nanoTime() - connection.admittedNanos())));
		}
	}

	/** Ends what a newer connection displaced without the store knowing. On the loop. */
	void displace(Frame.Displacement by) {
		Topic<Connection> topic = this.topics.find(ChannelName.user(by.user()));
		if (topic != null) {
			// From the end: a stream that is removed leaves its index to the last.
			for (int i = topic.size() - 1; i >= 0; i--) {
				guard("inbox", topic.subscriber(i), (connection) -> connection.ownership().displaced(by));
			}
		}
	}

	/**
	 * Sends the connections on, in no order and spread over a time, while the others
	 * receive what is published; those that wait for a slot go at once. On the loop.
	 * @param window the time
	 * @return how many were sent on, when none is left
	 */
	CompletableFuture<Integer> drain(Duration window) {
		each("drain", this.waiters.everybody(), (waiter) -> waiter.refuse(CloseReason.DRAINING));
		return sendOn(this.connections.size(), window, CloseReason.DRAIN);
	}

	/**
	 * Sends some of the connections on, in no order and spread over a time. On the loop.
	 * @param count how many
	 * @param window the time
	 * @param reason the reason that they are given
	 * @return how many were sent on, when they are
	 */
	CompletableFuture<Integer> sendOn(int count, Duration window, CloseReason reason) {
		List<Connection> leaving = new ArrayList<>(this.connections.all());
		// The oldest: a stream that was sent here lately stays.
		leaving.sort(Comparator.comparingLong(Connection::admittedNanos));
		leaving = leaving.subList(0, Math.min(count, leaving.size()));
		Collections.shuffle(leaving, Random.from(this.node.random()));
		CompletableFuture<Integer> sent = new CompletableFuture<>();
		step(new Departure(leaving, leaving.size(), reason, this.executor.nanoTime(), window.toNanos(), sent));
		return sent;
	}

	@SuppressWarnings("CatchThrowable")
	private void step(Departure departure) {
		try {
			departure.step(this.executor.nanoTime(),
					(connection) -> guard("drain", connection, (leaver) -> leaver.goAway(departure.reason())));
			if (!departure.isOver()) {
				schedule(TICK, () -> submit(() -> step(departure)));
			}
		}
		catch (Throwable ex) {
			// The barrier of the inbox notes it.
			departure.sent().completeExceptionally(ex);
			throw ex;
		}
	}

	/**
	 * Sends every connection on and takes no more. On the loop.
	 * @param reason why
	 * @return when their users are given up
	 */
	CompletableFuture<?> stop(CloseReason reason) {
		this.stopped = true;
		this.pulse.stopped();
		each("drain", this.waiters.everybody(), (waiter) -> waiter.refuse(CloseReason.DRAINING));
		each("drain", this.connections.all(), (connection) -> connection.goAway(reason));
		this.chunk.close();
		return this.releases.stop();
	}

	// ---- Redis

	/**
	 * Returns whether a connection may send its claim; if not it is asked to again, in
	 * order. More at once would run into the time-out of commands.
	 */
	boolean mayClaim(Connection connection) {
		if (this.claims < MAX_CLAIMS) {
			return true;
		}
		this.claimants.add(connection);
		return false;
	}

	private void claimNext() {
		Connection next;
		while (this.claims < MAX_CLAIMS && (next = this.claimants.poll()) != null) {
			guard("claim", next, StreamLoop::claim);
		}
	}

	void claim(Connection connection, Claim claim, BiConsumer<@Nullable ClaimResult, @Nullable Throwable> then) {
		this.claims++;
		reply(connection, asked("claim", () -> this.node.ownership().claim(claim)), (result, failure) -> {
			this.claims--;
			try {
				then.accept(result, failure);
			}
			finally {
				claimNext();
			}
		});
	}

	void spend(Connection connection, Claim.Ticket ticket, BiConsumer<@Nullable String, @Nullable Throwable> then) {
		reply(connection, asked("spend", () -> this.node.ownership()
			.spend(connection.user(), connection.id(), ticket, connection.request().token())), then);
	}

	/**
	 * Looks up whether the token of a newcomer is revoked, which has to wait for a slot.
	 * On the loop.
	 * @param connection the newcomer, which is told if it is
	 * @param granted is run if it is not
	 */
	public void checkToken(Connection connection, Runnable granted) {
		asks(connection);
		this.tokenChecks.add(connection, granted);
	}

	void isRevoked(Connection connection, BiConsumer<@Nullable Boolean, @Nullable Throwable> then) {
		reply(connection, asked("revoked",
				() -> this.node.ownership().isRevoked(connection.user(), connection.request().token())), then);
	}

	void round(Connection connection, Standing standing, BiConsumer<@Nullable Round, @Nullable Throwable> then) {
		reply(connection, asked("round", () -> this.node.catchUp().round(connection.channels(), standing)), then);
	}

	void isAnyWithin(Connection connection, long from, long to, Set<Long> but,
			BiConsumer<@Nullable Boolean, @Nullable Throwable> then) {
		ChannelName channel = connection.channels().getFirst();
		reply(connection, asked("within", () -> this.node.catchUp().isAnyWithin(channel, from, to, but)), then);
	}

	void starts(Connection connection, int count,
			BiConsumer<@Nullable Map<ChannelName, Long>, @Nullable Throwable> then) {
		reply(connection,
				asked("start",
						() -> this.node.catchUp().starts(connection.channels(), count, () -> !connection.isClosed())),
				then);
	}

	/** Hands a reply to the connection that asked through the inbox. */
	private <T> void reply(Connection connection, CompletableFuture<T> future,
			BiConsumer<@Nullable T, @Nullable Throwable> then) {
		future.whenComplete((value, failure) -> {
			noteUnexpected(failure);
			submit(connection, () -> then.accept(value, failure));
		});
	}

	/** Asks Redis and hands the reply to its asker through the inbox. */
	<T> void ask(String call, Supplier<CompletableFuture<T>> question,
			BiConsumer<@Nullable T, @Nullable Throwable> then) {
		asked(call, question).whenComplete((value, failure) -> {
			noteUnexpected(failure);
			submit(() -> then.accept(value, failure));
		});
	}

	/** What Redis refuses or does not answer is noted by the link to it. */
	private void noteUnexpected(@Nullable Throwable failure) {
		if (failure != null && !Failures.isOfRedis(failure) && !isCancelled(failure)) {
			this.node.errors().note("reply", failure);
		}
	}

	/** Whether a call was not made because its stream has ended meanwhile. */
	private static boolean isCancelled(Throwable failure) {
		return failure instanceof CancellationException || failure.getCause() instanceof CancellationException;
	}

	/** Takes what clients acknowledge of messages of which a verdict is awaited. */
	ReceiptSink receipts() {
		return this.node.connections().receipts();
	}

	/** The client is to be asked soon to acknowledge what it was written. */
	void askForReceipts(Connection connection) {
		this.receiptAsks.add(connection, this.nowNanos);
	}

	void release(Field field) {
		this.releases.add(field);
	}

	private CompletableFuture<Long> release(List<Field> fields) {
		CompletableFuture<Long> released = asked("release", () -> this.node.ownership().release(fields));
		released.whenComplete((removed, failure) -> noteUnexpected(failure));
		return released;
	}

	/**
	 * Tries something for a connection again after a while, the longer the more often it
	 * failed before.
	 */
	void later(Connection connection, int failures, Runnable task) {
		schedule(retryAfter(failures, MOST_RETRY), () -> submit(connection, task));
	}

	Duration retryAfter(int failures, Duration most) {
		return Backoff.after(failures, RETRY, most, this.node.random());
	}

	/** Redis answers. */
	void answered() {
		this.node.connections().outage().over();
	}

	Rounds rounds() {
		return this.rounds;
	}

	/** Runs a task later, behind a barrier: the thread would swallow what it throws. */
	private void schedule(Duration delay, Runnable task) {
		this.executor.schedule(this.node.errors().guard("timer", task), delay);
	}

	// ---- the link and the lease

	/** Messages may be missed from here on. On the loop. */
	void linkDown() {
		try {
			each("link", this.connections.all(), (connection) -> connection.delivery().linkLost());
		}
		finally {
			this.link = 0;
		}
	}

	/** The next link reaches another server. On the loop. */
	void serverChanged(long since) {
		this.node.errors().run("link", this.node.catchUp()::forget);
		each("link", this.connections.all(), (connection) -> connection.ownership().serverChanged(since));
	}

	private static void claim(Connection connection) {
		connection.opening().claimWhenSubscribed();
	}

	/** A new link is there. On the loop. */
	void linkUp(long number) {
		this.link = number;
		askClocks();
		this.node.errors().run("link", this.renewals::restart);
		// Each of them waits for this, and then for one topic at a time.
		each("claim", List.copyOf(this.pending), StreamLoop::claim);
	}

	long link() {
		return this.link;
	}

	/** The highest id that has passed here: all up to it has arrived. */
	long headId() {
		return this.headId;
	}

	int stepsBack() {
		return this.stepsBack;
	}

	/** A proof that would be made by a request sent now. */
	Proof proofFromNow() {
		return new Proof(this.link, this.executor.nanoTime(), this.executor.millis());
	}

	void noteProof(Proof proof) {
		Proof present = this.lastProof;
		if (present == null || proof.nanos() - present.nanos() > 0) {
			this.lastProof = proof;
			this.pulse.renewed(proof.nanos());
		}
	}

	boolean holds(Proof proof) {
		return proof.holds(this.link, this.nowNanos, this.nowMillis, this.node.lease().toMillis());
	}

	/**
	 * Whether this loop has proven nothing for a lease, as after a freeze of the node or
	 * of this loop alone: what waited meanwhile may be an attempt that was given up.
	 */
	boolean isLeaseLapsed() {
		Proof last = this.lastProof;
		return last == null
				|| !last.isWithinLease(this.executor.nanoTime(), this.executor.millis(), this.node.lease().toMillis());
	}

	/** Renews at the next tick. */
	void renewSoon() {
		this.renewals.soon();
	}

	/**
	 * The connections that are here now, also those that wait for a slot. On the loop.
	 */
	List<Connection> present() {
		List<Connection> present = new ArrayList<>(this.connections.all());
		present.addAll(this.waiters.all());
		return present;
	}

	/** The connections that have a slot. On the loop. */
	List<Connection> admitted() {
		return this.connections.all();
	}

	/** The connections that wait for a slot, or for an answer. On the loop. */
	List<Connection> waiting() {
		return this.waiters.everybody();
	}

	/**
	 * Ends what was revoked.
	 * @return what does
	 */
	public RevokedStreams revoked() {
		return this.revoked;
	}

	/** So many pieces of work were done at once, or what costs as much as one visit. */
	void worked(int pieces) {
		this.sliceWork += pieces;
	}

	/** The connections whose users are to be renewed. */
	List<Connection> held() {
		return this.connections.all().stream().filter(Connection::isHeld).toList();
	}

	/**
	 * Returns whether a newcomer has a chance: Redis answers, or messages arrive and it
	 * may do so any moment. On the loop.
	 * @return whether it has
	 */
	public boolean isReady() {
		return this.link != 0 || this.node.ownership().isAvailable();
	}

	// ---- time

	private void tick() {
		if (this.stopped) {
			return;
		}
		try {
			Errors errors = this.node.errors();
			errors.run("tick", this::askClocks);
			this.pulse.ticked(this.nowNanos);
			this.shownBytesSent = this.bytesSent;
			errors.run("tick", () -> this.renewals.tick(this.nowNanos));
			errors.run("tick", this::refuseOverdue);
			errors.run("tick", () -> this.unflushed.retry(RETRIES_A_TICK));
			errors.run("tick", this::relieve);
			this.owed.show();
			if (this.waiters.isNoticeDue(this.nowNanos)) {
				each("tick", this.waiters.all(), StreamLoop::notifyPosition);
			}
			if (++this.ticks % TICKS_A_SECOND == 0) {
				errors.run("tick", this::lookAtDue);
				errors.run("tick", this.node.catchUp()::sweep);
				errors.run("tick", this.node.connections()::sweep);
			}
			errors.run("tick", () -> this.receiptAsks.tick(this.nowNanos));
			errors.run("tick", this.releases::flush);
			if (!this.inbox.isEmpty()) {
				// Armed already, unless the thread once took no turn.
				arm();
			}
		}
		finally {
			tickLater();
		}
	}

	@SuppressWarnings("CatchThrowable")
	private void tickLater() {
		try {
			this.executor.schedule(this::tick, TICK);
		}
		catch (Throwable ex) {
			this.node.errors().note("tick", ex);
			this.executor.execute(this::tickLater);
		}
	}

	private static void notifyPosition(Connection waiter) {
		if (waiter.isWaiting()) {
			waiter.notifyPosition();
		}
	}

	private void lookAtDue() {
		for (Connection connection : this.wheel.advance()) {
			guard("tick", connection, (due) -> {
				if (!due.isClosed()) {
					long next = due.tick(this.nowNanos, this.nowMillis);
					if (!due.isClosed()) {
						this.wheel.add(due, next);
					}
				}
			});
		}
	}

	/** Requests that waited too long are refused. */
	private void refuseOverdue() {
		long limit = this.node.settings().admission().toNanos();
		Connection first;
		while ((first = this.pending.peek()) != null) {
			if (!first.isClaiming()) {
				this.pending.poll();
			}
			else if (this.nowNanos - first.admittedNanos() >= limit) {
				this.pending.poll();
				guard("tick", first, (late) -> late.refuse(CloseReason.REDIS_UNAVAILABLE));
			}
			else {
				break;
			}
		}
		for (Connection late : this.waiters.askingSince(this.nowNanos - limit)) {
			guard("tick", late, (connection) -> {
				if (!connection.isClosed() && connection.slot().withdraw()) {
					connection.refuse(CloseReason.FULL);
				}
			});
		}
	}

	/**
	 * The monotonic clock.
	 * @return nanoseconds
	 */
	public long nanoTime() {
		return this.executor.nanoTime();
	}

	long millis() {
		return this.executor.millis();
	}

	/**
	 * What the connections of this loop share.
	 * @return the context
	 */
	public LoopContext context() {
		return this.context;
	}

	Topics<Connection> topics() {
		return this.topics;
	}

	/**
	 * How many streams of this loop are subscribed to a channel. On the loop.
	 * @param channel the channel
	 * @return the number
	 */
	public int subscribers(ChannelName channel) {
		Topic<Connection> topic = this.topics.find(channel);
		return (topic != null) ? topic.size() : 0;
	}

	/** Counts what the sockets of this loop did not take yet. */
	Unflushed unflushed() {
		return this.unflushed;
	}

	/** Bytes of messages that wait in the inbox. Any thread may call. */
	long inboxBytes() {
		return this.inbox.bytes();
	}

	/** Counts what this loop owes. */
	Owed owed() {
		return this.owed;
	}

	/** How many streams the node has, for clients; negative where that is not said. */
	int shownConnections() {
		return this.node.settings().showActive() ? this.node.connections().active() : -1;
	}

	/** Counts what is written to a stream. On the loop. */
	void wrote(int bytes) {
		this.bytesSent += bytes;
	}

	/**
	 * Bytes written to streams, as of the last tick. Any thread may call.
	 * @return bytes since the start
	 */
	public long bytesSent() {
		return this.shownBytesSent;
	}

	/** How many connections there are. On the loop. */
	int size() {
		return this.connections.size();
	}

}
