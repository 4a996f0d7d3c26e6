package io.fanfare.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The files of {@code ops/}, and what stands in them. */
final class OpsFiles {

	static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

	static final Path OPS = ROOT.resolve("ops");

	/** What looks like a series, with its matchers; a function has a parenthesis. */
	private static final Pattern SELECTOR = Pattern
		.compile("(?<![\\w:$\"])([a-zA-Z_:][\\w:]*)(?![\\w:]*\\s*\\()\\s*(?:\\{([^}]*)\\})?");

	private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(=~|!~|!=|=)\\s*\"([^\"]*)\"");

	/** Labels that are listed, and no series. */
	private static final Pattern LISTED = Pattern
		.compile("\\b(by|on|without|ignoring|group_left|group_right)\\s*\\([^)]*\\)");

	private static final Set<String> KEYWORDS = Set.of("and", "or", "unless", "offset", "bool");

	private OpsFiles() {
	}

	/** A rule of Prometheus: an alert, or a record. */
	record PrometheusRule(Map<String, Object> fields) {

		String expression() {
			return text("expr");
		}

		String text(String field) {
			return String.valueOf(this.fields.getOrDefault(field, ""));
		}

		String part(String map, String field) {
			return (this.fields.get(map) instanceof Map<?, ?> parts && parts.get(field) instanceof String text) ? text
					: "";
		}

	}

	/** A series that an expression names, with the labels that it must have. */
	record Selector(String name, Map<String, String> equal, Set<String> labels) {

	}

	static List<PrometheusRule> rules() {
		Map<String, List<Map<String, List<Map<String, Object>>>>> file = new Yaml()
			.load(read(OPS.resolve("prometheus/rules.yml")));
		return file.get("groups")
			.stream()
			.flatMap((group) -> group.get("rules").stream())
			.map(PrometheusRule::new)
			.toList();
	}

	static List<PrometheusRule> alerts() {
		return rules().stream().filter((rule) -> rule.fields().containsKey("alert")).toList();
	}

	static List<Path> dashboards() {
		try (Stream<Path> files = Files.list(OPS.resolve("grafana/dashboards"))) {
			return files.sorted().toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** The expressions of a dashboard by title of the panel, as Grafana sends them. */
	static Map<String, String> expressions(Path dashboard) {
		Map<String, String> expressions = new TreeMap<>();
		JsonNode root = JsonMapper.shared().readTree(read(dashboard));
		for (JsonNode panel : root.required("panels")) {
			for (JsonNode target : panel.required("targets")) {
				expressions.put(panel.required("title").asString() + " " + target.required("refId").asString(),
						target.required("expr")
							.asString()
							.replace("$__rate_interval", "1m")
							.replace("$instance", ".*"));
			}
		}
		return expressions;
	}

	static List<Selector> selectors(String expression) {
		List<Selector> selectors = new ArrayList<>();
		Matcher found = SELECTOR.matcher(LISTED.matcher(expression).replaceAll(" ").replaceAll("\\[[^]]*\\]", " "));
		while (found.find()) {
			if (KEYWORDS.contains(found.group(1))) {
				continue;
			}
			Map<String, String> all = new TreeMap<>();
			Map<String, String> equal = new TreeMap<>();
			if (found.group(2) != null) {
				MATCHER.matcher(found.group(2)).results().forEach((part) -> {
					all.put(part.group(1), part.group(3));
					if (part.group(2).equals("=")) {
						equal.put(part.group(1), part.group(3));
					}
				});
			}
			selectors.add(new Selector(found.group(1), equal, all.keySet()));
		}
		return selectors;
	}

	static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
