package io.fanfare.api.publish;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.problem.ProblemType;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.redis.Publisher;
import io.fanfare.protocol.redis.RedisUnavailableException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * Hands messages to Redis and tells what became of them. Several go in the order they
 * have, some in each call of the script, and ids follow it.
 */
@Component
final class Publishing {

	private static final Duration KEY_KEPT = Duration.ofHours(24);

	/**
	 * Channels that are published to in one step of Redis, which serves nobody else
	 * meanwhile: some 15 microseconds each. A message to more of them is a step by
	 * itself.
	 */
	private static final int CALL = 16;

	private final Publisher publisher;

	private final RedisCalls calls;

	private final RunningKeys running;

	private final Clock clock;

	private final MeterRegistry meters;

	private final Timer duration;

	/** Looking a meter up by its tags costs more than counting. */
	private final Map<String, Counter> outcomes = new ConcurrentHashMap<>();

	Publishing(Publisher publisher, RedisCalls calls, RunningKeys running, Clock clock, MeterRegistry meters) {
		this.publisher = publisher;
		this.calls = calls;
		this.running = running;
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
		 * @param rehearsed whether it only looks as if
		 */
		record Ready(Target target, Publisher.Request request, boolean rehearsed) implements Prepared {

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
	 * @param pointer where the recipients stand in the request
	 * @param key the idempotency key, or null
	 * @param traceparent the trace it belongs to, or null
	 * @return what to {@link #publish}
	 */
	Prepared prepare(Publication publication, Caller caller, String pointer, @Nullable String key,
			@Nullable String traceparent) {
		List<ChannelName> channels = publication.target().channels();
		for (ChannelName channel : channels) {
			if (!caller.mayPublishTo(channel)) {
				return new Prepared.Refused(Problem.of(ProblemType.INSUFFICIENT_SCOPE,
						List.of(FieldError.at(pointer, "The key or token does not cover this recipient: " + channel))));
			}
		}
		Publisher.Idempotency idempotency = (key != null)
				? new Publisher.Idempotency(caller.id(), key, publication.hash(), KEY_KEPT) : null;
		return new Prepared.Ready(publication.target(),
				new Publisher.Request(channels, publication.envelope(this.clock.instant(), traceparent), idempotency),
				caller.isRehearsing());
	}

	/**
	 * Publishes messages and waits for what becomes of them. All are handed to Redis
	 * before the first answer is waited for.
	 * @param messages the messages
	 * @return what became of each
	 */
	List<Outcome> publish(List<Prepared> messages) {
		List<Started> started = start(messages);
		long deadline = this.calls.deadline();
		List<Outcome> outcomes = new ArrayList<>(started.size());
		for (Started one : started) {
			Outcome outcome = wait(one, deadline);
			if (!one.isRehearsed()) {
				count(outcome);
			}
			outcomes.add(outcome);
		}
		return outcomes;
	}

	private void count(Outcome outcome) {
		this.outcomes.computeIfAbsent(name(outcome), (name) -> this.meters.counter("fanfare.publish", "outcome", name))
			.increment();
	}

	/**
	 * Takes the idempotency keys of a call just before it is sent, so that none is left
	 * over.
	 */
	private List<Started> start(List<Prepared> messages) {
		List<Started> started = new ArrayList<>(messages.size());
		Call call = new Call();
		for (Prepared message : messages) {
			switch (message) {
				case Prepared.Refused refused -> started.add(new Started.Refused(refused.problem()));
				case Prepared.Ready ready -> {
					if (!call.hasRoomFor(ready.request())) {
						send(call);
						call = new Call();
					}
					Publisher.Idempotency key = ready.request().idempotency();
					started.add((key == null || this.running.start(key)) ? call.add(ready) : new Started.Refused(Problem
						.of(ProblemType.IDEMPOTENCY_KEY_IN_USE, "Wait for the answer of the other request")));
				}
			}
		}
		send(call);
		return started;
	}

	private void send(Call call) {
		if (call.requests.isEmpty()) {
			return;
		}
		if (call.rehearsed) {
			call.answer = this.publisher.rehearse(call.requests);
			return;
		}
		Timer.Sample sample = Timer.start(this.meters);
		call.answer = this.publisher.publish(call.requests).whenComplete((results, failure) -> {
			sample.stop(this.duration);
			for (Publisher.Request request : call.requests) {
				if (request.idempotency() != null) {
					this.running.end(request.idempotency());
				}
			}
		});
	}

	/** Messages that Redis takes in one step. */
	private static final class Call {

		private final List<Publisher.Request> requests = new ArrayList<>();

		private int channels;

		private boolean rehearsed;

		private CompletableFuture<List<Publisher.Result>> answer = CompletableFuture.completedFuture(List.of());

		private boolean hasRoomFor(Publisher.Request request) {
			return this.requests.isEmpty() || this.channels + request.channels().size() <= CALL;
		}

		private Started add(Prepared.Ready message) {
			this.requests.add(message.request());
			this.channels += message.request().channels().size();
			this.rehearsed = message.rehearsed();
			return new Started.Sent(message.target(), this, this.requests.size() - 1);
		}

	}

	private sealed interface Started {

		default boolean isRehearsed() {
			return false;
		}

		record Sent(Target target, Call call, int index) implements Started {

			@Override
			public boolean isRehearsed() {
				return this.call.rehearsed;
			}

		}

		record Refused(Problem problem) implements Started {

		}

	}

	private Outcome wait(Started started, long deadline) {
		return switch (started) {
			case Started.Refused refused -> new Outcome.Failed(refused.problem());
			case Started.Sent sent -> wait(sent, deadline);
		};
	}

	private Outcome wait(Started.Sent sent, long deadline) {
		try {
			return switch (this.calls.await(sent.call().answer, deadline).get(sent.index())) {
				case Publisher.Result.Stored stored ->
					new Outcome.Stored(Published.of(sent.target(), stored.receipts()), stored.replayed());
				case Publisher.Result.KeyReused reused -> new Outcome.Failed(Problem
					.of(ProblemType.IDEMPOTENCY_KEY_REUSED, "Another request was sent with this key within 24 hours"));
			};
		}
		catch (RedisUnavailableException | ProblemException ex) {
			return new Outcome.Failed(Problem.redisUnavailable(ex,
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
