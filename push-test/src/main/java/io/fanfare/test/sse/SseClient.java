package io.fanfare.test.sse;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * An SSE client on a bare socket, which shows what really came over the wire and can
 * misbehave in every way that real clients and networks do.
 *
 * <p>
 * A thread of its own reads as fast as the server writes, so nothing is missed between
 * two calls. Everything that waits fails with an {@link AssertionError} which tells what
 * came instead. All methods may be called from any thread.
 *
 * <pre>{@code
 * try (SseClient stream = SseClient.request("127.0.0.1", port, "/events").bearer(token).open()) {
 *     assertThat(stream.status()).isEqualTo(200);
 *     SseBlock block = stream.awaitBlock((b) -> b.fires("order"), Duration.ofSeconds(2));
 * }
 * }</pre>
 */
public final class SseClient implements AutoCloseable {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final SseStream stream;

	private final ReentrantLock lock = new ReentrantLock();

	/**
	 * Signalled with every change of the fields below, which {@link #lock} guards.
	 */
	private final Condition changed = this.lock.newCondition();

	private final ByteArrayOutputStream body = new ByteArrayOutputStream();

	private final ByteArrayOutputStream content = new ByteArrayOutputStream();

	private final ByteArrayOutputStream surplus = new ByteArrayOutputStream();

	private final List<Long> chunks = new ArrayList<>();

	private final List<SseBlock> blocks = new ArrayList<>();

	private final List<String> comments = new ArrayList<>();

	private int status;

	private @Nullable HttpHeaders headers;

	private @Nullable End end;

	private @Nullable Exception cause;

	private boolean disconnected;

	/**
	 * How many blocks the waiting methods have passed.
	 */
	private int passed;

	SseClient(String host, int port, int receiveBuffer, String method, String lastEventId) {
		this.stream = new SseStream(host, port, receiveBuffer, method, lastEventId, new Collector());
	}

	/**
	 * Prepares a request for a stream or for anything else.
	 * @param host the server's name or address
	 * @param port the server's port
	 * @param path the path, with or without a query
	 * @return the request
	 */
	public static SseRequest request(String host, int port, String path) {
		return new SseRequest(host, port, path);
	}

	/**
	 * Connects and sends nothing; what is sent next is up to the test.
	 * @param host the server's name or address
	 * @param port the server's port
	 * @return the client, which reads what comes; the caller closes it
	 */
	public static SseClient connect(String host, int port) {
		return new SseClient(host, port, 0, "GET", "");
	}

	/**
	 * Sends bytes as they are.
	 * @param bytes the bytes
	 */
	public void send(byte[] bytes) {
		this.stream.send(bytes);
	}

