package io.fanfare.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.protocol.MessageId;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is asked of a server before the command link uses it: which server it is, whether
 * this process may use it and it takes writes, and what it holds.
 * <p>
 * Belongs to the link's thread; {@link #unfit} is for any thread.
 */
final class Greeting {

	private static final Logger log = LoggerFactory.getLogger(Greeting.class);

	private static final Pattern EVICTION = Pattern.compile("^maxmemory_policy:(\\S++)", Pattern.MULTILINE);

	private static final Pattern USER = Pattern.compile(" user=(\\S++)");

	private final RedisKeys keys;

	private final Layout layout;

	private final byte[] durable;

	private final RedisRefusals refusals;

	/** Why the last greeting found that this process must not use the server. */
	private volatile @Nullable String unfit;

	/** The policy of which was warned last. */
	private String warnedOf = "";

	/**
	 * Makes the greeting.
	 * @param keys the keys; their layout in Redis has to be the one of this version
	 * @param durable "1" where the store keeps all it acknowledged across a restart
	 * @param refusals records what Redis refuses
	 */
	Greeting(RedisKeys keys, byte[] durable, RedisRefusals refusals) {
		this.keys = keys;
		this.layout = new Layout(keys);
		this.durable = durable;
		this.refusals = refusals;
	}

	/**
	 * Why the last greeting found that this process must not use the server; null where
	 * it may.
	 */
	@Nullable String unfit() {
		return this.unfit;
	}

	/**
	 * Finds out which server this is, what it holds, and whether it takes writes, and
	 * loads the scripts. Blocks.
	 * @param connection a new connection
	 * @return the server
	 */
	RedisServer greet(StatefulRedisConnection<byte[], byte[]> connection)
			throws ExecutionException, TimeoutException, InterruptedException {
		try {
			return allowed(connection);
		}
		catch (ExecutionException ex) {
			if (RedisRefusal.of(ex) != RedisRefusal.NOPERM) {
				throw ex;
			}
			byte[][] all = { this.keys.layout(), this.keys.clock(), this.keys.run(), this.keys.since(),
					this.keys.last() };
			throw new RedisRefusedException(RedisRefusal.NOPERM,
					this.refusals.denied("greeting", all, Failures.describe(ex)));
		}
	}

	private RedisServer allowed(StatefulRedisConnection<byte[], byte[]> connection)
			throws ExecutionException, TimeoutException, InterruptedException {
		RedisAsyncCommands<byte[], byte[]> commands = connection.async();
		// Redis says it before it answers what follows
		commands.clientInfo().thenAccept((info) -> {
			Matcher user = USER.matcher(info);
			if (user.find()) {
				this.refusals.loggedInAs(user.group(1));
			}
		});
		RedisFuture<String> memory = commands.info("memory");
		RedisFuture<byte[]> writes = checkWrites(commands);
		List<RedisFuture<String>> loads = new ArrayList<>();
		for (Script script : Script.values()) {
			loads.add(commands.scriptLoad(script.source()));
		}
		String run = runOf(connection);
		checkEviction(SupervisedLink.await(memory));
		awaitWritable(writes);
		checkLayout(commands);
		for (RedisFuture<String> load : loads) {
			SupervisedLink.await(load);
		}
		return new RedisServer(run, meet(commands, run));
	}

	/**
	 * Meets the store by a guarded script before anything is written to it: from then on
	 * it is known to be this server's, and what it gives lies above what another one
	 * gives meanwhile. This process's own ids are kept out of it: they may be another
	 * server's.
	 */
	private long meet(RedisAsyncCommands<byte[], byte[]> commands, String run)
			throws ExecutionException, TimeoutException, InterruptedException {
		Reply reply;
		try {
			reply = meet(commands, run, Script.CHECK_CHANNELS.source());
		}
		catch (ExecutionException ex) {
			// Met for the first time, so there is something to write, and it is full.
			if (RedisRefusal.of(ex) != RedisRefusal.OOM) {
				throw ex;
			}
			reply = meet(commands, run, Script.CHECK_CHANNELS.sourceThatAllowsOom());
		}
		reply.id();
		return reply.id();
	}

	private Reply meet(RedisAsyncCommands<byte[], byte[]> commands, String run, byte[] source)
			throws ExecutionException, TimeoutException, InterruptedException {
		byte[][] scriptKeys = { this.keys.clock(), this.keys.run(), this.keys.since(), this.keys.last() };
		return new Reply(SupervisedLink.await(commands.<List<Object>>eval(source, Script.CHECK_CHANNELS.output(),
				scriptKeys, run.getBytes(StandardCharsets.US_ASCII), RedisKeys.bytes(MessageId.format(MessageId.ZERO)),
				this.durable)));
	}

	/** By its source: it is sent as often as a ping, and has no arguments. */
	static RedisFuture<byte[]> checkWrites(RedisAsyncCommands<byte[], byte[]> commands) {
		return commands.eval(Script.CHECK_WRITES.source(), Script.CHECK_WRITES.output());
	}

	/** Reads are still served where only writes are refused by what is the one server. */
	private void awaitWritable(RedisFuture<byte[]> writes)
			throws ExecutionException, TimeoutException, InterruptedException {
		try {
			SupervisedLink.await(writes);
			this.refusals.accepted();
		}
		catch (ExecutionException ex) {
			RedisRefusal refusal = RedisRefusal.of(ex);
			if (refusal != RedisRefusal.OOM && refusal != RedisRefusal.MISCONF) {
				throw ex;
			}
			this.refusals.note(refusal, "greeting", Failures.describe(ex));
		}
	}

	/** What may be evicted is what has a time to live, or anything at all. */
	private void checkEviction(String memory) {
		Matcher matcher = EVICTION.matcher(memory);
		String policy = matcher.find() ? matcher.group(1) : "noeviction";
		if (policy.startsWith("allkeys")) {
			String reason = "The maxmemory-policy of Redis is " + policy
					+ ": it evicts presence and the clock without a word. Set noeviction";
			this.unfit = reason;
			throw new RedisRefusedException(RedisRefusal.EVICTION, reason);
		}
		this.unfit = null;
		if (policy.startsWith("volatile") && !policy.equals(this.warnedOf)) {
			log.warn(
					"redis=evicting maxmemory-policy={}: when memory is short, revocations may go early (what was taken"
							+ " away is granted again), tickets (a client is refused), tombstones (a displaced client comes back),"
							+ " idempotency records (a repetition is published twice), leases (users seem offline), histories"
							+ " (streams get gaps) and what streams did not receive (a client that reconnects may miss it without"
							+ " a gap); set noeviction",
					policy);
		}
		this.warnedOf = policy;
	}

	private String runOf(StatefulRedisConnection<byte[], byte[]> connection)
			throws ExecutionException, TimeoutException, InterruptedException {
		try {
			return RedisServer.runOf(connection);
		}
		catch (UnfitRedisException ex) {
			this.unfit = ex.getMessage();
			throw ex;
		}
	}

	private void checkLayout(RedisAsyncCommands<byte[], byte[]> commands)
			throws ExecutionException, TimeoutException, InterruptedException {
		try {
			this.layout.check(commands);
		}
		catch (UnfitRedisException ex) {
			this.unfit = ex.getMessage();
			throw ex;
		}
	}

}
