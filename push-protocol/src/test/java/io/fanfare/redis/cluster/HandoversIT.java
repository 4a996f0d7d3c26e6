package io.fanfare.redis.cluster;

import java.util.HashMap;
import java.util.Map;

import io.fanfare.redis.RedisPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.bytes;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class HandoversIT {

	private static final String KEY = "fanfare:{0}:handover:a";

	private static final String INDEX = "fanfare:{0}:handovers";

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	private Handovers handovers;

	@BeforeEach
	void open() {
		this.handovers = this.partition.handovers();
	}

	@Test
	void aHandoverCountsOnceItIsWhole() {
		get(this.handovers.put("a", Map.of("alice", bytes("1"), "bob", bytes("2"))));
		get(this.handovers.put("a", Map.of("carol", bytes("3"))));
		assertThat(get(this.handovers.list())).isEmpty();
		assertThat(get(this.handovers.records("a", "alice"))).isNull();
		get(this.handovers.complete("a", bytes("{\"a b\":1}")));
		assertThat(get(this.handovers.list())).containsOnlyKeys("a").containsEntry("a", bytes("{\"a b\":1}"));
		assertThat(get(this.handovers.records("a", "alice"))).isEqualTo(bytes("1"));
		assertThat(get(this.handovers.records("a", "carol"))).isEqualTo(bytes("3"));
		assertThat(get(this.handovers.records("a", "dave"))).isEmpty();
		assertThat(get(this.handovers.records("b", "alice"))).isNull();
	}

	@Test
	void aHandoverExpires() {
		get(this.handovers.put("a", Map.of("alice", bytes("1"))));
		assertThat(this.partition.redis().pttl(KEY)).isBetween(1L, Handovers.KEPT.toMillis());
		get(this.handovers.complete("a", bytes("{}")));
		assertThat(this.partition.redis().pttl(KEY)).isBetween(1L, Handovers.KEPT.toMillis());
		assertThat(this.partition.redis().pttl(INDEX)).isBetween(1L, Handovers.KEPT.toMillis());
	}

	@Test
	void theNextHandoverRemovesThoseThatEndedFromTheList() {
		this.partition.redis().hset(INDEX, Map.of("old", "1785000000000 {}", "odd", "nonsense"));
		get(this.handovers.complete("a", bytes("{}")));
		get(this.handovers.complete("b", bytes("{}")));
		assertThat(get(this.handovers.list())).containsOnlyKeys("a", "b");
	}

	@Test
	void aPieceHasAsManyUsersAsItMay() {
		Map<String, byte[]> records = new HashMap<>();
		for (int i = 0; i < Handovers.MAX_USERS; i++) {
			records.put("user-" + i, bytes("x"));
		}
		get(this.handovers.put("a", records));
		assertThat(this.partition.redis().hlen(KEY)).isEqualTo(Handovers.MAX_USERS);
		records.put("one-more", bytes("x"));
		assertThatIllegalArgumentException().isThrownBy(() -> this.handovers.put("a", records));
	}

}
