package io.fanfare.api.event;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
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
 * on. Each process of the API does, so that none is needed. After Redis was away, or not
 * known to this process, none is given for a while: nodes may still have to send what was
 * acknowledged in time.
 */
@Component
final class ReceiptSweep {

	private static final Duration INTERVAL = Duration.ofMillis(250);

	/** Before the next piece where there is more than one. */
	private static final Duration PAUSE = Duration.ofMillis(10);

	/**
	 * How long no verdict is given once Redis answers again. Nodes connect anew within 2
	 * s, and clients repeat after 5 s what no node took.
	 */
	static final Duration HOLD = Duration.ofSeconds(6);

	/** Where an error is counted. */
	private static final String WHERE = "receipts";

	private final Receipts receipts;

	private final int length;

	private final Errors errors;

	private final Worker worker;

	private final Ticker ticker;

	private final Counter offline;

	private final Counter unacknowledged;

	/** Whether a sweep is on its way. */
	private final AtomicBoolean sweeping = new AtomicBoolean();

	/** Whether one waits for the pause to be over. */
	private final AtomicBoolean pausing = new AtomicBoolean();

	/** Null while Redis does not answer. */
	private volatile @Nullable Contact contact;

	ReceiptSweep(CommandLink link, RedisKeys keys, ReceiptSettings settings, EventSettings events,
			MeterRegistry registry, Scheduler scheduler, Errors errors) {
		this.receipts = new Receipts(link, keys);
		this.length = events.length();
		this.errors = errors;
		this.offline = counter(registry, "offline");
		this.unacknowledged = counter(registry, "unacknowledged");
		this.worker = scheduler.createWorker(WHERE);
		this.ticker = scheduler.ticker();
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

	/**
	 * Redis answers.
	 *
	 * @param sinceNanos since when, without a failure in between
	 * @param clock the clock of Redis at the last answer, ms since the epoch
	 * @param readNanos when that was
	 */
	private record Contact(long sinceNanos, long clock, long readNanos) {

		/** The clock of Redis now, or 0 while no verdict is to be given. */
		long clock(long nowNanos) {
			return (nowNanos - this.sinceNanos < HOLD.toNanos()) ? 0
					: this.clock + (nowNanos - this.readNanos) / 1_000_000;
		}

	}

	private void sweep() {
		if (!this.sweeping.compareAndSet(false, true)) {
			return;
		}
		boolean asked = false;
		Contact before = this.contact;
		long clock = (before != null) ? before.clock(this.ticker.nanoTime()) : 0;
		try {
			this.receipts.sweep(this.length, clock).whenComplete((swept, failure) -> {
				this.contact = (swept != null) ? met(before, swept.clock()) : null;
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

	private Contact met(@Nullable Contact before, long clock) {
		long now = this.ticker.nanoTime();
		return new Contact((before != null) ? before.sinceNanos() : now, clock, now);
	}

	private void swept(@Nullable Swept swept, @Nullable Throwable failure) {
		if (swept == null) {
			// What Redis refuses or does not answer is noted by the link to it.
			if (failure != null && !Failures.isOfRedis(failure)) {
				this.errors.note(WHERE, failure);
			}
			return;
		}
		this.offline.increment((double) swept.offline());
		this.unacknowledged.increment((double) swept.unacknowledged());
		if (swept.more() && this.pausing.compareAndSet(false, true)) {
			this.worker.schedule(PAUSE, this::sweepOn);
		}
	}

	private void sweepOn() {
		this.pausing.set(false);
		sweep();
	}

	@PreDestroy
	void close() {
		this.worker.close();
	}

}
