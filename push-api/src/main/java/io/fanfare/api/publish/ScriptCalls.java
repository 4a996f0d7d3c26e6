package io.fanfare.api.publish;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.ratelimit.CallerLimits;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.history.PublishQuota;
import io.fanfare.redis.history.Publisher;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

/**
 * The calls of the publish script that one request makes. Each takes a turn. The request
 * has as long as callers are promised from the last answer of Redis, and {@link #LONGEST}
 * altogether. When Redis does not answer, or refuses whatever is sent, no further call is
 * made. Belongs to the request's thread.
 */
final class ScriptCalls {

	/** Calls of one request on their way at once. */
	static final int WINDOW = 4;

	/** A request of many calls ends after so long, however steadily Redis answers. */
	private static final Duration LONGEST = Duration.ofSeconds(30);

	private final Publisher publisher;

	private final CallerLimits.Account account;

	private final Turns turns;

	private final RedisCalls calls;

	private final Timer duration;

	private final long end;

	/** When to give up, unless Redis answers something before. */
	private long deadline;

	/** Why no further call is made. */
	private @Nullable Exception stopped;

	ScriptCalls(Publisher publisher, CallerLimits.Account account, Turns turns, RedisCalls calls, Timer duration) {
		this.publisher = publisher;
		this.account = account;
		this.turns = turns;
		this.calls = calls;
		this.duration = duration;
		this.deadline = calls.deadline();
		this.end = calls.deadline(LONGEST);
	}

	/**
	 * Waits for a turn, unless no further call is made.
	 * @return null if the turn came, so that {@link #call} must follow; otherwise why
	 * none may
	 */
	@Nullable Exception awaitTurn() {
		if (this.stopped == null && (this.calls.isOver(this.deadline) || !this.turns.take(this.deadline))) {
			this.stopped = ProblemException.of(ProblemType.REDIS_UNAVAILABLE, "There was no turn in time");
		}
		return this.stopped;
	}

	/**
	 * Calls the script, after {@link #awaitTurn}. The turn ends with the answer.
	 * @param requests what it publishes
	 * @return what became of each
	 */
	CompletableFuture<List<Publisher.Result>> call(List<Publisher.Request> requests) {
		Timer.Sample sample = Timer.start();
		CompletableFuture<List<Publisher.Result>> answer;
		try {
			answer = this.publisher.publish(requests, this.account.quota()).thenApply(this::observed);
		}
		catch (RuntimeException | Error ex) {
			this.turns.end();
			throw ex;
		}
		return answer.whenComplete((results, failure) -> {
			this.turns.end();
			sample.stop(this.duration);
		});
	}

	private List<Publisher.Result> observed(Publisher.Published published) {
		PublishQuota.Used used = published.used();
		if (used != null) {
			this.account.observe(used);
		}
		return published.results();
	}

	/**
	 * Waits for the answer of a call. An answer gives the calls behind it more time.
	 * @param answer what {@link #call} returned
	 * @return what became of each message
	 * @throws ProblemException or a {@link RedisUnavailableException} where Redis did not
	 * answer: {@link #failed} takes it
	 */
	List<Publisher.Result> await(CompletableFuture<List<Publisher.Result>> answer) {
		List<Publisher.Result> results = this.calls.await(answer, this.deadline);
		long later = this.calls.deadline();
		this.deadline = (later - this.end < 0) ? later : this.end;
		return results;
	}

	/**
	 * Notes that a call failed. No further call is made after what concerns all of them;
	 * a Redis that is full still answers repetitions, so after that the rest is sent.
	 * @param failure how
	 */
	void failed(Exception failure) {
		RedisRefusal refusal = (failure instanceof RedisUnavailableException unavailable) ? unavailable.refusal()
				: null;
		if (refusal == null || refusal.isLasting()) {
			this.stopped = failure;
		}
	}

}
