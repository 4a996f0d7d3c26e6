package io.fanfare.api.publish;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.problem.ProblemType;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.redis.Publisher;
import io.fanfare.protocol.redis.RedisUnavailableException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * Hands messages to Redis and tells what became of them. Starting several one after the
 * other puts them on the link in that order, and ids follow it.
 */
@Component
final class Publishing {

	private static final Duration KEY_KEPT = Duration.ofHours(24);

	private final Publisher publisher;

	private final RedisCalls calls;

	private final RunningKeys running;

	private final Clock clock;

	private final MeterRegistry meters;

	private final Timer duration;

	Publishing(Publisher publisher, RedisCalls calls, RunningKeys running, Clock clock, MeterRegistry meters) {
		this.publisher = publisher;
		this.calls = calls;
		this.running = running;
		this.clock = clock;
		this.meters = meters;
		this.duration = Timer.builder("fanfare.publish.duration")
			.description("From handing a message to Redis to its answer")
			.register(meters);
	}

	/**
	 * Starts to publish.
	 * @param publication the message
	 * @param caller who publishes
	 * @param pointer where the recipients stand in the request
	 * @param key the idempotency key, or null
	 * @param traceparent the trace it belongs to, or null
	 * @return what to {@link #finish} with
	 */
	Started start(Publication publication, Caller caller, String pointer, @Nullable String key,
			@Nullable String traceparent) {
		for (ChannelName channel : publication.target().channels()) {
			if (!caller.mayPublishTo(channel)) {
				return Started.refused(Problem.of(ProblemType.INSUFFICIENT_SCOPE,
						List.of(FieldError.at(pointer, "The key or token does not cover this recipient: " + channel))));
			}
		}
		if (key != null && !this.running.start(caller, key)) {
			return Started
				.refused(Problem.of(ProblemType.IDEMPOTENCY_KEY_IN_USE, "Wait for the answer of the other request"));
		}
		Timer.Sample sample = Timer.start(this.meters);
		Publisher.Idempotency idempotency = (key != null)
				? new Publisher.Idempotency(caller.id(), key, publication.hash(), KEY_KEPT) : null;
		CompletableFuture<Publisher.Result> answer = this.publisher.publish(publication.target().channels(),
				publication.envelope(this.clock.instant(), traceparent), idempotency);
		answer.whenComplete((result, failure) -> {
			sample.stop(this.duration);
			if (key != null) {
				this.running.end(caller, key);
			}
		});
		return new Started(publication.target(), answer, null);
	}

	/**
	 * A message that is on its way, or was refused before.
	 */
	record Started(@Nullable Target target, @Nullable CompletableFuture<Publisher.Result> answer,
			@Nullable Problem problem) {

		static Started refused(Problem problem) {
			return new Started(null, null, problem);
		}

	}

	/**
	 * When a request that starts now has waited long enough.
	 * @return what {@link #finish} takes
	 */
	long deadline() {
		return this.calls.deadline();
	}

	/**
	 * Waits for what became of a message.
	 * @param started the message
	 * @param deadline until when
	 * @return what became of it
	 */
	Outcome finish(Started started, long deadline) {
		Outcome outcome = wait(started, deadline);
		this.meters.counter("fanfare.publish", "outcome", name(outcome)).increment();
		return outcome;
	}

	private Outcome wait(Started started, long deadline) {
		if (started.target() == null || started.answer() == null) {
			return new Outcome.Failed(java.util.Objects.requireNonNull(started.problem()));
		}
		try {
			return switch (this.calls.await(started.answer(), deadline)) {
				case Publisher.Result.Stored stored ->
					new Outcome.Stored(Published.of(started.target(), stored.receipts()), stored.replayed());
				case Publisher.Result.KeyReused reused -> new Outcome.Failed(Problem
					.of(ProblemType.IDEMPOTENCY_KEY_REUSED, "Another request was sent with this key within 24 hours"));
			};
		}
		catch (RedisUnavailableException | ProblemException ex) {
			return new Outcome.Failed(Problem.of(ProblemType.REDIS_UNAVAILABLE,
					"Whether the message is stored is unknown: repeat it with the same idempotency key"));
		}
	}

	private static String name(Outcome outcome) {
		return switch (outcome) {
			case Outcome.Stored stored -> stored.replayed() ? "replayed" : "stored";
			case Outcome.Failed failed ->
				failed.problem().type().substring(failed.problem().type().lastIndexOf('/') + 1);
		};
	}

}
