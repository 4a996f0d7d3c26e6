package io.fanfare.local;

import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The client of a user that acknowledges what it received when the node asks, as the
 * browser client does, and keeps what it said. It has one stream after the other.
 */
final class ReceiptClient implements SseStream.Listener, AutoCloseable {

	private static final JsonMapper JSON = JsonMapper.shared();

	private final String token;

	private final String id;

	/** Messages of all its streams. */
	private final Set<String> received = ConcurrentHashMap.newKeySet();

	/** Those that it ever began to acknowledge. */
	private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();

	private final List<SseStream> streams = new ArrayList<>();

	/** Where calls about its stream go. */
	private volatile int callPort;

	private volatile @Nullable String key;

	private volatile @Nullable String cursor;

	/** A client that is used by the test's thread, and by that of its stream. */
	ReceiptClient(String token, String id) {
		this.token = token;
		this.id = id;
	}

	/**
	 * Opens a stream, which continues its last one.
	 * @param port where
	 * @param calls where its node is reached for calls about it
	 */
	void open(int port, int calls) {
		this.key = null;
		this.callPort = calls;
		var request = SseClient.request("127.0.0.1", port, "/events")
			.bearer(this.token)
			.query("client", this.id)
			.query("ack", "1");
		String at = this.cursor;
		this.streams.add(((at != null) ? request.lastEventId(at) : request).open(this));
	}

	/** Whether it has a stream. */
	boolean isConnected() {
		return this.key != null;
	}

	/** Stops reading, and so acknowledging. */
	void freeze() {
		this.streams.getLast().pause();
	}

	/** Whether it ever said so. */
	boolean hasAcknowledged(String message) {
		return this.acknowledged.contains(message);
	}

	@Override
	public void block(SseBlock block) {
		String at = block.id();
		if (at != null && at.matches("[0-9]{1,16}-[0-9]{1,8}")) {
			this.cursor = at;
		}
		String data = block.data();
		if (data == null) {
			return;
		}
		switch (block.type()) {
			case "push.connected" -> this.key = JSON.readTree(data).required("key").asString();
			case "message" -> this.received.add(String.valueOf(at));
			case "push.probe" -> answer(JSON.readTree(data));
			default -> {
			}
		}
	}

	private void answer(JsonNode probe) {
		String body = JSON.writeValueAsString(Map.of("key", String.valueOf(this.key), "nonces",
				List.of(probe.required("nonce").asString()), "cursor", String.valueOf(this.cursor)));
		this.acknowledged.addAll(this.received);
		int port = this.callPort;
		Thread.ofVirtual()
			.start(() -> SseClient.request("127.0.0.1", port, "/events/ack")
				.method("POST")
				.body("text/plain", body)
				.fetch());
	}

	@Override
	public void head(int status, HttpHeaders headers) {
	}

	@Override
	public void comment(String comment) {
	}

	@Override
	public void end(End how, @Nullable Exception cause) {
	}

	/** Ends its last stream. */
	void end() {
		this.streams.getLast().close();
	}

	@Override
	public void close() {
		this.streams.forEach(SseStream::close);
	}

}
