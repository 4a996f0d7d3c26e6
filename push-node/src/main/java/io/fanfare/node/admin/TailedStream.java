package io.fanfare.node.admin;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.StreamCopy;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.cluster.TailFrame;
import org.jspecify.annotations.Nullable;

/**
 * Copies of one stream on their way to those who asked for them. The loop adds a
 * reference to the block that it wrote to a bounded queue; everything else is done by a
 * worker. One frame is on its way at a time, and its size decides when the next may
 * follow. What does not fit is dropped, the oldest first, and counted. Belongs to its
 * connection's loop.
 */
final class TailedStream implements StreamCopy {

	/** Blocks that wait at most. */
	static final int MAX_BLOCKS = 256;

	/** Bytes that wait at most, or one block that is larger. */
	static final int MAX_BYTES = 256 * 1024;

	/** Bytes of a frame at most, or one block that is larger. */
	private static final int MAX_FRAME = 64 * 1024;

	/** What is copied to one receiver, averaged over its frames. */
	private static final int BYTES_PER_SECOND = 512 * 1024;

	/** How often the end of a stream is sent again where it was not received. */
	private static final int MORE_TRIES = 4;

	private static final Duration BETWEEN_TRIES = Duration.ofSeconds(1);

	/** Blocks that are written in this time share a frame. */
	private static final Duration GATHERING = Duration.ofMillis(20);

	private final String connection;

	private final StreamLoop loop;

	private final UserTail tail;

	private final TailUser.Sender sender;

	private final Worker worker;

	private final Ticker ticker;

	private final Deque<byte[]> waiting = new ArrayDeque<>();

	private int bytes;

	/** How many blocks were copied or dropped. */
	private long count;

	/** How many were dropped behind the last frame. */
	private long dropped;

	private @Nullable String ended;

	private boolean sending;

	TailedStream(String connection, StreamLoop loop, UserTail tail, TailUser.Sender sender, Worker worker,
			Ticker ticker) {
		this.connection = connection;
		this.loop = loop;
		this.tail = tail;
		this.sender = sender;
		this.worker = worker;
		this.ticker = ticker;
	}

	@Override
	public boolean block(byte[] block) {
		if (!this.tail.isWanted(this.ticker.nanoTime())) {
			this.tail.ended(this.connection);
			return false;
		}
		if (block[0] == ':') {
			// A comment is no block.
			return true;
		}
		this.waiting.add(block);
		this.count++;
		this.bytes += block.length;
		while (this.waiting.size() > MAX_BLOCKS || this.bytes > MAX_BYTES && this.waiting.size() > 1) {
			this.bytes -= this.waiting.remove().length;
			this.dropped++;
		}
		sendSoon(GATHERING);
		return true;
	}

	@Override
	public void ended(String reason) {
		this.tail.ended(this.connection);
		this.ended = reason;
		sendSoon(GATHERING);
	}

	private void sendSoon(Duration delay) {
		if (!this.sending) {
			this.sending = true;
			this.worker.schedule(delay, () -> onLoop(this::send));
		}
	}

	private void onLoop(Runnable task) {
		Connections.onLoop(this.loop, (own) -> {
			task.run();
			return CompletableFuture.completedFuture(null);
		});
	}

	/** Takes what a frame can hold and hands it to the worker. On the loop. */
	private void send() {
		List<byte[]> blocks = new ArrayList<>();
		long first = this.count - this.waiting.size();
		int size = 0;
		while (!this.waiting.isEmpty() && (size == 0 || size + this.waiting.element().length <= MAX_FRAME)) {
			byte[] block = this.waiting.remove();
			blocks.add(block);
			size += block.length;
		}
		this.bytes -= size;
		long before = this.dropped;
		this.dropped = 0;
		String end = this.waiting.isEmpty() ? this.ended : null;
		this.worker.execute(() -> send(blocks, first, before, end));
	}

	/** On the worker. */
	private void send(List<byte[]> blocks, long first, long before, @Nullable String end) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		blocks.forEach(bytes::writeBytes);
		List<CompletableFuture<?>> sent = new ArrayList<>();
		for (UserTail.Receiver receiver : this.tail.present()) {
			TailFrame frame = new TailFrame(receiver.tail(), this.connection, first, before, end, bytes.toByteArray());
			sent.add((end != null) ? sendLast(receiver, frame, MORE_TRIES)
					: this.sender.send(receiver.process(), frame));
		}
		Duration pause = Duration.ofMillis(bytes.size() * 1000L / BYTES_PER_SECOND);
		// Where Redis did not take it, the numbers show the receiver that it is missing.
		CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new))
			.whenComplete((done, failure) -> this.worker.schedule(pause, () -> onLoop(() -> sent(end != null))));
	}

	/**
	 * No frame follows the last one, whose number would show that it is missing: the end
	 * is sent again, without the blocks, while its receiver wants it.
	 */
	private CompletableFuture<Boolean> sendLast(UserTail.Receiver receiver, TailFrame frame, int moreTries) {
		return this.sender.send(receiver.process(), frame).whenComplete((received, failure) -> {
			if ((failure != null || !received) && moreTries > 0) {
				this.worker.schedule(BETWEEN_TRIES, () -> {
					if (this.tail.isWanted(this.ticker.nanoTime()) && this.tail.holds(receiver)) {
						sendLast(receiver, frame.withoutBlocks(), moreTries - 1);
					}
				});
			}
		});
	}

	/** On the loop. */
	private void sent(boolean last) {
		this.sending = false;
		if (!this.waiting.isEmpty() || this.ended != null && !last) {
			sendSoon(Duration.ZERO);
		}
	}

}
