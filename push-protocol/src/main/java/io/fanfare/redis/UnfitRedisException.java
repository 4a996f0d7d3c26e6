package io.fanfare.redis;

/** Redis is set up in a way with which a process must not start. */
@SuppressWarnings("serial")
public final class UnfitRedisException extends RuntimeException {

	UnfitRedisException(String message) {
		super(message);
	}

}
