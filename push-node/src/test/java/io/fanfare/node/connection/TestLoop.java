package io.fanfare.node.connection;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.fanfare.node.admission.Admission;
import io.fanfare.node.admission.AdmissionSettings;
import io.fanfare.node.admission.Newcomer;
import io.fanfare.node.broker.Message;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.HistorySource;
import io.fanfare.node.encoding.SharedChunk;
import io.fanfare.node.presence.Ownership;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.Reservation;
import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.Predecessor;
import io.fanfare.protocol.Retraction;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.history.History;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Renewal;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.redis.revocation.RevocationPage;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One loop whose thread, Redis and sockets do what the test says, when it says so.
 */
public final class TestLoop {

	static final ConnectionSettings SETTINGS = new ConnectionSettings(10, Duration.ofSeconds(15), Duration.ofMinutes(5),
			Duration.ofSeconds(2), Duration.ofSeconds(30), Duration.ofSeconds(2), Duration.ofSeconds(5),
			Duration.ofSeconds(10), Duration.ZERO, Duration.ZERO, Duration.ofSeconds(60), Duration.ofSeconds(30),
			Duration.ofSeconds(25), Duration.ZERO, Duration.ofMinutes(30), false);

	/** Direct memory of the process. */
	static final long DIRECT = 1 << 30;

	private static final Pattern NUMBER = Pattern.compile("data: m(\\d+)\n");

	/** Where something threw, in that order. */
	final List<String> thrown = new ArrayList<>();

	private final Errors errors = new Errors(() -> this.nanos, this.thrown::add, (fatal) -> {
	});

	public final Connections connections;

	final FrameRouter router;

	public final Admission admission;

	public final Store store = new Store(this);

	final StreamLoop loop;

	/** Is told of each step beside the loop and may throw; by the name of the step. */
	Consumer<String> seam = (step) -> {
	};

	/** What limits say of the next newcomer; null for any number of streams. */
	public @Nullable Reservation limit;

	/** How streams ended. */
	final List<Ending> endings = new ArrayList<>();

	/** Whether the test lets something throw. */
	boolean mayThrow;

	private final Confirming upstream = new Confirming();

	private final Queue<Runnable> tasks = new ArrayDeque<>();

	/** What waits for time to pass. */
	private final Queue<Runnable> scheduled = new ArrayDeque<>();

	/** How much of {@link #DIRECT} is used. */
	long directUsed;

	/** What the loop's clock says. */
	private long nanos = 1;

	/** What it takes to ask it. */
	public Duration askCost = Duration.ZERO;

	private int published;

	private final Set<Integer> privates = new HashSet<>();

	public TestLoop() {
		this(Inbox.LIMIT);
	}

	TestLoop(int inboxLimit) {
		this(inboxLimit, MemoryBudget.ofNode(256L << 20, 1L << 30, 1L << 30));
	}

	TestLoop(int inboxLimit, MemoryBudget budget) {
		this(inboxLimit, budget, 10_000, 1_000);
	}

	/** A node that is full with so many streams. */
	public static TestLoop ofSlots(int slots, int waitingRoom) {
		return new TestLoop(Inbox.LIMIT, MemoryBudget.ofNode(256L << 20, 1L << 30, 1L << 30), slots, waitingRoom);
	}

	private TestLoop(int inboxLimit, MemoryBudget budget, int slots, int waitingRoom) {
		this.connections = new Connections("node", slots, new Random(1));
		this.router = new FrameRouter(this.connections);
		this.admission = new Admission(
				this.connections, new AdmissionSettings(AdmissionSettings.Policy.WAIT, waitingRoom,
						Duration.ofSeconds(30), Duration.ofSeconds(2)),
				(address) -> this.limit, System::nanoTime, this.errors);
		this.loop = new StreamLoop(new LoopThread(),
				new StreamLoop.Node("node", SETTINGS, Duration.ofSeconds(5), Duration.ofSeconds(15),
						Duration.ofSeconds(2), this.store, new CatchUp(this.store, InstantSource.fixed(Instant.EPOCH)),
						this.upstream, new Silent((what) -> this.seam.accept(what), this.endings),
						new Reads((what) -> this.seam.accept(what)), this.connections, new Random(1), this.errors,
						budget, new DirectMemory(() -> this.directUsed, DIRECT)),
				inboxLimit);
		this.connections.use(List.of(this.loop));
		this.loop.start();
		this.loop.linkUp(1);
		run();
	}

