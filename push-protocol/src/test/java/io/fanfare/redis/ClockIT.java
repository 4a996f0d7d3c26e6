package io.fanfare.redis;

import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.history.Publisher;
import io.lettuce.core.ScriptOutputType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static io.fanfare.redis.RedisPartition.CLOCK;
import static io.fanfare.redis.RedisPartition.RUN;
import static io.fanfare.redis.RedisPartition.SINCE;
import static io.fanfare.redis.RedisPartition.TOLD_MS;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The preambles {@code ids}, {@code clock}, {@code take} and {@code guard}: ids, and how
 * a loss of data is noticed.
 */
class ClockIT {

	/** The first of some ids, for a publish. */
	private static final String TAKE = """
			local ms, seq = clock_take(tonumber(ARGV[3]), KEYS[1], KEYS[2], ARGV[1], KEYS[3], ARGV[2])
			return string.format('%.0f-%.0f', ms, seq)""";

	/** 15 s ahead of the told time. */
	private static final String LEAPT = (TOLD_MS + 15_000) + "-0";

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@ParameterizedTest
	@CsvSource({ "0-0, 5, 5-0", "5-0, 5, 5-1", "5-7, 6, 6-0", "5-7, 4, 5-8", "5-1048574, 5, 5-1048575",
			"5-1048575, 5, 6-0", "5-1048575, 4, 6-0", "5-1048575, 6, 6-0", "5-1048575, 7, 7-0",
			"8796093022206-1048575, 1, 8796093022207-0" })
	void theNextIdIsTheTimeOrOneMoreThanTheLast(String last, String now, String next) {
		String id = this.partition.withClockAt(1, "return id_after(ARGV[1], tonumber(ARGV[2]))", ScriptOutputType.VALUE,
				List.of(), last, now);
		assertThat(id).isEqualTo(next);
	}

