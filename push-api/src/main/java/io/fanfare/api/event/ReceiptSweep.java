package io.fanfare.api.event;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.Failures;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.event.Receipts;
import io.fanfare.redis.event.Receipts.Swept;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.annotation.PreDestroy;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * Has the verdicts given that are due, four times per second, where receipts are switched
 * on. Each process of the API does, so that none is needed.
 */
@Component
final class ReceiptSweep {

	private static final Duration INTERVAL = Duration.ofMillis(250);

	/** Before the next piece where there is more than one. */
	private static final Duration PAUSE = Duration.ofMillis(10);

	/** Where an error is counted. */
	private static final String WHERE = "receipts";

	private final Receipts receipts;

	private final int length;

	private final Errors errors;

	private final Worker worker;

	private final Counter offline;

	private final Counter unacknowledged;

	/** Whether a sweep is on its way. */
	private final AtomicBoolean sweeping = new AtomicBoolean();

	ReceiptSweep(CommandLink link, RedisKeys keys, ReceiptSettings settings, EventSettings events,
			MeterRegistry registry, Scheduler scheduler, Errors errors) {
		this.receipts = new Receipts(link, keys);
		this.length = events.length();
		this.errors = errors;
		this.offline = counter(registry, "offline");
		this.unacknowledged = counter(registry, "unacknowledged");
		this.worker = scheduler.createWorker(WHERE);
		if (settings.enabled()) {
			this.worker.every(Duration.ZERO, INTERVAL, this::sweep);
		}
	}

	private static Counter counter(MeterRegistry registry, String reason) {
		return Counter.builder("fanfare.receipts.undelivered")
			.description("Messages that were not acknowledged by their deadline")
			.tag("reason", reason)
			.register(registry);
	}

	private void sweep() {
		if (!this.sweeping.compareAndSet(false, true)) {
			return;
		}
		boolean asked = false;
		try {
			this.receipts.sweep(this.length).whenComplete((swept, failure) -> {
				this.sweeping.set(false);
				this.errors.run(WHERE, () -> swept(swept, failure));
			});
			asked = true;
		}
		finally {
			if (!asked) {
				this.sweeping.set(false);
			}
		}
	}

	private void swept(@Nullable Swept swept, @Nullable Throwable failure) {
		if (swept == null) {
			// What Redis refuses or does not answer is noted by the link to it.
			if (failure != null && !Failures.isOfRedis(failure)) {
				this.errors.note(WHERE, failure);
			}
			return;
		}
		this.offline.increment(swept.offline());
		this.unacknowledged.increment(swept.unacknowledged());
		if (swept.more()) {
			this.worker.schedule(PAUSE, this::sweep);
		}
	}

	@PreDestroy
	void close() {
		this.worker.close();
	}

}
