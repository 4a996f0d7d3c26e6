package io.fanfare.node.observability;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.fanfare.node.ManualScheduler;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.guard.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

class StreamLogTests {

	private static final ConnectionStatus STREAM = new ConnectionStatus("n.a.c", "n.a", "alice", "page", "low",
			"192.0.2.7", "closed", 1, 2, 3, "9-1", 2, 4, 5, 600, 7, 8000, "lifetime");

	private final ManualScheduler scheduler = new ManualScheduler(new Errors(System::nanoTime, (where) -> {
	}, (fatal) -> {
	}));

	private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

	private final Logger logger = (Logger) LoggerFactory.getLogger(StreamLog.NAME);

	private final StreamLog log = new StreamLog(this.scheduler, () -> 41);

	@BeforeEach
	void listen() {
		this.lines.start();
		this.logger.setLevel(Level.INFO);
		this.logger.addAppender(this.lines);
	}

	@AfterEach
	void stop() {
		this.logger.detachAppender(this.lines);
		this.logger.setLevel(null);
		this.log.close();
	}

	private List<String> lines() {
		return this.lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
	}

	@Test
	void aStreamHasALineAtItsBeginningAndAtItsEnd() {
		this.log.began(STREAM, true);
		this.log.ended(STREAM);
		assertThat(lines()).as("the thread that calls writes nothing").isEmpty();
		this.scheduler.run();
		// printf %s alice | sha256sum | cut -c1-16
		assertThat(lines()).containsExactly(
				"stream=began connection=n.a.c user=2bd806c97f0e00af node=n.a tier=low resumed=true active=41",
				"stream=ended connection=n.a.c user=2bd806c97f0e00af node=n.a reason=lifetime durationMs=8000 messages=5"
						+ " bytes=600 active=41");
		assertThat(this.lines.list.getLast().getKeyValuePairs()).extracting((pair) -> pair.key + "=" + pair.value)
			.contains("stream.kind=ended", "stream.reason=lifetime", "stream.messages=5")
			.noneMatch((pair) -> pair.contains("alice") || pair.contains("192.0.2.7"));
	}

	@Test
	void aHundredLinesPerSecondAreWrittenAndTheRestIsCounted() {
		IntStream.range(0, 150).forEach((i) -> this.log.ended(STREAM));
		this.scheduler.run();
		assertThat(lines()).hasSize(StreamLog.LINES_PER_SECOND);
		this.scheduler.pass(Duration.ofSeconds(1));
		assertThat(lines()).hasSize(StreamLog.LINES_PER_SECOND + 1).last().isEqualTo("stream=unlogged count=50");
		this.log.began(STREAM, false);
		this.scheduler.pass(Duration.ofSeconds(2));
		assertThat(lines()).hasSize(StreamLog.LINES_PER_SECOND + 2).last().asString().startsWith("stream=began ");
	}

	@Test
	void linesThatTheAppenderDoesNotTakeAreCounted() {
		for (int second = 0; second < 20; second++) {
			IntStream.range(0, StreamLog.LINES_PER_SECOND).forEach((i) -> this.log.ended(STREAM));
			this.log.nextSecond();
		}
		assertThat(lines()).as("all that waits")
			.isNotEmpty()
			.allMatch((line) -> line.equals("stream=unlogged count=100"));
		this.lines.list.clear();
		this.scheduler.run();
		assertThat(lines()).hasSize(StreamLog.MAX_WAITING);
	}

}
