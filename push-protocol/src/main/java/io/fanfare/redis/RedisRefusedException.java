package io.fanfare.redis;

/** The server that a connection reached is not fit for use. */
@SuppressWarnings("serial")
final class RedisRefusedException extends RuntimeException {

	private final RedisRefusal refusal;

	RedisRefusedException(RedisRefusal refusal, String message) {
		super(message);
		this.refusal = refusal;
	}

	RedisRefusal refusal() {
		return this.refusal;
	}

}
