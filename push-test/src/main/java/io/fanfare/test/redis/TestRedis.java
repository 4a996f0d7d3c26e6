package io.fanfare.test.redis;

import java.time.Duration;

import io.lettuce.core.RedisURI;

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
	 * Starts a private server as a child process. It keeps nothing on disk unless told
	 * to.
	 * @param config lines for its {@code redis.conf}, such as {@code appendonly yes}
	 * @return the running server; the caller closes it
	 */
	static RedisProcess start(String... config) {
		return RedisProcess.create(config);
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
