package io.fanfare.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.guard.Errors;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process's one connection for commands, remade whenever it ends or stops answering.
 * <p>
 * Guarantees: no command waits for a connection (without one it fails at once) and none
 * is sent twice. Every script that guards the clock carries the run id of the very server
 * that its connection reached, because a new connection is used only after it told its
 * run id. The client must be set up by {@link RedisClientOptions}.
 * <p>
 * Any thread may call. Futures complete on Lettuce's event loop, which must not be
 * blocked.
 */
public final class CommandLink implements AutoCloseable {

	/** Fields of hashes that one script reads at most, which bounds its time on Redis. */
	public static final int CALL_FIELDS = 1_000;

	private static final Logger log = LoggerFactory.getLogger(CommandLink.class);

	private static final Pattern EVICTION = Pattern.compile("^maxmemory_policy:(\\S+)", Pattern.MULTILINE);

	private static final String MOVED = "there is another master";

	private final RedisClient client;

	private final RedisKeys keys;

	private final boolean durable;

	private final Layout layout;

	private final Errors errors;

	private final RedisRefusals refusals = new RedisRefusals(System::nanoTime);

	private final SupervisedLink<StatefulRedisConnection<byte[], byte[]>, Session> link;

	/**
	 * The highest id this process has seen: above the clock, it proves that the store was
	 * rolled back.
	 */
	private final AtomicLong seen = new AtomicLong();

	/** Guarded by itself, with the server that was reached last. */
	private final List<Follower> followers = new ArrayList<>();

	private @Nullable RedisServer server;

	/** How often there was another master. */
	private final AtomicInteger moves = new AtomicInteger();

	/** That number when the last connection was begun. Belongs to the link's thread. */
	private int movesAtConnect;

	/** Why the last greeting found that this process must not use the server. */
	private volatile @Nullable String unfit;

	/** The policy of which was warned last. */
	private String warnedOf = "";

	private final AtomicLong connections = new AtomicLong();

	private final AtomicLong calls = new AtomicLong();

	/**
	 * Starts the link; it connects by itself.
	 * @param client the client, which stays the caller's to shut down
	 * @param keys the keys; their layout in Redis has to be the one of this version
	 * @param durable whether the store keeps all it acknowledged across a restart
	 * @param errors notes what nothing else handles
	 */
	public CommandLink(RedisClient client, RedisKeys keys, boolean durable, Errors errors) {
		this.client = client;
		this.keys = keys;
		this.durable = durable;
		this.layout = new Layout(keys);
		this.errors = errors;
		this.link = new SupervisedLink<>("commands", new Supervision(), this.refusals, errors,
				RandomGenerator.getDefault());
		this.link.start();
	}

	/**
	 * Starts a link of its own to another partition of the same Redis. It has seen no id
	 * yet, and keeps those that it sees to itself.
	 * @param other the keys of the partition
	 * @return the link
	 */
	CommandLink to(RedisKeys other) {
		return new CommandLink(this.client, other, this.durable, this.errors);
	}

	/** How the connection is made and found fit. Called by the link's thread. */
	private final class Supervision
			implements SupervisedLink.Lifecycle<StatefulRedisConnection<byte[], byte[]>, Session> {

		@Override
		public StatefulRedisConnection<byte[], byte[]> connect() {
			CommandLink.this.movesAtConnect = CommandLink.this.moves.get();
			return CommandLink.this.client.connect(ByteArrayCodec.INSTANCE);
		}

		@Override
		public Session greet(StatefulRedisConnection<byte[], byte[]> connection)
				throws ExecutionException, TimeoutException, InterruptedException {
			return CommandLink.this.greet(connection);
		}

		@Override
		public void began(Session session) {
			if (isMoved()) {
				CommandLink.this.link.end(session, MOVED);
			}
		}

		@Override
		public CompletionStage<?> check(StatefulRedisConnection<byte[], byte[]> connection, Session session) {
			return checkWrites(session.commands()).thenRun(CommandLink.this.refusals::accepted);
		}

	}

