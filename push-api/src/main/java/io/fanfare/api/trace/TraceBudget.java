package io.fanfare.api.trace;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;

import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;

/** Bounds how many messages are asked about at once: each question goes to every node. */
@Component
final class TraceBudget {

	private static final int AT_ONCE = 8;

	private static final long PATIENCE_MS = 1_000;

	private final Semaphore room = new Semaphore(AT_ONCE, true);

	<T> T within(Supplier<T> question) {
		boolean taken = false;
		try {
			taken = this.room.tryAcquire(PATIENCE_MS, TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		if (!taken) {
			throw ProblemException.of(ProblemType.OVERLOADED, "Too many messages are asked about: repeat it")
				.with(HttpHeaders.RETRY_AFTER, "2");
		}
		try {
			return question.get();
		}
		finally {
			this.room.release();
		}
	}

}
