package io.fanfare.redis;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.StatefulRedisConnection;

/**
 * The server that all links of a process follow.
 *
 * @param run its run id
 * @param dataLossFloor what it gave above this id no other server has; below it may lack
 * what an earlier one gave
 */
public record RedisServer(String run, long dataLossFloor) {

	/** Scripts say by their first line that they may run where memory is short. */
	private static final int OLDEST = 7;

	private static final Pattern RUN_ID = Pattern.compile("^run_id:(\\w++)", Pattern.MULTILINE);

	private static final Pattern VERSION = Pattern.compile("^redis_version:((\\d{1,6})\\.[\\w.-]*+)",
			Pattern.MULTILINE);

	/** A script writes a time in milliseconds as a long of C. */
	private static final Pattern BITS = Pattern.compile("^arch_bits:(\\d{1,6})", Pattern.MULTILINE);

	private static final Pattern ROLE = Pattern.compile("^role:(\\w++)", Pattern.MULTILINE);

	/**
	 * Finds out which server a connection reached, and waits for the answer.
	 * @param connection the connection, not subscribed to anything yet
	 * @return the server's run id
	 * @throws ExecutionException if Redis refuses to say it
	 * @throws TimeoutException if Redis does not answer
	 * @throws InterruptedException if the thread is interrupted
	 * @throws UnfitRedisException if the server is too old, or none of 64 bits
	 */
	public static String runOf(StatefulRedisConnection<byte[], byte[]> connection)
			throws ExecutionException, TimeoutException, InterruptedException {
		RedisFuture<String> server = connection.async().info("server");
		RedisFuture<String> replication = connection.async().info("replication");
		String info = SupervisedLink.await(server);
		Matcher runId = RUN_ID.matcher(info);
		Matcher version = VERSION.matcher(info);
		if (!runId.find() || !version.find()) {
			throw new RedisUnavailableException("Redis does not report its run id", null);
		}
		if (Integer.parseInt(version.group(2)) < OLDEST) {
			throw new UnfitRedisException(
					"Redis is of version " + version.group(1) + "; Fanfare needs " + OLDEST + ".0 or newer");
		}
		Matcher bits = BITS.matcher(info);
		if (bits.find() && !bits.group(1).equals("64")) {
			throw new UnfitRedisException("Redis is built for " + bits.group(1) + " bits; Fanfare needs 64");
		}
		Matcher role = ROLE.matcher(SupervisedLink.await(replication));
		if (role.find() && !role.group(1).equals("master")) {
			throw new RedisRefusedException(RedisRefusal.READONLY, "READONLY The server is a replica");
		}
		return runId.group(1);
	}

}
