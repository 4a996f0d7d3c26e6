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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;

import io.fanfare.node.broker.Message;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.Round;
import io.fanfare.node.catchup.Standing;
import io.fanfare.node.presence.Ownership;
import io.fanfare.node.presence.Proof;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.subscription.Topic;
import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.redis.Frame;
import io.fanfare.protocol.redis.Presence.Claim;
import io.fanfare.protocol.redis.Presence.ClaimResult;
import io.fanfare.protocol.redis.Presence.Field;
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
 * on. What many hear is kept once, and each takes what is its own when it is its turn;
 * messages that arrive while earlier ones wait are merged into one write. So a busier
 * loop gets cheaper, not later. Nothing waits for a timer.
 */
public final class StreamLoop {

	private static final Logger log = LoggerFactory.getLogger(StreamLoop.class);

	/** How long a phase of a turn may take. */
	private static final long SLICE_NANOS = 1_000_000;

	/** How many pieces of work are done before the clock is asked. */
	private static final int CLOCK_EVERY = 8;

	/**
	 * A message that one in so many hear is kept once for all; one that fewer hear is
	 * handed to each.
	 */
	private static final int MANY = 4;

	/** Each call keeps Redis busy for a millisecond or two. */
	private static final int RELEASES_A_CALL = 500;

	/** Releases that failed and are kept, to be sent again. */
	private static final int MAX_RELEASES = 20_000;

	static final Duration TICK = Duration.ofMillis(100);

	private static final int TICKS_A_SECOND = 10;

	static final Duration RETRY = Duration.ofMillis(200);

	private final LoopExecutor executor;

	private final Node node;

	private final Topics<Connection> topics;

	private final Inbox inbox;

	private final AtomicBoolean armed = new AtomicBoolean();

	private final Runnable turn = this::turn;

	/** Connections that are owed a message of their own: written first. */
	private final Deque<Connection> urgent = new ArrayDeque<>();

	/** Connections that are owed something. */
	private final Deque<Connection> behind = new ArrayDeque<>();

	private final Walk connections = new Walk();

	private final BroadcastLog broadcasts = new BroadcastLog();

	/** The number of the first message that came during the present round. */
	private long roundEnd;

	/** Connections whose claim is not answered yet, in the order of their opening. */
	private final Deque<Connection> pending = new ArrayDeque<>();

	private final Waiters waiters;

	private final Wheel wheel = new Wheel();

	private final List<Field> releases = new ArrayList<>();

	private final Backlog root = Backlog.root();

	private final SharedChunk chunk = new SharedChunk();

	/** The number of the present link, 0 for none. */
	private long link;

	/** The highest id that has passed here. */
	private long head;

	/**
	 * How often an id came that was not above the last: the store was emptied while its
	 * clock stepped back, and gives ids once more.
	 */
	private int stepsBack;

	private final Renewals renewals;

	private int ticks;

