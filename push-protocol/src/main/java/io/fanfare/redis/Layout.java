package io.fanfare.redis;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.async.RedisAsyncCommands;
import org.jspecify.annotations.Nullable;

/**
 * The version of the keys and of what they hold. Redis keeps it under a key of its own,
 * which the first process sets, so that a process of another version does not take what
 * it finds for its own. A change after which processes of both versions cannot share one
 * Redis raises it.
 */
final class Layout {

	/** The version that this code reads and writes. */
	static final int VERSION = 1;

	private static final byte[] EXPECTED = RedisKeys.bytes(Integer.toString(VERSION));

	/** More is no version, and not repeated. */
	private static final int LONGEST = 10;

	private final byte[] key;

	Layout(RedisKeys keys) {
		this.key = keys.layout();
	}

	/**
	 * Compares the version in Redis with this one, and sets it where there is none. A
	 * server that refuses to be written to keeps none, and is not held to be of another.
	 * @param commands a new connection
	 * @throws UnfitRedisException if it is another version
	 */
	void check(RedisAsyncCommands<byte[], byte[]> commands)
			throws ExecutionException, TimeoutException, InterruptedException {
		byte[] found = read(commands);
		if (found == null && begin(commands)) {
			found = read(commands);
		}
		if (found != null && !Arrays.equals(found, EXPECTED)) {
			throw unfit((found.length > 0 && found.length <= LONGEST) ? new String(found, StandardCharsets.US_ASCII)
					: "something else");
		}
	}

	private byte @Nullable [] read(RedisAsyncCommands<byte[], byte[]> commands)
			throws ExecutionException, TimeoutException, InterruptedException {
		try {
			return SupervisedLink.<byte @Nullable []>await(commands.get(this.key));
		}
		catch (ExecutionException ex) {
			if (String.valueOf(ex.getCause()).contains("WRONGTYPE")) {
				throw unfit("something else");
			}
			throw ex;
		}
	}

	private boolean begin(RedisAsyncCommands<byte[], byte[]> commands)
			throws ExecutionException, TimeoutException, InterruptedException {
		try {
			SupervisedLink.await(commands.set(this.key, EXPECTED, SetArgs.Builder.nx()));
			return true;
		}
		catch (ExecutionException ex) {
			if (ex.getCause() instanceof RedisCommandExecutionException) {
				return false;
			}
			throw ex;
		}
	}

	private UnfitRedisException unfit(String found) {
		return new UnfitRedisException("The layout in Redis, " + new String(this.key, StandardCharsets.US_ASCII)
				+ ", is " + found.replaceAll("[^ -~]", "?") + "; this version of Fanfare expects " + VERSION);
	}

}
