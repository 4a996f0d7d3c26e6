package io.fanfare.api.tail;

import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fanfare.protocol.ConnectionId;
import io.fanfare.protocol.sse.SseBlock;
import io.fanfare.redis.cluster.TailFrame;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Writes a tail as an event stream. Belongs to the thread of its request. */
final class TailWriter {

	private static final byte[] HEARTBEAT = { ':', '\n', '\n' };

	private final OutputStream out;

	private final JsonMapper json;

	/** Connection to the number of the block that is to follow. */
	private final Map<String, Long> next = new HashMap<>();

	private long blocks;

	private long dropped;

	TailWriter(OutputStream out, JsonMapper json) {
		this.out = out;
		this.json = json;
	}

	/**
	 * The first event.
	 *
	 * @param user the user
	 * @param until when the tail ends at the latest, in milliseconds since the epoch
	 */
	record Begin(String user, long until) {

	}

	/**
	 * A stream.
	 *
	 * @param connection its connection
	 * @param node the node that holds it
	 * @param reason how it ended; absent where it begins
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	record Stream(String connection, @Nullable String node, @Nullable String reason) {

	}

	/**
	 * Blocks of a stream are missing.
	 *
	 * @param connection its connection
	 * @param blocks how many
	 */
	record Dropped(String connection, long blocks) {

	}

	/**
	 * A node does not answer.
	 *
	 * @param node its identity
	 */
	record Unanswered(String node) {

	}

	/**
	 * The last event.
	 *
	 * @param reason why it is over
	 */
	record End(String reason) {

	}

	void begin(String user, long until) throws IOException {
		write("tail.begin", new Begin(user, until));
		flush();
	}

	/**
	 * Writes an item.
	 * @return why the tail is over, or null if it goes on
	 */
	@Nullable TailEnd write(TailItem item) throws IOException {
		switch (item) {
			case TailItem.Copies copies -> write(copies.frame(), copies.from());
			case TailItem.Found found ->
				write("tail.stream", new Stream(found.connection(), ConnectionId.nodeOf(found.connection()), null));
			case TailItem.Unanswered unanswered -> write("tail.unanswered", new Unanswered(unanswered.node()));
			case TailItem.Interrupted interrupted -> write("tail.interrupted", Map.of());
			case TailItem.End end -> {
				write("tail.end", new End(end.reason().wireName()));
				return end.reason();
			}
		}
		return null;
	}

	private void write(TailFrame frame, long from) throws IOException {
		String connection = frame.connection();
		List<TailedBlock> sent = TailedBlock.read(connection, frame.blocks());
		long expected = this.next.getOrDefault(connection, from);
		// A node that was asked anew counts anew.
		long missing = frame.first() - ((expected <= frame.first()) ? expected : from);
		this.next.put(connection, frame.first() + sent.size());
		if (missing > 0) {
			this.dropped += missing;
			write("tail.dropped", new Dropped(connection, missing));
		}
		for (TailedBlock block : sent) {
			this.blocks++;
			write("tail.sent", block);
		}
		if (frame.ended() != null) {
			this.next.remove(connection);
			write("tail.closed", new Stream(connection, ConnectionId.nodeOf(connection), frame.ended()));
		}
	}

	private void write(String event, Object data) throws IOException {
		this.out.write(SseBlock.platform(event, null, this.json.writeValueAsString(data), 0));
	}

	void heartbeat() throws IOException {
		this.out.write(HEARTBEAT);
		flush();
	}

	void flush() throws IOException {
		this.out.flush();
	}

	/** How many blocks were written. */
	long blocks() {
		return this.blocks;
	}

	/** How many were dropped on the way. */
	long dropped() {
		return this.dropped;
	}

}
