package io.fanfare.node.connection;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.fanfare.node.broker.Message;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.HistorySource;
import io.fanfare.node.presence.Ownership;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.redis.History;
import io.fanfare.protocol.redis.History.Predecessor;
import io.fanfare.protocol.redis.Presence.Claim;
import io.fanfare.protocol.redis.Presence.ClaimResult;
import io.fanfare.protocol.redis.Presence.Field;
import io.fanfare.protocol.redis.Presence.Held;
import io.fanfare.protocol.redis.Presence.Renewal;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * One loop whose thread, Redis and sockets do what the test says, when it says so.
 */
final class TestLoop {

	private static final Pattern NUMBER = Pattern.compile("data: m(\\d+)\n");

	final Connections connections = new Connections("node", 10_000,
			new AdmissionSettings(AdmissionSettings.Policy.WAIT, 1_000, Duration.ofSeconds(30), Duration.ofSeconds(2)),
			new Random(1));

	final Store store = new Store();

	final StreamLoop loop;

	private final Queue<Runnable> tasks = new ArrayDeque<>();

	/** What waits for time to pass. */
	private final Queue<Runnable> scheduled = new ArrayDeque<>();

	/** What the loop's clock says. */
	private long nanos = 1;

	/** What it takes to ask it. */
	Duration askCost = Duration.ZERO;

	private int published;

	TestLoop(int inboxLimit) {
		this.loop = new StreamLoop(new LoopThread(), new StreamLoop.Node("node",
				new ConnectionSettings(10, Duration.ofSeconds(15), Duration.ofMinutes(5), Duration.ofSeconds(2),
						Duration.ofSeconds(30), Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofSeconds(10),
						Duration.ZERO, Duration.ZERO, Duration.ofSeconds(60), Duration.ofSeconds(30),
						Duration.ofSeconds(25), Duration.ZERO, Duration.ofMinutes(30)),
				Duration.ofSeconds(5), Duration.ofSeconds(15), this.store,
				new CatchUp(this.store, InstantSource.fixed(Instant.EPOCH)), new Confirming(),
				new StreamLoop.LastProof(), new Silent(), this.connections, new Random(1)), inboxLimit);
		this.connections.use(List.of(this.loop));
		this.loop.start();
		this.loop.linkUp(1);
		run();
	}

	Socket open(String user, StreamRequest.Start start, String... topics) {
		return open(user, false, start, topics);
	}

	/** The stream of a client that acknowledges. */
	Socket openAcknowledging(String user) {
		return open(user, true, new StreamRequest.Start.Now());
	}

	private Socket open(String user, boolean acknowledges, StreamRequest.Start start, String... topics) {
		Socket socket = new Socket();
		socket.handle = this.connections.open(this.loop,
				new StreamRequest(user, null, null, Tier.NORMAL, Stream.of(topics).map(ChannelName::topic).toList(),
						start, false, acknowledges, Instant.ofEpochSecond(1L << 40), InetAddress.getLoopbackAddress(),
						false),
				socket);
		return socket;
	}

	/** Stores a message for all and hands it to the loop. */
	void publish() {
		publish(ChannelName.ALL);
	}

	/** Stores a message, which says its number, and hands it to the loop. */
	void publish(ChannelName channel) {
		this.loop.offer(this.store.publish(channel, "m" + ++this.published));
	}

	/** How many were published. */
	int published() {
		return this.published;
	}

	/** Runs what the loop's thread has to do now. */
	void turn() {
		int waiting = this.tasks.size();
		for (int i = 0; i < waiting; i++) {
			this.tasks.remove().run();
		}
	}

	/** Whether the loop's thread has something to do. */
	boolean isBusy() {
		return !this.tasks.isEmpty();
	}

	void run() {
		while (!this.tasks.isEmpty() || !this.store.asked.isEmpty()) {
			this.store.answer();
			turn();
		}
	}