	@ParameterizedTest
	@CsvSource({ "1-0, 0-0, 1", "0-0, 0-0, 0", "10-0, 9-5, 1", "9-5, 10-0, 0", "9-10, 9-9, 1", "9-9, 9-10, 0",
			"1800000000000-1048575, 1800000000000-1048574, 1" })
	void idsAreComparedAsNumbers(String a, String b, long above) {
		Long answer = this.partition.withClockAt(1, "return id_above(ARGV[1], ARGV[2]) and 1 or 0",
				ScriptOutputType.INTEGER, List.of(), a, b);
		assertThat(answer).isEqualTo(above);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "junk", "5", "-1-0", "5-", "5-0 ", "8796093022208-0", "5-1048576" })
	void aClockThatIsNoIdFailsEveryCallForAnIdMightComeTwice(String junk) {
		get(this.partition.history().lastIds(List.of()));
		this.partition.redis().set(CLOCK, junk);
		for (String seen : List.of("0-0", TOLD_MS + "-0")) {
			assertThatThrownBy(() -> next(TOLD_MS, seen)).hasMessageContaining("the clock of the partition is no id");
		}
		assertThat(this.partition.history().lastIds(List.of())).failsWithin(RedisPartition.TIMEOUT);
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(junk);
		this.partition.redis().del(CLOCK);
		this.partition.redis().lpush(CLOCK, "no", "text");
		assertThatThrownBy(() -> next(TOLD_MS, "0-0")).hasMessageContaining("WRONGTYPE");
		assertThat(this.partition.history().lastIds(List.of())).failsWithin(RedisPartition.TIMEOUT);
	}

	@Test
	void theTimeIsInMillisecondsRoundedDown() {
		Long ms = this.partition.withClockAt(1, "return real.call('TIME')[1] * 1000 - time_ms() > 1000 and 1 or 0",
				ScriptOutputType.INTEGER, List.of());
		assertThat(ms).as("the told time stands in for the server's").isEqualTo(1);
		String told = this.partition.withClockAt(TOLD_MS + 999, "return string.format('%.0f', time_ms())",
				ScriptOutputType.VALUE, List.of());
		assertThat(told).isEqualTo(Long.toString(TOLD_MS + 999));
	}

	@Test
	void theFirstIdIsTheTime() {
		assertThat(next(TOLD_MS, "0-0")).isEqualTo(TOLD_MS + "-0");
		assertThat(this.partition.redis().get(SINCE)).isNull();
	}

	@Test
	void idsGoOnWhileTimeStandsStillOrStepsBack() {
		assertThat(next(TOLD_MS, "0-0")).isEqualTo(TOLD_MS + "-0");
		assertThat(next(TOLD_MS, "0-0")).isEqualTo(TOLD_MS + "-1");
		assertThat(next(TOLD_MS - 3_600_000, "0-0")).isEqualTo(TOLD_MS + "-2");
		assertThat(next(TOLD_MS + 1, "0-0")).isEqualTo((TOLD_MS + 1) + "-0");
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo((TOLD_MS + 1) + "-0");
	}

	@Test
	void aFullSequenceCarriesIntoTheMilliseconds() {
		this.partition.redis().set(CLOCK, TOLD_MS + "-1048575");
		assertThat(next(TOLD_MS, "0-0")).isEqualTo((TOLD_MS + 1) + "-0");
		assertThat(next(TOLD_MS, "0-0")).isEqualTo((TOLD_MS + 1) + "-1");
	}

	@ParameterizedTest
	@CsvSource({ "5-0, 3, 5-1, 5-3", "5-1048572, 3, 5-1048573, 5-1048575", "5-1048573, 3, 6-0, 6-2",
			"4-7, 3, 5-0, 5-2" })
	void idsThatAreTakenTogetherShareTheirMilliseconds(String last, String count, String first, String clock) {
		this.partition.redis().set(CLOCK, last);
		String id = this.partition.withClockAt(5, TAKE, ScriptOutputType.VALUE, List.of(CLOCK, SINCE, RUN), last,
				"run-1", count);
		assertThat(id).isEqualTo(first);
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(clock);
	}

	@Test
	void anIdAboveTheClockLiftsItAndNothingBelowIsVouchedFor() {
		this.partition.redis().set(CLOCK, TOLD_MS + "-0");
		assertThat(next(TOLD_MS + 5, (TOLD_MS + 100) + "-7")).isEqualTo((TOLD_MS + 100) + "-9");
		assertThat(this.partition.redis().get(SINCE)).isEqualTo((TOLD_MS + 100) + "-8");
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo((TOLD_MS + 100) + "-9");
	}

	@Test
	void anIdUpToTheClockLiftsNothing() {
		this.partition.redis().set(CLOCK, TOLD_MS + "-3");
		assertThat(next(TOLD_MS, TOLD_MS + "-3")).isEqualTo(TOLD_MS + "-4");
		assertThat(this.partition.redis().get(SINCE)).isNull();
	}

	@Test
	void anEmptyStoreIsVouchedForFromNowOn() {
		assertThat(guard("run-1", "0-0", "0")).containsExactly(TOLD_MS + "-0", TOLD_MS + "-0");
		assertThat(this.partition.redis().get(RUN)).isEqualTo("run-1");
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(TOLD_MS + "-0");
		assertThat(this.partition.redis().get(SINCE)).isEqualTo(TOLD_MS + "-0");
	}

	/** What a publish begins is vouched for; no node has seen anything older. */
	@ParameterizedTest
	@ValueSource(strings = { "0", "1" })
	void aStoreThatAPublishBeganIsVouchedForFromItsFirstId(String durable) {
		assertThat(begin("run-1")).isEqualTo(TOLD_MS + "-1");
		assertThat(begin("run-1")).isEqualTo(TOLD_MS + "-2");
		assertThat(this.partition.redis().mget(RUN, SINCE)).extracting((value) -> value.getValue())
			.containsExactly("?run-1", TOLD_MS + "-0");
		assertThat(guard("run-1", "0-0", durable)).containsExactly(TOLD_MS + "-2", TOLD_MS + "-0");
		assertThat(this.partition.redis().get(RUN)).isEqualTo("run-1");
	}

	@ParameterizedTest
	@CsvSource({ "run-2, 0-0, 0", "run-2, 0-0, 1", "run-1, 9-0, 0", "run-1, 9-0, 1" })
	void aStoreThatAPublishBeganIsNotTrustedByWhoeverKnewAnOlderOne(String run, String seen, String durable) {
		begin("run-1");
		String lifted = run.equals("run-1") ? TOLD_MS + "-2" : LEAPT;
		assertThat(guard(run, seen, durable)).containsExactly(lifted, lifted);
		assertThat(this.partition.redis().get(RUN)).isEqualTo(run);
	}

	@Test
	void aPublishBeginsNoStoreThatLostWhatItsProcessHasSeen() {
		String id = this.partition.withClockAt(TOLD_MS, TAKE, ScriptOutputType.VALUE, List.of(CLOCK, SINCE, RUN), "9-0",
				"run-1", "1");
		assertThat(id).isEqualTo(TOLD_MS + "-1");
		assertThat(this.partition.redis().get(RUN)).isNull();
		assertThat(guard("run-1", "0-0", "0")).containsExactly(TOLD_MS + "-2", TOLD_MS + "-2");
	}

	@Test
	void theSameServerChangesNothing() {
		store("9-1", "run-1", "8-0");
		assertThat(guard("run-1", "9-1", "0")).containsExactly("9-1", "8-0");
		assertThat(this.partition.redis().mget(CLOCK, RUN, SINCE)).extracting((value) -> value.getValue())
			.containsExactly("9-1", "run-1", "8-0");
	}

	/** The server before may go on for a while. */
	@Test
	void anotherRunIdMovesSinceToAnIdAheadOfTime() {
		store((TOLD_MS + 10) + "-1", "run-1", "8-0");
		assertThat(guard("run-2", "9-1", "0")).containsExactly(LEAPT, LEAPT);
		assertThat(this.partition.redis().get(RUN)).isEqualTo("run-2");
		assertThat(guard("run-2", "9-1", "0")).as("once").containsExactly(LEAPT, LEAPT);
	}

	@Test
	void anotherRunIdNeverMovesTheClockBack() {
		store((TOLD_MS + 20_000) + "-1", "run-1", "8-0");
		String lifted = (TOLD_MS + 20_000) + "-2";
		assertThat(guard("run-2", "9-1", "0")).containsExactly(lifted, lifted);
	}

	@Test
	void aDurableStoreKeepsSinceWhenOnlyTheRunIdIsNew() {
		store("9-1", "run-1", "8-0");
		assertThat(guard("run-2", "9-1", "1")).containsExactly("9-1", "8-0");
		assertThat(this.partition.redis().get(RUN)).isEqualTo("run-2");
	}

	@Test
	void aDurableStoreThatLostItsRunIdOrItsSinceIsNotTrusted() {
		this.partition.redis().set(CLOCK, "9-1");
		this.partition.redis().set(SINCE, "8-0");
		assertThat(guard("run-1", "0-0", "1")).containsExactly(TOLD_MS + "-0", TOLD_MS + "-0");
		this.partition.redis().del(SINCE);
		assertThat(guard("run-1", "0-0", "1")).containsExactly(TOLD_MS + "-1", TOLD_MS + "-1");
	}

	@ParameterizedTest
	@CsvSource({ "0, run-1", "1, run-1", "0, run-2", "1, run-2" })
	void anIdAboveTheClockIsALossForEveryKindOfStore(String durable, String run) {
		store(TOLD_MS + "-1", "run-1", "8-0");
		String seen = (TOLD_MS + 500) + "-4";
		String lifted = run.equals("run-1") ? (TOLD_MS + 500) + "-5" : LEAPT;
		assertThat(guard(run, seen, durable)).containsExactly(lifted, lifted);
		assertThat(this.partition.redis().get(RUN)).isEqualTo(run);
	}

	@Test
	void idsFromTheAccessClassesNeverGoBackWithTheStoredClockAhead() {
		long ahead = System.currentTimeMillis() + 3_600_000;
		this.partition.redis().set(CLOCK, ahead + "-1048574");
		long previous = 0;
		for (int i = 0; i < 50; i++) {
			long id = ((Publisher.Result.Stored) get(
					this.partition.publisher().publish(List.of(ChannelName.ALL), RedisPartition.message("m"), null)))
				.receipts()
				.getFirst()
				.id();
			assertThat(id).isGreaterThan(previous);
			previous = id;
		}
		assertThat(MessageId.timestamp(previous)).isEqualTo(ahead + 1);
	}

	private void store(String clock, String run, String since) {
		this.partition.redis().set(CLOCK, clock);
		this.partition.redis().set(RUN, run);
		this.partition.redis().set(SINCE, since);
	}

	private String next(long now, String seen) {
		return this.partition.withClockAt(now, "return (select(4, clock_take(1, KEYS[1], KEYS[2], ARGV[1])))",
				ScriptOutputType.VALUE, List.of(CLOCK, SINCE), seen);
	}

	private String begin(String run) {
		return this.partition.withClockAt(TOLD_MS, TAKE, ScriptOutputType.VALUE, List.of(CLOCK, SINCE, RUN), "0-0", run,
				"1");
	}

	private List<Object> guard(String run, String seen, String durable) {
		return this.partition.withClockAt(TOLD_MS,
				"return {clock_guard(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3])}", ScriptOutputType.MULTI,
				List.of(CLOCK, RUN, SINCE), run, seen, durable);
	}

}
