package io.fanfare.faults.deployment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;

import io.fanfare.test.api.TokenMint;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.ServiceJar;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.redis.OldStore;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.api.sync.RedisCommands;
import org.jspecify.annotations.Nullable;

/**
 * Redis, two nodes or more, the API, and nginx with the shipped configuration, each a
 * process of its own; between Redis and each of the others a wire that can fail. Redis
 * looks as if it had been in use for a while.
 */
public final class Deployment implements AutoCloseable {

	/** Secret of the API's only key. */
	public static final String API_KEY = "faults-secret-on-this-machine-and-nowhere-else";

	private static final String JWT_SECRET = "only-for-the-fault-suite-never-in-production";

	private static final TokenMint TOKENS = new TokenMint(JWT_SECRET);

	private static final int NODES = 2;

	private static final AtomicInteger count = new AtomicInteger();

	/**
	 * Whatever happens within a scenario lies within retention: no gap has that excuse.
	 */
	private static final String HISTORY = "--fanfare.history.length=20000";

	private final Deque<AutoCloseable> closing = new ArrayDeque<>();

	private final Timing timing;

	private final List<String> nodeSettings;

	private final List<String> apiSettings;

	private final Path logs;

	private final RedisProcess redis;

	private final @Nullable SentinelTrio sentinels;

	private final List<TcpProxy> nodeWires = new ArrayList<>();

	private final TcpProxy apiWire;

	private final List<ServiceProcess> nodes = new ArrayList<>();

	private final ServiceProcess api;

	private final NginxProcess nginx;

	private Deployment(Store store, Timing timing, int nodes, List<String> nodeSettings, List<String> apiSettings)
			throws IOException {
		this.timing = timing;
		this.nodeSettings = nodeSettings;
		this.apiSettings = apiSettings;
		// Both at once: after a build, each takes a quarter of a minute.
		Stream.of("push-api", "push-node").parallel().forEach(Deployment::prepared);
		this.logs = Files.createDirectories(
				project().resolve("push-faults/target/faults/" + count.incrementAndGet() + "-" + store.name()));
		this.redis = closing(startRedis(store));
		OldStore.seed(this.redis);
		this.sentinels = (store == Store.REPLICATED)
				? closing(new SentinelTrio(this.redis, this.logs, store.configuration())) : null;
		this.apiWire = closing(TcpProxy.to(this.redis.port()));
		this.api = closing(startApi(store));
		for (int i = 0; i < nodes; i++) {
			TcpProxy wire = closing(TcpProxy.to(this.redis.port()));
			this.nodeWires.add(wire);
			this.nodes.add(closing(startNode(i + 1, wire, store)));
		}
		this.api.awaitReady();
		this.nodes.forEach(ServiceProcess::awaitReady);
		this.nginx = closing(NginxProcess.start(timing.nginxSettings(), this.api.port(),
				this.nodes.stream().mapToInt(ServiceProcess::port).toArray()));
	}

	/**
	 * Starts everything and waits until it is ready.
	 * @param store what Redis keeps
	 * @param timing the settings that take time
	 * @param nodeSettings further settings of the nodes, as arguments
	 * @return the deployment; the caller closes it
	 */
	public static Deployment start(Store store, Timing timing, String... nodeSettings) {
		return start(store, timing, NODES, nodeSettings);
	}

	/**
	 * Starts everything and waits until it is ready.
	 * @param store what Redis keeps
	 * @param timing the settings that take time
	 * @param nodes how many nodes
	 * @param nodeSettings further settings of the nodes, as arguments
	 * @return the deployment; the caller closes it
	 */
	public static Deployment start(Store store, Timing timing, int nodes, String... nodeSettings) {
		return start(store, timing, nodes, List.of(nodeSettings), List.of());
	}

