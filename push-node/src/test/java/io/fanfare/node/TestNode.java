package io.fanfare.node;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.observability.NodeHealth;
import io.fanfare.node.stream.StreamServer;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.ResourceLeakDetector;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

import static org.awaitility.Awaitility.await;

/** A node as it runs, on free ports, and requests to it. */
final class TestNode implements AutoCloseable {

	/** How long a test waits for what should come at once. */
	static final Duration SOON = Duration.ofSeconds(10);

	/** How long it watches for what should not come. */
	static final Duration A_WHILE = Duration.ofMillis(300);

	private static final String HOST = "127.0.0.1";

	private static final AtomicInteger USERS = new AtomicInteger();

	private final ConfigurableApplicationContext context;

	private TestNode(ConfigurableApplicationContext context) {
		this.context = context;
	}

	/** Starts a node and waits until messages reach it. */
	static TestNode start(TestRedis redis, String name, String... settings) {
		return start(redis, name, (context) -> {
		}, settings);
	}

	/** Starts a node some of whose parts are others. */
	static TestNode start(TestRedis redis, String name,
			ApplicationContextInitializer<ConfigurableApplicationContext> parts, String... settings) {
		TestNode node = launch(redis, name, parts, settings);
		await().atMost(SOON).until(() -> node.bean(NodeHealth.class).isReady() && node.bean(PubSubLink.class).isUp());
		return node;
	}

	/** Starts a node, whose Redis may be away. */
	static TestNode launch(TestRedis redis, String name, String... settings) {
		return launch(redis, name, (context) -> {
		}, settings);
	}

	private static TestNode launch(TestRedis redis, String name,
			ApplicationContextInitializer<ConfigurableApplicationContext> parts, String... settings) {
		ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
		List<String> arguments = new ArrayList<>(
				List.of("--spring.config.name=push-node", "--fanfare.node.name=" + name, "--fanfare.stream.port=0",
						"--fanfare.stream.address=" + HOST, "--fanfare.control.port=0",
						"--fanfare.jwt.secret=" + Tokens.SECRET, "--spring.data.redis.url=" + redis.url(RedisUser.NODE),
						"--spring.jmx.enabled=false", "--management.metrics.use-global-registry=false"));
		arguments.addAll(List.of(settings));
		// The heap of this process is full of the tests' own clients.
		for (String setting : List.of("--fanfare.stream.warm-up=", "--fanfare.connections.drain-window=",
				"--fanfare.memory.interval=")) {
			if (arguments.stream().noneMatch((argument) -> argument.startsWith(setting))) {
				arguments.add(setting + "0");
			}
		}
		SpringApplication application = new SpringApplicationBuilder(NodeApplication.class).logStartupInfo(false)
			.registerShutdownHook(false)
			.initializers(parts)
			.build();
		return new TestNode(application.run(arguments.toArray(String[]::new)));
	}

	/** A user whom no other test has. */
	static String newUser() {
		return "user-" + USERS.incrementAndGet();
	}

	/** A topic that no other test has. */
	static String newTopic() {
		return "topic-" + USERS.incrementAndGet();
	}

	<T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	int port() {
		return bean(StreamServer.class).port();
	}

	int controlPort() {
		return this.context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
	}

	String identity() {
		return bean(NodeIdentity.class).value();
	}

	/** A bare socket. */
	SseClient connect() {
		return SseClient.connect(HOST, port());
	}

	/** A request without a token. */
	SseRequest request(String path) {
		return SseClient.request(HOST, port(), path);
	}

	/** A request to the control port. */
	SseRequest control(String path) {
		return SseClient.request(HOST, controlPort(), path).header("Accept", "*/*");
	}

	/** A request for the stream of a user who may hear all topics. */
	SseRequest stream(String user) {
		return request("/events").bearer(Tokens.token(user, "*"));
	}

	/** The open stream of a user, past its first block. */
	SseClient open(String user, String... topics) {
		return opened(stream(user), topics);
	}

	/** An open stream, past its first block. */
	static SseClient opened(SseRequest request, String... topics) {
		for (String topic : topics) {
			request.query("channel", topic);
		}
		SseClient stream = request.open();
		SseBlock first = stream.nextBlock(SOON);
		if (!first.fires("push.connected")) {
			throw new AssertionError("No stream: " + stream);
		}
		return stream;
	}

	/** The value of a gauge or counter. */
	double meter(String name, String... tags) {
		MeterRegistry registry = bean(MeterRegistry.class);
		return registry.find(name)
			.tags(tags)
			.meters()
			.stream()
			.mapToDouble((meter) -> meter.measure().iterator().next().getValue())
			.sum();
	}

	@Override
	public void close() {
		this.context.close();
	}

}
