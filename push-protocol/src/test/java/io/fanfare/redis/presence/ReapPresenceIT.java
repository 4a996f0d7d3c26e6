package io.fanfare.redis.presence;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Silent;
import io.fanfare.redis.presence.Presence.Slice;
import io.fanfare.redis.presence.Presence.Suspect;
import io.fanfare.redis.presence.Presence.Suspicion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class ReapPresenceIT {

	private static final String RENEWALS = PREFIX + "renewals";

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void fieldsOfDeadNodesGoThoseOfLivingOnesStayAndOwnOnesAreNamed() {
		this.partition.redis().set(PREFIX + "lease:alive", "1");
		this.partition.redis().hset(RENEWALS, "dead", "1.7");
		this.partition.owner("alice", "dead", "c1", 5, "page");
		this.partition.owner("bob", "alive", "c2", 6, "page");
		this.partition.owner("a user", "self", "c3", 7, "page");
		Silent dead = new Silent("dead", "1.7");
		Slice first = reap();
		assertThat(first).isEqualTo(new Slice("0", 0, 0, List.of(dead), List.of(new Field("a user", "c3", 7))));
		Slice second = reap(new Suspect(dead, Suspicion.DEAD));
		assertThat(second).isEqualTo(new Slice("0", 1, 0, List.of(dead), List.of(new Field("a user", "c3", 7))));
		assertThat(this.partition.redis().hkeys(PRESENCE)).containsExactlyInAnyOrder("bob", "a user");
	}

	@Test
	void aNodeThatIsOnlySilentLosesNothing() {
		this.partition.owner("alice", "silent", "c1", 5, "page");
		Silent silent = new Silent("silent", "");
		for (int i = 0; i < 3; i++) {
			assertThat(reap(new Suspect(silent, Suspicion.SILENT)))
				.isEqualTo(new Slice("0", 0, 0, List.of(silent), List.of()));
		}
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isTrue();
	}

	@Test
	void aNodeThatRenewedMeanwhileLosesNothingThoughItsLeaseIsGone() {
		this.partition.redis().hset(RENEWALS, "back", "1.8");
		this.partition.owner("alice", "back", "c1", 5, "page");
		Slice slice = reap(new Suspect(new Silent("back", "1.7"), Suspicion.DEAD));
		assertThat(slice).isEqualTo(new Slice("0", 0, 0, List.of(new Silent("back", "1.8")), List.of()));
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isTrue();
	}

	@Test
	void aNodeThatHasALeaseAgainLosesNothing() {
		this.partition.redis().set(PREFIX + "lease:back", "1");
		this.partition.owner("alice", "back", "c1", 5, "page");
		Slice slice = reap(new Suspect(new Silent("back", ""), Suspicion.DEAD));
		assertThat(slice).isEqualTo(new Slice("0", 0, 0, List.of(), List.of()));
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isTrue();
	}

	@Test
	void aNodeThatDiedWithoutAUserIsFoundAndForgotten() {
		this.partition.redis().hset(RENEWALS, "dead", "1.7");
		Silent dead = new Silent("dead", "1.7");
		assertThat(reap().silent()).containsExactly(dead);
		reap(new Suspect(dead, Suspicion.GONE));
		assertThat(this.partition.redis().exists(RENEWALS)).isZero();
		assertThat(reap().silent()).isEmpty();
	}

	@Test
	void ownFieldsAreLeftToTheirNodeEvenWithoutALease() {
		this.partition.owner("alice", "self", "c1", 5, "page");
		assertThat(reap(new Suspect(new Silent("self", ""), Suspicion.DEAD)).removed()).isZero();
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isTrue();
	}

	@Test
	void fieldsThatCannotBeReadAreRemovedAndStopNobody() {
		this.partition.redis().set(PREFIX + "lease:alive", "1");
		this.partition.owner("alice", "alive", "c1", 5, "page");
		List<String> junk = List.of("junk", "", " ", "alive c 1-0 p 1 normal 0", "alive c 1-0 p 1 normal 0 0 more",
				"alive c x p 1 normal 0 0", "alive c 99999999999999-0 p 1 normal 0 0",
				"alive c 5-9999999 p 1 normal 0 0", "alive c 1-0 p x normal 0 0", "alive c 1-0 p 1 normal x 0",
				"alive c 1-0 p 1234567890123456789 normal 0 0", "self c 1-0 p 1 /page/ 0 0",
				"self  c 1-0 p 1 normal 0 0", "self c 00000000000000001-0 p 1 normal 0 0", "alive\0 c 1-0");
		for (int i = 0; i < junk.size(); i++) {
			this.partition.redis().hset(PRESENCE, "user-" + i, junk.get(i));
			assertThat(get(this.partition.presence().find("user-" + i))).as(junk.get(i)).isNull();
		}
		Slice slice = reap();
		assertThat(slice.unreadable()).isEqualTo(junk.size());
		assertThat(slice.own()).isEmpty();
		assertThat(this.partition.redis().hkeys(PRESENCE)).containsExactly("alice");
	}

	@Test
	void anEmptyHashIsWalkedAtOnce() {
		assertThat(reap()).isEqualTo(new Slice("0", 0, 0, List.of(), List.of()));
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
		List<Suspect> dead = IntStream.range(0, 7)
			.mapToObj((i) -> new Suspect(new Silent("dead-" + i, ""), Suspicion.DEAD))
			.toList();
		String cursor = "0";
		long removed = 0;
		int slices = 0;
		Set<Field> own = new HashSet<>();
		do {
			Slice slice = get(this.partition.presence().reap("self", cursor, 100, dead));
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

	private Slice reap(Suspect... suspects) {
		return get(this.partition.presence().reap("self", "0", 100, List.of(suspects)));
	}

}
