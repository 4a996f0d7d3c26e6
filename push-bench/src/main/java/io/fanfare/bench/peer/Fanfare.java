package io.fanfare.bench.peer;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import io.fanfare.bench.load.StreamTarget;
import io.fanfare.bench.process.Programs;
import io.fanfare.bench.publish.Outgoing;
import io.fanfare.bench.publish.Wire;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.ServiceJar;

/**
 * The whole product: nodes, an API and Redis, with tokens, presence, history and metrics.
 */
public final class Fanfare implements Peer {

	private static final String CLAIMS = "{\"sub\":\"{user}\",\"iat\":{iat},\"exp\":{exp},\"aud\":\"fanfare:stream\",\"channels\":[\"*\"]}";

	private static final String KEY = "bench-secret-on-this-machine-and-nowhere-else";

	private static final int BATCH = 500;

	private static final Duration START = Duration.ofSeconds(90);

	private final RedisServer redis;

	private final List<ChildProcess> nodes = new ArrayList<>();

	private final int[] streamPorts;

	private final ChildProcess api;

	private final int apiPort = Ports.free();

	private boolean compressed;

	/**
	 * Starts it and waits until all is ready.
	 * @param site where things are
	 * @param count how many nodes
	 * @param settings more settings of the nodes
	 */
	public Fanfare(Site site, int count, List<String> settings) {
		this.redis = RedisServer.start(site);
		this.streamPorts = new int[count];
		for (int i = 0; i < count; i++) {
			int control = Ports.free();
			this.streamPorts[i] = Ports.free();
			List<String> own = new ArrayList<>(settings);
			own.addAll(List.of("--fanfare.node.name=bench-" + (i + 1), "--fanfare.stream.port=" + this.streamPorts[i],
					"--fanfare.control.port=" + control, "--fanfare.stream.loops=1"));
			ChildProcess node = java(site, "push-node", "node", own, count > 1);
			this.nodes.add(node);
			// One after the other: many that start at once starve each other.
			node.awaitHttp(control, "/actuator/health/readiness", START);
		}
		int control = Ports.free();
		this.api = java(
				site, "push-api", "api", List.of("--fanfare.api.port=" + this.apiPort,
						"--fanfare.control.port=" + control, "--fanfare.api.keys=bench:" + KEY + ":publish+read"),
				false);
		this.api.awaitHttp(control, "/actuator/health/readiness", START);
	}

	private ChildProcess java(Site site, String module, String name, List<String> settings, boolean many) {
		Path folder = site.peers().resolve("fanfare");
		List<String> options = new ArrayList<>(
				List.of("@" + folder.resolve("java.options"), many ? "-Xmx512m" : "-Xmx2g"));
		String more = System.getProperty("fanfare.bench.java." + name);
		if (more != null) {
			options.addAll(List.of(more.split(" ")));
		}
		String redisUrl = "--fanfare.redis.url=redis://127.0.0.1:" + this.redis.port();
		List<String> command = ServiceJar.of(site.jar(module), training(site, module), redisUrl).command(options);
		command.addAll(List.of(
				"--spring.config.additional-location=file:" + folder.resolve(name + ".properties")
						+ (many ? ",file:" + folder.resolve("cluster.properties") : ""),
				"--fanfare.jwt.secret=" + SECRET, redisUrl));
		if (!site.warms()) {
			command.addAll(List.of("--fanfare.stream.warm-up=0", "--fanfare.api.warm-up=0"));
		}
		command.addAll(settings);
		return Programs.server(command, site.log("fanfare-" + name));
	}

	private static ServiceJar.Training training(Site site, String module) {
		if (!site.warms()) {
			return ServiceJar.Training.START;
		}
		return module.equals("push-node") ? ServiceJar.Training.NODE_WARM_UP : ServiceJar.Training.API_WARM_UP;
	}

	/**
	 * From now on streams ask for compression.
	 * @return this
	 */
	public Fanfare compressed() {
		this.compressed = true;
		return this;
	}

	int[] streamPorts() {
		return this.streamPorts;
	}

	int apiPort() {
		return this.apiPort;
	}

	@Override
	public StreamTarget streams() {
		return new StreamTarget(this.streamPorts, "/events?client={user}&access_token={token}", CLAIMS, SECRET, 1,
				this.compressed);
	}

	@Override
	public StreamTarget topicStreams(int topics) {
		return streams()
			.withTopics("/events?channel=t{t0}&channel=t{t1}&channel=t{t2}&client={user}&access_token={token}", topics);
	}

	@Override
	public boolean hasUsers() {
		return true;
	}

	@Override
	public boolean isJava() {
		return true;
	}

	@Override
	public Wire wire() {
		String headers = "Authorization: Bearer " + KEY + "\r\nContent-Type: application/json\r\n";
		return new Wire(this.apiPort, BATCH, (messages) -> {
			if (messages.size() == 1) {
				return Wire.post("/v1/messages", headers, json(messages.getFirst()));
			}
			return Wire.post("/v1/messages/batch", headers,
					messages.stream().map(Fanfare::json).collect(Collectors.joining(",", "{\"messages\":[", "]}")));
		});
	}

	private static String json(Outgoing message) {
		String to = switch (message.kind()) {
			case ALL -> "\"all\":true";
			case TOPIC -> "\"channel\":\"t" + message.number() + "\"";
			case USER -> "\"user\":\"" + StreamTarget.user(message.number()) + "\"";
		};
		return "{\"to\":{" + to + "},\"data\":\"" + message.text().replace("\"", "\\\"") + "\"}";
	}

	@Override
	public List<Long> servers() {
		return this.nodes.stream().map(ChildProcess::pid).toList();
	}

	@Override
	public List<Long> front() {
		return List.of(this.api.pid());
	}

	@Override
	public List<Long> store() {
		return this.redis.pids();
	}

	/**
	 * What Redis says it spent in scripts.
	 * @return microseconds
	 */
	public double scriptMicros() {
		return this.redis.scriptMicros();
	}

	@Override
	public void close() {
		this.nodes.forEach(ChildProcess::close);
		this.api.close();
		this.redis.close();
	}

}
