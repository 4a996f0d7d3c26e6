package io.fanfare.api.alert;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One message at a time, and a pause after each failure, by a clock that the test moves.
 */
class AlertSenderTests {

	private static final Alert ALERT = Alert
		.firing(Reading.of(AlertRule.MEMORY, "n1.abc", "n1", Duration.ZERO, 2, 1, "full"), 0);

	/** What runs on a worker waits here until the test runs it. */
	private final Deque<Runnable> tasks = new ArrayDeque<>();

	private final List<AlertMessage> received = new ArrayList<>();

	private final List<String> outcomes = new ArrayList<>();

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final List<String> noted = new ArrayList<>();

	private long nanos;

	private Failure failure = Failure.NONE;

	private final AlertSender sender = new AlertSender(new Channel(), "shop", new Queue(), new Queues(),
			new Errors(() -> this.nanos, this.noted::add, (fatal) -> {
			}), this.registry);

	private enum Failure {

		NONE, REFUSED, FAILED, ERROR, FATAL

	}

	@Test
	void oneMessageIsOnItsWayAtATime() {
		offer();
		offer();
		runNext();
		assertThat(this.received).hasSize(1);
		// The outcome is not known yet where the rules are looked at
		offer();
		runAll();
		assertThat(this.received).hasSize(1);
		assertThat(this.outcomes).containsExactly("taken");
		assertThat(count("sent")).isOne();
		offer();
		runAll();
		assertThat(this.received).hasSize(2);
	}

	@Test
	void nothingIsSentThatIsNotDue() {
		this.sender.offer(List.of(), new Outcome());
		assertThat(this.tasks).isEmpty();
	}

	@Test
	void aFailureIsFollowedByAPauseThatGrowsUpToABound() {
		this.failure = Failure.FAILED;
		Duration pause = AlertSender.FIRST_PAUSE;
		for (int i = 1; i <= 10; i++) {
			offer();
			runAll();
			assertThat(this.received).hasSize(i);
			this.nanos += pause.toNanos() - 1;
			offer();
			assertThat(this.tasks).isEmpty();
			this.nanos++;
			pause = (pause.multipliedBy(2).compareTo(AlertSender.MAX_PAUSE) < 0) ? pause.multipliedBy(2)
					: AlertSender.MAX_PAUSE;
		}
		assertThat(this.outcomes).isEmpty();
		assertThat(count("failed")).isEqualTo(10);
		this.failure = Failure.NONE;
		offer();
		runAll();
		assertThat(this.outcomes).containsExactly("taken");
		this.failure = Failure.REFUSED;
		offer();
		runAll();
		assertThat(count("refused")).isOne();
		assertThat(this.outcomes).containsExactly("taken", "refused");
		this.nanos += AlertSender.FIRST_PAUSE.toNanos();
		assertThat(this.sender.isFree()).isTrue();
	}

	@Test
	void anErrorOfTheChannelIsNotedAndCountsAsFailed() {
		this.failure = Failure.ERROR;
		offer();
		runAll();
		assertThat(this.noted).containsExactly("alerts-test");
		assertThat(count("failed")).isOne();
		assertThat(this.sender.isFree()).isFalse();
	}

	@Test
	void aChannelThatThrowsAnErrorIsUsedAgain() {
		this.failure = Failure.FATAL;
		offer();
		runAll();
		assertThat(this.noted).containsExactly("alerts-test");
		assertThat(count("failed")).isOne();
		this.nanos += AlertSender.FIRST_PAUSE.toNanos();
		assertThat(this.sender.isFree()).isTrue();
	}

	@Test
	void aMessageWithoutAnOutcomeCountsAsFailedAndItsOutcomeAsLate() {
		offer();
		runNext();
		this.nanos += AlertSender.MAX_TIME.toNanos() - 1;
		this.sender.giveUpLate();
		assertThat(count("failed")).isZero();
		this.nanos++;
		this.sender.giveUpLate();
		assertThat(count("failed")).isOne();
		runAll();
		assertThat(count("late")).isOne();
		assertThat(count("sent")).isZero();
		assertThat(this.outcomes).isEmpty();
		// The next one waits behind it, and is too old as well
		this.nanos += AlertSender.FIRST_PAUSE.toNanos();
		offer();
		this.nanos += AlertSender.MAX_TIME.toNanos();
		this.sender.giveUpLate();
		runAll();
		assertThat(this.received).hasSize(1);
		assertThat(count("failed")).isEqualTo(2);
	}

	@Test
	void theIdOfAMessageIsTheSameUntilItIsTaken() {
		Alert repeated = ALERT.sentTo("test", 1, false);
		assertThat(id(ALERT)).isEqualTo(id(ALERT)).startsWith("alerts_").hasSize(39);
		assertThat(id(repeated)).isNotEqualTo(id(ALERT));
		assertThat(id(repeated.resolved(2, "well"))).isNotEqualTo(id(repeated));
	}

	private static String id(Alert alert) {
		return new AlertMessage("shop", "test", List.of(alert)).id();
	}

	private void offer() {
		this.sender.offer(List.of(ALERT), new Outcome());
	}

	private void runNext() {
		this.tasks.remove().run();
	}

	private void runAll() {
		while (!this.tasks.isEmpty()) {
			runNext();
		}
	}

	private double count(String outcome) {
		return this.registry.get("fanfare.alerts.sent").tag("outcome", outcome).counter().count();
	}

	private final class Channel implements AlertChannel {

		@Override
		public String name() {
			return "test";
		}

		@Override
		public void send(AlertMessage message) throws AlertNotSentException {
			AlertSenderTests.this.received.add(message);
			switch (AlertSenderTests.this.failure) {
				case NONE -> {
				}
				case REFUSED -> throw AlertNotSentException.refused("status 403");
				case FAILED -> throw AlertNotSentException.failed("status 503");
				case ERROR -> throw new IllegalStateException("broken");
				case FATAL -> throw new NoClassDefFoundError("a part of the channel");
			}
		}

	}

	private final class Outcome implements AlertSender.Outcome {

		@Override
		public void taken() {
			AlertSenderTests.this.outcomes.add("taken");
		}

		@Override
		public void refused() {
			AlertSenderTests.this.outcomes.add("refused");
		}

	}

	private final class Queues implements Scheduler {

		@Override
		public Worker createWorker(String where) {
			return new Queue();
		}

		@Override
		public Ticker ticker() {
			return () -> AlertSenderTests.this.nanos;
		}

	}

	private final class Queue implements Worker {

		@Override
		public void execute(Runnable task) {
			AlertSenderTests.this.tasks.add(task);
		}

		@Override
		public void schedule(Duration delay, Runnable task) {
			throw new IllegalStateException("Nothing is delayed");
		}

		@Override
		public void every(Duration first, Duration interval, Runnable task) {
			throw new IllegalStateException("Nothing is repeated");
		}

		@Override
		public void close() {
			AlertSenderTests.this.tasks.clear();
		}

	}

}
