package io.fanfare.test.redis;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import io.fanfare.test.network.Certificates;
import io.fanfare.test.process.RequiredTool;
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
		return RedisProcess.create(List.of(RedisBinary.path().toString()), null, config);
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
		ClockShift clock = ClockShift.prepare();
		return RedisProcess.create(clock.program(), clock, config);
	}

	/**
	 * Starts a private server that also speaks TLS: the installed {@code redis-server},
	 * as the embedded one does not. It asks clients for a certificate.
	 * @param tlsPort the port for TLS
	 * @param ca the file of the authority that signs the certificates of clients
	 * @param own the server's own certificate
	 * @param config further lines for its {@code redis.conf}
	 * @return the running server; the caller closes it
	 */
	static RedisProcess startTls(int tlsPort, Path ca, Certificates.Issued own, String... config) {
		List<String> lines = new ArrayList<>(List.of("tls-port " + tlsPort, "tls-ca-cert-file " + ca,
				"tls-cert-file " + own.certificate(), "tls-key-file " + own.key(), "tls-auth-clients yes"));
		lines.addAll(List.of(config));
		return RedisProcess.create(List.of(RequiredTool.REDIS_SERVER.path().toString()), null,
				lines.toArray(String[]::new));
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
	 * The server as Lettuce addresses it, with a command time-out of 5 s, for what looks
	 * behind the processes: it may do everything.
	 * @return a new URI, free to be changed
	 */
	default RedisURI uri() {
		return RedisURI.builder().withHost(host()).withPort(port()).withTimeout(Duration.ofSeconds(5)).build();
	}

	/**
	 * The server as Lettuce addresses it, with a command time-out of 5 s, for a process.
	 * @param user as whom it logs in
	 * @return a new URI, free to be changed
	 */
	default RedisURI uri(RedisUser user) {
		return RedisURI.builder(uri()).withAuthentication(user.login(), user.password().toCharArray()).build();
	}

	/**
	 * The server as {@code spring.data.redis.url} takes it, without a user.
	 * @return a URL with scheme {@code redis}
	 */
	default String url() {
		return "redis://" + host() + ":" + port();
	}

	/**
	 * The server as {@code spring.data.redis.url} takes it.
	 * @param user as whom the process logs in
	 * @return a URL with scheme {@code redis}
	 */
	default String url(RedisUser user) {
		return "redis://" + user.login() + ":" + user.password() + "@" + host() + ":" + port();
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
		RedisPrompt.ask(this, "ACL LOG RESET");
	}

	/**
	 * Checks that no user of {@code redis/users.acl} tried what the file does not allow.
	 * A test that provokes a refusal removes it by {@code ACL LOG RESET}.
	 * @throws AssertionError if one did
	 */
	default void assertNothingDenied() {
		if (RedisPrompt.isEmpty(this, "ACL LOG")) {
			return;
		}
		List<String> denied = ask(RedisCommands::aclLog).stream()
			.filter((entry) -> !"auth".equals(entry.get("reason")))
			.map((entry) -> entry.get("username") + " " + entry.get("reason") + " " + entry.get("object"))
			.toList();
		if (!denied.isEmpty()) {
			throw new AssertionError("redis/users.acl does not allow: " + denied);
		}
	}

	@Override
	void close();

}
