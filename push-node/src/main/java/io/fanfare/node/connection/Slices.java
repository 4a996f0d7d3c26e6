package io.fanfare.node.connection;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Looks at many connections of a loop, some at a time, between what else the loop has to
 * do. A stream that is there when it begins is looked at, unless it ended by then; one
 * that comes later is not.
 */
public final class Slices {

	/** For a look: some 10 us. */
	public static final int LOOK = 128;

	/** For a write: some 0.5 ms. */
	public static final int WRITE = 8;

	private Slices() {
	}

	/**
	 * All connections of a loop. Any thread may call.
	 * @param loop the loop
	 * @param size how many are looked at at a time
	 * @param visit looks at one, on the loop
	 * @return when all were looked at
	 */
	public static CompletableFuture<Void> ofAll(StreamLoop loop, int size, Consumer<Connection> visit) {
		CompletableFuture<Void> done = new CompletableFuture<>();
		loop.submit(() -> slice(loop, loop::present, 0, size, visit, done));
		return done;
	}

	/**
	 * Some connections of a loop. Any thread may call.
	 * @param loop the loop
	 * @param some the connections
	 * @param size how many are looked at at a time
	 * @param visit looks at one, on the loop
	 * @return when all were looked at
	 */
	public static CompletableFuture<Void> of(StreamLoop loop, List<Connection> some, int size,
			Consumer<Connection> visit) {
		CompletableFuture<Void> done = new CompletableFuture<>();
		loop.submit(() -> slice(loop, () -> some, 0, size, visit, done));
		return done;
	}

	@SuppressWarnings("CatchThrowable")
	private static void slice(StreamLoop loop, Supplier<List<Connection>> wanted, int from, int size,
			Consumer<Connection> visit, CompletableFuture<Void> done) {
		try {
			List<Connection> some = wanted.get();
			int to = Math.min(from + size, some.size());
			for (Connection connection : some.subList(from, to)) {
				if (!connection.isClosed()) {
					visit.accept(connection);
				}
			}
			loop.worked(to - from);
			if (to < some.size()) {
				loop.submit(() -> slice(loop, () -> some, to, size, visit, done));
			}
			else {
				done.complete(null);
			}
		}
		catch (Throwable ex) {
			// The barrier of the loop's inbox notes it.
			done.completeExceptionally(ex);
			throw ex;
		}
	}

}
