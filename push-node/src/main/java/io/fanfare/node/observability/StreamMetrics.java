package io.fanfare.node.observability;

import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;

import io.fanfare.boot.RefusalCounter;
import io.fanfare.node.admission.Admission;
import io.fanfare.node.connection.Connection;
import io.fanfare.node.connection.ConnectionEvents;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.Ending;
import io.fanfare.node.connection.MemoryUse;
import io.fanfare.node.connection.StreamTimings;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.audit.AuditLog;
import io.fanfare.protocol.audit.RefusalReason;
import io.fanfare.protocol.guard.Ticker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

/**
 * What happens to streams, as metrics and as the counts that a node tells of itself. What
 * is counted on every write is an adder; the latency of deliveries is sampled.
 */
public final class StreamMetrics implements ConnectionEvents {

	private final MeterRegistry registry;

	private final InstantSource clock;

	private final LongAdder opened = new LongAdder();

	private final LongAdder closed = new LongAdder();

	private final LongAdder durationMs = new LongAdder();

	private final LongAdder sent = new LongAdder();

	private final LongAdder errors = new LongAdder();

	private final LongAdder reconnections = new LongAdder();

	private final LongAdder kicks = new LongAdder();

	private final LongAdder gaps = new LongAdder();

	private final LongAdder unsubscribed = new LongAdder();

	private final LongAdder slow = new LongAdder();

	private final LongAdder ticketsIssued = new LongAdder();

	private final LongAdder ticketsSpent = new LongAdder();

	private final Map<Ending.Status, Timer> durations = new EnumMap<>(Ending.Status.class);

	private final Map<String, Counter> endings = new ConcurrentHashMap<>();

	private final DeliveryTimes deliveries;

	private volatile @Nullable AuditLog audit;

	private volatile @Nullable StreamLog log;

	private volatile @Nullable TimingMetrics timings;

	/**
	 * Has refused clients logged and counted, once, before the first comes.
	 * @param ticker the monotonic clock
	 */
	public void audit(Ticker ticker) {
		this.audit = new AuditLog(ticker, new RefusalCounter(this.registry));
	}

	/**
	 * Has what takes time measured, before anything happens.
	 * @param measured measures it
	 */
	public void timeBy(TimingMetrics measured) {
		this.timings = measured;
	}

	/**
	 * Has streams that begin logged, before the first does.
	 * @param streamLog writes the lines
	 */
	public void log(StreamLog streamLog) {
		this.log = streamLog;
	}

	@Override
	public void began(Connection connection, boolean resumed) {
		opened(resumed);
		StreamLog lines = this.log;
		if (lines != null) {
			lines.began(connection.status(null), resumed);
		}
	}

	@Override
	public void rejected(RefusalReason reason, InetAddress address) {
		AuditLog log = this.audit;
		if (log != null) {
			log.refused(reason, address.getHostAddress(), Map.of());
		}
	}

	/**
	 * Registers the meters.
	 * @param registry where
	 * @param admission the node's admission
	 * @param connections the node's connections
	 * @param clock the wall clock
	 */
	public StreamMetrics(MeterRegistry registry, Admission admission, Connections connections, InstantSource clock) {
		this.registry = registry;
		this.clock = clock;
		Gauge.builder("sse.active.connections", admission, Admission::size)
			.description("Streams that are open, or being opened")
			.register(registry);
		Gauge.builder("sse.connections.limit", admission, Admission::max)
			.description("Streams that the node takes at most")
			.register(registry);
		Gauge.builder("sse.peak.connections", admission, Admission::peak)
			.description("The most streams at once since the start")
			.register(registry);
		Gauge.builder("sse.waiting.connections", admission, Admission::waiting)
			.description("Requests for a stream that wait for a place")
			.register(registry);
		Gauge.builder("fanfare.draining", admission, (one) -> one.isRefusing() ? 1 : 0)
			.description("Whether the node admits no stream any more, because it ends")
			.register(registry);
		counter("sse.connections", "Streams opened", this.opened);
		counter("sse.messages.sent", "Messages written to streams", this.sent);
		counter("sse.errors", "Streams that ended by an error", this.errors);
		counter("sse.reconnections", "Streams opened with a cursor", this.reconnections);
		counter("sse.gaps", "Gaps announced", this.gaps);
		counter("fanfare.topics.revoked", "Topics taken from streams that go on", this.unsubscribed);
		counter("sse.slow.consumers", "Times that a stream fell behind and was left to history", this.slow);
		counter("fanfare.tickets.issued", "Tickets made", this.ticketsIssued);
		counter("fanfare.tickets.spent", "Tickets that opened a stream, or a place in the waiting room",
				this.ticketsSpent);
		for (Ending.Status status : Ending.Status.values()) {
			this.durations.put(status,
					Timer.builder("sse.connection.duration")
						.description("How long streams were open")
						.tag("status", status.name().toLowerCase(Locale.ROOT))
						.serviceLevelObjectives(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofMinutes(1),
								Duration.ofMinutes(5), Duration.ofMinutes(15), Duration.ofMinutes(30),
								Duration.ofHours(1), Duration.ofHours(2))
						.register(registry));
		}
		registerReasons();
		bytes("fanfare.memory.owed", "Bytes of heap owed to clients; what many are owed counts once", connections,
				MemoryUse::owed);
		bytes("fanfare.memory.owed.limit", "Bytes above which the largest backlogs are dropped to history", connections,
				MemoryUse::owedLimit);
		bytes("fanfare.memory.inbox", "Bytes of messages that wait for the stream loops", connections,
				MemoryUse::inbox);
		bytes("fanfare.memory.unflushed", "Bytes of direct memory that wait for sockets", connections,
				MemoryUse::unflushed);
		bytes("fanfare.memory.unflushed.limit", "Bytes above which sockets get only what their kernels take",
				connections, MemoryUse::unflushedLimit);
		FunctionCounter.builder("fanfare.memory.dropped.backlogs", connections, (all) -> all.memoryUse().dropped())
			.description("Backlogs dropped to history because too much was owed")
			.register(registry);
		this.deliveries = new DeliveryTimes(registry);
	}

