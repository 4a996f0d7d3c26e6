package io.fanfare.protocol.redis;

import org.jspecify.annotations.Nullable;

/**
 * Redis did not do, or did not say that it did, what it was asked for. The outcome of a
 * command that was on its way is unknown: it may have been carried out.
 */
@SuppressWarnings("serial")
public final class RedisUnavailableException extends RuntimeException {

	private final @Nullable RedisRefusal refusal;

	RedisUnavailableException(String message, @Nullable Throwable cause) {
		super(message, cause);
		this.refusal = null;
	}

	RedisUnavailableException(RedisRefusal refusal, @Nullable Throwable cause) {
		super(refusal.sentence(), cause);
		this.refusal = refusal;
	}

	/**
	 * Why Redis refused, where it did answer.
	 * @return the refusal, or null where Redis did not answer
	 */
	public @Nullable RedisRefusal refusal() {
		return this.refusal;
	}

}