	/**
	 * One connection and what it reached.
	 *
	 * @param number which one of the process it is, from 1
	 */
	private record Session(RedisAsyncCommands<byte[], byte[]> commands, byte[] runId, RedisServer server, long number) {

	}

	/** Another link of the process, which has to reach the same server. */
	public interface Follower {

		/**
		 * The command link reached a server and is about to be up. When this returns, the
		 * follower does not count as up on any other one. Called by the link's thread.
		 * @param server the server
		 */
		void reached(RedisServer server);

		/**
		 * There is another master: what is up is to be remade. Any thread may call.
		 */
		void left();

	}

	/**
	 * Lets another link follow.
	 * @param follower is told of each server, also of the present one
	 */
	public void follow(Follower follower) {
		synchronized (this.followers) {
			this.followers.add(follower);
			if (this.server != null) {
				follower.reached(this.server);
			}
		}
	}

	/**
	 * A follower reached a server. Where that is another one than this link's, this one
	 * is remade, for the newer connection is more likely to be right.
	 * @param run the run id of the follower's server
	 */
	public void followerReached(String run) {
		Session current = this.link.session();
		if (current != null && !current.server().run().equals(run)) {
			this.link.end(current, "another link of the process reached another server", null);
		}
	}

	/** Ends the link and its followers, also a connection that is still being greeted. */
	void masterChanged(String reason) {
		this.moves.incrementAndGet();
		Session current = this.link.session();
		if (current != null) {
			this.link.end(current, reason, null);
		}
		List<Follower> all;
		synchronized (this.followers) {
			all = List.copyOf(this.followers);
		}
		all.forEach(Follower::left);
	}

	/**
	 * Tells whether Redis answers.
	 * @return whether there is a connection that answered lately
	 */
	public boolean isUp() {
		return this.link.session() != null;
	}

	/**
	 * What Redis refuses at present.
	 * @return why, or null where it refuses nothing, or does not answer
	 */
	public @Nullable RedisRefusal refusal() {
		return isUp() ? this.refusals.present() : this.link.refusal();
	}

	/**
	 * What Redis refused to this process so far.
	 * @return the refusals
	 */
	public RedisRefusals refusals() {
		return this.refusals;
	}

	/**
	 * Waits for the connection, at start.
	 * @param timeout how long
	 * @return whether there is one
	 * @throws UnfitRedisException if this process must not use that Redis
	 */
	public boolean awaitUp(Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		while (!isUp() && System.nanoTime() < deadline && !Thread.currentThread().isInterrupted()) {
			checkFit();
			LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
		}
		return isUp();
	}

	/**
	 * Looks whether a connection found that this process must not use its Redis. For the
	 * end of a start, where {@link #awaitUp} has waited in vain.
	 * @throws UnfitRedisException if the last one did
	 */
	public void checkFit() {
		String reason = this.unfit;
		if (reason != null) {
			throw new UnfitRedisException(reason);
		}
	}

	/**
	 * Notes that this process has seen an id.
	 * @param id the id
	 */
	public void observe(long id) {
		if (id > this.seen.get()) {
			this.seen.accumulateAndGet(id, Math::max);
		}
	}

	public long seen() {
		return this.seen.get();
	}

	public byte[] durable() {
		return new byte[] { (byte) (this.durable ? '1' : '0') };
	}

	/**
	 * Runs a script.
	 * @param arguments what makes its arguments of the run id of the server that will
	 * execute it
	 */
	public <T> CompletableFuture<T> run(Script script, byte[][] keys, Function<byte[], byte[][]> arguments) {
		return run(script, keys, (runId, name) -> arguments.apply(runId));
	}

