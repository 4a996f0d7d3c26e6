package io.fanfare.redis.cluster;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.cluster.AlertBoard.Lead;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.bytes;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Who notifies of alerts, and what is left to the process that follows. */
class AlertBoardIT {

	private static final Duration LIFE = Duration.ofMinutes(1);

	private static final Duration KEPT = Duration.ofDays(8);

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	private AlertBoard board;

	@BeforeEach
	void open() {
		this.board = new AlertBoard(this.partition.link(), new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0));
	}

	@Test
	void oneProcessLeadsAndTheNextBeginsWithWhatItLeft() {
		assertThat(get(lead("a", Map.of("1", bytes("lost"))))).isInstanceOfSatisfying(Lead.Begun.class,
				(begun) -> assertThat(begun.alerts()).isEmpty());
		assertThat(get(lead("b", Map.of("1", bytes("of b"))))).isInstanceOf(Lead.Other.class);
		assertThat(get(lead("a", Map.of("1", bytes("one"), "2", bytes("two"))))).isInstanceOf(Lead.Kept.class);
		assertThat(get(lead("a", Map.of("2", AlertBoard.removed())))).isInstanceOf(Lead.Kept.class);
		this.partition.redis().del("fanfare:alerts:leader");
		assertThat(get(lead("b", Map.of("1", bytes("of b"))))).isInstanceOfSatisfying(Lead.Begun.class,
				(begun) -> assertThat(begun.alerts()).hasSize(1)
					.hasEntrySatisfying("1",
							(alert) -> assertThat(new String(alert, StandardCharsets.UTF_8)).isEqualTo("one")));
		assertThat(get(lead("a", Map.of("1", bytes("late"))))).isInstanceOf(Lead.Other.class);
		assertThat(this.partition.redis().hgetall("fanfare:alerts")).containsExactly(Map.entry("1", "one"));
	}

	@Test
	void aLeadEndsByItselfAndAlertsAreKeptForDays() {
		get(this.board.lead("a", false, Duration.ofMillis(50), KEPT, Map.of()));
		get(this.board.lead("a", true, Duration.ofMillis(50), KEPT, Map.of("1", bytes("one"))));
		assertThat(this.partition.redis().pttl("fanfare:alerts")).isBetween(KEPT.toMillis() - 60_000, KEPT.toMillis());
		await().untilAsserted(() -> assertThat(get(lead("b", Map.of()))).isInstanceOf(Lead.Begun.class));
	}

	@Test
	void aLeadWhoseAnswerWasLostIsAnsweredAgain() {
		this.partition.redis().hset("fanfare:alerts", "1", "one");
		// Nothing is known of this answer
		get(this.board.lead("a", false, LIFE, KEPT, Map.of()));
		assertThat(get(this.board.lead("a", false, LIFE, KEPT, Map.of("1", bytes("unread")))))
			.isInstanceOfSatisfying(Lead.Begun.class, (begun) -> assertThat(begun.alerts()).containsOnlyKeys("1"));
		assertThat(this.partition.redis().hgetall("fanfare:alerts")).containsExactly(Map.entry("1", "one"));
		assertThat(get(lead("a", Map.of("1", bytes("read"))))).isInstanceOf(Lead.Kept.class);
		assertThat(this.partition.redis().hgetall("fanfare:alerts")).containsExactly(Map.entry("1", "read"));
	}

	@Test
	void aLeadThatIsReleasedIsAnothersAtOnceAndNoneButTheLeaderReleasesIt() {
		get(lead("a", Map.of()));
		get(lead("a", Map.of("1", bytes("one"))));
		get(this.board.release("b", KEPT));
		assertThat(this.partition.redis().get("fanfare:alerts:leader")).isEqualTo("a");
		get(this.board.release("a", KEPT));
		assertThat(this.partition.redis().exists("fanfare:alerts:leader")).isZero();
		get(this.board.release("a", KEPT));
		assertThat(this.partition.redis().exists("fanfare:alerts:leader")).isZero();
		assertThat(get(lead("b", Map.of()))).isInstanceOfSatisfying(Lead.Begun.class,
				(begun) -> assertThat(begun.alerts()).containsOnlyKeys("1"));
	}

	private CompletableFuture<Lead> lead(String who, Map<String, byte[]> changes) {
		return this.board.lead(who, true, LIFE, KEPT, changes);
	}

}
