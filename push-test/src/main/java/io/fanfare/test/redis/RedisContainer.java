package io.fanfare.test.redis;

import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * Redis in a container. The image is a current one on purpose: the embedded server is the
 * oldest version that Fanfare supports, so between them tests see both ends.
 */
final class RedisContainer implements TestRedis {

	private static final DockerImageName IMAGE = DockerImageName
		.parse(System.getProperty("fanfare.test.redis.image", "redis:8-alpine"));

	private static final int PORT = 6379;

	private final GenericContainer<?> container;

	private RedisContainer(GenericContainer<?> container) {
		this.container = container;
	}

	/**
	 * Starts a container. Testcontainers ends it with the JVM.
	 */
	@SuppressWarnings("resource") // the container is closed with this object
	static RedisContainer start() {
		GenericContainer<?> container = new GenericContainer<>(IMAGE)
			.withCommand("redis-server", "--save", "", "--appendonly", "no")
			.withExposedPorts(PORT)
			.waitingFor(Wait.forListeningPort());
		container.start();
		return new RedisContainer(container);
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
