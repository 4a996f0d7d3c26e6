package io.fanfare.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.fanfare.local.OpsFiles.PrometheusRule;
import io.fanfare.local.OpsFiles.Selector;
import io.fanfare.node.observability.StreamMetrics;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The rules, dashboards and configurations of {@code ops/}: they are valid, each alert
 * fires on its fault alone, and what they name is what node and API serve.
 */
class OpsIT {

	private static final Duration SOON = Duration.ofSeconds(20);

	private static final Path PAGE = OpsFiles.ROOT.resolve("docs/guides/alerts.md");

	/** A line of what is scraped: the name, and the labels. */
	private static final Pattern SAMPLE = Pattern.compile("(?m)^([a-zA-Z_:][\\w:]*)(?:\\{(.*)\\})? \\S+$");

	private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

	/** What Prometheus adds to each series. */
	private static final Set<String> OF_PROMETHEUS = Set.of("job", "instance");

	private static final String TEXT = "text/plain";

	/** As Prometheus asks for it. */
	private static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0";

	private static final Pattern LIVE_NODES = Pattern.compile("(?m)^fanfare_nodes_live [2-9]");

	/** What a node and the API serve once each thing has happened that is counted. */
	private static List<String> scrapes = List.of();

	@TempDir
	private Path folder;

	@BeforeAll
	static void scrape() {
		Cluster cluster = TestCluster.shared();
		ApiClient backend = TestCluster.backend(cluster);
		try (SseClient stream = TestCluster.stream(cluster, 0, backend.token("ops")).open()) {
			stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
			backend.toUser("ops", "seen");
			stream.awaitBlock((block) -> "seen".equals(block.data()), SOON);
		}
		// What is there only once it has happened
		cluster.node(0).getBean(Errors.class).note("ops", new IllegalStateException("For the metrics"));
		cluster.node(0).getBean(StreamMetrics.class).unanswered("renew");
		System.gc();
		String api = await().atMost(SOON)
			.until(() -> scrape(cluster.apiControlPort(), TEXT), (text) -> LIVE_NODES.matcher(text).find());
		scrapes = List.of(scrape(cluster.controlPort(0), TEXT), api, scrape(cluster.controlPort(0), OPEN_METRICS),
				scrape(cluster.apiControlPort(), OPEN_METRICS));
	}

	private static String scrape(int port, String accept) {
		return SseClient.request("127.0.0.1", port, "/actuator/prometheus").header("Accept", accept).fetch().text();
	}

	@Test
	void theConfigurationsAreValid() {
		run(RequiredTool.PROMTOOL, "check", "config", OpsFiles.OPS.resolve("prometheus/prometheus.yml").toString());
		run(RequiredTool.AMTOOL, "check-config", OpsFiles.OPS.resolve("alertmanager/alertmanager.yml").toString());
	}

	@Test
	void eachAlertFiresOnItsFaultAlone() {
		assertThat(run(RequiredTool.PROMTOOL, "test", "rules",
				OpsFiles.OPS.resolve("prometheus/rules.test.yml").toString()))
			.contains("SUCCESS");
		String tests = OpsFiles.read(OpsFiles.OPS.resolve("prometheus/rules.test.yml"));
		assertThat(OpsFiles.alerts()).hasSizeGreaterThan(15)
			.allSatisfy(
					(alert) -> assertThat(tests).contains("{alertname=\"" + alert.text("alert") + "\"}', value: 1}"));
	}

	/** The page says of each what it means, what to look at and what to do. */
	@Test
	void eachAlertIsExplained() {
		String page = OpsFiles.read(PAGE);
		Set<String> explained = Pattern.compile("(?m)^### (Fanfare\\w+)$")
			.matcher(page)
			.results()
			.map((heading) -> heading.group(1))
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(OpsFiles.alerts()).allSatisfy((alert) -> {
			String name = alert.text("alert");
			assertThat(explained).contains(name);
			assertThat(alert.part("labels", "severity")).isIn("critical", "warning");
			assertThat(alert.text("for")).matches("\\d+[sm]");
			assertThat(alert.part("annotations", "summary")).isNotBlank();
			assertThat(alert.part("annotations", "description")).endsWith(".");
			assertThat(alert.part("annotations", "runbook"))
				.isEqualTo("docs/guides/alerts.md#" + name.toLowerCase(Locale.ROOT));
			String text = page.substring(page.indexOf("### " + name + "\n"));
			text = text.substring(0, (text.indexOf("\n##", 3) > 0) ? text.indexOf("\n##", 3) : text.length());
			assertThat(text).contains("**Means**", "**Look at**", "**Do**");
		});
		assertThat(explained).hasSameSizeAs(OpsFiles.alerts());
	}

