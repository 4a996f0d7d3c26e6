package io.fanfare.protocol.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.redis.Presence.Renewal;
import io.fanfare.protocol.redis.Publisher.Result;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static io.fanfare.protocol.redis.RedisPartition.CLOCK;
import static io.fanfare.protocol.redis.RedisPartition.PREFIX;
import static io.fanfare.protocol.redis.RedisPartition.RUN;
import static io.fanfare.protocol.redis.RedisPartition.SINCE;
import static io.fanfare.protocol.redis.RedisPartition.get;
import static io.fanfare.protocol.redis.RedisPartition.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The one connection for commands, on a server to which bad things are done. */
class CommandLinkIT {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private static final String STREAM = PREFIX + "ch:news";

	private static final Duration COMMAND_TIMEOUT = Duration.ofMillis(400);

	private final RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private RedisProcess redis;

	private RedisClient client;

	private CommandLink link;

	@BeforeEach
	void connect() {
		this.redis = TestRedis.start();
		this.client = RedisClient.create(this.redis.uri());
		this.client.setOptions(RedisClientOptions.bounded(COMMAND_TIMEOUT, Duration.ofSeconds(1)));
		this.link = link(false);
	}

	@AfterEach
	void disconnect() {
		this.link.close();
		this.client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		this.redis.close();
	}

