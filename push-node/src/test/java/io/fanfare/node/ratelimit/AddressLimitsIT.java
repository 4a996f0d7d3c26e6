package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.fanfare.node.ManualScheduler;
import io.fanfare.node.TestScheduler;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.presence.Addresses;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class AddressLimitsIT {

	private static final InetAddress ADDRESS = InetAddress.ofLiteral("192.0.2.7");

	private static final RedisKeys KEYS = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private static final String KEY = "fanfare:{0}:connections:192.0.2.7";

	private static final LimitSettings SETTINGS = new LimitSettings(2, 100, 0, 0, Duration.ofMinutes(1),
			List.of("127.0.0.0/8"));

	private final Errors errors = new Errors(System::nanoTime, (where) -> {
	}, (fatal) -> {
	});

	private final ManualScheduler scheduler = new ManualScheduler(this.errors);

	private RedisClient client;

	private CommandLink link;

	private RedisCommands<String, String> redis;

	private AddressLimits limits;

	@BeforeEach
	void connect(TestRedis server) {
		this.client = RedisClient.create(server.url());
		this.redis = this.client.connect().sync();
		this.client.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(5), Duration.ofSeconds(5)));
		this.link = new CommandLink(this.client, KEYS, false, TestScheduler.shared(), this.errors);
		assertThat(this.link.awaitUp(Duration.ofSeconds(10))).isTrue();
		this.limits = limits(SETTINGS);
	}

	@AfterEach
	void disconnect() {
		this.limits.close();
		this.link.close();
		this.client.shutdown(0, 1, TimeUnit.SECONDS);
	}

	private AddressLimits limits(LimitSettings settings) {
		Addresses addresses = new Addresses(this.link, KEYS,
				new Addresses.Limits(settings.connectionsPerAddress(), settings.opensPerMinute(), settings.window()));
		return new AddressLimits(addresses, "node", settings, this.scheduler, this.errors);
	}

	private Reservation ask() {
		Reservation place = this.limits.ask(ADDRESS);
		assertThat(place).isNotNull();
		return place;
	}

	private static Quota refusal(Reservation place) throws Exception {
		return place.refusal().get(10, TimeUnit.SECONDS);
	}

	private void tell() throws Exception {
		this.limits.tell().get(10, TimeUnit.SECONDS);
	}

	@Test
	void anAddressThatCannotBeAskedForIsLetInAndCountedRight() throws Exception {
		Addresses throwing = new Addresses(this.link, null, new Addresses.Limits(2, 100, Duration.ofMinutes(1)));
		List<String> noted = new CopyOnWriteArrayList<>();
		try (AddressLimits own = new AddressLimits(throwing, "node", SETTINGS, this.scheduler,
				new Errors(System::nanoTime, noted::add, (fatal) -> {
				}))) {
			Reservation place = own.ask(ADDRESS);
			assertThat(refusal(place)).isNull();
			place.giveBack();
			assertThat(noted).containsExactly("limits");
			assertThat(own.size()).as("told unknown, so told again").isEqualTo(1);
		}
	}

	@Test
	void aPlaceThatIsGivenBackIsFreeHereAtOnceAndToldToOthers() throws Exception {
		Reservation first = ask();
		Reservation second = ask();
		assertThat(refusal(first)).isNull();
		assertThat(refusal(second)).isNull();
		Reservation third = ask();
		assertThat(refusal(third)).isEqualTo(new Quota("connections", 2, null, null));
		third.giveBack();
		second.giveBack();
		second.giveBack();
		tell();
		assertThat(this.redis.hgetall(KEY)).containsOnly(Map.entry("node", "1"));
		Reservation fourth = ask();
		assertThat(refusal(fourth)).isNull();
		fourth.giveBack();
		first.giveBack();
		tell();
		assertThat(this.redis.exists(KEY)).isZero();
		assertThat(this.limits.size()).isZero();
	}

	@Test
	void aClientThatLeavesBeforeTheAnswerLeavesNothing() throws Exception {
		Reservation place = ask();
		place.giveBack();
		assertThat(refusal(place)).isNull();
		tell();
		assertThat(this.redis.exists(KEY)).isZero();
		assertThat(this.limits.size()).isZero();
	}

	@Test
	void whatRedisLostIsSaidAgainWithinAMinute() throws Exception {
		assertThat(refusal(ask())).isNull();
		this.redis.flushall();
		tell();
		assertThat(this.redis.exists(KEY)).isZero();
		this.scheduler.pass(Duration.ofMinutes(1));
		tell();
		assertThat(this.redis.hgetall(KEY)).containsOnly(Map.entry("node", "1"));
	}

	@Test
	void withoutRedisEverybodyIsLetIn() throws Exception {
		this.link.close();
		for (int i = 0; i < 5; i++) {
			assertThat(refusal(ask())).isNull();
		}
		tell();
		assertThat(this.limits.size()).as("still to be told").isEqualTo(1);
	}

	@Test
	void aRedisThatHangsIsNotWaitedForLong() throws Exception {
		this.redis.clientPause(2_000);
		long began = System.nanoTime();
		assertThat(refusal(ask())).isNull();
		assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(1_900));
	}

	@Test
	void whomNoLimitConcernsNobodyIsAskedFor() {
		assertThat(this.limits.ask(InetAddress.ofLiteral("127.3.2.1"))).isNull();
		try (AddressLimits off = limits(new LimitSettings(0, 0, 5, 5, Duration.ofMinutes(1), List.of()))) {
			assertThat(off.ask(ADDRESS)).isNull();
		}
	}

}
