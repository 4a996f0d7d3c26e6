package io.fanfare.node.receipt;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import io.fanfare.node.connection.ReceiptSink;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.Failures;
import io.fanfare.redis.event.Receipts;
import io.fanfare.redis.event.Receipts.Acknowledged;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what clients acknowledged and has Redis give the verdicts, every 200 ms, one
 * call at a time. What Redis does not answer is sent again: a verdict is given once,
 * however often it is asked for. Bounded: of more than {@value #MAX_HELD} messages the
 * newest are dropped, and count as not acknowledged. Any thread may call.
 */
public final class ReceiptSettling implements ReceiptSink, AutoCloseable {

	static final int MAX_HELD = 100_000;

	static final Duration INTERVAL = Duration.ofMillis(200);

	/** How long the end of the node waits for the last verdicts. */
	private static final Duration LAST = Duration.ofSeconds(1);

	/** Where an error is counted. */
	private static final String WHERE = "receipts";

	private final Function<List<Acknowledged>, CompletableFuture<Long>> call;

	private final boolean enabled;

	private final Errors errors;

	private final Worker worker;

	private final Queue<Acknowledged> due = new ConcurrentLinkedQueue<>();

	/** How many are due, or on their way. */
	private final AtomicInteger held = new AtomicInteger();

	/** Whether a call is on its way. */
	private final AtomicBoolean calling = new AtomicBoolean();

	/** What the last call had, where it failed. Only who is {@link #calling} has it. */
	private volatile List<Acknowledged> failed = List.of();

	private final Counter delivered;

	private final Counter dropped;

	/**
	 * Begins, where it is enabled.
	 * @param call gives the verdicts of {@link Receipts#PER_CALL} messages at most
	 * @param settings whether there are any
	 * @param registry takes what is counted
	 * @param scheduler makes the worker
	 * @param errors notes what is thrown
	 */
	public ReceiptSettling(Function<List<Acknowledged>, CompletableFuture<Long>> call, ReceiptSettings settings,
			MeterRegistry registry, Scheduler scheduler, Errors errors) {
		this.call = call;
		this.enabled = settings.enabled();
		this.errors = errors;
		this.worker = scheduler.createWorker(WHERE);
		this.delivered = Counter.builder("fanfare.receipts.delivered")
			.description("Messages that were acknowledged by their deadline")
			.register(registry);
		this.dropped = Counter.builder("fanfare.receipts.dropped")
			.description("Messages whose acknowledgement can not count, for there were too many")
			.register(registry);
		Gauge.builder("fanfare.receipts.held", this.held, AtomicInteger::get)
			.description("Acknowledged messages that Redis does not know of yet")
			.register(registry);
		if (this.enabled) {
			this.worker.every(INTERVAL, INTERVAL, this::settle);
		}
	}

	@Override
	public boolean isEnabled() {
		return this.enabled;
	}

	@Override
	public void acknowledged(String user, List<Long> ids) {
		for (long id : ids) {
			if (this.held.incrementAndGet() > MAX_HELD) {
				this.held.decrementAndGet();
				dropped(1);
			}
			else {
				this.due.add(new Acknowledged(user, id));
			}
		}
	}

	@Override
	public void dropped(int count) {
		this.dropped.increment(count);
	}

	private void settle() {
		if (!this.calling.compareAndSet(false, true)) {
			return;
		}
		List<Acknowledged> batch = next();
		if (batch.isEmpty()) {
			this.calling.set(false);
			return;
		}
		// Where it can not even be sent.
		this.failed = batch;
		boolean asked = false;
		try {
			this.call.apply(batch).whenComplete((verdicts, failure) -> {
				if (failure == null) {
					this.failed = List.of();
				}
				this.calling.set(false);
				this.errors.run(WHERE, () -> settled(batch, verdicts, failure));
			});
			asked = true;
		}
		finally {
			if (!asked) {
				this.calling.set(false);
			}
		}
	}

	/** What failed before, else what is due. */
	private List<Acknowledged> next() {
		if (!this.failed.isEmpty()) {
			return this.failed;
		}
		List<Acknowledged> batch = new ArrayList<>();
		Acknowledged one;
		while (batch.size() < Receipts.PER_CALL && (one = this.due.poll()) != null) {
			batch.add(one);
		}
		return batch;
	}

	private void settled(List<Acknowledged> batch, @Nullable Long verdicts, @Nullable Throwable failure) {
		if (verdicts == null) {
			// What Redis refuses or does not answer is noted by the link to it.
			if (failure != null && !Failures.isOfRedis(failure)) {
				this.errors.note(WHERE, failure);
			}
			return;
		}
		this.held.addAndGet(-batch.size());
		this.delivered.increment(verdicts);
		if (!this.due.isEmpty()) {
			this.worker.execute(this::settle);
		}
	}

	/** Sends what is left, once, after the streams have ended. Blocks for a moment. */
	@Override
	public void close() {
		this.worker.close();
		List<CompletableFuture<Long>> calls = new ArrayList<>();
		List<Acknowledged> batch = next();
		while (!batch.isEmpty()) {
			calls.add(this.call.apply(batch));
			this.failed = List.of();
			batch = next();
		}
		try {
			CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new))
				.get(LAST.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException ex) {
			if (!Failures.isOfRedis(ex)) {
				this.errors.note(WHERE, ex);
			}
		}
	}

}
