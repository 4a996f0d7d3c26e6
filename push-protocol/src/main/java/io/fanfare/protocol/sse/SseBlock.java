package io.fanfare.protocol.sse;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

import io.fanfare.protocol.EventName;
import org.jspecify.annotations.Nullable;

/**
 * Writes blocks of an event stream (HTML standard, section 9.2.5, "Parsing an event
 * stream").
 * <p>
 * A field value is one line: CR, LF and, in an id, NUL would let a publisher forge
 * fields, so they are refused here too, however early they were refused elsewhere. Data
 * may hold any line ends; each makes a new {@code data} line.
 */
public final class SseBlock {

	private static final byte[] ID = ascii("id: ");

	private static final byte[] EVENT = ascii("event: ");

	private static final byte[] CHANNEL = ascii("channel: ");

	private static final byte[] DATA = ascii("data: ");

	private final ByteArrayOutputStream out;

	private SseBlock(int size) {
		this.out = new ByteArrayOutputStream(size);
	}

	/**
	 * Writes a message: {@code id}, {@code channel} if it came by a topic, {@code event}
	 * unless it is the default, {@code data} lines.
	 * @param id the id
	 * @param topic the topic, or null for another channel. Parsers ignore fields that
	 * they do not know; the client of this project shares a stream among tabs by it
	 * @param event the event's name
	 * @param data the payload, UTF-8
	 * @return the block's bytes
	 */
	public static byte[] message(String id, @Nullable String topic, String event, byte[] data) {
		int topicLength = (topic != null) ? topic.length() : 0;
		SseBlock block = new SseBlock(data.length + id.length() + topicLength + event.length() + 50);
		block.field(ID, id);
		if (topic != null) {
			block.field(CHANNEL, topic);
		}
		if (!event.equals(EventName.DEFAULT)) {
			block.field(EVENT, event);
		}
		block.data(data);
		return block.end();
	}

	/**
	 * Writes a block of the platform.
	 * @param event the event's name
	 * @param id the connection's cursor, or null where it has none: the client keeps what
	 * it had
	 * @param json the data, one line
	 * @param retryMs what the client waits before it reconnects, or 0 to leave it as it
	 * is
	 * @return the block's bytes
	 */
	public static byte[] platform(String event, @Nullable String id, String json, long retryMs) {
		String retry = (retryMs > 0) ? "retry: " + retryMs + "\n" : "";
		String position = (id != null) ? "id: " + line(id) + "\n" : "";
		return (retry + position + "event: " + line(event) + "\ndata: " + line(json) + "\n\n")
			.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Writes a block of an id alone: it moves the client's cursor and dispatches nothing.
	 * @param id the cursor
	 * @return the block's bytes
	 */
	public static byte[] cursor(String id) {
		return ("id: " + line(id) + "\n\n").getBytes(StandardCharsets.UTF_8);
	}

	private void field(byte[] name, String value) {
		String line = line(value);
		this.out.writeBytes(name);
		this.out.writeBytes(line.getBytes(StandardCharsets.UTF_8));
		this.out.write('\n');
	}

	private static String line(String value) {
		if (value.indexOf('\n') >= 0 || value.indexOf('\r') >= 0 || value.indexOf(0) >= 0) {
			throw new IllegalArgumentException("CR, LF or NUL in a field of an event stream");
		}
		return value;
	}

	private void data(byte[] data) {
		int from = 0;
		for (int i = 0; i < data.length; i++) {
			boolean lineFeedOfPair = data[i] == '\n' && i > 0 && data[i - 1] == '\r';
			if (lineFeedOfPair) {
				from = i + 1;
			}
			else if (data[i] == '\n' || data[i] == '\r') {
				line(data, from, i);
				from = i + 1;
			}
		}
		line(data, from, data.length);
	}

	private void line(byte[] data, int from, int to) {
		this.out.writeBytes(DATA);
		this.out.write(data, from, to - from);
		this.out.write('\n');
	}

	private byte[] end() {
		this.out.write('\n');
		return this.out.toByteArray();
	}

	private static byte[] ascii(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

}
