package io.fanfare.redis;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.history.History;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/** The layout's version, as a link finds it in Redis. */
class LayoutIT {

	private static final String KEY = "fanfare:layout";

	private static final Duration SOON = Duration.ofSeconds(10);

	private final RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private RedisProcess redis;

	private RedisClient client;

	private StatefulRedisConnection<String, String> plain;

	@BeforeEach
	void connect() {
		this.redis = TestRedis.start();
		this.client = RedisClient.create(this.redis.uri(RedisUser.NODE));
		this.client.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(2), Duration.ofSeconds(1)));
		this.plain = this.client.connect(StringCodec.UTF8, this.redis.uri());
	}

	@AfterEach
	void disconnect() {
		this.client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		this.redis.close();
	}

	@Test
	void theFirstLinkSetsItForEver() {
		try (CommandLink link = link(this.keys)) {
			assertThat(link.awaitUp(SOON)).isTrue();
			assertThat(redis().get(KEY)).isEqualTo("1");
			assertThat(redis().ttl(KEY)).isEqualTo(-1);
		}
		try (CommandLink another = link(this.keys)) {
			assertThat(another.awaitUp(SOON)).isTrue();
		}
	}

	@Test
	void anotherVersionIsRefusedByKeyAndBothVersions() {
		for (String found : List.of("2", "0", "01", "", "fan\u0007fare", "a value longer than any version")) {
			redis().set(KEY, found);
			assertRefused((found.isEmpty() || found.length() > 10) ? "something else" : found.replace('\u0007', '?'));
			assertThat(redis().get(KEY)).isEqualTo(found);
		}
		redis().del(KEY);
		redis().hset(KEY, "another", "program's");
		assertRefused("something else");
	}

	@Test
	void theVersionsOfOtherPrefixesAndDatabasesDoNotCount() {
		redis().set("another:layout", "2");
		try (CommandLink link = link(this.keys)) {
			assertThat(link.awaitUp(SOON)).isTrue();
		}
		redis().set(KEY, "2");
		RedisURI third = this.redis.uri(RedisUser.NODE);
		third.setDatabase(3);
		RedisClient other = RedisClient.create(third);
		try (CommandLink link = new CommandLink(other, new RedisKeys(RedisKeys.DEFAULT_PREFIX, 3), false,
				TestScheduler.shared(), new Errors(System::nanoTime, (where) -> {
				}, (fatal) -> {
				}))) {
			assertThat(link.awaitUp(SOON)).isTrue();
		}
		finally {
			other.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		}
	}

	/** As at the start of a process whose Redis is there only later. */
	@Test
	void aLinkThatFindsAnotherVersionLaterStaysDownAndSaysSoOnce() {
		Logger logger = (Logger) LoggerFactory.getLogger(SupervisedLink.class);
		ListAppender<ILoggingEvent> lines = new ListAppender<>();
		lines.start();
		logger.addAppender(lines);
		redis().set(KEY, "2");
		try (CommandLink link = link(this.keys)) {
			long greeted = greetings();
			await().atMost(SOON).until(() -> greetings() >= greeted + 4);
			assertThat(link.isUp()).isFalse();
			assertThatExceptionOfType(UnfitRedisException.class).isThrownBy(link::checkFit);
			CompletableFuture<Long> clock = new History(link, this.keys, Duration.ofHours(1)).headId();
			assertThat(clock).isCompletedExceptionally();
			assertThat(lines.list).extracting(ILoggingEvent::getFormattedMessage)
				.filteredOn((line) -> line.contains("redis=down link=commands"))
				.singleElement()
				.asString()
				.contains(KEY + ", is 2; this version of Fanfare expects 1");
			redis().set(KEY, "1");
			await().atMost(SOON).until(link::isUp);
			link.checkFit();
		}
		finally {
			logger.detachAppender(lines);
		}
	}

	/** A full Redis serves reads, and keeps nothing that is of another version. */
	@Test
	void aServerThatRefusesToBeWrittenToIsNotHeldToBeOfAnotherVersion() {
		try (CommandLink link = link(this.keys)) {
			assertThat(link.awaitUp(SOON)).isTrue();
		}
		redis().del(KEY);
		redis().configSet("maxmemory", "1");
		try (CommandLink link = link(this.keys)) {
			assertThat(link.awaitUp(SOON)).isTrue();
			assertThat(redis().get(KEY)).isNull();
		}
		finally {
			redis().configSet("maxmemory", "0");
		}
		try (CommandLink link = link(this.keys)) {
			assertThat(link.awaitUp(SOON)).isTrue();
			assertThat(redis().get(KEY)).isEqualTo("1");
		}
	}

	private void assertRefused(String found) {
		try (CommandLink link = link(this.keys)) {
			assertThatExceptionOfType(UnfitRedisException.class).isThrownBy(() -> link.awaitUp(SOON))
				.withMessage(
						"The layout in Redis, fanfare:layout, is " + found + "; this version of Fanfare expects 1");
			assertThat(link.isUp()).isFalse();
		}
	}

	private CommandLink link(RedisKeys of) {
		return new CommandLink(this.client, of, false, TestScheduler.shared(), new Errors(System::nanoTime, (where) -> {
		}, (fatal) -> {
		}));
	}

	private RedisCommands<String, String> redis() {
		return this.plain.sync();
	}

	/** How often a version was asked for. */
	private long greetings() {
		return redis().info("commandstats")
			.lines()
			.filter((line) -> line.startsWith("cmdstat_get:calls="))
			.mapToLong((line) -> Long.parseLong(line.replaceAll(".*:calls=(\\d+),.*", "$1")))
			.sum();
	}

}
