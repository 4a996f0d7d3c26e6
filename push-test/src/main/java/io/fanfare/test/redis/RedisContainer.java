package io.fanfare.test.redis;

import java.util.ArrayList;
import java.util.List;

import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/**
 * Redis in a container. The image is a current one on purpose: the embedded server is the
 * oldest version that Fanfare supports, so between them tests see both ends.
 */
final class RedisContainer implements TestRedis {

	private static final String IMAGE = System.getProperty("fanfare.test.redis.image", "redis:8-alpine");

	/**
	 * Testcontainers' own helper, which ends containers after their JVM.
	 */
	private static final String REAPER = "testcontainers/ryuk";

	private static final String CONFIGURATION = "/tmp/redis.conf";

	private static final int PORT = 6379;

	private final GenericContainer<?> container;

	private RedisContainer(GenericContainer<?> container) {
		this.container = container;
	}

	/**
	 * Whether a Docker engine answers quickly and has, or can get, what is needed.
	 */
	static boolean isPossible() {
		return DockerEngine.find()
			.filter((engine) -> engine.hasOrFinds(IMAGE))
			.filter((engine) -> Boolean.parseBoolean(System.getenv("TESTCONTAINERS_RYUK_DISABLED"))
					|| engine.hasOrFinds(REAPER))
			.isPresent();
	}

	/**
	 * Starts a container. Testcontainers ends it with the JVM.
	 */
	@SuppressWarnings("resource") // the container is closed with this object
	static RedisContainer start() {
		GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(IMAGE))
			.withCopyToContainer(Transferable.of(configuration()), CONFIGURATION)
			.withCommand("redis-server", CONFIGURATION)
			.withExposedPorts(PORT)
			.waitingFor(Wait.forListeningPort());
		container.start();
		return new RedisContainer(container);
	}

	private static String configuration() {
		List<String> lines = new ArrayList<>(List.of("save \"\"", "appendonly no", "protected-mode no"));
		lines.addAll(RedisUser.configuration());
		return String.join("\n", lines) + "\n";
	}

	@Override
	public String host() {
		return this.container.getHost();
	}

	@Override
	public int port() {
		return this.container.getMappedPort(PORT);
	}

	@Override
	public void close() {
		this.container.stop();
	}

	@Override
	public String toString() {
		return "RedisContainer[" + IMAGE + ", port=" + port() + "]";
	}

}
