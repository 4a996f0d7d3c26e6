package io.fanfare.test.sse;

import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

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

	private final Received received = new Received();

	SseClient(String host, int port, @Nullable String from, int receiveBuffer, String method, String lastEventId) {
		this.stream = new SseStream(host, port, from, receiveBuffer, method, lastEventId, this.received);
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
		return new SseClient(host, port, null, 0, "GET", "");
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
		return this.received.locked(() -> this.received.status);
	}

	/**
	 * The header fields; waits for the head of the answer up to 10 s.
	 * @return the fields; names in any case
	 */
	public HttpHeaders headers() {
		this.received.await(() -> this.received.headers != null, PATIENCE, "head of an answer");
		HttpHeaders headers = this.received.locked(() -> this.received.headers);
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
		return this.received.locked(() -> this.received.headers != null);
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
		return this.received.locked(this.received.body::toByteArray);
	}

	/**
	 * The body so far as text, without any coding. A gzip stream is decoded as it comes;
	 * one that is not sound ends as {@link End#MALFORMED}.
	 * @return the content, read as UTF-8
	 */
	public String text() {
		return this.received.locked(() -> this.received.content.toString(StandardCharsets.UTF_8));
	}

	/**
	 * What came after the end of the answer: nothing, with a sound server.
	 * @return the bytes
	 */
	public byte[] surplus() {
		return this.received.locked(this.received.surplus::toByteArray);
	}

	/**
	 * The sizes of the HTTP chunks so far, begun ones included.
	 * @return the sizes in order
	 */
	public List<Long> chunks() {
		return this.received.locked(() -> List.copyOf(this.received.chunks));
	}

	/**
	 * All blocks so far, those included that a waiting method has passed.
	 * @return the blocks in order
	 */
	public List<SseBlock> blocks() {
		return this.received.locked(() -> List.copyOf(this.received.blocks));
	}

	/**
	 * All comment lines so far, heartbeats for instance, also those whose block is not
	 * complete.
	 * @return the comments without their colon, in order
	 */
	public List<String> comments() {
		return this.received.locked(() -> List.copyOf(this.received.comments));
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
		return this.received.locked(() -> {
			this.received.await(() -> this.received.seek(wanted), atMost, "block as wanted");
			return this.received.blocks.get(this.received.passed - 1);
		});
	}

	/**
	 * Waits until a number of blocks have come in all.
	 * @param count how many
	 * @param atMost how long to wait
	 * @return all blocks so far, at least as many as wanted
	 */
	public List<SseBlock> awaitBlocks(int count, Duration atMost) {
		this.received.await(() -> this.received.blocks.size() >= count, atMost, count + " blocks");
		return blocks();
	}

	/**
	 * Waits until the text of the body so far matches.
	 * @param wanted what to look for
	 * @param atMost how long to wait
	 * @return the text so far
	 */
	public String awaitText(Predicate<String> wanted, Duration atMost) {
		this.received.await(() -> wanted.test(this.received.content.toString(StandardCharsets.UTF_8)), atMost,
				"text as wanted");
		return text();
	}

	/**
	 * Watches that no further block matches for a time. The blocks meanwhile are not
	 * passed.
	 * @param unwanted what must not come
	 * @param during how long to watch
	 */
	public void expectNone(Predicate<SseBlock> unwanted, Duration during) {
		this.received.locked(() -> {
			if (this.received
				.waitFor(() -> this.received.blocks.subList(this.received.passed, this.received.blocks.size())
					.stream()
					.anyMatch(unwanted), during, () -> false)) {
				throw new AssertionError("An unwanted block came: " + this);
			}
			return true;
		});
	}

	/**
	 * How the answer ended.
	 * @return the end; null while it goes on
	 */
	public @Nullable End end() {
		return this.received.locked(() -> this.received.end);
	}

	/**
	 * Waits until the answer has ended in whatever way.
	 * @param atMost how long to wait
	 * @return how it ended
	 */
	public End awaitEnd(Duration atMost) {
		this.received.await(() -> this.received.end != null, atMost, "end");
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
		this.received.await(() -> this.received.disconnected, atMost, "end of the connection");
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

	@Override
	public String toString() {
		return this.received.toString();
	}

}
