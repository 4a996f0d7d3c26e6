package io.fanfare.api.alert;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

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
 * s, twice as long after each further one, 5 min at most.
 * <p>
 * {@link #offer} belongs to the thread that looks at the rules, to which the outcome is
 * handed back.
 */
final class AlertSender implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(AlertSender.class);

	static final Duration FIRST_PAUSE = Duration.ofSeconds(5);

	static final Duration MAX_PAUSE = Duration.ofMinutes(5);

	private final AlertChannel channel;

	private final String installation;

	private final Worker worker;

	private final Worker looks;

	private final Ticker ticker;

	private final Errors errors;

	private final MeterRegistry registry;

	private boolean sending;

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
		List.of("sent", "refused", "failed").forEach(this::counter);
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
	 * @param taken receives them once the channel took them
	 */
	void offer(List<Alert> due, Consumer<List<Alert>> taken) {
		if (due.isEmpty() || !isFree()) {
			return;
		}
		this.sending = true;
		AlertMessage message = new AlertMessage(this.installation, this.channel.name(), due);
		this.worker.execute(() -> {
			AlertNotSentException failure = send(message);
			this.looks.execute(() -> ended(failure, due, taken));
		});
	}

	private @Nullable AlertNotSentException send(AlertMessage message) {
		try {
			this.channel.send(message);
			return null;
		}
		catch (AlertNotSentException ex) {
			return ex;
		}
		catch (RuntimeException ex) {
			this.errors.note("alerts-" + this.channel.name(), ex);
			return AlertNotSentException.failed(ex.getClass().getSimpleName());
		}
	}

	private void ended(@Nullable AlertNotSentException failure, List<Alert> due, Consumer<List<Alert>> taken) {
		this.sending = false;
		counter((failure != null) ? failure.outcome() : "sent").increment();
		if (failure == null) {
			this.pause = Duration.ZERO;
			taken.accept(due);
			return;
		}
		this.failedAt = this.ticker.nanoTime();
		Duration longer = this.pause.isZero() ? FIRST_PAUSE : this.pause.multipliedBy(2);
		this.pause = (longer.compareTo(MAX_PAUSE) < 0) ? longer : MAX_PAUSE;
		log.warn("alerts={} channel={} count={} reason=\"{}\" again-after={}s", failure.outcome(), this.channel.name(),
				due.size(), failure.getMessage(), this.pause.toSeconds());
	}

	@Override
	public void close() {
		this.worker.close();
		this.channel.close();
	}

}
