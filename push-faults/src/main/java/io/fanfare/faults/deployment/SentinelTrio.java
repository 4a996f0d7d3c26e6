package io.fanfare.faults.deployment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.sentinel.api.sync.RedisSentinelCommands;
import org.awaitility.Awaitility;

/**
 * A master, a replica and three sentinels, of which two agree on who is the master.
 */
public final class SentinelTrio implements AutoCloseable {

	private static final String NAME = "main";

	/** Long enough for a busy machine, which is not to fail over by itself. */
	private static final Duration DOWN_AFTER = Duration.ofSeconds(3);

	private static final Duration SETTLE = Duration.ofSeconds(40);

	private final List<RedisProcess> servers;

	private final List<Integer> ports = new ArrayList<>();

	private final List<ChildProcess> sentinels = new ArrayList<>();

	SentinelTrio(RedisProcess master, Path directory, String... configuration) throws IOException {
		RedisProcess replica = TestRedis.start(configuration);
		this.servers = List.of(master, replica);
		ask(replica, (redis) -> redis.replicaof("127.0.0.1", master.port()));
		String program = RequiredTool.REDIS_SENTINEL.path().toString();
		for (int i = 0; i < 3; i++) {
			int port = Ports.free();
			Path file = directory.resolve("sentinel-" + i + ".conf");
			Files.write(file,
					List.of("port " + port, "bind 127.0.0.1", "dir " + directory,
							"sentinel monitor " + NAME + " 127.0.0.1 " + master.port() + " 2",
							"sentinel down-after-milliseconds " + NAME + " " + DOWN_AFTER.toMillis(),
							"sentinel failover-timeout " + NAME + " 2000"));
			this.ports.add(port);
			this.sentinels.add(ChildProcess.start("KILL", directory.resolve("sentinel-" + i + ".log"),
					List.of(program, file.toString())));
		}
		awaitWhole();
	}

	/** Where node and API find the master, as arguments. */
	List<String> settings(String client) {
		return List.of("--spring.data.redis.sentinel.master=" + NAME,
				"--spring.data.redis.sentinel.nodes="
						+ this.ports.stream().map((port) -> "127.0.0.1:" + port).collect(Collectors.joining(",")),
				"--spring.data.redis.client-name=" + client);
	}

	/**
	 * The server that the sentinels name.
	 * @return the process
	 */
	public RedisProcess master() {
		InetSocketAddress address = (InetSocketAddress) askSentinel(0,
				(sentinel) -> sentinel.getMasterAddrByName(NAME));
		return this.servers.stream().filter((one) -> one.port() == address.getPort()).findFirst().orElseThrow();
	}

	/**
	 * Orders that the replica becomes the master, though the master is well.
	 */
	public void failover() {
		askSentinel(0, (sentinel) -> sentinel.failover(NAME));
	}

	/**
	 * Ends the connections of one process on a server.
	 * @param server the server
	 * @param client the process's name
	 */
	public void endConnections(RedisProcess server, String client) {
		ask(server,
				(redis) -> redis.clientList()
					.lines()
					.filter((line) -> line.contains(" name=" + client + " "))
					.map((line) -> Long.parseLong(line.substring(3, line.indexOf(' '))))
					.mapToLong((id) -> redis.clientKill(KillArgs.Builder.id(id)))
					.sum());
	}

	/** Waits until the replica follows the master, and all sentinels know of it. */
	public void awaitWhole() {
		Awaitility.await("master, replica and sentinels")
			.pollInterval(Duration.ofMillis(100))
			.atMost(SETTLE)
			.ignoreExceptions()
			.until(this::isWhole);
	}

	private boolean isWhole() {
		RedisProcess master = master();
		for (int i = 0; i < this.ports.size(); i++) {
			String known = askSentinel(i, (sentinel) -> sentinel.master(NAME)).toString();
			if (!known.contains("flags=master,") || !known.contains("num-slaves=1,")
					|| !known.contains("num-other-sentinels=2,") || !known.contains("port=" + master.port() + ",")) {
				return false;
			}
		}
		return this.servers.stream().filter((one) -> one != master).allMatch((one) -> {
			String replication = ask(one, (redis) -> redis.info("replication"));
			return replication.contains("role:slave") && replication.contains("master_link_status:up")
					&& replication.contains("master_port:" + master.port());
		});
	}

	/**
	 * Asks a server something.
	 * @param server the server
	 * @param question what to ask
	 * @param <T> the answer's type
	 * @return the answer
	 */
	public static <T> T ask(RedisProcess server, Function<RedisCommands<String, String>, T> question) {
		RedisClient client = RedisClient.create(server.uri());
		try {
			return question.apply(client.connect().sync());
		}
		finally {
			client.shutdown(0, 1, TimeUnit.SECONDS);
		}
	}

	private <T> T askSentinel(int index, Function<RedisSentinelCommands<String, String>, T> question) {
		RedisURI uri = RedisURI.builder()
			.withHost("127.0.0.1")
			.withPort(this.ports.get(index))
			.withTimeout(Duration.ofSeconds(2))
			.build();
		RedisClient client = RedisClient.create(uri);
		try {
			return question.apply(client.connectSentinel().sync());
		}
		finally {
			client.shutdown(0, 1, TimeUnit.SECONDS);
		}
	}

	@Override
	public void close() {
		try {
			this.sentinels.forEach(ChildProcess::close);
			this.servers.getLast().close();
		}
		catch (RuntimeException ex) {
			throw new UncheckedIOException(new IOException(ex));
		}
	}

}
