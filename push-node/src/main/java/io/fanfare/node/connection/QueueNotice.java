package io.fanfare.node.connection;

import java.time.Duration;

import io.fanfare.node.encoding.Blocks;
import org.jspecify.annotations.Nullable;

/** Notifies the client of a connection that waits for a slot of its position. */
final class QueueNotice {

	private QueueNotice() {
	}

	/**
	 * Writes the position: behind the head of the answer where the client has none yet,
	 * else if it changed and the client reads.
	 * @return whether it was written
	 */
	static boolean write(Phase phase, QueuePosition now, StreamRequest request, StreamWriter writer, StreamLoop loop) {
		if (phase instanceof Phase.Opening) {
			writer.answer(block(now, request, loop, loop.context().spread().retry()));
			return true;
		}
		if (!(phase instanceof Phase.Waiting(QueuePosition notified)) || !writer.isWritable()
				|| now.position() == notified.position() && now.total() == notified.total()) {
			return false;
		}
		writer.write(block(now, request, loop, null));
		return true;
	}

	private static byte[] block(QueuePosition now, StreamRequest request, StreamLoop loop, @Nullable Duration retry) {
		return Blocks.waiting(now.position(), now.total(), now.estimateMillis(), request.cursorText(),
				loop.context().settings().heartbeat(), retry);
	}

}
