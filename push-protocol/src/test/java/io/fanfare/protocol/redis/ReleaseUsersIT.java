package io.fanfare.protocol.redis;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.redis.Presence.Field;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.protocol.redis.RedisPartition.PRESENCE;
import static io.fanfare.protocol.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class ReleaseUsersIT {

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@BeforeEach
	void someoneIsConnected() {
		this.partition.owner("alice", "a", "c1", 5, "page");
	}

	@Test
	void theNamedConnectionAndGenerationAreReleased() {
		assertThat(release(new Field("alice", "c1", 5))).isEqualTo(1);
		assertThat(this.partition.redis().exists(PRESENCE)).isZero();
	}

	@Test
	void anotherConnectionIsNotReleased() {
		assertThat(release(new Field("alice", "c2", 5))).isZero();
		assertThat(release(new Field("alice", "c2", MessageId.ZERO))).isZero();
		assertThat(release(new Field("alice", "c", MessageId.ZERO))).isZero();
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isTrue();
	}

	@Test
	void anotherGenerationIsNotReleased() {
		assertThat(release(new Field("alice", "c1", 4))).isZero();
		assertThat(release(new Field("alice", "c1", 6))).isZero();
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isTrue();
	}

	@Test
	void anUnknownGenerationReleasesTheNamedConnection() {
		assertThat(release(new Field("alice", "c1", MessageId.ZERO))).isEqualTo(1);
	}

	@Test
	void whoIsNotConnectedIsNoError() {
		assertThat(release(new Field("bob", "c1", 5))).isZero();
		assertThat(release()).isZero();
	}

	@Test
	void aBatchReleasesWhatMatchesAndLeavesTheRest() {
		List<Field> fields = new ArrayList<>();
		for (int i = 0; i < 300; i++) {
			this.partition.owner("user " + i, "a", "c" + i, 100 + i, "page");
			fields.add(new Field("user " + i, (i % 3 == 0) ? "other" : "c" + i, 100 + i));
		}
		assertThat(release(fields.toArray(Field[]::new))).isEqualTo(200);
		assertThat(this.partition.redis().hlen(PRESENCE)).isEqualTo(101);
		assertThat(this.partition.redis().hexists(PRESENCE, "user 3")).isTrue();
		assertThat(this.partition.redis().hexists(PRESENCE, "user 4")).isFalse();
	}

	private long release(Field... fields) {
		return get(this.partition.presence().release(List.of(fields)));
	}

}
