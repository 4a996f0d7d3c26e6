package io.fanfare.doctor;

import io.fanfare.node.NodeApplication;
import io.fanfare.node.stream.StreamServer;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import org.springframework.boot.Banner;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** A node as it runs, which many doctors may ask at once. */
final class DoctorNode implements AutoCloseable {

	private final TestRedis redis;

	private final ConfigurableApplicationContext context;

	private DoctorNode(TestRedis redis, ConfigurableApplicationContext context) {
		this.redis = redis;
		this.context = context;
	}

	/** Starts a node, and a Redis for it. */
	static DoctorNode start() {
		TestRedis redis = TestRedis.start();
		return new DoctorNode(redis,
				new SpringApplicationBuilder(NodeApplication.class).logStartupInfo(false)
					.bannerMode(Banner.Mode.OFF)
					.registerShutdownHook(false)
					.build()
					.run("--spring.config.name=push-node", "--fanfare.node.name=node-1", "--fanfare.stream.port=0",
							"--fanfare.stream.address=127.0.0.1", "--fanfare.control.port=0",
							"--fanfare.jwt.secret=only-for-the-tests-of-the-doctor-and-nothing-else",
							"--spring.data.redis.url=" + redis.url(RedisUser.NODE), "--spring.jmx.enabled=false",
							"--management.metrics.use-global-registry=false", "--fanfare.stream.warm-up=0",
							"--fanfare.connections.drain-window=0", "--fanfare.memory.interval=0",
							"--fanfare.doctor.max=200", "--fanfare.allowed-origins=" + Way.ORIGIN));
	}

	int port() {
		return this.context.getBean(StreamServer.class).port();
	}

	@Override
	public void close() {
		this.context.close();
		this.redis.close();
	}

}
