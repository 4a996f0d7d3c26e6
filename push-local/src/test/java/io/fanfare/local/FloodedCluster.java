package io.fanfare.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.fanfare.api.ApiApplication;
import io.fanfare.node.NodeApplication;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import tools.jackson.databind.JsonNode;

import static org.awaitility.Awaitility.await;

/**
 * A node, the API and Redis, each a process of its own, as a {@link Flood} meets them:
 * with the limits that they have by default, which hold for every address, as no address
 * is exempt or a proxy's.
 */
final class FloodedCluster implements AutoCloseable {

	/** What the publisher of the good streams has. */
	static final String GOOD_KEY = "good-secret-of-the-floods-0123456789";

	/** The key that is used for a flood. It has quotas. */
	static final String STOLEN_KEY = "stolen-secret-of-the-floods-0123456789";

	/** The new channels per minute of that key. */
	static final int NEW_CHANNELS = 600;

	/** Places on the node. */
	static final int SLOTS = 40;

	/** Places in its waiting room. */
	static final int WAITING = 50;

	private static final Duration SOON = Duration.ofSeconds(20);

	private static final String SECRET = "signs-the-good-tokens-of-the-floods-0123456789";

	private static final String KID = "curve";

	/** It belongs to no machine: the addresses of the floods are loopback ones. */
	private static final String NO_ADDRESS = "192.0.2.1";

	private final TokenMint tokens = new TokenMint(SECRET);

	private final TokenMint curveTokens = TokenMint.withNewKey(TokenMint.Algorithm.ES256).named(KID);

	private final RedisProcess redis;

	private final ServiceProcess node;

	private final ServiceProcess api;

	private String nodeId = "";

	private FloodedCluster(Path directory) {
		this.redis = TestRedis.start();
		int port = Ports.free();
		int control = Ports.free();
		this.node = new ServiceProcess("node", directory.resolve("node.log"), port, control,
				command(NodeApplication.class, "--fanfare.node.name=flooded", "--fanfare.stream.port=" + port,
						"--fanfare.control.port=" + control, "--fanfare.redis.url=" + this.redis.url(RedisUser.NODE),
						"--fanfare.stream.warm-up=0", "--fanfare.connections.drain-window=0",
						"--fanfare.connections.max=" + SLOTS, "--fanfare.admission.waiting-room=" + WAITING,
						// A third of the default, that a short flood comes to it
						"--fanfare.stream.request-timeout=3s", "--fanfare.jwt.secret=" + SECRET,
						"--fanfare.stream.jwt.keys[0].kid=" + KID, "--fanfare.stream.jwt.keys[0].algorithm=ES256",
						"--fanfare.stream.jwt.keys[0].public-key=" + this.curveTokens.publicKey(),
						"--spring.autoconfigure.exclude=" + Cluster.NOT_FOR_NODES, "--springdoc.api-docs.enabled=false",
						"--springdoc.swagger-ui.enabled=false"));
		int apiPort = Ports.free();
		int apiControl = Ports.free();
		this.api = new ServiceProcess("api", directory.resolve("api.log"), apiPort, apiControl,
				command(ApiApplication.class, "--fanfare.api.port=" + apiPort, "--fanfare.control.port=" + apiControl,
						"--fanfare.redis.url=" + this.redis.url(RedisUser.API), "--fanfare.api.warm-up=0",
						// 200 by default: 16 MB of buffers, which a flood fills
						"--server.tomcat.processor-cache=20",
						"--fanfare.api.keys=good:" + GOOD_KEY + ":publish+read,stolen:" + STOLEN_KEY + ":publish",
						"--fanfare.api.limits.callers=stolen:1MB:10MB:" + NEW_CHANNELS));
	}

	/**
	 * Starts all processes and waits until they are ready.
	 * @param directory where they log
	 */
	static FloodedCluster start(Path directory) {
		FloodedCluster cluster = new FloodedCluster(directory);
		try {
			cluster.node.awaitReady();
			cluster.api.awaitReady();
			cluster.findNode();
		}
		catch (RuntimeException | Error ex) {
			cluster.close();
			throw ex;
		}
		return cluster;
	}

	private void findNode() {
		ApiClient client = new ApiClient(apiUrl(), GOOD_KEY);
		JsonNode nodes = await().atMost(SOON)
			.until(() -> client.get("/v1/nodes").ok().required("nodes"), (found) -> !found.isEmpty());
		this.nodeId = nodes.get(0).required("node").asString();
	}

	private static List<String> command(Class<?> application, String... arguments) {
		List<String> command = new ArrayList<>(
				List.of(ChildProcess.jdk("java"), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
						"--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-cp",
						System.getProperty("java.class.path"), application.getName()));
		command.addAll(List.of(arguments));
		command.add("--fanfare.limits.exempt=" + NO_ADDRESS);
		command.add("--fanfare.trusted-proxies=" + NO_ADDRESS);
		return command;
	}

	ServiceProcess node() {
		return this.node;
	}

	ServiceProcess api() {
		return this.api;
	}

	/** What stands in the ids and keys of the connections of the node. */
	String nodeId() {
		return this.nodeId;
	}

	String apiUrl() {
		return "http://127.0.0.1:" + this.api.port();
	}

	List<ServiceProcess> services() {
		return List.of(this.node, this.api);
	}

	/** A good token for every topic. */
	String token(String user) {
		return this.tokens.stream(user, Duration.ofHours(1), "*");
	}

	/** What is shown of a good ES256 token: all but its signature. */
	String unsignedCurveToken(String user) {
		String token = this.curveTokens.stream(user, Duration.ofHours(1), "*");
		return token.substring(0, token.lastIndexOf('.') + 1);
	}

	/** How many users are present. */
	long present() {
		return this.redis.<Long>ask((commands) -> commands.hlen("fanfare:{0}:presence"));
	}

	/** The keys of Redis that have no expiry. */
	Set<String> keysForEver() {
		return this.redis.<Set<String>>ask((commands) -> commands.keys("*")
			.stream()
			.filter((key) -> commands.ttl(key) == -1)
			.collect(Collectors.toCollection(TreeSet::new)));
	}

	/** How many keys Redis has. */
	long keys() {
		return this.redis.<Long>ask((commands) -> commands.dbsize());
	}

	@Override
	public void close() {
		Stream.<Runnable>of(this.node::close, this.api::close, this.redis::close).forEach(Runnable::run);
	}

}
