package io.fanfare.node.simulation;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Reads a chunked body and the event stream in it, byte by byte, as a browser does: a
 * block counts when its blank line has come.
 */
final class StreamReader {

	private final StringBuilder size = new StringBuilder();

	private final ByteArrayOutputStream line = new ByteArrayOutputStream();

	private final List<String> data = new ArrayList<>();

	private int left;

	/** Bytes of the line end after a chunk that are still to come. */
	private int trailer;

	private boolean over;

	private @Nullable String id;

	private @Nullable String event;

	private long retry;

	/**
	 * A block.
	 *
	 * @param id its id, or null if it had none
	 * @param event its event
	 * @param data its data, or null for a block that dispatches nothing
	 * @param retry its retry in ms, or 0
	 */
	record Block(@Nullable String id, String event, @Nullable String data, long retry) {

	}

	/** Whether the last chunk has come. */
	boolean isOver() {
		return this.over;
	}

	/** Takes a byte. Returns a block where it completes one. */
	@Nullable Block read(byte next) {
		if (this.over) {
			if (this.trailer-- > 0) {
				return null;
			}
			throw new IllegalStateException("A byte after the last chunk");
		}
		if (this.left > 0) {
			this.left--;
			if (this.left == 0) {
				this.trailer = 2;
			}
			return body(next);
		}
		if (this.trailer > 0) {
			if (next != ((this.trailer == 2) ? '\r' : '\n')) {
				throw new IllegalStateException("A chunk without its line end");
			}
			this.trailer--;
			return null;
		}
		if (next == '\n') {
			this.left = Integer.parseInt(this.size.toString().strip(), 16);
			this.size.setLength(0);
			if (this.left == 0) {
				this.over = true;
				this.trailer = 2;
			}
			return null;
		}
		this.size.append((char) next);
		return null;
	}

	private @Nullable Block body(byte next) {
		if (next != '\n') {
			this.line.write(next);
			return null;
		}
		String text = this.line.toString(StandardCharsets.UTF_8);
		this.line.reset();
		if (!text.isEmpty()) {
			field(text);
			return null;
		}
		boolean empty = this.id == null && this.event == null && this.data.isEmpty() && this.retry == 0;
		Block block = new Block(this.id, (this.event != null) ? this.event : "message",
				this.data.isEmpty() ? null : String.join("\n", this.data), this.retry);
		this.id = null;
		this.event = null;
		this.data.clear();
		this.retry = 0;
		return empty ? null : block;
	}

	private void field(String text) {
		int colon = text.indexOf(':');
		if (colon == 0) {
			return;
		}
		String value = text.substring(colon + 1);
		value = value.startsWith(" ") ? value.substring(1) : value;
		switch (text.substring(0, colon)) {
			case "id" -> this.id = value;
			case "event" -> this.event = value;
			case "data" -> this.data.add(value);
			case "retry" -> this.retry = Long.parseLong(value);
			default -> throw new IllegalStateException("An unknown field: " + text);
		}
	}

}
