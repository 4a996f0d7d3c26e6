package io.fanfare.redis;

import java.time.Duration;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;

/** How a Lettuce client must be set up for the links of this package. */
public final class RedisClientOptions {

	/**
	 * Commands that may wait for an answer at once; above it they fail, so a Redis that
	 * stalls cannot eat the heap.
	 */
	private static final int REQUEST_QUEUE_SIZE = 200_000;

	private RedisClientOptions() {
	}

	/**
	 * Options under which every command is bounded in time and none is sent twice:
	 * Lettuce's own reconnect would re-issue scripts that were in flight, whose outcome
	 * is unknown. A link whose connection ends makes a new one by itself.
	 * @param commandTimeout how long a command may take
	 * @param connectTimeout how long a connection attempt may take
	 * @return the options
	 */
	public static ClientOptions bounded(Duration commandTimeout, Duration connectTimeout) {
		return ClientOptions.builder()
			.autoReconnect(false)
			.disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
			.requestQueueSize(REQUEST_QUEUE_SIZE)
			.timeoutOptions(TimeoutOptions.enabled(commandTimeout))
			.socketOptions(
					SocketOptions.builder().connectTimeout(connectTimeout).keepAlive(true).tcpNoDelay(true).build())
			.build();
	}

}
