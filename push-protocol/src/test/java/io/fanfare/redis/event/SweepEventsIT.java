package io.fanfare.redis.event;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.event.PresenceEvents.Settings;
import io.fanfare.redis.event.PresenceEvents.Swept;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Presence.Field;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XAddArgs;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.SINCE;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/** What a sweep does where a walk lasts, a clock steps, or a key is not what it was. */
class SweepEventsIT {

	private static final String RECEIPTS = PREFIX + "receipts";

	private static final String OFFLINE = PREFIX + "offline";

	private static final String SETTINGS = PREFIX + "events";

	/** Longer than any test. */
	private static final Duration DELAY = Duration.ofMinutes(10);

	private static final int USERS = 1_000;

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@BeforeEach
	void meet() {
		get(this.partition.presence().renew("n0", List.of()));
	}

	@Test
	void aUserWhoLeavesBeforeTheWalkComesByIsReportedOnline() {
		for (int i = 0; i < USERS; i++) {
			this.partition.owner("user-" + i, "n0", "c" + i, 10 + i, "page");
		}
		assertThat(sweep().more()).isTrue();
		Set<String> reported = reported();
		int missed = 0;
		while (reported.contains("user-" + missed)) {
			missed++;
		}
		String user = "user-" + missed;
		assertThat(get(this.partition.presence().release(List.of(new Field(user, "c" + missed, MessageId.ZERO)))))
			.isEqualTo(1);
		while (sweep().more()) {
			assertThat(this.partition.redis().get(SETTINGS)).endsWith(" walking");
		}
		assertThat(this.partition.redis().get(SETTINGS)).doesNotContain("walking");
		claim(user);
		assertThat(this.partition.redis().zscore(OFFLINE, user)).isNull();
		assertThat(reported()).contains(user).hasSize(USERS);
		assertThat(sweep()).as("no walk begins anew").isEqualTo(new Swept(0, 0, false));
	}

	@Test
	void theWalkBeginsAnewWhereItsCursorIsNone() {
		sweep();
		this.partition.owner("alice", "n0", "c0", 10, "page");
		this.partition.redis().set(PREFIX + "events:walk", "junk");
		assertThat(sweep()).isEqualTo(new Swept(0, 1, false));
		assertThat(reported()).containsExactly("alice");
	}

	@Test
	void aSweepThatFailsDoesNotKeepTheSettings() {
		sweep();
		long left = 50_000;
		for (String key : List.of(OFFLINE, PREFIX + "events:walk")) {
			this.partition.redis().hset(key, "junk", "junk");
			this.partition.redis().pexpire(SETTINGS, left);
			assertThatException().as(key).isThrownBy(this::sweep);
			assertThat(this.partition.redis().pttl(SETTINGS)).as(key).isBetween(1L, left);
			this.partition.redis().del(key);
		}
		assertThat(sweep()).isEqualTo(new Swept(0, 0, false));
		assertThat(this.partition.redis().pttl(SETTINGS)).isGreaterThan(left);
	}

	@Test
	void whoIsOnTheWayToOfflineIsForgottenWhereNoProcessSweeps() {
		sweep();
		claim("alice");
		release("alice");
		Duration most = DELAY.plus(PresenceEvents.LIFE);
		assertThat(this.partition.redis().pttl(OFFLINE)).isBetween(PresenceEvents.LIFE.toMillis(), most.toMillis());
		this.partition.redis().pexpire(OFFLINE, 50_000);
		sweep();
		assertThat(this.partition.redis().pttl(OFFLINE)).as("no sooner than the settings")
			.isGreaterThanOrEqualTo(this.partition.redis().pttl(SETTINGS));
	}

	@Test
	void aUserIsReportedOfflineThoughTheClockWentBack() {
		sweep();
		claim("alice");
		claim("bob");
		release("alice");
		release("bob");
		double due = this.partition.redis().zscore(OFFLINE, "alice");
		this.partition.redis().zadd(OFFLINE, due + Duration.ofMinutes(1).toMillis(), "alice");
		assertThat(sweep()).isEqualTo(new Swept(1, 0, false));
		assertThat(entries().getLast().getBody()).containsEntry("type", "user.offline").containsEntry("user", "alice");
		assertThat(this.partition.redis().zrange(OFFLINE, 0, -1)).containsExactly("bob");
	}

	@Test
	void idsDoNotFallWhereAnotherServerTookOver() {
		String floor = MessageId.format(MessageId.of(System.currentTimeMillis() + 15_000, 3));
		this.partition.redis().set(SINCE, floor);
		sweep();
		claim("alice");
		List<StreamMessage<String, String>> entries = entries();
		assertThat(entries).hasSize(2);
		assertThat(entries.getFirst().getId()).isEqualTo(floor);
		assertThat(entries.getFirst().getBody()).containsEntry("type", "presence.reset");
		assertThat(MessageId.parse(entries.getLast().getId())).isGreaterThan(MessageId.parse(floor));
	}

	@Test
	void aResetIsAddedAlsoBehindAStreamThatIsAheadOfTheFloor() {
		long ahead = System.currentTimeMillis() + 60_000;
		this.partition.redis().xadd(RECEIPTS, new XAddArgs().id(ahead + "-0"), "type", "t");
		this.partition.redis().set(SINCE, MessageId.format(MessageId.of(ahead - 30_000, 0)));
		sweep();
		assertThat(entries()).hasSize(2)
			.last()
			.extracting(StreamMessage::getId, (entry) -> entry.getBody().get("type"))
			.containsExactly(ahead + "-1", "presence.reset");
	}

	private Swept sweep() {
		return get(new PresenceEvents(this.partition.link(), this.partition.keys, new Settings(DELAY, 100_000, false))
			.sweep());
	}

	private void claim(String user) {
		assertThat(get(this.partition.presence().claim("n1", new Claim(user, "n1." + user, "page", Tier.NORMAL))))
			.isInstanceOf(ClaimResult.Owner.class);
	}

	private void release(String user) {
		assertThat(get(this.partition.presence().release(List.of(new Field(user, "n1." + user, MessageId.ZERO)))))
			.isEqualTo(1);
	}

	private List<StreamMessage<String, String>> entries() {
		return this.partition.redis().xrange(RECEIPTS, Range.unbounded());
	}

	/** Who was reported online. */
	private Set<String> reported() {
		Set<String> users = new HashSet<>();
		entries().stream()
			.filter((entry) -> entry.getBody().get("type").equals("user.online"))
			.forEach((entry) -> users.add(entry.getBody().get("user")));
		return users;
	}

}
