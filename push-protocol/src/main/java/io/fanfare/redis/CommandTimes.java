package io.fanfare.redis;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

import io.fanfare.protocol.guard.Ticker;
import io.lettuce.core.RedisFuture;
import org.jspecify.annotations.Nullable;

/**
 * Sends the commands of a link, and notifies of how long each takes. Any thread may call.
 */
public final class CommandTimes {

	private final Ticker ticker;

	private volatile @Nullable BiConsumer<String, Duration> measure;

	CommandTimes(Ticker ticker) {
		this.ticker = ticker;
	}

	/**
	 * Names who is notified.
	 * @param measured takes the name of a script, or {@code command}, and the time from
	 * its sending to its answer or failure, on the thread of the link
	 */
	public void measureBy(BiConsumer<String, Duration> measured) {
		this.measure = measured;
	}

	/**
	 * Lettuce throws at once where the connection is closed or too much waits already.
	 */
	<T> CompletableFuture<T> send(String what, Supplier<RedisFuture<T>> command) {
		BiConsumer<String, Duration> measured = this.measure;
		long began = (measured != null) ? this.ticker.nanoTime() : 0;
		CompletableFuture<T> reply;
		try {
			reply = command.get().toCompletableFuture();
		}
		catch (RuntimeException ex) {
			return CompletableFuture.failedFuture(ex);
		}
		if (measured != null) {
			reply.whenComplete(
					(value, failure) -> measured.accept(what, Duration.ofNanos(this.ticker.nanoTime() - began)));
		}
		return reply;
	}

}