	/**
	 * Starts everything and waits until it is ready.
	 * @param store what Redis keeps
	 * @param timing the settings that take time
	 * @param nodes how many nodes
	 * @param nodeSettings further settings of the nodes, as arguments
	 * @param apiSettings further settings of the API, as arguments
	 * @return the deployment; the caller closes it
	 */
	public static Deployment start(Store store, Timing timing, int nodes, List<String> nodeSettings,
			List<String> apiSettings) {
		try {
			return new Deployment(store, timing, nodes, List.copyOf(nodeSettings), List.copyOf(apiSettings));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** With a clock that can be shifted, where that is possible. */
	private static RedisProcess startRedis(Store store) {
		return TestRedis.canShiftClocks() ? TestRedis.startShiftable(store.configuration())
				: TestRedis.start(store.configuration());
	}

	private static String redisUrl(RedisUser user, TcpProxy wire) {
		return "redis://" + user.login() + ":" + user.password() + "@127.0.0.1:" + wire.port();
	}

	private ServiceProcess startApi(Store store) throws IOException {
		int port = Ports.free();
		int control = Ports.free();
		List<String> arguments = new ArrayList<>(List.of("--fanfare.api.port=" + port,
				"--fanfare.control.port=" + control, "--fanfare.api.warm-up=0",
				"--fanfare.api.keys=faults:" + API_KEY + ":publish+read+admin+tokens", "--fanfare.tokens.enabled=true",
				"--fanfare.jwt.secret=" + JWT_SECRET, HISTORY, "--fanfare.redis.durable=" + (store == Store.DURABLE),
				"--fanfare.redis.url=" + redisUrl(RedisUser.API, this.apiWire)));
		if (this.sentinels != null) {
			arguments.addAll(this.sentinels.settings("api"));
		}
		set(arguments, this.apiSettings);
		return service("api", "push-api", port, control, arguments);
	}

	private ServiceProcess startNode(int number, TcpProxy wire, Store store) throws IOException {
		int port = Ports.free();
		int control = Ports.free();
		List<String> arguments = new ArrayList<>(List.of("--fanfare.node.name=node-" + number,
				"--fanfare.stream.port=" + port, "--fanfare.stream.loops=2", "--fanfare.control.port=" + control,
				"--fanfare.stream.warm-up=0", "--fanfare.connections.drain-window=2s",
				"--fanfare.jwt.secret=" + JWT_SECRET, HISTORY, "--fanfare.redis.durable=" + (store == Store.DURABLE),
				"--fanfare.redis.url=" + redisUrl(RedisUser.NODE, wire),
				"--fanfare.redis.lease=" + millis(this.timing.lease()),
				"--fanfare.redis.renew-interval=" + millis(this.timing.renewInterval()),
				"--fanfare.connections.heartbeat=" + millis(this.timing.heartbeat()),
				"--fanfare.connections.min-retry=200ms", "--fanfare.connections.max-retry=600ms",
				"--fanfare.connections.max-spread=1500ms",
				// A scenario brings 10 000 to one node, and there are others.
				"--fanfare.connections.max=12000",
				// Restless users take over, and come back, as often as they can.
				"--fanfare.limits.takeovers-per-minute=0", "--fanfare.limits.opens-per-user=0"));
		if (this.sentinels != null) {
			arguments.addAll(this.sentinels.settings("node-" + number));
		}
		set(arguments, this.nodeSettings);
		return service("node-" + number, "push-node", port, control, arguments);
	}

	/** Each setting takes the place of what was set by the same name. */
	private static void set(List<String> arguments, List<String> settings) {
		for (String setting : settings) {
			String name = setting.substring(0, setting.indexOf('=') + 1);
			arguments.removeIf((argument) -> argument.startsWith(name));
			arguments.add(setting);
		}
	}

	private ServiceProcess service(String name, String module, int port, int control, List<String> arguments) {
		List<String> command = prepared(module).command(
				List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+EnableDynamicAgentLoading"));
		command.addAll(arguments);
		return new ServiceProcess(name, this.logs.resolve(name + ".log"), port, control, command);
	}

	private static ServiceJar prepared(String module) {
		return ServiceJar.of(jar(module), ServiceJar.Training.START);
	}

	private static String millis(Duration duration) {
		return duration.toMillis() + "ms";
	}

	/**
	 * Redis.
	 * @return the process
	 */
	public RedisProcess redis() {
		return this.redis;
	}

	/**
	 * The Redis that takes writes.
	 * @return the process, of a replicated store the one that its sentinels name
	 */
	public RedisProcess master() {
		return (this.sentinels != null) ? this.sentinels.master() : this.redis;
	}

	/**
	 * Master, replica and sentinels.
	 * @return those of a replicated store
	 */
	public SentinelTrio sentinels() {
		if (this.sentinels == null) {
			throw new IllegalStateException("The store is not replicated");
		}
		return this.sentinels;
	}

	/**
	 * Asks Redis something, as an operator would by {@code redis-cli}.
	 * @param question what to ask
	 * @param <T> the answer's type
	 * @return the answer
	 */
	public <T> T ask(Function<RedisCommands<String, String>, T> question) {
		return this.redis.ask(question);
	}

	/**
	 * A node.
	 * @param index from 0
	 * @return the process
	 */
	public ServiceProcess node(int index) {
		return this.nodes.get(index);
	}

	/**
	 * All nodes.
	 * @return the processes
	 */
	public List<ServiceProcess> nodes() {
		return List.copyOf(this.nodes);
	}

	/**
	 * How often nodes were ended at once.
	 * @return the count, of all of them
	 */
	public int kills() {
		return this.nodes.stream().mapToInt(ServiceProcess::kills).sum();
	}

	/**
	 * The API.
	 * @return the process
	 */
	public ServiceProcess api() {
		return this.api;
	}

	/**
	 * The API past nginx, which does not pass everything on.
	 * @return its URL without a path
	 */
	public String apiUrl() {
		return "http://127.0.0.1:" + this.api.port();
	}

	/**
	 * What clients and backends connect to.
	 * @return the process
	 */
	public NginxProcess nginx() {
		return this.nginx;
	}

	/**
	 * The wire between a node and Redis.
	 * @param index the node's, from 0
	 * @return the wire
	 */
	public TcpProxy wire(int index) {
		return this.nodeWires.get(index);
	}

	/**
	 * All wires to Redis.
	 * @return those of the nodes and the API's
	 */
	public List<TcpProxy> wires() {
		return Stream.concat(this.nodeWires.stream(), Stream.of(this.apiWire)).toList();
	}

	/**
	 * A stream token that covers every topic, made here: for thousands of users.
	 * @param user whose
	 * @return the token
	 */
	public String token(String user) {
		return TOKENS.stream(user, Duration.ofHours(1), "*");
	}

	/**
	 * A stream token that covers every topic and was issued a minute ago: a revocation by
	 * a clock of Redis that is not as far behind refuses it.
	 * @param user whose
	 * @param id its id
	 * @return the token
	 */
	public String token(String user, String id) {
		return TOKENS.stream(user, id, Instant.now().minusSeconds(60), Duration.ofHours(1), "*");
	}

	/**
	 * How long its things take.
	 * @return the timing it was started with
	 */
	public Timing timing() {
		return this.timing;
	}

	private static Path jar(String module) {
		Path jar = project().resolve(Path.of(module, "target", module + ".jar"));
		if (!Files.exists(jar)) {
			throw new IllegalStateException("Not built: " + jar);
		}
		return jar;
	}

	/**
	 * Where the project is.
	 * @return its top directory
	 */
	public static Path project() {
		return Stream.iterate(Path.of("").toAbsolutePath(), Path::getParent)
			.filter((directory) -> Files.exists(directory.resolve("docker-compose.yml")))
			.findFirst()
			.orElseThrow();
	}

	private <T extends AutoCloseable> T closing(T started) {
		this.closing.push(started);
		return started;
	}

	@Override
	public void close() {
		for (AutoCloseable part : this.closing) {
			try {
				part.close();
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		}
	}

}
