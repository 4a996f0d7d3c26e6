package io.fanfare.api.redis;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * Waits for Redis within the time that callers are promised. Requests run on virtual
 * threads, so a wait costs no more than a future.
 */
@Component
public final class RedisCalls {

	private final long patience;

	RedisCalls(RedisSettings settings) {
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
	 * @return a value of {@link System#nanoTime()}
	 */
	public long deadline() {
		return System.nanoTime() + this.patience;
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
			return answer.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
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