	/**
	 * Each reason has its counter from the start, so that the first of a kind is an
	 * increase, too.
	 */
	private void registerReasons() {
		Ending.reasons().forEach((reason) -> this.endings.computeIfAbsent(reason, this::endings));
		for (CloseReason reason : CloseReason.values()) {
			switch (reason.advice()) {
				case STOP -> kicks(reason.wireName());
				case COME_BACK_AFTER -> {
					// Counted by the limit that was reached
					if (reason != CloseReason.RATE_LIMITED) {
						refusals(reason, "");
					}
				}
				case COME_BACK -> {
				}
			}
		}
	}

	private void bytes(String name, String description, Connections connections, ToLongFunction<MemoryUse> part) {
		Gauge.builder(name, connections, (all) -> part.applyAsLong(all.memoryUse()))
			.baseUnit("bytes")
			.description(description)
			.register(this.registry);
	}

	private void counter(String name, String description, LongAdder adder) {
		FunctionCounter.builder(name, adder, LongAdder::sum).description(description).register(this.registry);
	}

	@Override
	public void opened(boolean resumed) {
		this.opened.increment();
		if (resumed) {
			this.reconnections.increment();
		}
	}

	@Override
	public StreamTimings timings() {
		TimingMetrics measured = this.timings;
		return (measured != null) ? measured : StreamTimings.NONE;
	}

	@Override
	public void closed(Ending ending, Duration open) {
		this.closed.increment();
		this.durationMs.add(open.toMillis());
		Timer duration = this.durations.get(ending.status());
		if (duration != null) {
			duration.record(open);
		}
		if (ending.status() == Ending.Status.ERROR) {
			this.errors.increment();
		}
		this.endings.computeIfAbsent(ending.reason(), this::endings).increment();
	}

	private Counter endings(String reason) {
		return Counter.builder("sse.connections.closed")
			.description("Streams that ended, by reason")
			.tag("reason", reason)
			.register(this.registry);
	}

	@Override
	public void refused(CloseReason reason) {
		refused(reason, "");
	}

	@Override
	public void limited(Quota quota) {
		refused(CloseReason.RATE_LIMITED, quota.policy());
	}

	private void refused(CloseReason reason, String limit) {
		refusals(reason, limit).increment();
	}

	private Counter refusals(CloseReason reason, String limit) {
		return Counter.builder("fanfare.streams.refused")
			.description("Requests for a stream that were answered busy, by reason")
			.tag("reason", reason.wireName())
			.tag("limit", limit)
			.register(this.registry);
	}

	@Override
	public void ticketIssued() {
		this.ticketsIssued.increment();
	}

	@Override
	public void ticketSpent() {
		this.ticketsSpent.increment();
	}

	@Override
	public void ticketRefused(String reason) {
		Counter.builder("fanfare.tickets.refused")
			.description("Tickets that opened no stream, or were not made, by reason")
			.tag("reason", reason)
			.register(this.registry)
			.increment();
	}

	@Override
	public void kicked(@Nullable CloseReason reason) {
		this.kicks.increment();
		kicks((reason != null) ? reason.wireName() : "tombstone").increment();
	}

	private Counter kicks(String reason) {
		return Counter.builder("sse.kicks")
			.description("Clients told to stop, by reason")
			.tag("reason", reason)
			.register(this.registry);
	}

	@Override
	public void unsubscribed() {
		this.unsubscribed.increment();
	}

	@Override
	public void sent(int count, long firstId, long lastId) {
		this.sent.add(count);
		if (this.deliveries.sample(count, lastId)) {
			this.deliveries.record(Math.max(0, this.clock.millis() - MessageId.timestamp(firstId)));
			TimingMetrics measured = this.timings;
			if (measured != null) {
				measured.written(lastId);
			}
		}
	}

	/** A message from before the stream was opened tells nothing about delivery. */
	@Override
	public void replayed(int count, long firstId, long lastId, long openedMillis) {
		if (MessageId.timestamp(lastId) >= openedMillis) {
			sent(count, (MessageId.timestamp(firstId) >= openedMillis) ? firstId : lastId, lastId);
		}
		else {
			this.sent.add(count);
		}
	}

	@Override
	public void unanswered(String call) {
		Counter.builder("fanfare.loop.calls.failed")
			.description("Calls of the event loops that Redis did not answer, refused, or could not be sent")
			.tag("call", call)
			.register(this.registry)
			.increment();
	}

	@Override
	public void gap() {
		this.gaps.increment();
	}

	@Override
	public void fellBehind() {
		this.slow.increment();
	}

	/**
	 * The counts since the start.
	 * @return the counts
	 */
	public Counts counts() {
		return new Counts(this.opened.sum(), this.closed.sum(), this.durationMs.sum(), this.sent.sum(),
				this.errors.sum(), this.reconnections.sum(), this.kicks.sum(), this.deliveries.report(this.gaps.sum()));
	}

	/**
	 * Counts since the start.
	 *
	 * @param opened streams opened
	 * @param closed streams ended
	 * @param durationMs how long those were open together, in milliseconds
	 * @param sent messages written
	 * @param errors streams that ended by an error
	 * @param reconnections streams opened with a cursor
	 * @param kicks clients told to stop
	 * @param delivery how messages reach clients
	 */
	public record Counts(long opened, long closed, long durationMs, long sent, long errors, long reconnections,
			long kicks, NodeStatus.Delivery delivery) {

	}

}
