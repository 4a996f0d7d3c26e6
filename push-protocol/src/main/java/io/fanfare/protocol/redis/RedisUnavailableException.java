package io.fanfare.protocol.redis;

import org.jspecify.annotations.Nullable;

/**
 * Redis did not do, or did not say that it did, what it was asked for. The outcome of a
 * command that was on its way is unknown: it may have been carried out.
 */
@SuppressWarnings("serial")
public final class RedisUnavailableException extends RuntimeException {

	RedisUnavailableException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
