package io.fanfare.node.connection;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

import io.fanfare.node.broker.Message;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.HistorySource;
import io.fanfare.node.presence.Ownership;
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
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class StreamLoopTests {

	private static final int LIMIT = 2;

	private final Queue<Runnable> tasks = new ArrayDeque<>();

	private final Store store = new Store();

	private final Connections connections = new Connections("node", 10, new Random(1));

	private final StreamLoop loop = new StreamLoop(new LoopThread(), new StreamLoop.Node("node",
			new ConnectionSettings(10, Duration.ofSeconds(15), Duration.ofMinutes(5), Duration.ofSeconds(2),
					Duration.ofSeconds(30), Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofSeconds(10)),
			Duration.ofSeconds(5), Duration.ofSeconds(15), this.store,
			new CatchUp(this.store, InstantSource.fixed(Instant.EPOCH)), new Confirming(), new StreamLoop.LastProof(),
			new Silent(), this.connections, new Random(1)), LIMIT);

	private int published;

	/**
	 * A batch that another connection's read brought is kept for a moment. Here it holds
	 * all that arrived, and nothing of what was dropped.
	 */
	@Test
	void whatAnOverflowDropsIsReadWhereASharedBatchEndsBelowIt() {
		this.connections.use(List.of(this.loop));
		this.loop.start();
		this.loop.linkUp(1);
		run();
		Socket alice = open("alice", new StreamRequest.Start.Now());
		run();
		open("bob", new StreamRequest.Start.After(this.store.clock));
		this.store.answer();
		turn();
		assertThat(this.store.asked).hasSize(2);
		publish();
		publish();
		this.store.answer();
		publish();
		run();
		assertThat(alice.text.toString()).containsSubsequence("data: m1\n", "data: m2\n", "data: m3\n");
		publish();
		run();
		assertThat(alice.text.toString()).containsOnlyOnce("data: m3\n").containsOnlyOnce("data: m4\n");
	}

	private Socket open(String user, StreamRequest.Start start) {
		Socket socket = new Socket();
		this.connections.open(this.loop,
				new StreamRequest(user, null, Tier.NORMAL, List.of(), start, false, Instant.MAX), socket);
		return socket;
	}

	/** Stores a message for all and hands it to the loop. */
	private void publish() {
		this.loop.offer(this.store.publish("m" + ++this.published));
	}

	private void turn() {
		int waiting = this.tasks.size();
		for (int i = 0; i < waiting; i++) {
			this.tasks.remove().run();
		}
	}

	private void run() {
		while (!this.tasks.isEmpty() || !this.store.asked.isEmpty()) {
			this.store.answer();
			turn();
		}
	}

	/** Redis, which answers when it is told to. */
	private static final class Store implements HistorySource, Ownership {

		private final TreeMap<Long, Envelope> all = new TreeMap<>();

		private final Queue<Runnable> asked = new ArrayDeque<>();

		private long clock = 100;

		Message publish(String data) {
			Envelope envelope = new Envelope("message", data.getBytes(StandardCharsets.UTF_8), 0, 0, false, null);
			this.all.put(++this.clock, envelope);
			return Message.render(this.clock, ChannelName.ALL, envelope);
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
				if (channel.equals(ChannelName.ALL)) {
					this.all.tailMap(position, false)
						.forEach((id, envelope) -> entries.add(new History.Entry(id, envelope)));
				}
				return new History.Batch(this.clock, 1, true, new Predecessor(0, 0, 0), entries);
			});
		}

		@Override
		public CompletableFuture<Long> findStart(ChannelName channel, int count) {
			return ask(() -> 0L);
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

	/** A client that reads everything at once. */
	private static final class Socket implements Outlet {

		private final StringBuilder text = new StringBuilder();

		@Override
		public void begin(byte[] blocks) {
			this.text.append(new String(blocks, StandardCharsets.UTF_8));
		}

		@Override
		public void refuse(CloseReason reason, Duration retry) {
			throw new AssertionError(reason);
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
		}

		@Override
		public void end(byte @Nullable [] block) {
			throw new AssertionError("Ended");
		}

		@Override
		public void abort() {
			throw new AssertionError("Aborted");
		}

		@Override
		public boolean isOpen() {
			return true;
		}

		@Override
		public boolean isWritable() {
			return true;
		}

		@Override
		public long pendingBytes() {
			return 0;
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
			StreamLoopTests.this.tasks.add(task);
		}

		@Override
		public void executeAfterIo(Runnable task) {
			StreamLoopTests.this.tasks.add(task);
		}

		@Override
		public void schedule(Runnable task, Duration delay) {
			// never
		}

		@Override
		public long nanoTime() {
			return 1;
		}

		@Override
		public long millis() {
			return 1;
		}

	}

	private static final class Silent implements ConnectionEvents {

		@Override
		public void opened(boolean resumed) {
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