	@Test
	void whatPanelsShowIsAnExpression() throws IOException {
		List<Map<String, String>> rules = new ArrayList<>();
		for (Path dashboard : OpsFiles.dashboards()) {
			OpsFiles.expressions(dashboard)
				.values()
				.forEach(
						(expression) -> rules.add(Map.of("record", "panel:number" + rules.size(), "expr", expression)));
		}
		// JSON is YAML
		Path file = Files.writeString(this.folder.resolve("panels.yml"), JsonMapper.shared()
			.writeValueAsString(Map.of("groups", List.of(Map.of("name", "panels", "rules", rules)))));
		assertThat(run(RequiredTool.PROMTOOL, "check", "rules", file.toString()))
			.contains("SUCCESS: " + rules.size() + " rules found");
		assertThat(rules).hasSizeGreaterThan(60);
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 2 })
	void whatRulesAndPanelsNameIsServed(int first) {
		Set<String> recorded = OpsFiles.rules()
			.stream()
			.map((rule) -> rule.text("record"))
			.collect(Collectors.toCollection(HashSet::new));
		List<Selector> named = Stream
			.concat(OpsFiles.rules().stream().map(PrometheusRule::expression),
					OpsFiles.dashboards().stream().flatMap((file) -> OpsFiles.expressions(file).values().stream()))
			.flatMap((expression) -> OpsFiles.selectors(expression).stream())
			.filter((selector) -> !recorded.contains(selector.name()) && !selector.name().equals("up"))
			.distinct()
			.toList();
		assertThat(named).map(Selector::name)
			.contains("sse_delivery_latency_seconds_bucket", "fanfare_probe_age_seconds");
		List<Sample> served = scrapes.subList(first, first + 2)
			.stream()
			.flatMap((text) -> samples(text).stream())
			.toList();
		assertThat(named).filteredOn((selector) -> served.stream().noneMatch((sample) -> sample.matches(selector)))
			.isEmpty();
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 1 })
	void whatIsServedIsFreeOfFaults(int process) throws IOException {
		Path file = Files.writeString(this.folder.resolve("metrics.txt"), scrapes.get(process));
		String promtool = Assume.installed(RequiredTool.PROMTOOL).toString();
		String faults = ChildProcess.command("sh", "-c", "\"$0\" check metrics <\"$1\"", promtool, file.toString())
			.run(SOON)
			.output();
		// The JVM, Tomcat and Spring Boot bring series without a help text
		assertThat(faults.lines()).isNotEmpty()
			.allMatch((line) -> line.matches("(jvm|process|system|tomcat|http_server|lettuce)_\\w+ .*"));
	}

	private static String run(RequiredTool tool, String... arguments) {
		List<String> command = new ArrayList<>(List.of(Assume.installed(tool).toString()));
		command.addAll(List.of(arguments));
		return ChildProcess.command(command).run(Duration.ofSeconds(60)).orThrow();
	}

	private static List<Sample> samples(String scrape) {
		return SAMPLE.matcher(scrape).results().map(Sample::of).toList();
	}

	/** One series of a scrape. */
	private record Sample(String name, Map<String, String> labels) {

		private static Sample of(MatchResult line) {
			return new Sample(line.group(1),
					(line.group(2) == null) ? Map.of()
							: LABEL.matcher(line.group(2))
								.results()
								.collect(Collectors.toMap((label) -> label.group(1), (label) -> label.group(2))));
		}

		private boolean matches(Selector selector) {
			return this.name.equals(selector.name())
					&& selector.labels()
						.stream()
						.filter((label) -> !OF_PROMETHEUS.contains(label))
						.allMatch(this.labels::containsKey)
					&& selector.equal()
						.entrySet()
						.stream()
						.filter((label) -> !OF_PROMETHEUS.contains(label.getKey()))
						.allMatch((label) -> label.getValue().equals(this.labels.get(label.getKey())));
		}

	}

}
