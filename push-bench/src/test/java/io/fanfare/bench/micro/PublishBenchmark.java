package io.fanfare.bench.micro;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.ThreadScheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.history.Publisher;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The publish script against a real Redis. What Redis itself spent a call is printed at
 * the end.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class PublishBenchmark {

	private static final int BATCH = 500;

	private static final int USERS = 1_000;

	private final TestRedis redis = TestRedis.start();

	private final RedisClient client = RedisClient.create(this.redis.url(RedisUser.API));

	private final List<ChannelName> users = new ArrayList<>();

	private final Envelope envelope = new Envelope(EventName.DEFAULT, "x".repeat(200).getBytes(StandardCharsets.UTF_8),
			0, 0, false, null);

	private CommandLink link;

	private Publisher publisher;

	private int turn;

	@Setup
	public void connect() {
		this.client.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(5), Duration.ofSeconds(5)));
		RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);
		Errors errors = new Errors(System::nanoTime, (where) -> {
		}, (fatal) -> {
		});
		this.link = new CommandLink(this.client, keys, false, new ThreadScheduler(Ticker.system(), errors), errors);
		this.link.awaitUp(Duration.ofSeconds(10));
		this.publisher = new Publisher(this.link, keys, 1000, Duration.ofHours(24));
		for (int i = 0; i < USERS; i++) {
			this.users.add(ChannelName.user("u" + i));
		}
	}

	@TearDown(Level.Trial)
	public void close() {
		System.out.println("Redis: " + this.client.connect()
			.sync()
			.info("commandstats")
			.lines()
			.filter((line) -> line.contains("evalsha"))
			.toList());
		this.link.close();
		this.client.shutdown();
		this.redis.close();
	}

	private CompletableFuture<?> publish() {
		this.turn = (this.turn + 1) % USERS;
		return this.publisher.publish(List.of(this.users.get(this.turn)), this.envelope, null);
	}

	@Benchmark
	public Object oneByOne() {
		return publish().join();
	}

	@Benchmark
	@OperationsPerInvocation(BATCH)
	public void pipelined() {
		CompletableFuture<?>[] answers = new CompletableFuture<?>[BATCH];
		for (int i = 0; i < BATCH; i++) {
			answers[i] = publish();
		}
		CompletableFuture.allOf(answers).join();
	}

}
