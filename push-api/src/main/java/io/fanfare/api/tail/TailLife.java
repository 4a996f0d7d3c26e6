package io.fanfare.api.tail;

import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Writes a tail until it is over: for as long as a tail may last, and its caller's
 * credential holds. Belongs to the thread of its tail.
 */
final class TailLife {

	/** The second one after a caller went shows it. */
	static final Duration HEARTBEAT = Duration.ofSeconds(5);

	/** For what waits, and the last event, to be written behind the end. */
	static final Duration GRACE = Duration.ofSeconds(10);

	/** Items that are written before it is looked whether the tail is over. */
	private static final int MAX_AT_ONCE = 64;

	private final Ticker ticker;

	private final BooleanSupplier credential;

	private final long end;

	private long heartbeat;

	/**
	 * Begins now.
	 * @param ticker the monotonic clock
	 * @param time how long a tail may last
	 * @param credential whether the caller's key or token still holds
	 */
	TailLife(Ticker ticker, Duration time, BooleanSupplier credential) {
		this.ticker = ticker;
		this.credential = credential;
		long now = ticker.nanoTime();
		this.end = now + time.toNanos();
		this.heartbeat = now + HEARTBEAT.toNanos();
	}

	/**
	 * Writes until it is over.
	 * @return why it is
	 * @throws TailOverException if it is before all that waited was read
	 */
	TailEnd serve(Tail tail, TailWriter writer) throws IOException {
		while (true) {
			TailItem item = take(tail, due() - this.ticker.nanoTime());
			for (int count = 1; item != null; count++) {
				TailEnd over = writer.write(item);
				if (over != null) {
					writer.flush();
					return over;
				}
				// A slow caller is not to delay the looks at the time and at its
				// credential.
				boolean due = this.ticker.nanoTime() - due() >= 0;
				item = (count < MAX_AT_ONCE && !due) ? take(tail, 0) : null;
			}
			writer.flush();
			long now = this.ticker.nanoTime();
			if (now - this.end >= 0) {
				tail.end(TailEnd.TIME);
				// What waits is written, but not for ever to a slow caller.
				requireWithinItem(now);
			}
			else if (now - this.heartbeat >= 0) {
				writer.heartbeat();
				if (!holds(now)) {
					tail.end(TailEnd.CREDENTIAL);
				}
			}
		}
	}

	/** When it is to be looked next whether it goes on. */
	private long due() {
		return (this.heartbeat - this.end < 0) ? this.heartbeat : this.end;
	}

	private boolean holds(long now) {
		this.heartbeat = now + HEARTBEAT.toNanos();
		return this.credential.getAsBoolean();
	}

	/**
	 * Looks whether the rest of an item, or of what waits, is to be written.
	 * @param now the time
	 * @throws TailOverException if it is not
	 */
	void requireWithinItem(long now) throws TailOverException {
		if (now - this.end >= GRACE.toNanos()) {
			throw new TailOverException(TailEnd.TIME);
		}
		if (now - this.heartbeat >= 0 && !holds(now)) {
			throw new TailOverException(TailEnd.CREDENTIAL);
		}
	}

	private static @Nullable TailItem take(Tail tail, long nanos) {
		try {
			return tail.take(nanos);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return new TailItem.End(TailEnd.STOPPING);
		}
	}

}
