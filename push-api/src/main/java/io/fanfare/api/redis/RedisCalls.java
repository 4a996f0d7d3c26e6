package io.fanfare.api.redis;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * Waits for Redis within the time that callers are promised. Requests run on virtual
 * threads, so a wait costs no more than a future.
 */
@Component
public final class RedisCalls {

	private final long patience;

	private final Ticker ticker;

	RedisCalls(RedisSettings settings, Ticker ticker) {
		this.ticker = ticker;
		this.patience = settings.patience().toNanos();
	}

	/**
	 * Waits for an answer.
	 * @param <T> its type
	 * @param answer what was asked
	 * @return the answer
	 * @throws ProblemException or a {@link io.fanfare.redis.RedisUnavailableException}
	 * where Redis did not answer
	 */
	public <T extends @Nullable Object> T await(CompletableFuture<T> answer) {
		return await(answer, deadline());
	}

	/**
	 * When the present request has waited long enough.
	 * @return a time by the {@link Ticker} of the process
	 */
	public long deadline() {
		return this.ticker.nanoTime() + this.patience;
	}

	/**
	 * When so long has passed.
	 * @param time how long
	 * @return a time by the {@link Ticker} of the process
	 */
	public long deadline(Duration time) {
		return this.ticker.nanoTime() + time.toNanos();
	}

	/**
	 * Whether a deadline has passed.
	 * @param deadline a {@link #deadline()}
	 * @return whether it has
	 */
	public boolean isOver(long deadline) {
		return deadline - this.ticker.nanoTime() <= 0;
	}

	/**
	 * Waits for an answer as long as asked, rather than as long as callers are promised.
	 * @param <T> its type
	 * @param answer what was asked
	 * @param time how long
	 * @return the answer
	 */
	public <T extends @Nullable Object> T await(CompletableFuture<T> answer, Duration time) {
		return await(answer, deadline(time));
	}

	/**
	 * Waits for an answer until a time.
	 * @param <T> its type
	 * @param answer what was asked
	 * @param deadline a {@link #deadline()}, for several answers to share
	 * @return the answer
	 */
	public <T extends @Nullable Object> T await(CompletableFuture<T> answer, long deadline) {
		try {
			return answer.get(Math.max(0, deadline - this.ticker.nanoTime()), TimeUnit.NANOSECONDS);
		}
		catch (TimeoutException ex) {
			throw ProblemException.of(ProblemType.REDIS_UNAVAILABLE, "No answer in time; the outcome is unknown");
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw ProblemException.of(ProblemType.REDIS_UNAVAILABLE, "The API stops; the outcome is unknown");
		}
		catch (ExecutionException ex) {
			if (ex.getCause() instanceof RuntimeException cause) {
				throw cause;
			}
			throw new IllegalStateException(ex.getCause());
		}
	}

}
