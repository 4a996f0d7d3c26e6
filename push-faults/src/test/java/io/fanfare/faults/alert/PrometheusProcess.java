package io.fanfare.faults.alert;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import io.fanfare.faults.deployment.Deployment;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real Prometheus with the shipped configuration and {@link RulesInHaste the rules in
 * haste}: it scrapes a deployment every second and evaluates as often.
 */
final class PrometheusProcess implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(20);

	private final int port = Ports.free();

	private final ChildProcess process;

	/**
	 * Starts it and waits until it answers.
	 * @param folder where its files go
	 * @param deployment what it scrapes
	 * @param alertmanager the port of what it notifies
	 */
	PrometheusProcess(Path folder, Deployment deployment, int alertmanager) {
		RulesInHaste.of(ShippedFile.read("prometheus/rules.yml")).write(folder.resolve("rules.yml"));
		Path configuration = ShippedFile.read("prometheus/prometheus.yml")
			.replace("scrape_interval: 15s", "scrape_interval: 1s")
			.replace("scrape_timeout: 10s", "scrape_timeout: 1s")
			.replace("evaluation_interval: 15s", "evaluation_interval: 1s")
			.replace("[alertmanager:9093]", targets(List.of(alertmanager)))
			.replace("[node-1:9081, node-2:9081]",
					targets(deployment.nodes().stream().map(ServiceProcess::controlPort).toList()))
			.replace("[api:9080]", targets(List.of(deployment.api().controlPort())))
			.replace("[localhost:9090]", targets(List.of(this.port)))
			.write(folder.resolve("prometheus.yml"));
		this.process = ChildProcess.command(RequiredTool.PROMETHEUS.path().toString(), "--config.file=" + configuration,
				"--storage.tsdb.path=" + folder.resolve("prometheus"), "--web.listen-address=127.0.0.1:" + this.port)
			.killedAfter(Duration.ofSeconds(5))
			.start();
		this.process.awaitHttp(this.port, "/-/ready", START);
	}

	private static String targets(List<Integer> ports) {
		return ports.stream().map((port) -> "127.0.0.1:" + port).collect(Collectors.joining(", ", "[", "]"));
	}

	/**
	 * How many targets answer.
	 * @return the number, of all jobs
	 */
	int up() {
		List<JsonNode> answer = query("sum(up)", Instant.now());
		return answer.isEmpty() ? 0 : Integer.parseInt(answer.getFirst().required("value").get(1).asString());
	}

	/**
	 * Which alerts fire now.
	 * @return their names
	 */
	Set<String> firing() {
		return data(request("/api/v1/alerts")).required("alerts")
			.valueStream()
			.filter((alert) -> alert.required("state").asString().equals("firing"))
			.map((alert) -> alert.required("labels").required("alertname").asString())
			.collect(Collectors.toCollection(TreeSet::new));
	}

	/**
	 * Which alerts fired since, if only for one evaluation.
	 * @param begin since when
	 * @return their names
	 */
	Set<String> firedSince(Instant begin) {
		Instant now = Instant.now();
		long millis = Math.max(1, Duration.between(begin, now).toMillis());
		return query("group by (alertname) (count_over_time(ALERTS{alertstate=\"firing\"}[" + millis + "ms]))", now)
			.stream()
			.map((series) -> series.required("metric").required("alertname").asString())
			.collect(Collectors.toCollection(TreeSet::new));
	}

	/**
	 * Whether an alert is critical, as its rule says.
	 * @param alert its name
	 * @return whether it is
	 */
	boolean isCritical(String alert) {
		return data(request("/api/v1/rules").query("type", "alert")).required("groups")
			.valueStream()
			.flatMap((group) -> group.required("rules").valueStream())
			.filter((rule) -> rule.required("name").asString().equals(alert))
			.anyMatch((rule) -> rule.required("labels").required("severity").asString().equals("critical"));
	}

	private List<JsonNode> query(String expression, Instant at) {
		return data(request("/api/v1/query").query("query", expression).query("time", at.toString())).required("result")
			.valueStream()
			.toList();
	}

	private SseRequest request(String path) {
		return SseClient.request("127.0.0.1", this.port, path).header("Accept", "application/json");
	}

	private static JsonNode data(SseRequest request) {
		return JsonMapper.shared().readTree(request.fetch().text()).required("data");
	}

	@Override
	public void close() {
		this.process.close();
	}

}
