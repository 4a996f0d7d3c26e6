package io.fanfare.local;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.api.ApiApplication;
import io.fanfare.node.NodeApplication;
import io.fanfare.node.stream.StreamServer;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Nodes and an API in this JVM, each an application of its own: they share the class path
 * and nothing else, and speak to each other through Redis like any others.
 */
final class Cluster implements AutoCloseable {

	/** What the API brings to the class path and a node must not switch on. */
	static final String NOT_FOR_NODES = String.join(",",
			"org.springframework.boot.security.autoconfigure.SecurityAutoConfiguration",
			"org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration",
			"org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterAutoConfiguration",
			"org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration",
			"org.springframework.boot.security.autoconfigure.actuate.web.servlet.ManagementWebSecurityAutoConfiguration");

	/** Pages of this machine, whichever port serves them. */
	private static final String LOCAL_ORIGINS = "http://localhost:*,http://127.0.0.1:*,http://[::1]:*";

	private final LocalSettings settings;

	private final String redisUrl;

	private final List<String> common;

	private final List<ConfigurableApplicationContext> nodes = new ArrayList<>();

	private final ConfigurableApplicationContext api;

	private Cluster(LocalSettings settings, String redisUrl, List<String> common) {
		this.settings = settings;
		this.redisUrl = redisUrl;
		this.common = common;
		try {
			for (int i = 0; i < settings.nodes(); i++) {
				this.nodes.add(startNode(i));
			}
			this.api = start("api", ApiApplication.class, "push-api",
					List.of("--fanfare.api.port=" + settings.apiPort(),
							"--fanfare.control.port=" + settings.apiControlPort(), "--fanfare.api.warm-up=0",
							"--fanfare.api.keys=dev:" + settings.apiKey() + ":publish+read+admin+tokens",
							"--fanfare.tokens.enabled=true"));
		}
		catch (RuntimeException ex) {
			close();
			throw ex;
		}
	}

	/**
	 * Starts a cluster.
	 * @param settings its settings; port 0 takes a free one
	 * @param redisUrl where Redis is
	 * @param common settings of every application besides, as arguments
	 */
	static Cluster start(LocalSettings settings, String redisUrl, String... common) {
		return new Cluster(settings, redisUrl, List.of(common));
	}

	private ConfigurableApplicationContext startNode(int index) {
		String name = "node-" + (index + 1);
		return start(name, NodeApplication.class, "push-node",
				List.of("--fanfare.node.name=" + name,
						"--fanfare.stream.port=" + this.settings.streamPorts().get(index),
						"--fanfare.control.port=" + this.settings.controlPorts().get(index),
						"--fanfare.stream.warm-up=0", "--fanfare.connections.drain-window=0",
						"--fanfare.allowed-origins=" + LOCAL_ORIGINS, "--spring.autoconfigure.exclude=" + NOT_FOR_NODES,
						"--springdoc.api-docs.enabled=false", "--springdoc.swagger-ui.enabled=false"));
	}

	private ConfigurableApplicationContext start(String name, Class<?> application, String configName,
			List<String> own) {
		List<String> arguments = new ArrayList<>(own);
		arguments.add("--spring.config.name=" + configName);
		arguments.add("--fanfare.jwt.secret=" + this.settings.jwtSecret());
		arguments.add("--fanfare.development=true");
		arguments.add("--spring.data.redis.url=" + this.redisUrl);
		arguments.add("--spring.jmx.enabled=false");
		arguments.add("--management.metrics.use-global-registry=false");
		arguments.addAll(this.common);
		SpringApplication made = new SpringApplicationBuilder(application).logStartupInfo(false)
			.bannerMode(Banner.Mode.OFF)
			.registerShutdownHook(false)
			.build();
		return ProcessName.as(name, () -> made.run(arguments.toArray(String[]::new)));
	}

	int streamPort(int node) {
		return this.nodes.get(node).getBean(StreamServer.class).port();
	}

	int controlPort(int node) {
		return localPort(this.nodes.get(node), "local.server.port");
	}

	int apiPort() {
		return localPort(this.api, "local.server.port");
	}

	int apiControlPort() {
		return localPort(this.api, "local.management.port");
	}

	private static int localPort(ConfigurableApplicationContext context, String property) {
		return context.getEnvironment().getRequiredProperty(property, Integer.class);
	}

	/** One of the nodes, for tests that look inside. */
	ConfigurableApplicationContext node(int index) {
		return this.nodes.get(index);
	}

	/** Stops one node in order. */
	void stopNode(int index) {
		ProcessName.run("node-" + (index + 1), this.nodes.get(index)::close);
	}

	@Override
	public void close() {
		for (int i = 0; i < this.nodes.size(); i++) {
			stopNode(i);
		}
		if (this.api != null) {
			ProcessName.run("api", this.api::close);
		}
	}

}