	/**
	 * Runs a script.
	 * @param arguments what makes its arguments of the run id of the server that will
	 * execute it, and of what names this call among all of the process: the number of the
	 * connection by which it travels, which later ones have higher, and a count
	 */
	public <T> CompletableFuture<T> run(Script script, byte[][] keys, BiFunction<byte[], String, byte[][]> arguments) {
		Session current = this.link.session();
		if (current == null) {
			return CompletableFuture.failedFuture(notConnected());
		}
		byte[][] values = arguments.apply(current.runId(), current.number() + "." + this.calls.incrementAndGet());
		CompletableFuture<T> reply = sent(
				() -> current.commands().<T>evalsha(script.digest(), script.output(), keys, values));
		return reply
			.exceptionallyCompose((failure) -> (unwrap(failure) instanceof RedisNoScriptException)
					? sent(() -> current.commands().<T>eval(script.source(), script.output(), keys, values))
					: CompletableFuture.failedFuture(failure))
			.exceptionallyCompose((failure) -> failed(current, script.fileName(), failure));
	}

	/** Runs a plain command. */
	public <T> CompletableFuture<T> call(Function<RedisAsyncCommands<byte[], byte[]>, RedisFuture<T>> command) {
		Session current = this.link.session();
		if (current == null) {
			return CompletableFuture.failedFuture(notConnected());
		}
		return sent(() -> command.apply(current.commands()))
			.exceptionallyCompose((failure) -> failed(current, RedisRefusals.COMMAND, failure));
	}

	/**
	 * Lettuce throws at once where the connection is closed or too much waits already.
	 */
	private static <T> CompletableFuture<T> sent(Supplier<RedisFuture<T>> command) {
		try {
			return command.get().toCompletableFuture();
		}
		catch (RuntimeException ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	private RedisUnavailableException notConnected() {
		return RedisUnavailableException.notConnected(this.link.refusal());
	}

	/**
	 * A server that was demoted, or is loading: another connection may reach a better
	 * one.
	 */
	private <T> CompletableFuture<T> failed(Session current, String what, Throwable failure) {
		Throwable cause = unwrap(failure);
		if (Errors.isFatal(cause)) {
			// Lettuce hands what its decoder throws to the command alone
			this.errors.note("redis", cause);
		}
		RedisRefusal refusal = RedisRefusal.of(cause);
		if (refusal == null) {
			this.refusals.unanswered(what, Failures.describe(cause));
			return CompletableFuture.failedFuture(new RedisUnavailableException(
					"Redis did not answer " + what + ": " + Failures.describe(cause), cause));
		}
		this.refusals.note(refusal, what, cause.getMessage());
		if (refusal.endsLink()) {
			this.link.end(current, Failures.describe(cause), refusal);
		}
		return CompletableFuture.failedFuture(new RedisUnavailableException(refusal, cause));
	}

	private static Throwable unwrap(Throwable failure) {
		return (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause() : failure;
	}

	/**
	 * Finds out which server this is, what it holds, and whether it takes writes, and
	 * loads the scripts.
	 */
	private Session greet(StatefulRedisConnection<byte[], byte[]> connection)
			throws ExecutionException, TimeoutException, InterruptedException {
		RedisAsyncCommands<byte[], byte[]> commands = connection.async();
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
		Session session = new Session(commands, run.getBytes(StandardCharsets.US_ASCII),
				new RedisServer(run, meet(commands, run)), this.connections.incrementAndGet());
		if (isMoved()) {
			throw new RedisUnavailableException(MOVED, null);
		}
		synchronized (this.followers) {
			this.server = session.server();
			this.followers.forEach((follower) -> follower.reached(session.server()));
		}
		return session;
	}

	/** Whether there is another master since the present connection was begun. */
	private boolean isMoved() {
		return this.moves.get() != this.movesAtConnect;
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
				durable())));
	}

	/** By its source: it is sent as often as a ping, and has no arguments. */
	private static RedisFuture<byte[]> checkWrites(RedisAsyncCommands<byte[], byte[]> commands) {
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
			log.warn("redis=evicting maxmemory-policy={}: when memory is short, tombstones may go early (a displaced"
					+ " client comes back), idempotency records (a repetition is published twice), leases (users seem"
					+ " offline), histories (streams get gaps) and what streams did not receive (a client that reconnects"
					+ " may miss it without a gap); set noeviction", policy);
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

	@Override
	public void close() {
		this.link.close();
	}

}
