package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.lettuce.core.RedisCommandTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Calls to Redis that are not answered: each is counted by its name, an outage is two
 * lines in the log, and the connections concerned miss nothing.
 */
class FailedCallsTests {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private static final Logger LOGGER = (Logger) LoggerFactory.getLogger(Outage.class);

	private final TestLoop test = new TestLoop(Inbox.LIMIT);

	private final List<String> counted = new ArrayList<>();

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	/** Calls are asked and get no answer. */
	private boolean silent;

	@BeforeEach
	void watch() {
		this.log.start();
		LOGGER.addAppender(this.log);
		this.test.seam = (step) -> {
			if (step.startsWith("unanswered ")) {
				this.counted.add(step.substring("unanswered ".length()));
			}
			else if (step.equals("answer") && this.silent) {
				throw new RedisCommandTimeoutException("injected");
			}
		};
	}

	@AfterEach
	void unwatch() {
		LOGGER.detachAppender(this.log);
	}

	/** Answers again; tries come at most so much later. */
	private void recover() {
		this.silent = false;
		this.test.seconds(10);
	}

	private List<String> lines() {
		return this.log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
	}

	private void assertOneOutage(String first) {
		assertThat(lines()).hasSize(2);
		assertThat(lines().getFirst()).startsWith("redis=unanswered call=" + first + " reason=");
		assertThat(lines().getLast()).isEqualTo("redis=answers-again failed-calls=" + this.counted.size());
	}

	@Test
	void aClaimIsMadeAgain() {
		this.silent = true;
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		this.test.run();
		this.test.pass(Duration.ofSeconds(1));
		assertThat(this.counted).contains("claim").hasSizeBetween(2, 5);
		assertThat(reader.text).doesNotContain("push.connected");
		recover();
		assertThat(reader.text).containsOnlyOnce("push.connected");
		this.test.publish(NEWS);
		this.test.run();
		assertThat(reader.numbers()).containsExactly(1);
		assertOneOutage("claim");
	}

	@Test
	void aRenewalThatFailsEndsNoStreamAndTheNextFollows() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		this.test.run();
		this.silent = true;
		this.test.seconds(8);
		assertThat(this.counted).contains("renew").hasSizeLessThan(20);
		this.test.publish(NEWS);
		recover();
		this.test.publish(NEWS);
		this.test.run();
		assertThat(reader.numbers()).containsExactly(1, 2);
		assertThat(reader.text).doesNotContain("push.gap");
		assertOneOutage("renew");
	}

	@Test
	void aRoundIsReadAgain() {
		this.test.publish(NEWS);
		this.test.publish(NEWS);
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.After(100), "news");
		this.test.turn();
		// The claim is answered, and what it asks for then is not.
		this.test.store.answer();
		this.silent = true;
		this.test.run();
		this.test.pass(Duration.ofSeconds(1));
		assertThat(this.counted).contains("round").doesNotContain("claim").hasSizeLessThan(10);
		this.test.publish(NEWS);
		recover();
		this.test.publish(NEWS);
		this.test.run();
		assertThat(reader.numbers()).containsExactly(1, 2, 3, 4);
		assertThat(reader.text).doesNotContain("push.gap");
		assertOneOutage("round");
	}

	/** Nothing was written yet, so its client can be sent away, and comes back. */
	@Test
	void aStreamWhoseBeginningIsNotFoundIsRefused() {
		TestLoop.Socket refused = this.test.open("alice", new StreamRequest.Start.Latest(10), "news");
		refused.mayEnd = true;
		this.test.turn();
		this.test.store.answer();
		this.silent = true;
		this.test.run();
		assertThat(this.counted).contains("start").doesNotContain("claim");
		assertThat(refused.refused).isEqualTo(CloseReason.REDIS_UNAVAILABLE);
		recover();
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Latest(10), "news");
		this.test.run();
		this.test.publish(NEWS);
		this.test.run();
		assertThat(reader.numbers()).containsExactly(1);
		assertOneOutage("start");
	}

	@Test
	void aReleaseThatFailsDisturbsNobody() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		TestLoop.Socket leaving = this.test.open("bob", new StreamRequest.Start.Now(), "news");
		this.test.run();
		this.silent = true;
		leaving.cut();
		this.test.seconds(2);
		assertThat(this.counted).contains("release").hasSizeLessThan(30);
		this.test.publish(NEWS);
		recover();
		assertThat(leaving.isLost()).isTrue();
		assertThat(reader.numbers()).containsExactly(1);
		assertOneOutage("release");
	}

}
