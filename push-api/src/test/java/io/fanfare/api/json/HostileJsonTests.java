package io.fanfare.api.json;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.fanfare.api.problem.ProblemException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What bodies as long as may be cost, however they are made. */
class HostileJsonTests {

	private static final int LENGTH = 1_000_000;

	private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

	private static final long MOST_MILLIS = 100;

	private static final Rule.Plain MESSAGE = Rule.Plain.of(Description.NONE,
			Field.required("to", Rule.Plain.of(Description.NONE)),
			Field.required("data", new Rule.Any(Description.NONE)));

	/** By name, so that a failure does not print a megabyte. */
	private static final Map<String, String> BODIES = bodies();

	private static Map<String, String> bodies() {
		Map<String, String> bodies = new LinkedHashMap<>();
		bodies.put("doubled names", object("\"a\":1"));
		bodies.put("doubled long names", object("\"" + "a/~".repeat(1_000) + "\":1"));
		bodies.put("half surrogates", array("\"\\ud800\""));
		bodies.put("half surrogates as names", object("\"\\udc00\":\"\\ud800\""));
		bodies.put("deep errors", "[".repeat(900) + "\"\\ud800\"" + ",\"\\ud800\"".repeat(100_000) + "]".repeat(900));
		bodies.put("deep errors below long names", ("{\"" + "n".repeat(900) + "\":").repeat(900) + "{\"a\":1"
				+ ",\"a\":1".repeat(30_000) + "}".repeat(901));
		bodies.put("unknown fields", "{"
				+ IntStream.range(0, 80_000).mapToObj((i) -> "\"\u00e4" + i + "\":1").collect(Collectors.joining(","))
				+ "}");
		bodies.put("colliding names", "{" + collisions() + "}");
		bodies.put("too deep", "[".repeat(LENGTH));
		bodies.put("objects that are too deep", "{\"a\":".repeat(LENGTH / 5));
		bodies.put("a long number", "{\"a\":" + "9".repeat(LENGTH) + "}");
		bodies.put("a large exponent", "{\"a\":1e" + "9".repeat(LENGTH) + "}");
		bodies.put("small numbers", array("1"));
		bodies.put("empty lists", array("[]"));
		bodies.put("empty objects", array("{}"));
		bodies.put("escapes", "{\"a\":\"" + "\\u00e4\\n".repeat(LENGTH / 8) + "\"}");
		bodies.put("a long name", "{\"" + "n".repeat(LENGTH) + "\":1}");
		bodies.put("blanks", " ".repeat(LENGTH) + "{}");
		bodies.put("lines", "\n".repeat(LENGTH));
		bodies.put("a text without an end", "{\"a\":\"" + "x".repeat(LENGTH));
		return bodies;
	}

	private static String array(String item) {
		return "[" + item + ("," + item).repeat(LENGTH / (item.length() + 1)) + "]";
	}

	private static String object(String member) {
		return "{" + member + ("," + member).repeat(LENGTH / (member.length() + 1)) + "}";
	}

	/** Names that have one and the same hash code. */
	private static String collisions() {
		return IntStream.range(0, 1 << 14)
			.mapToObj((i) -> "\"" + IntStream.range(0, 14)
				.mapToObj((bit) -> ((i >> bit & 1) == 0) ? "Aa" : "BB")
				.collect(Collectors.joining()) + "\":1")
			.collect(Collectors.joining(","));
	}

	static Stream<String> names() {
		return BODIES.keySet().stream();
	}

	@ParameterizedTest
	@MethodSource("names")
	void noBodyCostsMuch(String name) {
		byte[] body = BODIES.getOrDefault(name, "").getBytes(StandardCharsets.UTF_8);
		long least = Long.MAX_VALUE;
		for (int i = 0; i < 5 && least > MOST_MILLIS / 2; i++) {
			long before = THREADS.getCurrentThreadCpuTime();
			read(body);
			least = Math.min(least, Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - before).toMillis());
		}
		assertThat(least).as("ms of processor").isLessThan(MOST_MILLIS);
	}

	/** As an endpoint does. */
	private static void read(byte[] body) {
		try {
			JsonBody read = StrictJson.parse(body);
			read.fields(MESSAGE);
			read.errors().check();
		}
		catch (ProblemException ex) {
			assertThat(ex.problem().status()).isEqualTo(400);
		}
	}

}
