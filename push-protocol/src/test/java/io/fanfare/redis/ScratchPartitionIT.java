package io.fanfare.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.presence.Presence.Field;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** A partition that ends by itself, used by the scripts that everything uses. */
class ScratchPartitionIT {

	private static final Duration AGE = Duration.ofSeconds(10);

	private static final Duration USE = Duration.ofSeconds(20);

	private static final Envelope MESSAGE = new Envelope(EventName.DEFAULT, new byte[] { '1' }, 0, 0, false, null);

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	private final Errors errors = new Errors(System::nanoTime, (where) -> {
	}, Errors::halt);

	private ScratchPartition open() {
		return ScratchPartition.open(this.partition.link(), this.partition.keys, USE);
	}

	/** Milliseconds until each key ends. */
	private Map<String, Long> lives(ScratchPartition scratch) {
		String prefix = new String(scratch.keys().keyPrefix(), StandardCharsets.UTF_8);
		return this.partition.redis()
			.keys("*")
			.stream()
			.filter((key) -> key.startsWith(prefix))
			.collect(Collectors.toMap((key) -> key.substring(prefix.length()), this.partition.redis()::pttl));
	}

	private Map<String, byte[]> installation() {
		return this.partition.redis()
			.keys(RedisPartition.PREFIX + "*")
			.stream()
			.collect(Collectors.toMap((key) -> key, this.partition.redis()::dump));
	}

	private void use(ScratchPartition scratch) {
		CommandLink link = scratch.link();
		List<ChannelName> channels = List.of(ChannelName.ALL, ChannelName.user("alice"), ChannelName.topic("news"));
		Publisher publisher = new Publisher(link, scratch.keys(), 10, AGE);
		assertThat(publisher.publish(channels, MESSAGE, null).join()).isInstanceOf(Publisher.Result.Stored.class);
		Presence presence = new Presence(link, scratch.keys(), Presence.Times.DEFAULT);
		ClaimResult claimed = presence.claim("n1", new Claim("alice", "c1", "client", Tier.NORMAL)).join();
		assertThat(claimed).isInstanceOf(ClaimResult.Owner.class);
		presence.renew("n1", List.of()).join();
		new History(link, scratch.keys(), AGE, this.errors).read(ChannelName.ALL, MessageId.ZERO, 10, 1000).join();
		presence.release(List.of(new Field("alice", "c1", MessageId.ZERO))).join();
		presence.forget("n1").join();
		publisher.publish(channels, MESSAGE, null).join();
	}

	@Test
	void whateverIsDoneOnItEndsByItself() {
		ScratchPartition scratch = open();
		long most = USE.plus(ScratchPartition.REST).toMillis();
		assertThat(lives(scratch)).containsOnlyKeys("clock", "run", "since", "last", "presence", "renewals");
		use(scratch);
		// Above the clock: `since` is set anew
		scratch.link().observe(MessageId.of(System.currentTimeMillis() + 5_000, 0));
		use(scratch);
		assertThat(lives(scratch)).containsKeys("clock", "ch:all", "lease:n1")
			.allSatisfy((key, life) -> assertThat(life).as("as if killed: " + key).isBetween(1L, most));
		scratch.close();
		assertThat(lives(scratch)).containsKeys("clock", "ch:all")
			.allSatisfy((key, life) -> assertThat(life).as(key).isBetween(1L, ScratchPartition.REST.toMillis()));
	}

	@Test
	void theInstallationKnowsNothingOfIt() {
		this.partition.publisher().publish(List.of(ChannelName.ALL), MESSAGE, null).join();
		long seen = this.partition.link().seen();
		Map<String, byte[]> before = installation();
		assertThat(before).containsKeys(RedisPartition.CLOCK, RedisPartition.LAST);
		try (ScratchPartition scratch = open()) {
			use(scratch);
			assertThat(scratch.link().seen()).isGreaterThan(seen);
		}
		assertThat(this.partition.link().seen()).isEqualTo(seen);
		assertThat(installation()).usingRecursiveComparison().isEqualTo(before);
	}

	/** Then a script makes its keys without an expiry. */
	@Test
	void aRedisThatLostAllIsLeftCleanAsWell() {
		ScratchPartition scratch = open();
		this.partition.redis().flushall();
		use(scratch);
		scratch.close();
		assertThat(lives(scratch)).containsKey("clock")
			.allSatisfy((key, life) -> assertThat(life).as(key).isBetween(1L, ScratchPartition.REST.toMillis()));
	}

	@Test
	void thereIsNoneWithoutRedis() {
		this.partition.link().close();
		assertThatExceptionOfType(RedisUnavailableException.class).isThrownBy(this::open);
	}

}