	/**
	 * Sends text as UTF-8, as it is.
	 * @param text the text
	 */
	public void send(String text) {
		send(text.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * The status code; waits for the head of the answer up to 10 s.
	 * @return the code
	 */
	public int status() {
		headers();
		return locked(() -> this.status);
	}

	/**
	 * The header fields; waits for the head of the answer up to 10 s.
	 * @return the fields; names in any case
	 */
	public HttpHeaders headers() {
		await(() -> this.headers != null, PATIENCE, "head of an answer");
		HttpHeaders headers = locked(() -> this.headers);
		if (headers == null) {
			throw new AssertionError("No head of an answer: " + this);
		}
		return headers;
	}

	/**
	 * Whether the head of the answer has come.
	 * @return whether there is a status
	 */
	public boolean hasAnswered() {
		return locked(() -> this.headers != null);
	}

	/**
	 * The whole answer; waits for its end up to 10 s.
	 * @return the answer
	 */
	public Answer answer() {
		End how = awaitEnd(PATIENCE);
		if (how != End.COMPLETE) {
			throw new AssertionError("The answer is " + how + ": " + this);
		}
		return new Answer(status(), headers(), text());
	}

	/**
	 * The body so far, without its transfer coding, but compressed where it is.
	 * @return the bytes
	 */
	public byte[] body() {
		return locked(this.body::toByteArray);
	}

	/**
	 * The body so far as text, without any coding. A gzip stream is decoded as it comes;
	 * one that is not sound ends as {@link End#MALFORMED}.
	 * @return the content, read as UTF-8
	 */
	public String text() {
		return locked(() -> this.content.toString(StandardCharsets.UTF_8));
	}

	/**
	 * What came after the end of the answer: nothing, with a sound server.
	 * @return the bytes
	 */
	public byte[] surplus() {
		return locked(this.surplus::toByteArray);
	}

	/**
	 * The sizes of the HTTP chunks so far, begun ones included.
	 * @return the sizes in order
	 */
	public List<Long> chunks() {
		return locked(() -> List.copyOf(this.chunks));
	}

	/**
	 * All blocks so far, those included that a waiting method has passed.
	 * @return the blocks in order
	 */
	public List<SseBlock> blocks() {
		return locked(() -> List.copyOf(this.blocks));
	}

	/**
	 * All comment lines so far, heartbeats for instance, also those whose block is not
	 * complete.
	 * @return the comments without their colon, in order
	 */
	public List<String> comments() {
		return locked(() -> List.copyOf(this.comments));
	}

	/**
	 * The cursor with which a browser would reconnect now: what the standard calls the
	 * last event ID string.
	 * @return the cursor, or an empty string
	 */
	public String lastEventId() {
		return this.stream.lastEventId();
	}

	/**
	 * Waits for the next block.
	 * @param atMost how long to wait
	 * @return the first block after the one that the last wait returned
	 */
	public SseBlock nextBlock(Duration atMost) {
		return awaitBlock((block) -> true, atMost);
	}

	/**
	 * Waits for the next block that matches, and passes what does not. Blocks that came
	 * before the call count, but none counts for two waits.
	 * @param wanted what to look for
	 * @param atMost how long to wait
	 * @return the first such block after the one that the last wait returned
	 */
	public SseBlock awaitBlock(Predicate<SseBlock> wanted, Duration atMost) {
		this.lock.lock();
		try {
			await(() -> seek(wanted), atMost, "block as wanted");
			return this.blocks.get(this.passed - 1);
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Waits until a number of blocks have come in all.
	 * @param count how many
	 * @param atMost how long to wait
	 * @return all blocks so far, at least as many as wanted
	 */
	public List<SseBlock> awaitBlocks(int count, Duration atMost) {
		await(() -> this.blocks.size() >= count, atMost, count + " blocks");
		return blocks();
	}

	/**
	 * Waits until the text of the body so far matches.
	 * @param wanted what to look for
	 * @param atMost how long to wait
	 * @return the text so far
	 */
	public String awaitText(Predicate<String> wanted, Duration atMost) {
		await(() -> wanted.test(this.content.toString(StandardCharsets.UTF_8)), atMost, "text as wanted");
		return text();
	}

	/**
	 * Watches that no further block matches for a time. The blocks meanwhile are not
	 * passed.
	 * @param unwanted what must not come
	 * @param during how long to watch
	 */
	public void expectNone(Predicate<SseBlock> unwanted, Duration during) {
		this.lock.lock();
		try {
			if (waitFor(() -> this.blocks.subList(this.passed, this.blocks.size()).stream().anyMatch(unwanted), during,
					() -> false)) {
				throw new AssertionError("An unwanted block came: " + this);
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * How the answer ended.
	 * @return the end; null while it goes on
	 */
	public @Nullable End end() {
		return locked(() -> this.end);
	}

	/**
	 * Waits until the answer has ended in whatever way.
	 * @param atMost how long to wait
	 * @return how it ended
	 */
	public End awaitEnd(Duration atMost) {
		await(() -> this.end != null, atMost, "end");
		End how = end();
		if (how == null) {
			throw new AssertionError("No end: " + this);
		}
		return how;
	}

	/**
	 * Waits until the server has closed the connection, which with keep-alive need not
	 * follow the end of the answer.
	 * @param atMost how long to wait
	 */
	public void awaitDisconnect(Duration atMost) {
		await(() -> this.disconnected, atMost, "end of the connection");
	}

	/**
	 * Stops reading. The kernel takes in what its buffers hold, then the server can write
	 * no more. At most one read that was under way is held back until {@link #resume()}.
	 */
	public void pause() {
		this.stream.pause();
	}

	/**
	 * Reads on after {@link #pause()}.
	 */
	public void resume() {
		this.stream.resume();
	}

	/**
	 * Tells the server that nothing more will be sent (FIN), and reads on.
	 */
	public void halfClose() {
		this.stream.halfClose();
	}

	/**
	 * Ends the connection with a reset (RST), as a client that crashed or a box on the
	 * way that lost its state.
	 */
	public void abort() {
		this.stream.abort();
	}

	/**
	 * Ends the connection. What came stays readable.
	 */
	@Override
	public void close() {
		this.stream.close();
	}

	private boolean seek(Predicate<SseBlock> wanted) {
		while (this.passed < this.blocks.size()) {
			if (wanted.test(this.blocks.get(this.passed++))) {
				return true;
			}
		}
		return false;
	}

	private void await(BooleanSupplier condition, Duration atMost, String what) {
		if (!waitFor(condition, atMost, () -> this.disconnected)) {
			throw new AssertionError("No " + what + " within " + atMost + ": " + this);
		}
	}

	/**
	 * Waits for a condition, or for another after which waiting is in vain.
	 */
	private boolean waitFor(BooleanSupplier condition, Duration atMost, BooleanSupplier inVain) {
		this.lock.lock();
		try {
			long left = atMost.toNanos();
			while (!condition.getAsBoolean()) {
				if (left <= 0 || inVain.getAsBoolean()) {
					return false;
				}
				left = this.changed.awaitNanos(left);
			}
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted", ex);
		}
		finally {
			this.lock.unlock();
		}
	}

	private void set(Runnable change) {
		this.lock.lock();
		try {
			change.run();
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	private <T extends @Nullable Object> T locked(Supplier<T> read) {
		this.lock.lock();
		try {
			return read.get();
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public String toString() {
		return locked(() -> "SseClient[status=" + this.status + ", end=" + this.end + ", cause=" + this.cause
				+ ", passed=" + this.passed + " of " + this.blocks.size() + " blocks, last of them "
				+ this.blocks.subList(Math.max(0, this.blocks.size() - 10), this.blocks.size()) + "]");
	}

	/**
	 * Takes what comes and keeps it, under the lock.
	 */
	private final class Collector implements SseStream.Listener {

		@Override
		public void head(int status, HttpHeaders headers) {
			set(() -> {
				SseClient.this.status = status;
				SseClient.this.headers = headers;
			});
		}

		@Override
		public void chunk(long size) {
			set(() -> SseClient.this.chunks.add(size));
		}

		@Override
		public void body(byte[] bytes, int length) {
			set(() -> SseClient.this.body.write(bytes, 0, length));
		}

		@Override
		public void content(byte[] bytes, int length) {
			set(() -> SseClient.this.content.write(bytes, 0, length));
		}

		@Override
		public void block(SseBlock block) {
			set(() -> SseClient.this.blocks.add(block));
		}

		@Override
		public void comment(String comment) {
			set(() -> SseClient.this.comments.add(comment));
		}

		@Override
		public void end(End how, @Nullable Exception cause) {
			set(() -> {
				SseClient.this.end = how;
				SseClient.this.cause = cause;
			});
		}

		@Override
		public void surplus(byte[] bytes, int length) {
			set(() -> SseClient.this.surplus.write(bytes, 0, length));
		}

		@Override
		public void disconnected() {
			set(() -> SseClient.this.disconnected = true);
		}

	}

}
