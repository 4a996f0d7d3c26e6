package io.fanfare.api.publish;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.Pieces;
import io.fanfare.redis.history.Publisher;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * Looks at messages, hands them to Redis and reports what became of them. Several go in
 * the order they have, and ids follow it.
 */
@Component
final class Publishing {

	/** Recipients of all messages of a request. */
	static final int MAX_RECIPIENTS = 5_000;

	/** What all messages of a request may weigh, in all channels of each. */
	static final long MAX_BYTES = 64L * 1024 * 1024;

	private final Publisher publisher;

	private final RedisCalls calls;

	private final RunningKeys running;

	private final Turns turns;

	private final IdempotencySettings settings;

	private final Clock clock;

	private final MeterRegistry meters;

	private final Timer duration;

	/** Looking a meter up by its tags costs more than counting. */
	private final Map<String, Counter> outcomes = new ConcurrentHashMap<>();

	Publishing(Publisher publisher, RedisCalls calls, RunningKeys running, Turns turns, IdempotencySettings settings,
			Clock clock, MeterRegistry meters) {
		this.publisher = publisher;
		this.calls = calls;
		this.running = running;
		this.turns = turns;
		this.settings = settings;
		this.clock = clock;
		this.meters = meters;
		this.duration = Timer.builder("fanfare.publish.duration")
			.description("From handing messages to Redis to its answer")
			.register(meters);
	}

	/** A message that is to be published, or why it is not. */
	sealed interface Prepared {

		/**
		 * May be published.
		 *
		 * @param target who is to hear it
		 * @param request what is asked of Redis
		 * @param weight what it counts in each of its channels, in bytes
		 * @param pointer where the message stands in the request
		 */
		record Ready(Target target, Publisher.Request request, int weight, String pointer) implements Prepared {

			int channels() {
				return this.request.channels().size();
			}

			/** What it counts in all of its channels. */
			long bytes() {
				return (long) this.weight * channels();
			}

		}

		/**
		 * May not.
		 *
		 * @param problem why
		 */
		record Refused(Problem problem) implements Prepared {

		}

	}

	/**
	 * Looks at whether a message may be published. Leaves nothing behind.
	 * @param publication the message
	 * @param caller who publishes
	 * @param pointer where the message stands in the request
	 * @param key the idempotency key, or null
	 * @param traceparent the trace it belongs to, or null
	 * @return what to {@link #publish}
	 */
	Prepared prepare(Publication publication, Caller caller, String pointer, @Nullable String key,
			@Nullable String traceparent) {
		List<ChannelName> channels = publication.target().channels();
		for (ChannelName channel : channels) {
			if (!caller.mayPublishTo(channel)) {
				return new Prepared.Refused(Problem.of(ProblemType.INSUFFICIENT_SCOPE, List
					.of(FieldError.at(pointer + "/to", "The key or token does not cover this recipient: " + channel))));
			}
		}
		Publisher.Idempotency idempotency = (key != null)
				? new Publisher.Idempotency(caller.id(), key, publication.hash(), this.settings.retention()) : null;
		Envelope envelope = publication.envelope(this.clock.instant(), traceparent);
		return new Prepared.Ready(publication.target(), new Publisher.Request(channels, envelope, idempotency),
				Pieces.weight(envelope), pointer);
	}

	/**
	 * Publishes messages and waits for what becomes of them.
	 * @param messages the messages
	 * @return what became of each
	 * @throws ProblemException if they are more than a request may publish; then none is
	 * published
	 */
	List<Outcome> publish(List<Prepared> messages) {
		check(messages);
		List<Outcome> outcomes = new Sending(this, this.calls, this.turns, this.running, messages.size())
			.send(messages);
		outcomes.forEach(this::count);
		return outcomes;
	}

	private static void check(List<Prepared> messages) {
		int recipients = 0;
		long bytes = 0;
		for (Prepared message : messages) {
			if (!(message instanceof Prepared.Ready ready)) {
				continue;
			}
			recipients += ready.channels();
			bytes += ready.bytes();
			if (recipients > MAX_RECIPIENTS) {
				throw ProblemException.of(ProblemType.TOO_MANY_RECIPIENTS,
						List.of(FieldError.at(ready.pointer() + "/to",
								"All messages of a request may have " + MAX_RECIPIENTS + " recipients")));
			}
			if (bytes > MAX_BYTES) {
				throw ProblemException.of(ProblemType.CONTENT_TOO_LARGE,
						List.of(FieldError.at(ready.pointer() + "/data", "All messages of a request may have "
								+ MAX_BYTES + " bytes, counted once for each recipient")));
			}
		}
	}

	/**
	 * Calls the script, for a request whose turn it is; the turn ends with the answer.
	 * @param requests what it publishes
	 * @return what became of each
	 */
	CompletableFuture<List<Publisher.Result>> call(List<Publisher.Request> requests) {
		Timer.Sample sample = Timer.start(this.meters);
		CompletableFuture<List<Publisher.Result>> answer;
		try {
			answer = this.publisher.publish(requests);
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

	private void count(Outcome outcome) {
		this.outcomes.computeIfAbsent(name(outcome), (name) -> this.meters.counter("fanfare.publish", "outcome", name))
			.increment();
	}

	private static String name(Outcome outcome) {
		return switch (outcome) {
			case Outcome.Stored stored -> stored.replayed() ? "replayed" : "stored";
			case Outcome.Failed failed ->
				failed.problem().type().substring(failed.problem().type().lastIndexOf('/') + 1);
		};
	}

}
