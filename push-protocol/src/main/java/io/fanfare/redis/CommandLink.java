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
import java.util.random.RandomGenerator;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import org.jspecify.annotations.Nullable;

/**
 * The process's one connection for commands, remade whenever it ends or stops answering.
 * <p>
 * Guarantees: no command waits for a connection (without one it fails at once) and none
 * is sent twice. Every script that guards the clock carries the run id of the very server
 * that its connection reached, because a new connection is used only after it reported
 * its run id. The client must be set up by {@link RedisClientOptions}.
 * <p>
 * Any thread may call. Futures complete on Lettuce's event loop, which must not be
 * blocked.
 */
public final class CommandLink implements AutoCloseable {

	/** Fields of hashes that one script reads at most, which bounds its time on Redis. */
	public static final int CALL_FIELDS = 1_000;

	private static final String MOVED = "there is another master";

	private final RedisClient client;

	private final boolean durable;

	private final Greeting greeting;

	private final Errors errors;

	private final Scheduler scheduler;

	private final Ticker ticker;

	private final RedisRefusals refusals;

	private final SupervisedLink<StatefulRedisConnection<byte[], byte[]>, Session> link;

	/**
	 * The highest id this process has seen: above the clock, it proves that the store was
	 * rolled back.
	 */
	private final AtomicLong seen = new AtomicLong();

	/** Guarded by itself, with the server that was reached last. */
	private final List<LinkFollower> followers = new ArrayList<>();

	private @Nullable RedisServer server;

	/** When another server than before was reached, by the monotonic clock. */
	private volatile @Nullable Long movedAt;

	private final CommandTimes times;

	/** How often there was another master. */
	private final AtomicInteger moves = new AtomicInteger();

	/** That number when the last connection was begun. Belongs to the link's worker. */
	private int movesAtConnect;

	private final AtomicLong connections = new AtomicLong();

	private final AtomicLong calls = new AtomicLong();

	/**
	 * Starts the link; it connects by itself.
	 * @param client the client, which stays the caller's to shut down
	 * @param keys the keys; their layout in Redis has to be the one of this version
	 * @param durable whether the store keeps all it acknowledged across a restart
	 * @param scheduler runs what the link does
	 * @param errors notes what nothing else handles
	 */
	public CommandLink(RedisClient client, RedisKeys keys, boolean durable, Scheduler scheduler, Errors errors) {
		this.client = client;
		this.durable = durable;
		this.errors = errors;
		this.scheduler = scheduler;
		this.ticker = scheduler.ticker();
		this.times = new CommandTimes(this.ticker);
		this.refusals = new RedisRefusals(this.ticker);
		this.greeting = new Greeting(keys, durable(), this.refusals);
		this.link = new SupervisedLink<>("commands", new Supervision(), this.refusals, scheduler, errors,
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
		return new CommandLink(this.client, other, this.durable, this.scheduler, this.errors);
	}

	/** How the connection is made and found fit. Called by the link's worker. */
	private final class Supervision implements LinkLifecycle<StatefulRedisConnection<byte[], byte[]>, Session> {

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
			return Greeting.checkWrites(session.commands()).thenRun(CommandLink.this.refusals::accepted);
		}

	}

	/**
	 * One connection and what it reached.
	 *
	 * @param number which one of the process it is, from 1
	 */
	private record Session(RedisAsyncCommands<byte[], byte[]> commands, byte[] runId, RedisServer server, long number) {

	}

	/**
	 * Lets another link follow.
	 * @param follower is notified of each server, also of the present one
	 */
	public void follow(LinkFollower follower) {
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
		List<LinkFollower> all;
		synchronized (this.followers) {
			all = List.copyOf(this.followers);
		}
		all.forEach(LinkFollower::left);
	}

	/**
	 * Whether this process reached another server than before a short time ago: times
	 * that the former server wrote are then compared with another clock.
	 * @param within how short
	 * @return whether it did
	 */
	public boolean hasMoved(Duration within) {
		Long moved = this.movedAt;
		return moved != null && this.ticker.nanoTime() - moved < within.toNanos();
	}

	/**
	 * Whether Redis answers.
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

	/** The same in words for an operator: where ACL rules forbid it, whom and what. */
	public @Nullable String refusalText() {
		RedisRefusal present = refusal();
		return (present != null) ? this.refusals.describe(present) : null;
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
		long deadline = this.ticker.nanoTime() + timeout.toNanos();
		while (!isUp() && this.ticker.nanoTime() - deadline < 0 && !Thread.currentThread().isInterrupted()) {
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
		String reason = this.greeting.unfit();
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
	 * How long commands take.
	 * @return what is notified of it
	 */
	public CommandTimes times() {
		return this.times;
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
		String name = script.fileName();
		return this.times
			.send(name, () -> current.commands().<T>evalsha(script.digest(), script.output(), keys, values))
			.exceptionallyCompose((failure) -> (unwrap(failure) instanceof RedisNoScriptException)
					? this.times.send(name,
							() -> current.commands().<T>eval(script.source(), script.output(), keys, values))
					: CompletableFuture.failedFuture(failure))
			.exceptionallyCompose((failure) -> failed(current, name, keys, failure));
	}

	/** Runs a plain command. */
	public <T> CompletableFuture<T> call(Function<RedisAsyncCommands<byte[], byte[]>, RedisFuture<T>> command) {
		Session current = this.link.session();
		if (current == null) {
			return CompletableFuture.failedFuture(notConnected());
		}
		return this.times.send(RedisRefusals.COMMAND, () -> command.apply(current.commands()))
			.exceptionallyCompose((failure) -> failed(current, RedisRefusals.COMMAND, new byte[0][], failure));
	}

	private RedisUnavailableException notConnected() {
		return RedisUnavailableException.notConnected(this.link.refusal());
	}

	/**
	 * A server that was demoted, or is loading: another connection may reach a better
	 * one.
	 */
	private <T> CompletableFuture<T> failed(Session current, String what, byte[][] keys, Throwable failure) {
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
		this.refusals.note(refusal, what, keys, cause.getMessage());
		if (refusal.endsLink()) {
			this.link.end(current, Failures.describe(cause), refusal);
		}
		return CompletableFuture.failedFuture(new RedisUnavailableException(refusal, cause));
	}

	private static Throwable unwrap(Throwable failure) {
		return (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause() : failure;
	}

	/** Finds the server fit, and lets the followers know of it before the link is up. */
	private Session greet(StatefulRedisConnection<byte[], byte[]> connection)
			throws ExecutionException, TimeoutException, InterruptedException {
		RedisServer reached = this.greeting.greet(connection);
		Session session = new Session(connection.async(), reached.run().getBytes(StandardCharsets.US_ASCII), reached,
				this.connections.incrementAndGet());
		if (isMoved()) {
			throw new RedisUnavailableException(MOVED, null);
		}
		synchronized (this.followers) {
			if (this.server != null && !this.server.run().equals(reached.run())) {
				this.movedAt = this.ticker.nanoTime();
			}
			this.server = reached;
			this.followers.forEach((follower) -> follower.reached(reached));
		}
		return session;
	}

	/** Whether there is another master since the present connection was begun. */
	private boolean isMoved() {
		return this.moves.get() != this.movesAtConnect;
	}

	@Override
	public void close() {
		this.link.close();
	}

}