	public Socket open(String user, StreamRequest.Start start, String... topics) {
		return open(request(user, false, false, start, topics));
	}

	/** The stream of a client that acknowledges. */
	Socket openAcknowledging(String user) {
		return open(request(user, false, true, new StreamRequest.Start.Now()));
	}

	/** The stream of a client that sees heartbeats. */
	Socket openSeeingHeartbeats(String user) {
		return open(request(user, true, false, new StreamRequest.Start.Now()));
	}

	private Socket open(StreamRequest request) {
		Socket socket = new Socket(request);
		connect(socket);
		return socket;
	}

	private static StreamRequest request(String user, boolean heartbeatEvents, boolean acknowledges,
			StreamRequest.Start start, String... topics) {
		return new StreamRequest(user, null, null, Tier.NORMAL, Stream.of(topics).map(ChannelName::topic).toList(),
				start, heartbeatEvents, acknowledges, Instant.ofEpochSecond(1L << 40), Instant.ofEpochSecond(1L << 40),
				InetAddress.getLoopbackAddress(), false, IssuedToken.LATEST);
	}

	/** A socket whose request is still to be taken. */
	public Socket socket(String user, StreamRequest.Start start, String... topics) {
		return new Socket(request(user, false, false, start, topics));
	}

	/** Takes the request of a socket. */
	public void connect(Socket socket) {
		this.admission.decide(this.loop, socket);
	}

	/** Stores a message for all and hands it to the loop. */
	void publish() {
		publish(ChannelName.ALL);
	}

	/** Stores a message, which says its number, and hands it to the loop. */
	public void publish(ChannelName channel) {
		this.loop.offer(this.store.publish(channel, "m" + ++this.published));
	}

	/** Stores a message for a user, whose number others do not get. */
	Message publishOnly(ChannelName user) {
		this.privates.add(++this.published);
		return this.store.publish(user, "m" + this.published);
	}

	/** Whether a message was published to a user. */
	boolean isPrivate(int number) {
		return this.privates.contains(number);
	}

	/** How many were published. */
	int published() {
		return this.published;
	}

	/** Runs what the loop's thread has to do now. */
	public void turn() {
		int waiting = this.tasks.size();
		for (int i = 0; i < waiting; i++) {
			this.tasks.remove().run();
		}
	}

	/** Whether the loop's thread has something to do. */
	public boolean isBusy() {
		return !this.tasks.isEmpty();
	}

	public void run() {
		while (!this.tasks.isEmpty() || !this.store.asked.isEmpty()) {
			this.store.answer();
			turn();
		}
		if (!this.mayThrow) {
			assertThat(this.thrown).as("places that threw, see the log").isEmpty();
		}
	}

	/** Lets time pass, and then runs what waited for any time at all. */
	public void pass(Duration time) {
		this.nanos += time.toNanos();
		this.tasks.addAll(this.scheduled);
		this.scheduled.clear();
		run();
	}

	/** Lets time pass in which the thread does nothing, as if a task held it up. */
	void stand(Duration time) {
		this.nanos += time.toNanos();
	}

	/** What the loop's clock says. */
	long nanos() {
		return this.nanos;
	}

	/** Lets seconds pass one by one, and what is due in each be done. */
	void seconds(int seconds) {
		for (int i = 0; i < seconds * 10; i++) {
			pass(StreamLoop.TICK);
		}
	}

	/** Redis, which answers when it is told to. */
	public static final class Store implements HistorySource, Ownership {

		private final TestLoop node;

		private final Map<ChannelName, TreeMap<Long, Envelope>> history = new HashMap<>();

		final Queue<Runnable> asked = new ArrayDeque<>();

		/** The connections of each call that renewed some. */
		final List<List<String>> renewed = new ArrayList<>();

		long clock = 100;

		/** Below it something may be lost. */
		long since = 1;

		private Store(TestLoop node) {
			this.node = node;
		}

		Message publish(ChannelName channel, String data) {
			return publish(channel, data, false);
		}

