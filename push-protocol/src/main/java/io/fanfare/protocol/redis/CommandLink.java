package io.fanfare.protocol.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
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

	private static final Logger log = LoggerFactory.getLogger(CommandLink.class);

	private static final Pattern RUN_ID = Pattern.compile("^run_id:(\\w+)", Pattern.MULTILINE);

	private static final Pattern VERSION = Pattern.compile("^redis_version:(\\d+)\\.", Pattern.MULTILINE);

	private static final Pattern EVICTION = Pattern.compile("^maxmemory_policy:(\\S+)", Pattern.MULTILINE);

	private final boolean durable;

	private final Layout layout;

	private final SupervisedLink<StatefulRedisConnection<byte[], byte[]>, Session> link;

	/**
	 * The highest id this process has seen: above the clock, it proves that the store was
	 * rolled back.
	 */
	private final AtomicLong seen = new AtomicLong();

	/** Why the last greeting found that this process must not use the server. */
	private volatile @Nullable String unfit;

	/**
	 * Starts the link; it connects by itself.
	 * @param client the client, which stays the caller's to shut down
	 * @param keys the keys; their layout in Redis has to be the one of this version
	 * @param durable whether the store keeps all it acknowledged across a restart
	 * @param name what the link's thread is called after
	 */
	public CommandLink(RedisClient client, RedisKeys keys, boolean durable, String name) {
		this.durable = durable;
		this.layout = new Layout(keys);
		this.link = new SupervisedLink<>("commands", name, () -> client.connect(ByteArrayCodec.INSTANCE), this::greet,
				() -> {
				});
	}

	/** One connection and what it reached. */
	private record Session(RedisAsyncCommands<byte[], byte[]> commands, byte[] runId) {

	}

	/**
	 * Tells whether Redis answers.
	 * @return whether there is a connection that answered lately
	 */
	public boolean isUp() {
		return this.link.session() != null;
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

	long seen() {
		return this.seen.get();
	}

	byte[] durable() {
		return new byte[] { (byte) (this.durable ? '1' : '0') };
	}

	/**
	 * Runs a script.
	 * @param arguments what makes its arguments of the run id of the server that will
	 * execute it
	 */
	<T> CompletableFuture<T> run(Script script, byte[][] keys, Function<byte[], byte[][]> arguments) {
		Session current = this.link.session();
		if (current == null) {
			return CompletableFuture.failedFuture(new RedisUnavailableException("Redis is not connected", null));
		}
		byte[][] values = arguments.apply(current.runId());
		CompletableFuture<T> reply = sent(
				() -> current.commands().<T>evalsha(script.digest(), script.output(), keys, values));
		return reply
			.exceptionallyCompose((failure) -> (unwrap(failure) instanceof RedisNoScriptException)
					? sent(() -> current.commands().<T>eval(script.source(), script.output(), keys, values))
					: CompletableFuture.failedFuture(failure))
			.exceptionallyCompose((failure) -> failed(current, script.name(), failure));
	}

	/** Runs a plain command. */
	<T> CompletableFuture<T> call(Function<RedisAsyncCommands<byte[], byte[]>, RedisFuture<T>> command) {
		Session current = this.link.session();
		if (current == null) {
			return CompletableFuture.failedFuture(new RedisUnavailableException("Redis is not connected", null));
		}
		return sent(() -> command.apply(current.commands()))
			.exceptionallyCompose((failure) -> failed(current, "command", failure));
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

	private <T> CompletableFuture<T> failed(Session current, String what, Throwable failure) {
		Throwable cause = unwrap(failure);
		if (cause instanceof RedisCommandExecutionException && isServerUnfit(cause)) {
			this.link.end(current, cause.getMessage());
		}
		return CompletableFuture.failedFuture(
				new RedisUnavailableException("Redis did not answer " + what + ": " + cause.getMessage(), cause));
	}

	/**
	 * A server that was demoted, or is loading: another connection may reach a better
	 * one.
	 */
	private static boolean isServerUnfit(Throwable failure) {
		String message = String.valueOf(failure.getMessage());
		return message.startsWith("READONLY") || message.startsWith("LOADING") || message.startsWith("MASTERDOWN");
	}

	private static Throwable unwrap(Throwable failure) {
		return (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause() : failure;
	}

	/** Loads the scripts, and finds out which server this is and what it holds. */
	private Session greet(StatefulRedisConnection<byte[], byte[]> connection)
			throws ExecutionException, TimeoutException, InterruptedException {
		RedisAsyncCommands<byte[], byte[]> commands = connection.async();
		checkLayout(commands);
		RedisFuture<String> server = commands.info("server");
		RedisFuture<String> memory = commands.info("memory");
		List<RedisFuture<String>> loads = new ArrayList<>();
		for (Script script : Script.values()) {
			loads.add(commands.scriptLoad(script.source()));
		}
		String info = SupervisedLink.await(server);
		Matcher runId = RUN_ID.matcher(info);
		Matcher version = VERSION.matcher(info);
		if (!runId.find() || !version.find()) {
			throw new IllegalStateException("Redis does not tell its run id");
		}
		if (Integer.parseInt(version.group(1)) < 7) {
			throw new IllegalStateException("Redis 7.0 or newer is needed");
		}
		for (RedisFuture<String> load : loads) {
			SupervisedLink.await(load);
		}
		Matcher eviction = EVICTION.matcher(SupervisedLink.await(memory));
		if (eviction.find() && eviction.group(1).startsWith("allkeys")) {
			log.warn("redis=evicting maxmemory-policy={}: it may drop presence and history without a word;"
					+ " set noeviction or volatile-*", eviction.group(1));
		}
		return new Session(commands, runId.group(1).getBytes(StandardCharsets.US_ASCII));
	}

	private void checkLayout(RedisAsyncCommands<byte[], byte[]> commands)
			throws ExecutionException, TimeoutException, InterruptedException {
		try {
			this.layout.check(commands);
			this.unfit = null;
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
