package io.fanfare.doctor.probe;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Takes an event stream apart that arrives in pieces of any size. Holds at most one
 * block, of 64 KiB: what is beyond that in a block is dropped. For one thread.
 */
final class BlockReader {

	private static final int MAX_BLOCK = 64 * 1024;

	private final Consumer<Block> blocks;

	private final StringBuilder line = new StringBuilder();

	private String event = "";

	private final StringBuilder data = new StringBuilder();

	private boolean afterCarriageReturn;

	private @Nullable Long retry;

	BlockReader(Consumer<Block> blocks) {
		this.blocks = blocks;
	}

	/**
	 * One block of a stream.
	 *
	 * @param event its name; empty if it has none
	 * @param data its data; empty if it has none
	 */
	record Block(String event, String data) {

	}

	/** What the doctor reads is ASCII, so no character is torn apart. */
	void read(byte[] bytes, int length) {
		String text = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
		for (int i = 0; i < text.length(); i++) {
			char next = text.charAt(i);
			if (next == '\n' && this.afterCarriageReturn) {
				this.afterCarriageReturn = false;
				continue;
			}
			this.afterCarriageReturn = next == '\r';
			if (next == '\n' || next == '\r') {
				endLine();
			}
			else if (this.line.length() < MAX_BLOCK) {
				this.line.append(next);
			}
		}
	}

	/** What the last line said that says when to come back, in milliseconds, or null. */
	@Nullable Long retry() {
		return this.retry;
	}

	private void endLine() {
		String text = this.line.toString();
		this.line.setLength(0);
		if (text.isEmpty()) {
			if (!this.event.isEmpty() || !this.data.isEmpty()) {
				this.blocks.accept(new Block(this.event, this.data.toString()));
			}
			this.event = "";
			this.data.setLength(0);
			return;
		}
		int colon = text.indexOf(':');
		String name = (colon < 0) ? text : text.substring(0, colon);
		String value = (colon < 0) ? "" : text.substring(colon + 1);
		if (value.startsWith(" ")) {
			value = value.substring(1);
		}
		switch (name) {
			case "event" -> this.event = value;
			case "data" -> addData(value);
			case "retry" -> this.retry = number(value);
			default -> {
				// a comment, an id
			}
		}
	}

	private @Nullable Long number(String value) {
		try {
			return Long.valueOf(value);
		}
		catch (NumberFormatException ex) {
			return this.retry;
		}
	}

	private void addData(String value) {
		if (this.data.length() + value.length() < MAX_BLOCK) {
			this.data.append(this.data.isEmpty() ? "" : "\n").append(value);
		}
	}

}