		/** Publishes a message of which a verdict may be awaited. */
		Message publish(ChannelName channel, String data, boolean receipt) {
			Envelope envelope = new Envelope("message", data.getBytes(StandardCharsets.UTF_8), 0, 0, false, null,
					receipt);
			this.history.computeIfAbsent(channel, (name) -> new TreeMap<>()).put(++this.clock, envelope);
			return Message.render(this.clock, channel, envelope);
		}

		/** What the next renewals say of the log of revocations. */
		RevocationPage revoked = new RevocationPage(0, RevocationPage.Extent.ALL, List.of());

		/** Whose tokens are found revoked before they wait. */
		public Set<String> revokedUsers = Set.of();

		/** Whether that is not answered. */
		public boolean silent;

		/** What the next renewals say of the log, one after the other, before others. */
		final Deque<RevocationPage> pages = new ArrayDeque<>();

		/** What the next claims find that their client did not acknowledge. */
		List<Long> unacknowledged = List.of();

		/** What was released. */
		final List<Field> released = new ArrayList<>();

		/** What the next claims find revoked, by topic. */
		Map<String, String> revokedTopics = Map.of();

		/** Erases a message. Returns its retraction, which is stored. */
		Message erase(Message message) {
			this.history.getOrDefault(message.channel(), new TreeMap<>()).remove(message.id());
			return retract(message);
		}

		/**
		 * Stores the retraction of a message, which is left for reads that were before.
		 */
		Message retract(Message message) {
			Envelope envelope = new Envelope(Retraction.EVENT,
					new Retraction(message.channel(), message.id(), false).data().getBytes(StandardCharsets.UTF_8), 0,
					0, false, null);
			this.history.computeIfAbsent(message.channel(), (name) -> new TreeMap<>()).put(++this.clock, envelope);
			return Message.render(this.clock, message.channel(), envelope);
		}

		public void answer() {
			while (!this.asked.isEmpty()) {
				this.asked.remove().run();
			}
		}

		private <T> CompletableFuture<T> ask(Supplier<T> script) {
			this.node.seam.accept("ask");
			CompletableFuture<T> reply = new CompletableFuture<>();
			this.asked.add(() -> {
				try {
					this.node.seam.accept("answer");
					reply.complete(script.get());
				}
				catch (RuntimeException | Error ex) {
					reply.completeExceptionally(ex);
				}
			});
			return reply;
		}

		@Override
		public CompletableFuture<History.Batch> read(ChannelName channel, long position, int count, int bytes) {
			return ask(() -> {
				List<History.Entry> entries = new ArrayList<>();
				this.history.getOrDefault(channel, new TreeMap<>())
					.tailMap(position, false)
					.forEach((id, envelope) -> entries.add(new History.Entry(id, envelope)));
				return new History.Batch(this.clock, this.since, true, new Predecessor(0, 0, 0), entries);
			});
		}

		@Override
		public CompletableFuture<Long> findOldest(ChannelName channel) {
			return ask(() -> 0L);
		}

		@Override
		public CompletableFuture<History.Walked> walkBack(ChannelName channel, long below, int count, int bytes) {
			return ask(() -> new History.Walked(0, 0, 0, History.Walked.End.END, 0));
		}

		@Override
		public CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels) {
			return ask(() -> new History.LastIds(this.clock, this.since,
					channels.stream().map((channel) -> this.clock).toList()));
		}

		@Override
		public CompletableFuture<ClaimResult> claim(Claim claim) {
			return ask(() -> new ClaimResult.Owner(++this.clock, this.clock, this.since, null, null, this.revokedTopics,
					this.unacknowledged));
		}

		@Override
		public CompletableFuture<@Nullable String> spend(String user, String connection, Claim.Ticket ticket,
				IssuedToken token) {
			return ask(() -> null);
		}

		@Override
		public CompletableFuture<Boolean> isRevoked(String user, IssuedToken token) {
			return ask(() -> {
				if (this.silent) {
					throw new RedisUnavailableException("silent", null);
				}
				return this.revokedUsers.contains(user);
			});
		}

		@Override
		public CompletableFuture<Renewal> renew(List<Held> held, @Nullable Long revocations) {
			this.renewed.add(held.stream().map(Held::connection).toList());
			return ask(() -> new Renewal(this.clock, this.since,
					this.pages.isEmpty() ? this.revoked : this.pages.remove(), List.of()));
		}

