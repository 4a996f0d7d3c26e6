package io.fanfare.protocol.redis;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.fanfare.protocol.redis.Presence.Field;
import io.fanfare.protocol.redis.Presence.Slice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.protocol.redis.RedisPartition.PREFIX;
import static io.fanfare.protocol.redis.RedisPartition.PRESENCE;
import static io.fanfare.protocol.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class ReapPresenceIT {

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void fieldsOfDeadNodesGoThoseOfLivingOnesStayAndOwnOnesAreNamed() {
		this.partition.redis().set(PREFIX + "lease:alive", "1");
		this.partition.owner("alice", "dead", "c1", 5, "page");
		this.partition.owner("bob", "alive", "c2", 6, "page");
		this.partition.owner("a user", "self", "c3", 7, "page");
		Slice slice = get(this.partition.presence().reap("self", "0", 100));
		assertThat(slice).isEqualTo(new Slice("0", 1, List.of(new Field("a user", "c3", 7))));
		assertThat(this.partition.redis().hkeys(PRESENCE)).containsExactlyInAnyOrder("bob", "a user");
	}

	@Test
	void ownFieldsAreLeftToTheirNodeEvenWithoutALease() {
		this.partition.owner("alice", "self", "c1", 5, "page");
		assertThat(get(this.partition.presence().reap("self", "0", 100)).removed()).isZero();
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isTrue();
	}

	@Test
	void anEmptyHashIsWalkedAtOnce() {
		assertThat(get(this.partition.presence().reap("self", "0", 100))).isEqualTo(new Slice("0", 0, List.of()));
	}

	@Test
	void aWalkInSlicesSeesEveryFieldOfALargeHash() {
		this.partition.redis().set(PREFIX + "lease:alive", "1");
		for (int i = 0; i < 2100; i++) {
			this.partition.owner("user-" + i, switch (i % 3) {
				case 0 -> "dead-" + i % 7;
				case 1 -> "alive";
				default -> "self";
			}, "c" + i, 10 + i, "page");
		}
		String cursor = "0";
		long removed = 0;
		int slices = 0;
		Set<Field> own = new HashSet<>();
		do {
			Slice slice = get(this.partition.presence().reap("self", cursor, 100));
			removed += slice.removed();
			own.addAll(slice.own());
			cursor = slice.cursor();
			slices++;
		}
		while (!cursor.equals("0"));
		assertThat(removed).isEqualTo(700);
		assertThat(own).hasSize(700).contains(new Field("user-2", "c2", 12));
		assertThat(slices).isBetween(10, 100);
		assertThat(this.partition.redis().hlen(PRESENCE)).isEqualTo(1400);
	}

}
