package io.fanfare.api.publish;

import java.util.List;
import java.util.stream.IntStream;

import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.history.Publisher.Result;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class FailureReceiptsTests {

	private final Exception noAnswer = new RedisUnavailableException("No answer", null);

	/** Redis refuses these before a script writes anything. */
	private final Exception noReplicas = new RedisUnavailableException(RedisRefusal.NOREPLICAS, null);

	private final Exception noTurn = ProblemException.of(ProblemType.REDIS_UNAVAILABLE, "No turn");

	private static final String NOT_STORED = "The message is not stored: repeat it later";

	private static final String UNKNOWN = "Whether the message is stored is unknown: repeat it with the same idempotency key";

	private static final String UNKNOWN_WITHOUT_KEY = "Whether the message is stored is unknown, and without an idempotency"
			+ " key a repetition may store it twice";

	private static final String SOME = "Some recipients may have the message: repeat it with the same idempotency key, which"
			+ " completes the rest";

	private static final String SOME_WITHOUT_KEY = "Some recipients may have the message, and without an idempotency key a"
			+ " repetition may store it twice";

	@Test
	void afterACallWithoutAnswerTheMessageMayBeStored() {
		assertUnknown(FailureReceipts.failed(this.noAnswer, message(1, "k"), false), UNKNOWN);
		assertUnknown(FailureReceipts.failed(this.noAnswer, message(1, null), false), UNKNOWN_WITHOUT_KEY);
		assertUnknown(FailureReceipts.failed(this.noAnswer, message(33, "k"), false), SOME);
		assertUnknown(FailureReceipts.failed(this.noAnswer, message(33, null), false), SOME_WITHOUT_KEY);
	}

	@Test
	void whatIsRefusedBeforeAnyWriteIsNotStoredUnlessAnEarlierRequestMayHaveStoredIt() {
		assertRefused(FailureReceipts.failed(this.noReplicas, message(1, null), false),
				"Redis refuses writes (NOREPLICAS). " + NOT_STORED);
		assertUnknown(FailureReceipts.failed(this.noReplicas, message(1, "k"), false),
				"Redis refuses writes (NOREPLICAS). " + UNKNOWN);
		assertUnknown(FailureReceipts.failed(this.noReplicas, message(33, null), true),
				"Redis refuses writes (NOREPLICAS). " + SOME_WITHOUT_KEY);
	}

	@Test
	void whatIsNotSentIsNotStoredUnlessAPieceOrAnEarlierRequestMayBe() {
		assertRefused(FailureReceipts.notSent(this.noTurn, message(1, null), false), NOT_STORED);
		assertRefused(FailureReceipts.notSent(this.noTurn, message(33, null), false), NOT_STORED);
		assertUnknown(FailureReceipts.notSent(this.noTurn, message(1, "k"), false), UNKNOWN);
		assertUnknown(FailureReceipts.notSent(this.noTurn, message(33, null), true), SOME_WITHOUT_KEY);
	}

	/** The script looks for the record of the key before it refuses. */
	@Test
	void whatTheScriptRefusedIsNotStoredEvenWithAKey() {
		Result.Refused full = new Result.Refused(RedisRefusal.OOM);
		Receipt refused = FailureReceipts.refused(full, message(1, "k"), false);
		assertRefused(refused, "Redis refuses writes (OOM). " + NOT_STORED);
		assertThat(((Receipt.Refused) refused).problem().type()).isEqualTo(ProblemType.REDIS_FULL.uri());
		assertUnknown(FailureReceipts.refused(full, message(33, "k"), true), "Redis refuses writes (OOM). " + SOME);
	}

	@Test
	void aKeyThatIsTakenIsARefusal() {
		assertThat(FailureReceipts.keyInUse()).isInstanceOfSatisfying(Receipt.Refused.class,
				(receipt) -> assertThat(receipt.problem().status()).isEqualTo(409));
		assertThat(FailureReceipts.keyReused()).isInstanceOfSatisfying(Receipt.Refused.class,
				(receipt) -> assertThat(receipt.problem().status()).isEqualTo(422));
	}

	private static void assertRefused(Receipt receipt, String detail) {
		assertThat(receipt).isInstanceOfSatisfying(Receipt.Refused.class,
				(refused) -> assertUnavailable(refused.problem(), detail));
	}

	private static void assertUnknown(Receipt receipt, String detail) {
		assertThat(receipt).isInstanceOfSatisfying(Receipt.Unknown.class,
				(unknown) -> assertUnavailable(unknown.problem(), detail));
	}

	private static void assertUnavailable(Problem problem, String detail) {
		assertThat(problem.status()).isEqualTo(503);
		assertThat(problem.detail()).isEqualTo(detail);
	}

	private static PreparedMessage message(int users, @Nullable String key) {
		List<ChannelName> channels = IntStream.range(0, users).mapToObj((i) -> ChannelName.user("u" + i)).toList();
		return Messages.to(0, new Target.Users(channels), key);
	}

}
