package io.fanfare.redis;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.history.Publisher.Result;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.presence.Renewal;
import io.fanfare.test.process.Ports;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static io.fanfare.redis.RedisPartition.CLOCK;
import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.RUN;
import static io.fanfare.redis.RedisPartition.SINCE;
import static io.fanfare.redis.RedisPartition.get;
import static io.fanfare.redis.RedisPartition.message;
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
		this.client = RedisClient.create(this.redis.uri(RedisUser.API));
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
		CompletableFuture<Long> plain = new History(this.link, this.keys, Duration.ofHours(1)).headId();
		assertThatThrownBy(() -> publish.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(RedisUnavailableException.class);
		assertThatThrownBy(() -> plain.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(RedisUnavailableException.class);
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(COMMAND_TIMEOUT.plusMillis(1500));
		this.redis.thaw();
		awaitWorking();
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
			Awaitility.await().until(() -> other.sync().xlen(STREAM) > 0);
			assertThat(other.sync().xlen(STREAM)).as("unknown to the caller, but once").isEqualTo(1);
		}
	}

	/** Lettuce hands what is thrown while a reply is decoded to the command alone. */
	@Test
	void anErrorOfTheVirtualMachineIsNotedAlsoWhereItFailsOneCommand() {
		List<Throwable> fatal = new CopyOnWriteArrayList<>();
		OutOfMemoryError exhausted = new OutOfMemoryError("Java heap space");
		try (CommandLink own = new CommandLink(this.client, this.keys, false, TestScheduler.shared(),
				new Errors(System::nanoTime, (where) -> {
				}, fatal::add))) {
			assertThat(own.awaitUp(Duration.ofSeconds(10))).isTrue();
			CompletableFuture<String> asked = own.call((commands) -> {
				CommandArgs<byte[], byte[]> none = new CommandArgs<>(ByteArrayCodec.INSTANCE);
				return commands.dispatch(CommandType.PING, new StatusOutput<>(ByteArrayCodec.INSTANCE) {

					@Override
					public void set(ByteBuffer bytes) {
						throw exhausted;
					}

				}, none);
			});
			assertThatThrownBy(() -> asked.get(5, TimeUnit.SECONDS))
				.hasCauseInstanceOf(RedisUnavailableException.class);
		}
		assertThat(fatal).contains(exhausted);
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
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
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
			assertThat(unknownScripts(commands)).isZero();
		}
	}

	@Test
	void manyKilledConnectionsNeverDuplicateAMessage() {
		int answered = 0;
		int failed = 0;
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
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
		assertThat(after.dataLossFloor()).as("the store came back empty").isGreaterThan(before.headId());
	}

	@Test
	void aStoreThatKeptItsDataIsVouchedForOnlyWhereItIsSaidToBeDurable() {
		// It would meet the store as well, and say that it is not.
		this.link.close();
		CommandLink durable = link(true);
		try {
			long since = renew(durable).dataLossFloor();
			assertThat(durable.hasMoved(Duration.ofMinutes(1))).as("the first server").isFalse();
			this.redis.restart(RedisProcess.Data.KEPT);
			Awaitility.await().until(() -> durable.isUp() && answers(durable));
			assertThat(renew(durable).dataLossFloor()).isEqualTo(since);
			assertThat(durable.hasMoved(Duration.ofMinutes(1))).as("another one").isTrue();
			assertThat(durable.hasMoved(Duration.ZERO)).as("a while ago").isFalse();
			Nodes.NodeStates states = new Nodes(durable, this.keys).list().join();
			assertThat(states.silenceMs(states.nowMs() - 100_000)).as("by which clock").isZero();
			assertThat(stored(RUN)).isEqualTo(serverRun());
			durable.close();
			this.redis.restart(RedisProcess.Data.KEPT);
			this.link = link(false);
			long leap = MessageId.timestamp(renew(this.link).dataLossFloor()) - System.currentTimeMillis();
			assertThat(leap).as("above all that another server may still give").isBetween(10_000L, 15_000L);
		}
		finally {
			durable.close();
		}
	}

	@Test
	void scriptsThatTheServerForgotAreSentAgain() {
		get(publish());
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
			other.sync().scriptFlush();
			assertThat(get(publish())).isInstanceOf(Result.Stored.class);
			assertThat(other.sync().xlen(STREAM)).isEqualTo(2);
			assertThat(get(publish())).isInstanceOf(Result.Stored.class);
			assertThat(unknownScripts(other.sync())).as("once, then it is known again").isEqualTo(1);
		}
	}

	@Test
	void aServerThatWasDemotedIsLeft() {
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
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
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
			get(publish());
			this.link.close();
			assertFailsAtOnce();
			Awaitility.await().until(() -> other.sync().clientList().lines().count() == 1);
		}
	}

	@Test
	void aServerThatRefusesWritesIsLeftWithBackOffAndFoundAgainByItself() {
		List<ILoggingEvent> lines = new CopyOnWriteArrayList<>();
		AppenderBase<ILoggingEvent> appender = listen(lines);
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
			RedisCommands<String, String> commands = other.sync();
			get(publish());
			long connectionsBefore = connectionsReceived(commands);
			commands.replicaof("127.0.0.1", Ports.free());
			long end = System.nanoTime() + Duration.ofSeconds(4).toNanos();
			int failed = 0;
			while (System.nanoTime() < end) {
				failed += publish().handle((result, failure) -> (failure != null) ? 1 : 0).join();
				LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
			}
			assertThat(failed).isGreaterThan(50);
			assertThatThrownBy(() -> get(publish())).hasRootCauseMessage("Redis refuses writes (READONLY)");
			assertThat(this.link.isUp()).isFalse();
			assertThat(this.link.refusal()).isEqualTo(RedisRefusal.READONLY);
			commands.replicaofNoOne();
			long healed = System.nanoTime();
			awaitWorking();
			get(publish());
			assertThat(Duration.ofNanos(System.nanoTime() - healed)).isLessThan(Duration.ofSeconds(5));
			assertThat(this.link.refusal()).isNull();
			assertThat(connectionsReceived(commands) - connectionsBefore).isBetween(3L, 15L);
			List<String> warnings = lines.stream()
				.filter((line) -> line.getLevel().isGreaterOrEqual(Level.WARN))
				.map(ILoggingEvent::getFormattedMessage)
				.toList();
			assertThat(warnings).hasSizeBetween(1, 15).allMatch((line) -> line.contains("READONLY"));
			assertThat(this.link.refusals().count(RedisRefusal.READONLY)).isGreaterThan(2);
		}
		finally {
			root().detachAppender(appender);
		}
	}

	@Test
	void everyRefusalOfWritesIsNamedAndTakenBackWithoutTraffic() {
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
			RedisCommands<String, String> commands = other.sync();
			get(publish());
			assertRefused(commands, "min-replicas-to-write", "1", "0", RedisRefusal.NOREPLICAS);
			assertRefused(commands, "maxmemory", "1", "0", RedisRefusal.OOM);
			commands.aclSetuser(RedisUser.API.login(), AclSetuserArgs.Builder.removeCommand(CommandType.XADD));
			assertThat(get(publish())).isEqualTo(new Result.Refused(RedisRefusal.NOPERM));
			assertThat(this.link.refusal()).isEqualTo(RedisRefusal.NOPERM);
			assertThat(this.link.isUp()).as("another connection would be refused as well").isTrue();
			commands.aclLogReset();
		}
	}

	private void assertRefused(RedisCommands<String, String> commands, String setting, String bad, String good,
			RedisRefusal expected) {
		commands.configSet(setting, bad);
		if (expected == RedisRefusal.OOM) {
			assertThat(get(publish())).isEqualTo(new Result.Refused(expected));
		}
		else {
			assertThatThrownBy(() -> get(publish())).hasStackTraceContaining(expected.sentence());
		}
		assertThat(this.link.refusal()).isEqualTo(expected);
		assertThat(this.link.refusals().count(expected)).isPositive();
		commands.configSet(setting, good);
		Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> this.link.isUp() && this.link.refusal() == null);
		get(publish());
	}

	@Test
	void aServerThatWantsAPasswordIsNamedWithoutIt() {
		List<ILoggingEvent> lines = new CopyOnWriteArrayList<>();
		AppenderBase<ILoggingEvent> appender = listen(lines);
		RedisClient stranger = RedisClient.create("redis://bob:verysecret@127.0.0.1:" + this.redis.port());
		stranger.setOptions(RedisClientOptions.bounded(COMMAND_TIMEOUT, Duration.ofSeconds(1)));
		CommandLink refused = new CommandLink(stranger, this.keys, false, TestScheduler.shared(),
				new Errors(System::nanoTime, (where) -> {
				}, (fatal) -> {
				}));
		try {
			Awaitility.await().until(() -> refused.refusal() == RedisRefusal.WRONGPASS);
			assertThat(lines).anyMatch((line) -> line.getFormattedMessage().contains("WRONGPASS"))
				.noneMatch((line) -> line.getFormattedMessage().contains("verysecret"));
		}
		finally {
			root().detachAppender(appender);
			refused.close();
			stranger.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		}
	}

	@Test
	void aPolicyThatMayEvictAnyKeyIsRefusedAndOneThatMayEvictSomeIsWarnedOf() {
		List<ILoggingEvent> lines = new CopyOnWriteArrayList<>();
		AppenderBase<ILoggingEvent> appender = listen(lines);
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
			RedisCommands<String, String> commands = other.sync();
			commands.configSet("maxmemory-policy", "noeviction");
			link(false).close();
			assertThat(lines).noneMatch((line) -> line.getFormattedMessage().contains("evicting"));
			commands.configSet("maxmemory-policy", "volatile-lru");
			link(false).close();
			assertThat(lines)
				.anyMatch((line) -> line.getFormattedMessage().contains("maxmemory-policy=volatile-lru: when memory"));
			commands.configSet("maxmemory-policy", "allkeys-lru");
			CommandLink unfit = new CommandLink(this.client, this.keys, false, TestScheduler.shared(),
					new Errors(System::nanoTime, (where) -> {
					}, (fatal) -> {
					}));
			assertThatThrownBy(() -> unfit.awaitUp(Duration.ofSeconds(5))).isInstanceOf(UnfitRedisException.class)
				.hasMessageContaining("allkeys-lru");
			// The reason is there a moment before its code.
			Awaitility.await().until(() -> unfit.refusal() == RedisRefusal.EVICTION);
			commands.configSet("maxmemory-policy", "noeviction");
			Awaitility.await().until(unfit::isUp);
			unfit.close();
		}
		finally {
			root().detachAppender(appender);
		}
	}

	@Test
	void theHighestIdSeenNeverGoesDown() {
		this.link.observe(7);
		this.link.observe(5);
		assertThat(this.link.seen()).isEqualTo(7);
	}

	private CommandLink link(boolean durable) {
		CommandLink made = new CommandLink(this.client, this.keys, durable, TestScheduler.shared(),
				new Errors(System::nanoTime, (where) -> {
				}, (fatal) -> {
				}));
		assertThat(made.awaitUp(Duration.ofSeconds(5))).isTrue();
		return made;
	}

	private CompletableFuture<Result> publish() {
		return new Publisher(this.link, this.keys, 10_000, Duration.ofHours(1)).publish(List.of(NEWS), message("m"),
				null);
	}

	private Renewal renew(CommandLink by) {
		// Each process is a node of its own
		return get(new Presence(by, this.keys, Presence.Times.DEFAULT).renew("a" + by.hashCode(), List.of()));
	}

	private boolean answers(CommandLink by) {
		return new History(by, this.keys, Duration.ofHours(1)).headId()
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
		assertThat(new History(this.link, this.keys, Duration.ofHours(1)).headId()).isCompletedExceptionally();
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

	private static AppenderBase<ILoggingEvent> listen(List<ILoggingEvent> lines) {
		AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
			@Override
			protected void append(ILoggingEvent event) {
				if (event.getLoggerName().startsWith("io.fanfare")) {
					lines.add(event);
				}
			}
		};
		appender.start();
		root().addAppender(appender);
		return appender;
	}

	private static Logger root() {
		return (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
	}

	private static long connectionsReceived(RedisCommands<String, String> commands) {
		return commands.info("stats")
			.lines()
			.filter((line) -> line.startsWith("total_connections_received:"))
			.mapToLong((line) -> Long.parseLong(line.substring("total_connections_received:".length()).strip()))
			.sum();
	}

	private static long calls(RedisCommands<String, String> commands, String command) {
		return commands.info("commandstats")
			.lines()
			.filter((line) -> line.startsWith("cmdstat_" + command + ":calls="))
			.mapToLong((line) -> Long.parseLong(line.replaceAll(".*:calls=(\\d+),.*", "$1")))
			.sum();
	}

	/** How often a script was sent by a digest that the server did not know. */
	private static long unknownScripts(RedisCommands<String, String> commands) {
		return commands.info("errorstats")
			.lines()
			.filter((line) -> line.startsWith("errorstat_NOSCRIPT:count="))
			.mapToLong((line) -> Long.parseLong(line.substring("errorstat_NOSCRIPT:count=".length()).strip()))
			.sum();
	}

	private String stored(String key) {
		assertThat(key).isIn(RUN, CLOCK, SINCE);
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
			return other.sync().get(key);
		}
	}

	private String serverRun() {
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
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
