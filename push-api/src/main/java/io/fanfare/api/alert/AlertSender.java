package io.fanfare.api.alert;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends to one channel, on a worker of its own, one message at a time. What was not taken
 * is not kept: it stays due, and is offered again. After a failure nothing is sent for 5
 * s, twice as long after each further one, 5 min at most. A message without an outcome
 * after 2 min counts as failed.
 * <p>
 * {@link #offer} belongs to the thread that looks at the rules, to which the outcome is
 * handed back.
 */
final class AlertSender implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(AlertSender.class);

	static final Duration FIRST_PAUSE = Duration.ofSeconds(5);

	static final Duration MAX_PAUSE = Duration.ofMinutes(5);

	static final Duration MAX_TIME = Duration.ofMinutes(2);

	private final AlertChannel channel;

	private final String installation;

	private final Worker worker;

	private final Worker looks;

	private final Ticker ticker;

	private final Errors errors;

	private final MeterRegistry registry;

	/** The number of the message that is on its way, or of the next one. */
	private final AtomicLong number = new AtomicLong();

	private boolean sending;

	private long offeredAt;

	private Duration pause = Duration.ZERO;

	private long failedAt;

	/**
	 * Makes a sender.
	 * @param looks runs what looks at the rules
	 */
	AlertSender(AlertChannel channel, String installation, Worker looks, Scheduler scheduler, Errors errors,
			MeterRegistry registry) {
		this.channel = channel;
		this.installation = installation;
		this.looks = looks;
		this.worker = scheduler.createWorker("alerts-" + channel.name());
		this.ticker = scheduler.ticker();
		this.errors = errors;
		this.registry = registry;
		List.of("sent", "refused", "failed", "late").forEach(this::counter);
	}

	private Counter counter(String outcome) {
		return Counter.builder("fanfare.alerts.sent")
			.description("Messages about alerts, by channel and outcome")
			.tag("channel", this.channel.name())
			.tag("outcome", outcome)
			.register(this.registry);
	}

	String channel() {
		return this.channel.name();
	}

	int limit() {
		return this.channel.limit();
	}

	/** What came of a message; not called where that is not known. */
	interface Outcome {

		/** The channel took it. */
		void taken();

		/** The channel did not take it. */
		void refused();

	}

	/**
	 * Gives up on a message that has no outcome for too long: no defect of a channel must
	 * keep it from the next ones.
	 */
	void giveUpLate() {
		if (this.sending && this.ticker.nanoTime() - this.offeredAt >= MAX_TIME.toNanos()) {
			over(AlertNotSentException.failed("no outcome within " + MAX_TIME.toSeconds() + " s"));
		}
	}

	/**
	 * Whether a message that is offered now would be sent.
	 * @return whether none is on its way, and the last one did not fail a moment ago
	 */
	boolean isFree() {
		return !this.sending && (this.pause.isZero() || this.ticker.nanoTime() - this.failedAt >= this.pause.toNanos());
	}

	/**
	 * Sends what is due, if the channel is free.
	 * @param due the alerts
	 * @param outcome is notified of what came of it
	 */
	void offer(List<Alert> due, Outcome outcome) {
		if (due.isEmpty() || !isFree()) {
			return;
		}
		this.sending = true;
		this.offeredAt = this.ticker.nanoTime();
		long mine = this.number.get();
		AlertMessage message = new AlertMessage(this.installation, this.channel.name(), due);
		this.worker.execute(() -> {
			if (mine == this.number.get()) {
				send(message, mine, outcome);
			}
		});
	}

	@SuppressWarnings("CatchThrowable")
	private void send(AlertMessage message, long mine, Outcome outcome) {
		AlertNotSentException failure = AlertNotSentException.failed("an error");
		try {
			this.channel.send(message);
			failure = null;
		}
		catch (AlertNotSentException ex) {
			failure = ex;
		}
		catch (Throwable ex) {
			failure = AlertNotSentException.failed(ex.getClass().getSimpleName());
			this.errors.note("alerts-" + this.channel.name(), ex);
		}
		finally {
			AlertNotSentException ended = failure;
			this.looks.execute(() -> ended(ended, mine, outcome));
		}
	}

	private void ended(@Nullable AlertNotSentException failure, long mine, Outcome outcome) {
		if (mine != this.number.get()) {
			counter("late").increment();
			return;
		}
		over(failure);
		if (failure == null) {
			outcome.taken();
		}
		else if (failure.isCertain()) {
			outcome.refused();
		}
	}

	private void over(@Nullable AlertNotSentException failure) {
		this.sending = false;
		this.number.incrementAndGet();
		counter((failure != null) ? failure.outcome() : "sent").increment();
		if (failure == null) {
			this.pause = Duration.ZERO;
			return;
		}
		this.failedAt = this.ticker.nanoTime();
		Duration longer = this.pause.isZero() ? FIRST_PAUSE : this.pause.multipliedBy(2);
		this.pause = (longer.compareTo(MAX_PAUSE) < 0) ? longer : MAX_PAUSE;
		log.warn("alerts={} channel={} reason=\"{}\" again-after={}s", failure.outcome(), this.channel.name(),
				failure.getMessage(), this.pause.toSeconds());
	}

	@Override
	public void close() {
		this.worker.close();
		this.channel.close();
	}

}
