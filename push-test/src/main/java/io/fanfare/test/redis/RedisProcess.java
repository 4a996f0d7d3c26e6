package io.fanfare.test.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.lettuce.core.api.sync.RedisServerCommands;
import org.jspecify.annotations.Nullable;

/**
 * A Redis server as a child process of this JVM, to do bad things to: stop it, kill it,
 * freeze it, and bring it back on the same port with or without its data.
 *
 * <p>
 * Used by one thread at a time.
 */
public final class RedisProcess implements TestRedis {

	private static final Duration START = Duration.ofSeconds(20);

	private static final int ATTEMPTS = 5;

	/** How far a busy machine may delay the answer to TIME. */
	private static final Duration TOLERANCE = Duration.ofMillis(500);

	private final Path directory;

	private final List<String> config;

	private final List<String> program;

	private final @Nullable ClockShift clock;

	private final Thread cleanup = new Thread(this::discard, "redis-cleanup");

	private int port;

	private @Nullable ChildProcess process;

	private RedisProcess(Path directory, List<String> config, List<String> program, @Nullable ClockShift clock) {
		this.directory = directory;
		this.config = config;
		this.program = program;
		this.clock = clock;
	}

	static RedisProcess create(List<String> program, @Nullable ClockShift clock, String... config) {
		try {
			RedisProcess redis = new RedisProcess(Files.createTempDirectory("fanfare-redis"), List.of(config), program,
					clock);
			Runtime.getRuntime().addShutdownHook(redis.cleanup);
			redis.startAnywhere();
			return redis;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public String host() {
		return "127.0.0.1";
	}

	@Override
	public int port() {
		return this.port;
	}

	/**
	 * The server's process id.
	 * @return the id
	 */
	public long pid() {
		return running().pid();
	}

	/**
	 * Whether the process lives; a frozen one does.
	 * @return whether it lives
	 */
	public boolean isAlive() {
		return this.process != null && this.process.isAlive();
	}

	/**
	 * Starts the stopped server again on its port, with what its directory holds: nothing
	 * unless it was {@link #save() saved} or configured to keep an append-only file. A
	 * snapshot older than the server's end makes this a rollback.
	 */
	public void start() {
		if (isAlive()) {
			throw new IllegalStateException("Redis is running");
		}
		for (int attempt = 1; !launch(); attempt++) {
			if (attempt == ATTEMPTS) {
				throw new IllegalStateException("Redis does not start:\n" + log());
			}
		}
	}

	/**
	 * Ends the server in order: it closes its connections and leaves.
	 */
	public void stop() {
		ChildProcess server = running();
		server.stop();
		server.close();
	}

	/**
	 * Ends the server at once, as {@code kill -9}. Ends a frozen server too.
	 */
	public void kill() {
		running().close();
	}

	/**
	 * Stops the process without ending it: connections stay open and nothing answers.
	 */
	public void freeze() {
		running().freeze();
	}

	/**
	 * Lets a frozen process run on. It then works through what was sent to it meanwhile.
	 */
	public void thaw() {
		running().thaw();
	}

	/**
	 * Writes a snapshot, from which the next {@link #start()} restores the data.
	 */
	public void save() {
		RedisPrompt.ask(this, "SAVE");
	}

	/**
	 * Sets the server's clock forward or back while it runs: {@code TIME} and the expiry
	 * of keys. The shift stays over restarts.
	 * @param step by how much, added to earlier shifts; negative to set it back
	 * @throws IllegalStateException unless the server was started
	 * {@link TestRedis#startShiftable shiftable}
	 */
	public void shiftClock(Duration step) {
		if (this.clock == null) {
			throw new IllegalStateException("This server was not started with a clock to shift");
		}
		Duration before = ahead();
		this.clock.shift(step);
		Duration moved = ahead().minus(before).minus(step).abs();
		if (moved.compareTo(TOLERANCE) > 0) {
			throw new IllegalStateException("The server's clock does not follow: it is off by " + moved);
		}
	}

	/**
	 * How much the server's clock is ahead of the system's, and the way of the answer.
	 */
	private Duration ahead() {
		List<String> time = ask(RedisServerCommands::time);
		Instant server = Instant.ofEpochSecond(Long.parseLong(time.get(0)), Long.parseLong(time.get(1)) * 1000);
		return Duration.between(Instant.now(), server);
	}

	/**
	 * Kills the server, as a crash would, and starts it again on the same port.
	 * @param data what becomes of its data
	 */
	public void restart(Data data) {
		if (data == Data.KEPT) {
			save();
		}
		if (isAlive()) {
			kill();
		}
		if (data == Data.LOST) {
			deleteContents(this.directory);
		}
		start();
	}

	/**
	 * What the server printed, newest last.
	 * @return its log since its last start
	 */
	public String log() {
		return (this.process != null) ? this.process.output() : "";
	}

	/**
	 * Kills the server and removes its files. One that answers is asked before whether it
	 * denied anything.
	 */
	@Override
	public void close() {
		try {
			if (isAlive() && RedisPrompt.answers(host(), this.port)) {
				assertNothingDenied();
			}
		}
		finally {
			end();
		}
	}

	private void end() {
		try {
			Runtime.getRuntime().removeShutdownHook(this.cleanup);
		}
		catch (IllegalStateException ignored) {
			// the JVM is about to end: the hook has done or will do the same
		}
		discard();
	}

	private void discard() {
		if (isAlive()) {
			kill();
		}
		deleteContents(this.directory);
		delete(this.directory);
		if (this.clock != null) {
			this.clock.close();
		}
	}

	private void startAnywhere() {
		for (int attempt = 1;; attempt++) {
			this.port = Ports.free();
			if (launch()) {
				return;
			}
			if (attempt == ATTEMPTS) {
				String log = log();
				end();
				throw new IllegalStateException("Redis does not start:\n" + log);
			}
		}
	}

	/**
	 * Starts the process and waits until it answers.
	 * @return whether it does; if not, it has ended: most likely its port was taken
	 */
	private boolean launch() {
		try {
			List<String> lines = new ArrayList<>(List.of("bind " + host(), "port " + this.port, "dir " + this.directory,
					"save \"\"", "appendonly no", "daemonize no"));
			lines.addAll(RedisUser.configuration());
			lines.addAll(this.config);
			Path file = Files.write(this.directory.resolve("redis.conf"), lines);
			List<String> command = new ArrayList<>(this.program);
			command.add(file.toString());
			ChildProcess started = ChildProcess.start("KILL", this.directory.resolve("redis.log"), command);
			this.process = started;
			started.awaitReady(() -> !started.isAlive() || RedisPrompt.answers(host(), this.port), START);
			if (!started.isAlive()) {
				started.close();
			}
			return started.isAlive();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private ChildProcess running() {
		ChildProcess current = this.process;
		if (current == null || !current.isAlive()) {
			throw new IllegalStateException("Redis is not running");
		}
		return current;
	}

	private static void deleteContents(Path directory) {
		if (!Files.exists(directory)) {
			return;
		}
		try (Stream<Path> files = Files.walk(directory)) {
			files.filter((file) -> !file.equals(directory))
				.sorted(Comparator.reverseOrder())
				.forEach(RedisProcess::delete);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void delete(Path file) {
		try {
			Files.deleteIfExists(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public String toString() {
		return "RedisProcess[port=" + this.port + "]";
	}

	/**
	 * What a restart does to the data.
	 */
	public enum Data {

		/**
		 * The server comes back with everything it held.
		 */
		KEPT,

		/**
		 * The server comes back empty.
		 */
		LOST

	}

}