	/** Lets time pass, and then runs what waited for any time at all. */
	void pass(Duration time) {
		this.nanos += time.toNanos();
		this.tasks.addAll(this.scheduled);
		this.scheduled.clear();
		run();
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
	static final class Store implements HistorySource, Ownership {

		private final Map<ChannelName, TreeMap<Long, Envelope>> history = new HashMap<>();

		final Queue<Runnable> asked = new ArrayDeque<>();

		/** The connections of each call that renewed some. */
		final List<List<String>> renewed = new ArrayList<>();

		long clock = 100;

		Message publish(ChannelName channel, String data) {
			Envelope envelope = new Envelope("message", data.getBytes(StandardCharsets.UTF_8), 0, 0, false, null);
			this.history.computeIfAbsent(channel, (name) -> new TreeMap<>()).put(++this.clock, envelope);
			return Message.render(this.clock, channel, envelope);
		}

		void answer() {
			while (!this.asked.isEmpty()) {
				this.asked.remove().run();
			}
		}

		private <T> CompletableFuture<T> ask(Supplier<T> script) {
			CompletableFuture<T> reply = new CompletableFuture<>();
			this.asked.add(() -> reply.complete(script.get()));
			return reply;
		}

		@Override
		public CompletableFuture<History.Batch> read(ChannelName channel, long position, int count, int bytes) {
			return ask(() -> {
				List<History.Entry> entries = new ArrayList<>();
				this.history.getOrDefault(channel, new TreeMap<>())
					.tailMap(position, false)
					.forEach((id, envelope) -> entries.add(new History.Entry(id, envelope)));
				return new History.Batch(this.clock, 1, true, new Predecessor(0, 0, 0), entries);
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
			return ask(
					() -> new History.LastIds(this.clock, 1, channels.stream().map((channel) -> this.clock).toList()));
		}

		@Override
		public CompletableFuture<ClaimResult> claim(Claim claim) {
			return ask(() -> new ClaimResult.Owner(++this.clock, this.clock, 1));
		}

		@Override
		public CompletableFuture<Renewal> renew(List<Held> held) {
			this.renewed.add(held.stream().map(Held::connection).toList());
			return ask(() -> new Renewal(this.clock, 1, List.of()));
		}

		@Override
		public CompletableFuture<Long> release(List<Field> fields) {
			return ask(() -> 0L);
		}

		@Override
		public boolean isAvailable() {
			return true;
		}

	}

	/** A client that reads everything at once, unless it is told to stop. */
	final class Socket implements Outlet {

		final StringBuilder text = new StringBuilder();

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

		boolean mayEnd;

		private Connections.@Nullable Handle handle;

		/** Reads what waits. */
		void readOn() {
			this.pending = 0;
			handle().writable();
		}

		/** Goes away. */
		void cut() {
			handle().disconnected(false);
		}

		/** Breaks. */
		void breakDown() {
			handle().disconnected(true);
		}

		private Connections.Handle handle() {
			return Objects.requireNonNull(this.handle);
		}

		/** The numbers of the messages, in the order in which they came. */
		List<Integer> numbers() {
			return NUMBER.matcher(this.text).results().map((found) -> Integer.valueOf(found.group(1))).toList();
		}

		@Override
		public void begin(byte[] blocks) {
			this.text.append(new String(blocks, StandardCharsets.UTF_8));
		}

		@Override
		public void refuse(CloseReason reason, Duration retry) {
			throw new AssertionError(reason);
		}

		@Override
		public void refuse(Quota quota, Duration retry) {
			throw new AssertionError(quota);
		}

		@Override
		public void write(byte[] block) {
			this.text.append(new String(block, StandardCharsets.UTF_8));
		}

		@Override
		public void write(SharedChunk chunk) {
			ByteBuf bytes = chunk.plain();
			this.text.append(bytes.toString(StandardCharsets.UTF_8));
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
			this.ended = (block != null) ? new String(block, StandardCharsets.UTF_8) : "";
		}

		@Override
		public void abort() {
			if (!this.mayEnd) {
				throw new AssertionError("Aborted");
			}
		}

		@Override
		public boolean isOpen() {
			return true;
		}

		@Override
		public boolean isWritable() {
			return this.pending == 0;
		}

		@Override
		public @Nullable Duration unacknowledged() {
			return this.kernel.get();
		}

		@Override
		public long pendingBytes() {
			return this.pending;
		}

	}

	/** Confirms every subscription on the first link. */
	private static final class Confirming implements Topics.Upstream {

		@Override
		public void subscribe(ChannelName topic, LongConsumer confirmed) {
			confirmed.accept(1);
		}

		@Override
		public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
			// stays
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

	private static final class Silent implements ConnectionEvents {

		@Override
		public void opened(boolean resumed) {
			// silent
		}

		@Override
		public void waited(Duration waited) {
			// silent
		}

		@Override
		public void closed(Ending ending, Duration open) {
			// silent
		}

		@Override
		public void refused(CloseReason reason) {
			// silent
		}

		@Override
		public void limited(Quota quota) {
			// silent
		}

		@Override
		public void kicked(@Nullable CloseReason reason) {
			// silent
		}

		@Override
		public void sent(int count, long lastId) {
			// silent
		}

		@Override
		public void gap() {
			// silent
		}

		@Override
		public void fellBehind() {
			// silent
		}

	}

}
