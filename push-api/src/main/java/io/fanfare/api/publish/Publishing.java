package io.fanfare.api.publish;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.cluster.ClusterMetrics;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.ratelimit.CallerLimits;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.boot.tracing.Tracing;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.history.Publisher;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * Publishes the messages of a request: checks what the client may do, prepares each
 * message, sends them and reports what became of each. They go in their order, and ids
 * follow it.
 */
@Component
final class Publishing {

	/** Recipients of all messages of a request. */
	static final int MAX_RECIPIENTS = 5_000;

	/** Bytes of all messages of a request, in all channels of each. */
	static final long MAX_BYTES = 64L * 1024 * 1024;

	private final Publisher publisher;

	private final CallerLimits limits;

	private final RedisCalls calls;

	private final RunningKeys running;

	private final Turns turns;

	private final IdempotencySettings settings;

	private final Clock clock;

	private final ClusterMetrics cluster;

	private final Tracing tracing;

	private final MeterRegistry meters;

	private final Timer duration;

	/** Looking a meter up by its tags costs more than counting. */
	private final Map<String, Counter> outcomes = new ConcurrentHashMap<>();

	Publishing(Publisher publisher, CallerLimits limits, RedisCalls calls, RunningKeys running, Turns turns,
			IdempotencySettings settings, Clock clock, ClusterMetrics cluster, Tracing tracing, MeterRegistry meters) {
		this.publisher = publisher;
		this.limits = limits;
		this.calls = calls;
		this.running = running;
		this.turns = turns;
		this.settings = settings;
		this.clock = clock;
		this.cluster = cluster;
		this.tracing = tracing;
		this.meters = meters;
		this.duration = Timer.builder("fanfare.publish.duration")
			.description("From handing messages to Redis to its answer")
			.register(meters);
	}

	/**
	 * Publishes messages and waits for what becomes of them.
	 * @param requests the messages, in the order in which they go
	 * @param caller the client that publishes
	 * @return what became of each
	 * @throws ProblemException if they are more than a request may publish; then none is
	 * published
	 */
	List<Receipt> publish(List<MessageRequest> requests, Caller caller) {
		List<@Nullable Receipt> receipts = new ArrayList<>(requests.size());
		List<PreparedMessage> messages = new ArrayList<>(requests.size());
		Instant now = this.clock.instant();
		for (int i = 0; i < requests.size(); i++) {
			Problem refusal = refusal(requests.get(i), caller);
			receipts.add((refusal != null) ? new Receipt.Refused(refusal) : null);
			if (refusal == null) {
				messages.add(PreparedMessage.of(i, requests.get(i), caller, now, this.settings.retention()));
			}
		}
		check(messages);
		ScriptCalls script = new ScriptCalls(this.publisher, this.limits.account(caller.id()), this.turns, this.calls,
				this.duration);
		send(new Sending(script, this.running, receipts), messages, receipts);
		List<Receipt> all = new ArrayList<>(receipts.size());
		for (int i = 0; i < requests.size(); i++) {
			Receipt receipt = Objects.requireNonNull(receipts.get(i));
			count(receipt);
			all.add(withStreams(requests.get(i).target(), receipt));
		}
		return all;
	}

	private void send(Sending sending, List<PreparedMessage> messages, List<@Nullable Receipt> receipts) {
		PublishSpan span = PublishSpan.begin(this.tracing, messages);
		try {
			sending.send(messages);
		}
		finally {
			if (span != null) {
				span.end(receipts);
			}
		}
	}

	/** A backend learns how many streams a message to everyone reaches. */
	private Receipt withStreams(Target target, Receipt receipt) {
		OptionalInt open = this.cluster.streams();
		return (receipt instanceof Receipt.Stored stored && open.isPresent() && target instanceof Target.Topic topic
				&& topic.isEveryone()) ? stored.reaching(open.getAsInt()) : receipt;
	}

	/** Why a client may not publish a message, or null if it may. */
	private static @Nullable Problem refusal(MessageRequest request, Caller caller) {
		for (ChannelName channel : request.target().channels()) {
			if (!caller.mayPublishTo(channel)) {
				return Problem.of(ProblemType.INSUFFICIENT_SCOPE, List.of(FieldError.at(request.pointer() + "/to",
						"The key or token does not cover this recipient: " + channel)));
			}
		}
		return null;
	}

	private static void check(List<PreparedMessage> messages) {
		int recipients = 0;
		long bytes = 0;
		for (PreparedMessage message : messages) {
			recipients += message.channels();
			bytes += message.bytes();
			if (recipients > MAX_RECIPIENTS) {
				throw ProblemException.of(ProblemType.TOO_MANY_RECIPIENTS,
						List.of(FieldError.at(message.request().pointer() + "/to",
								"All messages of a request may have " + MAX_RECIPIENTS + " recipients")));
			}
			if (bytes > MAX_BYTES) {
				throw ProblemException.of(ProblemType.CONTENT_TOO_LARGE,
						List.of(FieldError.at(message.request().pointer() + "/data",
								"All messages of a request may have " + MAX_BYTES
										+ " bytes, counted once for each recipient")));
			}
		}
	}

	/**
	 * Counts what became of a message.
	 * @param receipt what
	 */
	void count(Receipt receipt) {
		this.outcomes.computeIfAbsent(name(receipt), this::outcome).increment();
	}

	private Counter outcome(String name) {
		return Counter.builder("fanfare.publish")
			.description("Messages by what became of them")
			.tag("outcome", name)
			.register(this.meters);
	}

	private static String name(Receipt receipt) {
		return switch (receipt) {
			case Receipt.Stored stored -> stored.replayed() ? "replayed" : "stored";
			case Receipt.Refused refused -> refused.problem().name();
			case Receipt.Limited limited -> ProblemType.QUOTA_EXCEEDED.wireName();
			case Receipt.Unknown unknown -> unknown.problem().name();
		};
	}

}
