package io.fanfare.redis;

import org.jspecify.annotations.Nullable;

/**
 * Redis did not do, or did not say that it did, what it was asked for. The outcome of a
 * command that was on its way is unknown: it may have been carried out.
 */
@SuppressWarnings("serial")
public final class RedisUnavailableException extends RuntimeException {

	private final @Nullable RedisRefusal refusal;

	private final boolean sent;

	public RedisUnavailableException(String message, @Nullable Throwable cause) {
		this(message, null, cause, true);
	}

	public RedisUnavailableException(RedisRefusal refusal, @Nullable Throwable cause) {
		this(refusal.sentence(), refusal, cause, true);
	}

	private RedisUnavailableException(String message, @Nullable RedisRefusal refusal, @Nullable Throwable cause,
			boolean sent) {
		super(message, cause);
		this.refusal = refusal;
		this.sent = sent;
	}

	/**
	 * There is no connection, so the command is not sent.
	 * @param refusal why Redis refuses connections, or null where it does not answer
	 */
	static RedisUnavailableException notConnected(@Nullable RedisRefusal refusal) {
		return new RedisUnavailableException((refusal != null) ? refusal.sentence() : "Redis is not connected", refusal,
				null, false);
	}

	/**
	 * Why Redis refused, where it did answer.
	 * @return the refusal, or null where Redis did not answer
	 */
	public @Nullable RedisRefusal refusal() {
		return this.refusal;
	}

	/**
	 * Whether the command may have been carried out, at least in part: it was sent, and
	 * Redis did not refuse it before it wrote anything.
	 * @return whether it may
	 */
	public boolean mayHaveWritten() {
		return this.sent && (this.refusal == null || !this.refusal.isBeforeWrites());
	}

}
