package io.fanfare.redis.presence;

import java.time.Duration;
import java.util.Map;

import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.presence.Addresses.Admission;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class AdmitAddressIT {

	private static final String ADDRESS = "192.0.2.7";

	private static final String CONNECTIONS = PREFIX + "connections:" + ADDRESS;

	private static final String OPENS = PREFIX + "opens:" + ADDRESS;

	private static final Admission TOO_MANY = new Admission.TooManyConnections();

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	private Admission admit(Addresses addresses, String node, int held) {
		this.partition.redis().psetex(PREFIX + "lease:" + node, 60_000, "1");
		return get(addresses.admit(node, ADDRESS, held));
	}

	@Test
	void theConnectionsOfAllNodesCountTogether() {
		Addresses four = this.partition.addresses(4, 0);
		assertThat(admit(four, "a", 1)).isInstanceOf(Admission.Admitted.class);
		assertThat(admit(four, "a", 2)).isInstanceOf(Admission.Admitted.class);
		assertThat(admit(four, "b", 1)).isInstanceOf(Admission.Admitted.class);
		assertThat(admit(four, "b", 2)).isEqualTo(new Admission.Admitted(4, 0, Duration.ZERO));
		assertThat(admit(four, "a", 3)).isEqualTo(TOO_MANY);
		assertThat(admit(four, "c", 1)).isEqualTo(TOO_MANY);
		assertThat(this.partition.redis().hgetall(CONNECTIONS)).containsOnly(Map.entry("a", "2"), Map.entry("b", "2"));
		assertThat(this.partition.redis().pttl(CONNECTIONS)).isBetween(290_000L, 300_000L);
		assertThat(admit(four, "b", 1)).as("the node has fewer by now").isInstanceOf(Admission.Admitted.class);
		assertThat(admit(four, "c", 1)).isInstanceOf(Admission.Admitted.class);
		assertThat(get(four.admit("c", "192.0.2.8", 1))).as("another address").isInstanceOf(Admission.Admitted.class);
	}

	@Test
	void whatIsNoCountIsReplaced() {
		Addresses two = this.partition.addresses(2, 2);
		this.partition.redis().set(OPENS, "inf");
		this.partition.redis().psetex(PREFIX + "lease:b", 60_000, "1");
		this.partition.redis().hset(CONNECTIONS, "b", "inf");
		assertThat(admit(two, "a", 1)).isInstanceOf(Admission.Admitted.class);
		assertThat(this.partition.redis().get(OPENS)).isEqualTo("1");
		this.partition.redis().del(OPENS, CONNECTIONS);
		this.partition.redis().lpush(OPENS, "no", "count");
		this.partition.redis().set(CONNECTIONS, "no hash");
		get(two.renew("a", Map.of(ADDRESS, 0)));
		assertThat(admit(two, "a", 1)).isInstanceOf(Admission.Admitted.class);
		this.partition.redis().set(CONNECTIONS, "no hash");
		get(two.renew("a", Map.of(ADDRESS, 1)));
		assertThat(this.partition.redis().hgetall(CONNECTIONS)).containsOnly(Map.entry("a", "1"));
	}

	@Test
	void aLargeKeyOfAnotherTypeIsFreedInTheBackground() {
		Addresses two = this.partition.addresses(2, 2);
		long freed = this.partition.plantForeign(CONNECTIONS);
		get(two.renew("a", Map.of(ADDRESS, 1)));
		assertThat(this.partition.freedInBackground()).isEqualTo(freed + 1);
		this.partition.redis().del(CONNECTIONS);
		this.partition.plantForeign(OPENS);
		freed = this.partition.plantForeign(CONNECTIONS);
		assertThat(admit(two, "a", 1)).isInstanceOf(Admission.Admitted.class);
		assertThat(this.partition.freedInBackground()).isEqualTo(freed + 2);
		assertThat(this.partition.redis().get(OPENS)).isEqualTo("1");
	}

	@ParameterizedTest
	@ValueSource(strings = { "2", "3", "1000000" })
	void aCountWithoutAnEndGetsOne(String count) {
		Addresses limited = this.partition.addresses(0, 2);
		this.partition.redis().set(OPENS, count);
		assertThat(admit(limited, "a", 1)).isEqualTo(new Admission.TooManyOpens(Duration.ofMinutes(1)));
		assertThat(this.partition.redis().pttl(OPENS)).isBetween(50_000L, 60_000L);
		assertThat(this.partition.redis().get(OPENS)).isEqualTo(count);
	}

	@Test
	void whatADeadNodeHeldIsForgotten() {
		Addresses two = this.partition.addresses(2, 0);
		assertThat(admit(two, "dead", 1)).isInstanceOf(Admission.Admitted.class);
		assertThat(admit(two, "dead", 2)).isInstanceOf(Admission.Admitted.class);
		assertThat(admit(two, "a", 1)).isEqualTo(TOO_MANY);
		this.partition.redis().del(PREFIX + "lease:dead");
		assertThat(admit(two, "a", 1)).isInstanceOf(Admission.Admitted.class);
		assertThat(this.partition.redis().hgetall(CONNECTIONS)).containsOnly(Map.entry("a", "1"));
	}

	@Test
	void opensCountForAWhileFromTheFirstOn() {
		Addresses limited = this.partition.addresses(0, 2);
		assertThat(admit(limited, "a", 1)).isInstanceOf(Admission.Admitted.class);
		this.partition.redis().pexpire(OPENS, 30_000);
		assertThat(admit(limited, "b", 1)).isInstanceOfSatisfying(Admission.Admitted.class, (admitted) -> {
			assertThat(admitted.connections()).isZero();
			assertThat(admitted.opens()).isEqualTo(2);
			assertThat(admitted.reset()).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(30));
		});
		for (int i = 0; i < 3; i++) {
			Duration reset = ((Admission.TooManyOpens) admit(limited, "a", 2)).reset();
			assertThat(reset).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(30));
		}
		assertThat(this.partition.redis().get(OPENS)).isEqualTo("2");
		this.partition.redis().pexpire(OPENS, 1);
		await().until(() -> this.partition.redis().exists(OPENS) == 0);
		assertThat(admit(limited, "a", 2)).isInstanceOf(Admission.Admitted.class);
		assertThat(this.partition.redis().pttl(OPENS)).isBetween(50_000L, 60_000L);
	}

	@Test
	void whatIsRefusedCountsForNothing() {
		Addresses limited = this.partition.addresses(1, 5);
		assertThat(admit(limited, "a", 1)).isInstanceOf(Admission.Admitted.class);
		assertThat(admit(limited, "a", 2)).isEqualTo(TOO_MANY);
		assertThat(this.partition.redis().get(OPENS)).isEqualTo("1");
		Addresses opens = this.partition.addresses(9, 1);
		assertThat(admit(opens, "a", 2)).isInstanceOf(Admission.TooManyOpens.class);
		assertThat(this.partition.redis().hgetall(CONNECTIONS)).containsOnly(Map.entry("a", "1"));
	}

	@Test
	void withoutALimitNothingIsCounted() {
		assertThat(admit(this.partition.addresses(0, 0), "a", 1_000))
			.isEqualTo(new Admission.Admitted(0, 0, Duration.ZERO));
		assertThat(this.partition.redis().exists(CONNECTIONS, OPENS)).isZero();
	}

}
