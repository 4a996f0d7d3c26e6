package io.fanfare.node.simulation;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Reads a chunked body and the event stream in it, however it is cut into pieces, as a
 * browser does: a block counts when its blank line has come.
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

	/**
	 * Takes bytes up to the end of a block at most. Returns how many.
	 */
	int read(byte[] bytes, int from, int to, Consumer<Block> blocks) {
		int at = from;
		while (at < to) {
			if (this.left > 0) {
				int end = at;
				int most = Math.min(to, at + this.left);
				while (end < most && bytes[end] != '\n') {
					end++;
				}
				this.line.write(bytes, at, end - at);
				boolean isLine = end < most;
				int taken = end - at + (isLine ? 1 : 0);
				at += taken;
				this.left -= taken;
				if (this.left == 0) {
					this.trailer = 2;
				}
				Block block = isLine ? line() : null;
				if (block != null) {
					blocks.accept(block);
					return at - from;
				}
			}
			else {
				frame(bytes[at++]);
			}
		}
		return at - from;
	}

	/** A byte outside of chunks. */
	private void frame(byte next) {
		if (this.trailer > 0) {
			if (next != ((this.trailer == 2) ? '\r' : '\n')) {
				throw new IllegalStateException("A chunk without its line end");
			}
			this.trailer--;
		}
		else if (this.over) {
			throw new IllegalStateException("A byte after the last chunk");
		}
		else if (next == '\n') {
			this.left = Integer.parseInt(this.size.toString().strip(), 16);
			this.size.setLength(0);
			if (this.left == 0) {
				this.over = true;
				this.trailer = 2;
			}
		}
		else {
			this.size.append((char) next);
		}
	}

	private @Nullable Block line() {
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
