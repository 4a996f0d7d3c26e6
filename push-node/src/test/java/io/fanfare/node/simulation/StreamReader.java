package io.fanfare.node.simulation;

import java.util.Set;
import java.util.function.Consumer;

import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseParser;
import org.jspecify.annotations.Nullable;

/**
 * Reads a chunked body and the event stream in it, however it is cut into pieces, as a
 * browser does: a block counts when its blank line has come.
 */
final class StreamReader {

	private static final Set<String> FIELDS = Set.of("channel", "id", "event", "data", "retry", "");

	private final StringBuilder size = new StringBuilder();

	private final SseParser parser = new SseParser("", this::accept, (comment) -> {
	});

	private @Nullable SseBlock block;

	private int left;

	/** Bytes of the line end after a chunk that are still to come. */
	private int trailer;

	private boolean over;

	/**
	 * Takes bytes up to the end of a block at most. Returns how many.
	 */
	int read(byte[] bytes, int from, int to, Consumer<SseBlock> blocks) {
		int at = from;
		while (at < to) {
			if (this.left > 0) {
				int end = at;
				int most = Math.min(to, at + this.left);
				while (end < most && bytes[end] != '\n') {
					end++;
				}
				end = Math.min(end + 1, most);
				this.parser.read(bytes, at, end);
				this.left -= end - at;
				at = end;
				if (this.left == 0) {
					this.trailer = 2;
				}
				SseBlock ended = this.block;
				if (ended != null) {
					this.block = null;
					blocks.accept(ended);
					return at - from;
				}
			}
			else {
				frame(bytes[at++]);
			}
		}
		return at - from;
	}

	/** Blocks of comments alone are passed over. */
	private void accept(SseBlock next) {
		next.raw().lines().filter((line) -> !line.isEmpty()).forEach((line) -> {
			int colon = line.indexOf(':');
			if (colon < 0 || !FIELDS.contains(line.substring(0, colon))) {
				throw new IllegalStateException("An unknown field: " + line);
			}
		});
		if (next.id() != null || next.event() != null || next.data() != null || next.retry() != null) {
			this.block = next;
		}
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

}