		@Override
		public CompletableFuture<Long> release(List<Field> fields) {
			this.released.addAll(fields);
			return ask(() -> 0L);
		}

		@Override
		public boolean isAvailable() {
			return true;
		}

	}

	/** A client that reads everything at once, unless it is told to stop. */
	public final class Socket implements Outlet, Newcomer {

		public final StringBuilder text = new StringBuilder();

		/** How often messages were written. */
		int writes;

		/** What a write takes. */
		Duration cost = Duration.ZERO;

		/** What waits because it reads nothing; 0 while it reads. */
		long pending;

		/** What the kernel says of acknowledgements. */
		Supplier<@Nullable Duration> kernel = () -> null;

		/** The last block of a stream that was ended, which a test has to allow. */
		@Nullable String ended;

		public boolean mayEnd;

		/** What its socket had used up when it came. */
		public @Nullable Quota exceeded;

		/** What its address, or its user, has used up. */
		public @Nullable Quota refusedBy;

		/** Whether its ticket opened nothing. */
		public boolean ticketRefused;

		/** Whether its address had used up a quota. */
		public boolean limited;

		/** What is to be run when it is closed. */
		public @Nullable Runnable whenClosed;

		private final StreamRequest request;

		private @Nullable SocketEvents handle;

		private Socket(StreamRequest request) {
			this.request = request;
		}

		/** Is told of each step of this socket and may throw, as the loop's. */
		Consumer<String> fault = (step) -> {
		};

		/** A write threw, and how much of it left is not known. */
		private boolean broken;

		/** Whether it was closed without a word. */
		boolean aborted;

		/** Why no stream began. */
		public @Nullable CloseReason refused;

		/** The reading of a write: throws before anything left, or after. */
		private void write(String step, Runnable bytes) {
			seam(step);
			try {
				bytes.run();
				seam(step + ", late");
			}
			catch (RuntimeException | Error ex) {
				this.broken = true;
				throw ex;
			}
		}

		private void seam(String step) {
			this.fault.accept(step);
			TestLoop.this.seam.accept(step);
		}

		/** Whether the loop holds it no more, whatever it was told. */
		boolean isLost() {
			return TestLoop.this.loop.present()
				.stream()
				.noneMatch((connection) -> connection.user().equals(this.request.user()));
		}

		/** Whether it was told that there is nothing more, or cut. */
		boolean isGone() {
			return this.ended != null || this.aborted || this.refused != null;
		}

		/** Reads what waits. */
		void readOn() {
			this.pending = 0;
			handle().writable();
		}

		/** Goes away. */
		public void cut() {
			handle().disconnected(false);
		}

		/** Breaks. */
		void breakDown() {
			handle().disconnected(true);
		}

		@Override
		public StreamRequest request() {
			return this.request;
		}

		@Override
		public Outlet outlet() {
			return this;
		}

		@Override
		public @Nullable Quota exceeded() {
			return this.exceeded;
		}

		@Override
		public void opened(SocketEvents connection) {
			this.handle = connection;
		}

		@Override
		public void limited() {
			this.limited = true;
		}

		@Override
		public void whenClosed(Runnable task) {
			this.whenClosed = task;
		}

		@Override
		public void onLoop(Runnable task) {
			TestLoop.this.tasks.add(task);
		}

		private SocketEvents handle() {
			return Objects.requireNonNull(this.handle);
		}

		/** The numbers of the messages, in the order in which they came. */
		public List<Integer> numbers() {
			return NUMBER.matcher(this.text).results().map((found) -> Integer.valueOf(found.group(1))).toList();
		}

		@Override
		public void begin(byte[] blocks) {
			write("begin", () -> this.text.append(new String(blocks, StandardCharsets.UTF_8)));
		}

		@Override
		public void refuse(CloseReason reason, Duration retry) {
			if (!this.mayEnd) {
				throw new AssertionError(reason);
			}
			seam("refuse");
			this.refused = reason;
		}

		@Override
		public void refuse(Quota quota, Duration retry) {
			if (!this.mayEnd) {
				throw new AssertionError(quota);
			}
			this.refusedBy = quota;
		}

		@Override
		public void refuseTicket() {
			if (!this.mayEnd) {
				throw new AssertionError("ticket");
			}
			this.ticketRefused = true;
		}

		@Override
		public void write(byte[] block) {
			write("block", () -> this.text.append(new String(block, StandardCharsets.UTF_8)));
		}

		@Override
		public void write(SharedChunk chunk) {
			ByteBuf bytes = chunk.plain();
			write("chunk", () -> this.text.append(bytes.toString(StandardCharsets.UTF_8)));
			bytes.release();
			this.writes++;
			TestLoop.this.nanos += this.cost.toNanos();
			// A large write takes the socket over its mark and back below it.
			handle().writable();
		}

		@Override
		public void end(byte @Nullable [] block) {
			if (!this.mayEnd) {
				throw new AssertionError("Ended");
			}
			seam("end");
			if (this.broken) {
				abort();
				return;
			}
			this.ended = (block != null) ? new String(block, StandardCharsets.UTF_8) : "";
		}

		@Override
		public void abort() {
			if (!this.mayEnd) {
				throw new AssertionError("Aborted");
			}
			seam("abort");
			this.aborted = true;
		}

		@Override
		public boolean isOpen() {
			seam("open");
			return !this.broken;
		}

		@Override
		public boolean isWritable() {
			seam("writable");
			return this.pending == 0;
		}

		@Override
		public boolean isWritable(int bytes) {
			return isWritable();
		}

		@Override
		public @Nullable Duration unacknowledged() {
			return this.kernel.get();
		}

		@Override
		public long pendingBytes() {
			seam("pending");
			return this.pending;
		}

		@Override
		public long drainedBytes() {
			return this.text.length() - this.pending;
		}

	}

	/** Confirms every subscription on the first link. */
	private final class Confirming implements Topics.Upstream {

		@Override
		public void subscribe(ChannelName topic, LongConsumer confirmed) {
			TestLoop.this.seam.accept("subscribe");
			confirmed.accept(1);
		}

		@Override
		public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
			TestLoop.this.seam.accept("unsubscribe");
		}

	}

	/** A thread that runs when the test says so, in a time that stands still. */
	private final class LoopThread implements LoopExecutor {

		@Override
		public void execute(Runnable task) {
			TestLoop.this.tasks.add(task);
		}

		@Override
		public void executeAfterIo(Runnable task) {
			TestLoop.this.tasks.add(task);
		}

		@Override
		public void schedule(Runnable task, Duration delay) {
			TestLoop.this.scheduled.add(task);
		}

		@Override
		public long nanoTime() {
			TestLoop.this.nanos += TestLoop.this.askCost.toNanos();
			return TestLoop.this.nanos;
		}

		@Override
		public long millis() {
			return 1 + TestLoop.this.nanos / 1_000_000;
		}

	}

	record Silent(Consumer<String> seam, List<Ending> endings) implements ConnectionEvents {

		@Override
		public void opened(boolean resumed) {
			this.seam.accept("event");
		}

		@Override
		public void closed(Ending ending, Duration open) {
			this.endings.add(ending);
			this.seam.accept("event");
		}

		@Override
		public void refused(CloseReason reason) {
			this.seam.accept("event");
		}

		@Override
		public void limited(Quota quota) {
			this.seam.accept("event");
		}

		@Override
		public void ticketIssued() {
			this.seam.accept("event");
		}

		@Override
		public void ticketSpent() {
			this.seam.accept("event");
		}

		@Override
		public void ticketRefused(String reason) {
			this.seam.accept("event");
		}

		@Override
		public void kicked(@Nullable CloseReason reason) {
			this.seam.accept("event");
		}

		@Override
		public void sent(int count, long firstId, long lastId) {
			this.seam.accept("event");
		}

		@Override
		public void unsubscribed() {
			this.seam.accept("event");
		}

		@Override
		public void unanswered(String call) {
			this.seam.accept("unanswered " + call);
		}

		@Override
		public void gap() {
			this.seam.accept("event");
		}

		@Override
		public void fellBehind() {
			this.seam.accept("event");
		}

	}

	/** Passes on when streams read history. */
	record Reads(Consumer<String> seam) implements CatchUpEvents {

		@Override
		public void began(Connection connection) {
			this.seam.accept("catching up");
		}

		@Override
		public void read(Connection connection, int messages) {
			this.seam.accept("read " + messages);
		}

		@Override
		public void ended(Connection connection, boolean live) {
			this.seam.accept(live ? "caught up" : "given up");
		}

	}

}
