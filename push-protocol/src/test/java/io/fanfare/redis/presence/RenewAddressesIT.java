package io.fanfare.redis.presence;

import java.util.Map;

import io.fanfare.redis.RedisPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class RenewAddressesIT {

	private static final String CONNECTIONS = PREFIX + "connections:";

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void aNodeSaysHowManyItHoldsNow() {
		Addresses addresses = this.partition.addresses(5, 5);
		get(addresses.renew("a", Map.of("192.0.2.1", 3, "192.0.2.2", 1)));
		get(addresses.renew("b", Map.of("192.0.2.1", 2)));
		this.partition.redis().pexpire(CONNECTIONS + "192.0.2.1", 1_000);
		get(addresses.renew("a", Map.of("192.0.2.1", 1, "192.0.2.2", 0)));
		assertThat(this.partition.redis().hgetall(CONNECTIONS + "192.0.2.1")).containsOnly(Map.entry("a", "1"),
				Map.entry("b", "2"));
		assertThat(this.partition.redis().pttl(CONNECTIONS + "192.0.2.1")).isBetween(290_000L, 300_000L);
		assertThat(this.partition.redis().exists(CONNECTIONS + "192.0.2.2")).isZero();
	}

}
