package io.fanfare.api.publish;

import java.time.Duration;

import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.history.PublishQuota;
import io.fanfare.redis.history.Publisher;

import org.springframework.http.HttpHeaders;

/**
 * What is answered for a message that Redis did not store, or may not have stored:
 * whether a repetition is safe, and what it does. Any thread may call.
 */
final class FailureReceipts {

	private static final String NOT_STORED = "The message is not stored: repeat it later";

	private static final String UNKNOWN = "Whether the message is stored is unknown";

	private static final String SOME_STORED = "Some recipients may have the message";

	private static final String REPEAT = ": repeat it with the same idempotency key";

	private static final String COMPLETES = ", which completes the rest";

	private static final String WITHOUT_KEY = ", and without an idempotency key a repetition may store it twice";

	private FailureReceipts() {
	}

	/**
	 * A call of the script failed.
	 * @param failure how
	 * @param message a message of the call
	 * @param began whether something of the message may be stored by another call
	 * @return what is answered
	 */
	static Receipt failed(Exception failure, PreparedMessage message, boolean began) {
		boolean unwritten = failure instanceof RedisUnavailableException unavailable && !unavailable.mayHaveWritten();
		return unwritten ? notSent(failure, message, began) : unknown(failure, message);
	}

	/**
	 * Nothing is written by this call; but a message with a key may be stored by an
	 * earlier request.
	 * @param reason why it is not sent
	 * @param message the message
	 * @param began whether something of it may be stored by another call
	 * @return what is answered
	 */
	static Receipt notSent(Exception reason, PreparedMessage message, boolean began) {
		return (began || message.hasKey()) ? unknown(reason, message)
				: new Receipt.Refused(Problem.redisUnavailable(reason, NOT_STORED));
	}

	private static Receipt unknown(Exception reason, PreparedMessage message) {
		return new Receipt.Unknown(Problem.redisUnavailable(reason, advice(message)));
	}

	/**
	 * The script refused the message before it wrote anything, and found no record.
	 * @param refused why
	 * @param message the message
	 * @param began whether something of it may be stored by another call
	 * @return what is answered
	 */
	static Receipt refused(Publisher.Result.Refused refused, PreparedMessage message, boolean began) {
		return began ? new Receipt.Unknown(Problem.redisRefused(refused.refusal(), advice(message)))
				: new Receipt.Refused(Problem.redisRefused(refused.refusal(), NOT_STORED));
	}

	/**
	 * A quota of the caller is used up; the script found no record.
	 * @param limited which quota
	 * @return what is answered
	 */
	static Receipt limited(Publisher.Result.Limited limited) {
		PublishQuota.Refusal limit = limited.limit();
		return new Receipt.Limited(
				Problem.quotaExceeded(limit.policy(), "The quota " + limit.policy()
						+ " is used up. The message is not stored: repeat it in " + seconds(limit.retryAfter()) + " s"),
				limit);
	}

	/**
	 * Ends a request of which nothing is stored.
	 * @param limited how a message of it was refused
	 * @return what is to be thrown
	 */
	static ProblemException quotaExceeded(Receipt.Limited limited) {
		return ProblemException.of(limited.problem())
			.with(HttpHeaders.RETRY_AFTER, Long.toString(seconds(limited.limit().retryAfter())));
	}

	/** In seconds, rounded up. */
	static long seconds(Duration duration) {
		return Math.max(1, Math.ceilDiv(duration.toMillis(), 1_000L));
	}

	private static String advice(PreparedMessage message) {
		boolean pieces = message.isInPieces();
		String what = pieces ? SOME_STORED : UNKNOWN;
		return what + (!message.hasKey() ? WITHOUT_KEY : pieces ? REPEAT + COMPLETES : REPEAT);
	}

	/** The script found the record of another message under the key. */
	static Receipt keyReused() {
		return new Receipt.Refused(
				Problem.of(ProblemType.IDEMPOTENCY_KEY_REUSED, "Another request was sent with this key before"));
	}

	/** A request with the key runs in this process. */
	static Receipt keyInUse() {
		return new Receipt.Refused(
				Problem.of(ProblemType.IDEMPOTENCY_KEY_IN_USE, "Wait for the answer of the other request"));
	}

}
