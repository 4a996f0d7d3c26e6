package io.fanfare.test.sse;

import java.util.ArrayList;
import java.util.List;

/**
 * Lends the parser of the SSE client, which is its package's own, to the tests of the
 * encoder.
 */
public final class Parsed {

	private Parsed() {
	}

	/**
	 * Reads a stream from its beginning.
	 * @param stream its bytes
	 * @return the blocks that ended
	 */
	public static List<SseBlock> blocks(byte[] stream) {
		List<SseBlock> blocks = new ArrayList<>();
		new SseParser("", blocks::add, (comment) -> {
		}).read(stream, stream.length);
		return blocks;
	}

}
