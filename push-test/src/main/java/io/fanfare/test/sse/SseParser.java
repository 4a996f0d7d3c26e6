package io.fanfare.test.sse;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Interprets an event stream line by line, strictly as the HTML standard says; bytes may
 * come in pieces of any size. One deviation: a block without any event is handed out too,
 * so that tests see it.
 *
 * <p>
 * Used by one thread at a time; the last event ID may be asked by any.
 *
 * @see <a href=
 * "https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream">HTML,
 * parsing an event stream</a>
 */
public final class SseParser {

	private static final String BYTE_ORDER_MARK = "\uFEFF";

	private final Consumer<SseBlock> blocks;

	private final Consumer<String> comments;

	private final Bytes line = new Bytes();

	private final Bytes raw = new Bytes();

	private final List<String> data = new ArrayList<>();

	private final List<String> blockComments = new ArrayList<>();

	private @Nullable String id;

	private @Nullable String event;

	private @Nullable Duration retry;

	/**
	 * The standard's last event ID buffer: kept from block to block, empty at first.
	 */
	private String idBuffer = "";

	private volatile String lastEventId;

	private boolean first = true;

	private boolean afterCarriageReturn;

	private boolean fresh = true;

	/**
	 * Begins a stream.
	 * @param lastEventId the id with which the stream was asked for, or an empty string
	 * @param blocks is given each block when its blank line has come
	 * @param comments is given each comment line when it has come
	 */
	public SseParser(String lastEventId, Consumer<SseBlock> blocks, Consumer<String> comments) {
		this.lastEventId = lastEventId;
		this.blocks = blocks;
		this.comments = comments;
	}

	/**
	 * The id that the next request for this stream would carry.
	 */
	String lastEventId() {
		return this.lastEventId;
	}

	/**
	 * Reads a whole stream from its beginning.
	 * @param stream its bytes
	 * @return the blocks that ended
	 */
	public static List<SseBlock> parse(byte[] stream) {
		List<SseBlock> blocks = new ArrayList<>();
		new SseParser("", blocks::add, (comment) -> {
		}).read(stream, 0, stream.length);
		return blocks;
	}

	/**
	 * Takes what comes next.
	 * @param bytes has it
	 * @param from where it begins
	 * @param to where it ends, exclusive
	 */
	public void read(byte[] bytes, int from, int to) {
		for (int i = from; i < to; i++) {
			read(bytes[i]);
		}
	}

	private void read(byte next) {
		boolean secondOfPair = this.afterCarriageReturn && next == '\n';
		this.afterCarriageReturn = next == '\r';
		if (secondOfPair) {
			// The line ended at the CR; here the LF is only kept for the raw text
			if (this.raw.length > 0) {
				this.raw.add(next);
			}
			return;
		}
		this.raw.add(next);
		if (next == '\n' || next == '\r') {
			String text = this.line.toString();
			this.line.length = 0;
			if (this.first && text.startsWith(BYTE_ORDER_MARK)) {
				text = text.substring(1);
			}
			this.first = false;
			endLine(text);
		}
		else {
			this.line.add(next);
		}
	}

	private void endLine(String text) {
		if (text.isEmpty()) {
			dispatch();
			return;
		}
		this.fresh = false;
		int colon = text.indexOf(':');
		if (colon == 0) {
			String comment = text.substring(1);
			this.blockComments.add(comment);
			this.comments.accept(comment);
			return;
		}
		String name = (colon < 0) ? text : text.substring(0, colon);
		String value = (colon < 0) ? "" : text.substring(colon + 1);
		field(name, value.startsWith(" ") ? value.substring(1) : value);
	}

	private void field(String name, String value) {
		switch (name) {
			case "event" -> this.event = value;
			case "data" -> this.data.add(value);
			case "id" -> {
				if (value.indexOf('\0') < 0) {
					this.id = value;
					this.idBuffer = value;
				}
			}
			case "retry" -> {
				if (value.matches("[0-9]{1,18}")) {
					this.retry = Duration.ofMillis(Long.parseLong(value));
				}
			}
			default -> {
				// ignored, as the standard says; the raw text has it
			}
		}
	}

	private void dispatch() {
		this.lastEventId = this.idBuffer;
		boolean empty = this.fresh;
		SseBlock block = new SseBlock(this.id, this.event, this.data.isEmpty() ? null : String.join("\n", this.data),
				this.blockComments, this.retry, this.raw.toString(), Instant.now());
		this.fresh = true;
		this.id = null;
		this.event = null;
		this.retry = null;
		this.data.clear();
		this.blockComments.clear();
		this.raw.length = 0;
		if (!empty) {
			this.blocks.accept(block);
		}
	}

	/** Bytes that become text. ByteArrayOutputStream would lock for each of them. */
	private static final class Bytes {

		private byte[] array = new byte[256];

		private int length;

		void add(byte next) {
			if (this.length == this.array.length) {
				this.array = Arrays.copyOf(this.array, 2 * this.length);
			}
			this.array[this.length++] = next;
		}

		@Override
		public String toString() {
			return new String(this.array, 0, this.length, StandardCharsets.UTF_8);
		}

	}

}
