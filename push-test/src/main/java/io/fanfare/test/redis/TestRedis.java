package io.fanfare.test.redis;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;

/**
 * A real Redis server for tests.
 *
 * <p>
 * Ordinary tests take the {@link #shared() shared} one, most easily through
 * {@link RedisExtension}, which empties it before each test. Tests that stop, kill or
 * freeze their server {@link #start(String...) start} one of their own.
 */
public sealed interface TestRedis extends AutoCloseable permits RedisProcess, RedisContainer {

	/**
	 * The server that all tests of this JVM share, started at the first call and ended
	 * with the JVM: a container where a Docker engine answers quickly and has or finds
	 * the image, otherwise the embedded server. The system property
	 * {@code fanfare.test.redis} asks for one of them: {@code embedded} or
	 * {@code container}.
	 * @return the server
	 */
	static TestRedis shared() {
		return SharedRedis.get();
	}

	/**
	 * Starts a private server as a child process. It keeps nothing on disk by default to.
	 * @param config lines for its {@code redis.conf}, such as {@code appendonly yes}
	 * @return the running server; the caller closes it
	 */
	static RedisProcess start(String... config) {
		return RedisProcess.create(null, config);
	}

	/**
	 * Starts a private server whose clock can be {@link RedisProcess#shiftClock shifted}:
	 * the installed {@code redis-server}, on Linux. Its monotonic clock is the system's.
	 * Tests ask {@link io.fanfare.test.junit.Assume#shiftableClock()} before.
	 * @param config lines for its {@code redis.conf}
	 * @return the running server; the caller closes it
	 * @throws IllegalStateException unless {@link #canShiftClocks()}
	 */
	static RedisProcess startShiftable(String... config) {
		return RedisProcess.create(ClockShift.prepare(), config);
	}

	/**
	 * Whether {@link #startShiftable} finds what it needs.
	 * @return whether it does
	 */
	static boolean canShiftClocks() {
		return ClockShift.isPossible();
	}

	/**
	 * Where the server listens.
	 * @return a host name or address
	 */
	String host();

	/**
	 * The port on which the server listens; the same for its whole life.
	 * @return the port
	 */
	int port();

	/**
	 * The server as Lettuce addresses it, with a command time-out of 5 s.
	 * @return a new URI, free to be changed
	 */
	default RedisURI uri() {
		return RedisURI.builder().withHost(host()).withPort(port()).withTimeout(Duration.ofSeconds(5)).build();
	}

	/**
	 * The server as {@code spring.data.redis.url} takes it.
	 * @return a URL with scheme {@code redis}
	 */
	default String url() {
		return "redis://" + host() + ":" + port();
	}

	/**
	 * Asks the server something, as an operator would by {@code redis-cli}.
	 * @param question what to ask
	 * @param <T> the answer's type
	 * @return the answer
	 */
	default <T> T ask(Function<RedisCommands<String, String>, T> question) {
		RedisClient client = RedisClient.create(uri());
		try {
			return question.apply(client.connect().sync());
		}
		finally {
			client.shutdown(0, 1, TimeUnit.SECONDS);
		}
	}

	/**
	 * Removes all data, scripts and statistics of commands, so that the next test finds a
	 * server as after its start. Connections stay.
	 */
	default void clear() {
		RedisPrompt.ask(this, "FLUSHALL SYNC");
		RedisPrompt.ask(this, "SCRIPT FLUSH");
		RedisPrompt.ask(this, "CONFIG RESETSTAT");
	}

	@Override
	void close();

}