	@Test
	void aFrozenServerFailsCommandsWithinTheirTimeAndOneThatCameThroughIsCarriedOutOnce() {
		this.redis.freeze();
		long begin = System.nanoTime();
		CompletableFuture<Result> publish = publish();
		CompletableFuture<Long> plain = new History(this.link, this.keys, Duration.ofHours(1)).clock();
		assertThatThrownBy(() -> publish.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(RedisUnavailableException.class);
		assertThatThrownBy(() -> plain.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(RedisUnavailableException.class);
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(COMMAND_TIMEOUT.plusMillis(1500));
		this.redis.thaw();
		awaitWorking();
		try (StatefulRedisConnection<String, String> other = this.client.connect()) {
			Awaitility.await().until(() -> other.sync().xlen(STREAM) > 0);
			assertThat(other.sync().xlen(STREAM)).as("unknown to the caller, but once").isEqualTo(1);
		}
	}

	@Test
	void aServerThatStaysFrozenIsNoticedAndThenCommandsFailAtOnce() {
		this.redis.freeze();
		Awaitility.await().atMost(Duration.ofSeconds(6)).until(() -> !this.link.isUp());
		assertFailsAtOnce();
		this.redis.thaw();
		awaitWorking();
	}

	@Test
	void aScriptInFlightWhenItsConnectionIsKilledFailsAndIsNotSentAgain() {
		try (StatefulRedisConnection<String, String> other = this.client.connect()) {
			RedisCommands<String, String> commands = other.sync();
			get(publish());
			long linkId = publisherId(commands);
			client(commands, "PAUSE", "10000", "WRITE");
			CompletableFuture<Result> inFlight = publish();
			Awaitility.await().until(() -> commands.info("clients").contains("blocked_clients:1"));
			assertThat(inFlight).isNotDone();
			assertThat(commands.clientKill(KillArgs.Builder.id(linkId))).isEqualTo(1);
			assertThatThrownBy(() -> inFlight.get(5, TimeUnit.SECONDS))
				.hasCauseInstanceOf(RedisUnavailableException.class);
			client(commands, "UNPAUSE");
			awaitWorking();
			get(publish());
			assertThat(commands.xlen(STREAM)).isEqualTo(2);
			assertThat(calls(commands, "evalsha")).as("the two that were answered").isEqualTo(2);
			assertThat(calls(commands, "eval")).isZero();
		}
	}

	@Test
	void manyKilledConnectionsNeverDuplicateAMessage() {
		int answered = 0;
		int failed = 0;
		try (StatefulRedisConnection<String, String> other = this.client.connect()) {
			RedisCommands<String, String> commands = other.sync();
			for (int round = 0; round < 5; round++) {
				awaitWorking();
				List<CompletableFuture<Result>> batch = new ArrayList<>();
				for (int i = 0; i < 300; i++) {
					batch.add(publish());
					if (i == 150) {
						commands.clientKill(KillArgs.Builder.id(publisherId(commands)));
					}
				}
				for (CompletableFuture<Result> one : batch) {
					if (one.handle((result, failure) -> failure == null).orTimeout(5, TimeUnit.SECONDS).join()) {
						answered++;
					}
					else {
						failed++;
					}
				}
			}
			assertThat(answered + failed).isEqualTo(1500);
			assertThat(commands.xlen(STREAM)).as("what was answered is stored, and nothing twice")
				.isBetween((long) answered, (long) answered + failed);
			assertThat(calls(commands, "evalsha")).isEqualTo(commands.xlen(STREAM));
		}
	}

	@Test
	void aServerThatIsGoneFailsCommandsAtOnceAndItsSuccessorIsFoundWithItsRunId() {
		Renewal before = renew(this.link);
		String firstRun = stored(RUN);
		this.redis.kill();
		Awaitility.await().until(() -> !this.link.isUp());
		assertFailsAtOnce();
		this.redis.start();
		awaitWorking();
		Renewal after = renew(this.link);
		assertThat(stored(RUN)).isNotEqualTo(firstRun).isEqualTo(serverRun());
		assertThat(after.since()).as("the store came back empty").isGreaterThan(before.clock());
	}

	@Test
	void aStoreThatKeptItsDataIsVouchedForOnlyWhereItIsSaidToBeDurable() {
		CommandLink durable = link(true);
		try {
			long since = renew(durable).since();
			this.redis.restart(RedisProcess.Data.KEPT);
			Awaitility.await().until(() -> durable.isUp() && answers(durable));
			assertThat(renew(durable).since()).isEqualTo(since);
			assertThat(stored(RUN)).isEqualTo(serverRun());
			this.redis.restart(RedisProcess.Data.KEPT);
			awaitWorking();
			assertThat(renew(this.link).since()).isGreaterThan(since);
		}
		finally {
			durable.close();
		}
	}

	@Test
	void scriptsThatTheServerForgotAreSentAgain() {
		get(publish());
		try (StatefulRedisConnection<String, String> other = this.client.connect()) {
			other.sync().scriptFlush();
			assertThat(get(publish())).isInstanceOf(Result.Stored.class);
			assertThat(other.sync().xlen(STREAM)).isEqualTo(2);
			assertThat(get(publish())).isInstanceOf(Result.Stored.class);
			assertThat(calls(other.sync(), "eval")).as("once, then it is known again").isEqualTo(1);
		}
	}

	@Test
	void aServerThatWasDemotedIsLeft() {
		try (StatefulRedisConnection<String, String> other = this.client.connect()) {
			long linkId = publisherIdAfterPublish(other.sync());
			other.sync().replicaof("127.0.0.1", 1);
			assertThatThrownBy(() -> get(publish())).hasCauseInstanceOf(RedisUnavailableException.class);
			Awaitility.await().until(() -> !other.sync().clientList().contains("id=" + linkId + " "));
			other.sync().replicaofNoOne();
			awaitWorking();
		}
	}

	@Test
	void aClosedLinkFailsAtOnceAndLeavesNoConnection() {
		try (StatefulRedisConnection<String, String> other = this.client.connect()) {
			get(publish());
			this.link.close();
			assertFailsAtOnce();
			Awaitility.await().until(() -> other.sync().clientList().lines().count() == 1);
		}
	}

	@Test
	void aPolicyThatMayEvictStateIsWarnedOf() {
		Logger logger = (Logger) LoggerFactory.getLogger(CommandLink.class);
		ListAppender<ILoggingEvent> lines = new ListAppender<>();
		lines.start();
		logger.addAppender(lines);
		try (StatefulRedisConnection<String, String> other = this.client.connect()) {
			for (String fit : List.of("noeviction", "volatile-lru")) {
				other.sync().configSet("maxmemory-policy", fit);
				link(false).close();
			}
			assertThat(lines.list).noneMatch((line) -> line.getFormattedMessage().contains("evicting"));
			other.sync().configSet("maxmemory-policy", "allkeys-lru");
			link(false).close();
			assertThat(lines.list)
				.anyMatch((line) -> line.getFormattedMessage().contains("maxmemory-policy=allkeys-lru"));
		}
		finally {
			logger.detachAppender(lines);
		}
	}

	@Test
	void theHighestIdSeenNeverGoesDown() {
		this.link.observe(7);
		this.link.observe(5);
		assertThat(this.link.seen()).isEqualTo(7);
	}

	private CommandLink link(boolean durable) {
		CommandLink made = new CommandLink(this.client, this.keys, durable, "test");
		assertThat(made.awaitUp(Duration.ofSeconds(5))).isTrue();
		return made;
	}

	private CompletableFuture<Result> publish() {
		return new Publisher(this.link, this.keys, 10_000, Duration.ofHours(1)).publish(List.of(NEWS), message("m"),
				null);
	}

	private Renewal renew(CommandLink by) {
		return get(new Presence(by, this.keys, Presence.Times.DEFAULT).renew("a", List.of()));
	}

	private boolean answers(CommandLink by) {
		return new History(by, this.keys, Duration.ofHours(1)).clock()
			.handle((clock, failure) -> failure == null)
			.join();
	}

	private void awaitWorking() {
		Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> this.link.isUp() && answers(this.link));
	}

	private void assertFailsAtOnce() {
		CompletableFuture<Result> publish = publish();
		assertThat(publish).isCompletedExceptionally();
		assertThatThrownBy(publish::join).hasCauseInstanceOf(RedisUnavailableException.class);
		assertThat(new History(this.link, this.keys, Duration.ofHours(1)).clock()).isCompletedExceptionally();
	}

	private long publisherIdAfterPublish(RedisCommands<String, String> commands) {
		get(publish());
		return publisherId(commands);
	}

	private static void client(RedisCommands<String, String> commands, String... words) {
		CommandArgs<String, String> arguments = new CommandArgs<>(StringCodec.UTF8);
		List.of(words).forEach(arguments::add);
		commands.dispatch(CommandType.CLIENT, new StatusOutput<>(StringCodec.UTF8), arguments);
	}

	/** The connection of the link: the one that is not asking. */
	private static long publisherId(RedisCommands<String, String> commands) {
		long own = commands.clientId();
		return commands.clientList()
			.lines()
			.map((line) -> Long.parseLong(line.substring(3, line.indexOf(' '))))
			.filter((id) -> id != own)
			.findFirst()
			.orElseThrow();
	}

	private static long calls(RedisCommands<String, String> commands, String command) {
		return commands.info("commandstats")
			.lines()
			.filter((line) -> line.startsWith("cmdstat_" + command + ":calls="))
			.mapToLong((line) -> Long.parseLong(line.replaceAll(".*:calls=(\\d+),.*", "$1")))
			.sum();
	}

	private String stored(String key) {
		assertThat(key).isIn(RUN, CLOCK, SINCE);
		try (StatefulRedisConnection<String, String> other = this.client.connect()) {
			return other.sync().get(key);
		}
	}

	private String serverRun() {
		try (StatefulRedisConnection<String, String> other = this.client.connect()) {
			return other.sync()
				.info("server")
				.lines()
				.filter((line) -> line.startsWith("run_id:"))
				.findFirst()
				.orElseThrow()
				.substring(7);
		}
	}

}