	private boolean stopped;

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
		this.inbox = new Inbox(inboxLimit, this::arm, this::recoverFromOverflow);
		this.renewals = new Renewals(this, node);
		this.waiters = new Waiters(node.connections().admission());
		this.nowNanos = executor.nanoTime();
		this.nowMillis = executor.millis();
		this.topics = new Topics<>(node.upstream(), this::submit, this::claimPending);
	}

	/**
	 * What the loops of a node share.
	 *
	 * @param identity the node's identity
	 * @param settings settings of connections
	 * @param renewInterval how often connections are renewed
	 * @param lease how long a lease lasts
	 * @param ownership who owns users
	 * @param catchUp reads history
	 * @param upstream subscribes
	 * @param lastProof the newest renewal or claim of any loop, which vouches for the
	 * node's lease
	 * @param events is told what happens
	 * @param connections is told of every connection that is gone
	 * @param random spreads what clients are told to wait
	 */
	public record Node(String identity, ConnectionSettings settings, Duration renewInterval, Duration lease,
			Ownership ownership, CatchUp catchUp, Topics.Upstream upstream, LastProof lastProof,
			ConnectionEvents events, Connections connections, RandomGenerator random) {

	}

	/** The newest proof of a node. */
	public static final class LastProof {

		private volatile @Nullable Proof proof;

		void note(Proof newer) {
			Proof present = this.proof;
			if (present == null || newer.nanos() - present.nanos() > 0) {
				this.proof = newer;
			}
		}

	}

	/** Begins: the first renewal sets the node's lease. */
	public void start() {
		this.executor.execute(this::tick);
	}

	// ---- the inbox; any thread

	/** Hands a message over for all who hear its channel. */
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

	private void arm() {
		if (!this.armed.get() && this.armed.compareAndSet(false, true)) {
			this.executor.execute(this.turn);
		}
	}

	/** What came after this was dropped, until now: as if the link had been lost. */
	private void recoverFromOverflow() {
		List<Connection> all = this.connections.all();
		log.warn("inbox=overflowed connections={}", all.size());
		all.forEach(Connection::fallBehind);
		long lost = this.inbox.reopen();
		pass(lost);
		all.forEach((connection) -> connection.missed(lost));
		all.forEach(Connection::catchUp);
	}

	// ---- a turn

	private void turn() {
		if (work()) {
			this.executor.executeAfterIo(this.turn);
			return;
		}
		this.armed.set(false);
		if (!this.inbox.isEmpty() && this.armed.compareAndSet(false, true)) {
			this.executor.executeAfterIo(this.turn);
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
		flushReleases();
		boolean more = !this.inbox.isEmpty() || !this.behind.isEmpty() || !this.broadcasts.isEmpty();
		if (!more) {
			this.chunk.drop();
		}
		return more;
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

	private void takeInbox() {
		Object item;
		while (!isSliceOver() && (item = this.inbox.poll()) != null) {
			switch (item) {
				case Message message -> dispatch(message);
				case Inbox.Delivery(Connection connection, Message message) -> {
					connection.append(message, true);
					arrive(message.id());
				}
				default -> ((Runnable) item).run();
			}
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
			for (int i = 0; i < topic.size(); i++) {
				topic.subscriber(i).append(message, false);
			}
			this.sliceWork += topic.size();
		}
		arrive(message.id());
	}

	/** Makes room for more broadcasts than can be written in one round. */
	private void takeAll() {
		this.connections.all().forEach(Connection::takeBroadcasts);
		this.broadcasts.forget(this.broadcasts.head());
		this.sliceWork += this.connections.size();
	}

	/** A message came over pub/sub. */
	private void arrive(long id) {
		if (id <= this.head) {
			this.stepsBack++;
		}
		pass(id);
	}

	/** Whatever was published up to an id has arrived here. */
	void pass(long id) {
		if (id > this.head) {
			this.head = id;
		}
	}

	private void writeUrgent() {
		Connection connection;
		while ((connection = this.urgent.poll()) != null) {
			connection.queued(false);
			connection.visit();
		}
	}

	private void writeBehind() {
		Connection connection;
		while (!isSliceOver() && (connection = this.behind.poll()) != null) {
			connection.queued(false);
			connection.visit();
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
			if (!this.connections.step(Connection::visit)) {
				this.broadcasts.forget(this.roundEnd);
			}
		}
	}

	BroadcastLog broadcasts() {
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

	/** The bytes of a backlog, shared by neighbours that are owed the same. */
	SharedChunk chunk(Backlog backlog) {
		return this.chunk.of(backlog);
	}

	// ---- connections

	/**
	 * Takes a connection in. On the loop.
	 * @param id its id
	 * @param request what is asked for
	 * @param outlet its socket
	 * @return the connection
	 */
	Connection open(ConnectionKey key, StreamRequest request, Outlet outlet) {
		return new Connection(key, request, this, outlet);
	}

	/** Begins to admit a connection that is registered. On the loop. */
	void admit(Connection connection) {
		this.waiters.remove(connection);
		this.connections.add(connection);
		this.pending.add(connection);
		connection.subscribe();
		askClocks();
		connection.claimWhenSubscribed();
	}

	/** Lets a connection wait for a place. On the loop. */
	void await(Connection connection) {
		this.waiters.add(connection);
		this.wheel.add(connection, 1);
		connection.waitForPlace();
	}

	private void claimPending() {
		for (Connection connection : List.copyOf(this.pending)) {
			connection.claimWhenSubscribed();
		}
	}

	void began(Connection connection, boolean resumed) {
		this.node.events().opened(resumed);
		// A token may end before the first heartbeat is due: the first look tells when.
		if (!connection.hasWaited()) {
			this.wheel.add(connection, 1);
		}
	}

	void watch(Connection connection, long seconds) {
		this.wheel.add(connection, seconds);
	}

	void closed(Connection connection, Ending ending, boolean begun) {
		this.waiters.remove(connection);
		this.connections.remove(connection);
		this.node.connections().closed(connection, ending);
		if (begun) {
			this.node.events().closed(ending, Duration.ofNanos(this.executor.nanoTime() - connection.admittedNanos()));
		}
	}

	/** Ends what a newer connection displaced without the store knowing. On the loop. */
	void displace(Frame.Displacement by) {
		Topic<Connection> topic = this.topics.find(ChannelName.user(by.user()));
		if (topic != null) {
			// From the end: whoever is displaced leaves its place to the last.
			for (int i = topic.size() - 1; i >= 0; i--) {
				topic.subscriber(i).displaced(by);
			}
		}
	}

	/**
	 * Sends the connections on, in no order and spread over a time, while the others hear
	 * what is published; who waits for a place goes at once. On the loop.
	 * @param window the time
	 * @return how many were sent on, when none is left
	 */
	CompletableFuture<Integer> drain(Duration window) {
		this.waiters.all().forEach((waiter) -> waiter.refuse(CloseReason.DRAINING));
		return sendOn(this.connections.size(), window, CloseReason.DRAIN);
	}

	/**
	 * Sends some of the connections on, in no order and spread over a time. On the loop.
	 * @param count how many
	 * @param window the time
	 * @param reason what they are told
	 * @return how many were sent on, when they are
	 */
	CompletableFuture<Integer> sendOn(int count, Duration window, CloseReason reason) {
		List<Connection> leaving = new ArrayList<>(this.connections.all());
		// The oldest: whoever was sent here lately stays.
		leaving.sort(Comparator.comparingLong(Connection::admittedNanos));
		leaving = leaving.subList(0, Math.min(count, leaving.size()));
		Collections.shuffle(leaving, Random.from(this.node.random()));
		CompletableFuture<Integer> sent = new CompletableFuture<>();
		step(new Departure(leaving, leaving.size(), reason, this.executor.nanoTime(), window.toNanos(), sent));
		return sent;
	}

	private void step(Departure departure) {
		departure.step(this.executor.nanoTime());
		if (!departure.isOver()) {
			this.executor.schedule(() -> submit(() -> step(departure)), TICK);
		}
	}

	/**
	 * Sends every connection on and takes no more. On the loop.
	 * @param reason why
	 * @return when their users are given up
	 */
	CompletableFuture<?> stop(CloseReason reason) {
		this.stopped = true;
		this.waiters.all().forEach((waiter) -> waiter.refuse(CloseReason.DRAINING));
		for (Connection connection : this.connections.all()) {
			connection.goAway(reason);
		}
		this.chunk.close();
		return flushReleases();
	}

	// ---- Redis

	void claim(Claim claim, BiConsumer<@Nullable ClaimResult, @Nullable Throwable> then) {
		reply(this.node.ownership().claim(claim), then);
	}

	void round(List<ChannelName> channels, Standing standing, BiConsumer<@Nullable Round, @Nullable Throwable> then) {
		reply(this.node.catchUp().round(channels, standing), then);
	}

	void isAnyWithin(ChannelName channel, long from, long to, Set<Long> but,
			BiConsumer<@Nullable Boolean, @Nullable Throwable> then) {
		reply(this.node.catchUp().isAnyWithin(channel, from, to, but), then);
	}

	void starts(List<ChannelName> channels, int count,
			BiConsumer<@Nullable Map<ChannelName, Long>, @Nullable Throwable> then) {
		reply(this.node.catchUp().starts(channels, count), then);
	}

	/** Hands a reply to its asker through the inbox. */
	<T> void reply(CompletableFuture<T> future, BiConsumer<@Nullable T, @Nullable Throwable> then) {
		future.whenComplete((value, failure) -> submit(() -> then.accept(value, failure)));
	}

	void release(Field field) {
		this.releases.add(field);
	}

	private CompletableFuture<?> flushReleases() {
		if (this.releases.isEmpty()) {
			return CompletableFuture.completedFuture(null);
		}
		List<CompletableFuture<Long>> calls = new ArrayList<>();
		for (int from = 0; from < this.releases.size(); from += RELEASES_A_CALL) {
			List<Field> slice = List
				.copyOf(this.releases.subList(from, Math.min(from + RELEASES_A_CALL, this.releases.size())));
			CompletableFuture<Long> released = this.node.ownership().release(slice);
			reply(released, (removed, failure) -> {
				if (failure != null) {
					releaseLater(slice);
				}
			});
			calls.add(released);
		}
		this.releases.clear();
		return CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new));
	}

	/**
	 * For the field alone the reaper would make up, which finds those of connections that
	 * are not held; but what the user may not have received only this node knows.
	 */
	private void releaseLater(List<Field> failed) {
		List<Field> kept = failed.stream().filter((field) -> field.received() != null).toList();
		if (!kept.isEmpty() && !this.stopped) {
			this.executor.schedule(() -> submit(() -> {
				int room = Math.max(0, MAX_RELEASES - this.releases.size());
				this.releases.addAll(kept.subList(0, Math.min(room, kept.size())));
			}), TICK.multipliedBy(TICKS_A_SECOND));
		}
	}

	void later(Runnable task) {
		this.executor.schedule(() -> submit(task), RETRY);
	}

	// ---- the link and the lease

	/** Messages may be missed from here on. On the loop. */
	void linkDown() {
		for (Connection connection : this.connections.all()) {
			connection.delivery().linkLost();
		}
		this.link = 0;
	}

	/** The next link reaches another server. On the loop. */
	void serverChanged(long since) {
		this.node.catchUp().forget();
		for (Connection connection : this.connections.all()) {
			connection.serverChanged(since);
		}
	}

	/** A new link is there. On the loop. */
	void linkUp(long number) {
		this.link = number;
		askClocks();
		this.renewals.restart();
		claimPending();
	}

	long link() {
		return this.link;
	}

	long head() {
		return this.head;
	}

	int stepsBack() {
		return this.stepsBack;
	}

	/** A proof that would be made by a request sent now. */
	Proof proofFromNow() {
		return new Proof(this.link, this.executor.nanoTime(), this.executor.millis());
	}

	void noteProof(Proof proof) {
		this.node.lastProof().note(proof);
	}

	boolean holds(Proof proof) {
		return proof.holds(this.link, this.nowNanos, this.nowMillis, this.node.lease().toMillis());
	}

	/** Whether the node's lease may be gone by now, as after a freeze. */
	boolean isLeaseLapsed() {
		Proof last = this.node.lastProof().proof;
		return last == null
				|| !last.isWithinLease(this.executor.nanoTime(), this.executor.millis(), this.node.lease().toMillis());
	}

	/** Renews at the next tick. */
	void renewSoon() {
		this.renewals.soon();
	}

	/**
	 * The connections that are here now, also those that wait for a place. On the loop.
	 */
	List<Connection> present() {
		List<Connection> present = new ArrayList<>(this.connections.all());
		present.addAll(this.waiters.all());
		return present;
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
	 * Whether a newcomer has a chance: Redis answers, or messages arrive and it may do so
	 * any moment.
	 */
	boolean isReady() {
		return this.link != 0 || this.node.ownership().isAvailable();
	}

	// ---- time

	private void tick() {
		if (this.stopped) {
			return;
		}
		askClocks();
		this.renewals.tick(this.nowNanos);
		admitOrRefuse();
		this.waiters.tick(this.nowNanos);
		if (++this.ticks % TICKS_A_SECOND == 0) {
			for (Connection connection : this.wheel.advance()) {
				if (!connection.isClosed()) {
					long next = connection.tick(this.nowNanos, this.nowMillis);
					if (!connection.isClosed()) {
						this.wheel.add(connection, next);
					}
				}
			}
			this.node.catchUp().sweep();
			places().sweep();
		}
		flushReleases();
		this.executor.schedule(this::tick, TICK);
	}

	/** Claims that failed are sent again; requests that waited too long are refused. */
	private void admitOrRefuse() {
		long limit = this.node.settings().admission().toNanos();
		Connection first;
		while ((first = this.pending.peek()) != null) {
			if (!first.isPending()) {
				this.pending.poll();
			}
			else if (this.nowNanos - first.admittedNanos() >= limit) {
				this.pending.poll();
				first.refuse(CloseReason.REDIS_UNAVAILABLE);
			}
			else {
				break;
			}
		}
		if (this.link != 0) {
			claimPending();
		}
	}

	Duration ordinaryRetry() {
		return Blocks.spread(this.node.random(), this.node.settings().minRetry(), this.node.settings().maxRetry());
	}

	Duration spreadRetry() {
		return Blocks.spread(this.node.random(), this.node.settings().minRetry(), this.node.settings().maxSpread());
	}

	/** Says that a quota is used up. */
	void refuse(Quota quota, Outlet outlet) {
		this.node.events().limited(quota);
		outlet.refuse(quota, retryAfter(quota));
	}

	/**
	 * When to come back to a quota that is used up: spread over its next window, for
	 * others who share it do so, too.
	 * @param quota the quota
	 * @return how long to wait
	 */
	public Duration retryAfter(Quota quota) {
		Duration reset = quota.reset();
		Duration window = quota.window();
		if (reset == null || window == null) {
			return spreadRetry();
		}
		Duration least = this.node.settings().minRetry();
		return reset.plus(Blocks.spread(this.node.random(), least, (window.compareTo(least) > 0) ? window : least));
	}

	/** How long a stream that begins now may live. */
	long lifetimeNanos() {
		Duration most = this.node.settings().lifetime();
		Duration least = Duration.ofMillis(most.toMillis() / 10 * 9);
		return most.isPositive() ? Blocks.spread(this.node.random(), least, most).toNanos() : Long.MAX_VALUE / 2;
	}

	/** What a probe asks to have back. */
	String nonce() {
		return Long.toHexString(this.node.random().nextLong());
	}

	long nanoTime() {
		return this.executor.nanoTime();
	}

	long millis() {
		return this.executor.millis();
	}

	String node() {
		return this.node.identity();
	}

	ConnectionSettings settings() {
		return this.node.settings();
	}

	Places places() {
		return this.node.connections().places();
	}

	ConnectionEvents events() {
		return this.node.events();
	}

	Topics<Connection> topics() {
		return this.topics;
	}

	Backlog nothingOwed() {
		return this.root;
	}

	/** How many connections there are. On the loop. */
	int size() {
		return this.connections.size();
	}

}
