package io.fanfare.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Requests that Schemathesis makes of the published OpenAPI document, those that fit it
 * and those that do not, get no 5xx and no answer that the document does not describe. It
 * takes its minute whatever the machine does meanwhile, so it runs beside the other
 * classes of this module, behind them where they need a processor; it shares nothing with
 * them.
 */
@Execution(ExecutionMode.CONCURRENT)
class SchemathesisIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final Duration TIME = LONG ? Duration.ofMinutes(10) : Duration.ofMinutes(1);

	/**
	 * Two would end the nodes; {@code OpenApiIT} calls them. What a drained node is asked
	 * afterwards is 503. The third is an event stream, which ends after a quarter of an
	 * hour.
	 */
	private static final List<String> NOT_CALLED = List.of("drainNode", "drainCluster", "tailUser");

	/**
	 * Not that all that fits the document is accepted: it cannot say that a key belongs
	 * to another request or that two parameters exclude each other. And not that what
	 * does not fit is refused: a batch is 200 whose messages are not. And not that a
	 * method which an address lacks is 405: Schemathesis sends GET with a body, which is
	 * 400 before anything else is looked at.
	 */
	private static final List<String> NOT_CHECKED = List.of("positive_data_acceptance", "negative_data_rejection",
			"unsupported_method");

	private static final Pattern GENERATED = Pattern.compile("(\\d+) generated");

	@TempDir
	Path directory;

	@Test
	void everyAnswerIsDescribedAndNoneIsAFault() throws Exception {
		Path schemathesis = Assume.installed(RequiredTool.SCHEMATHESIS);
		Path log = this.directory.resolve("schemathesis.log");
		try (TestRedis redis = TestRedis.start();
				ClusterProcess cluster = ClusterProcess.startNice(redis.url(RedisUser.BOTH), this.directory);
				ChildProcess run = ChildProcess.start("TERM", log, command(schemathesis, cluster))) {
			long start = System.nanoTime();
			await().atMost(TIME.multipliedBy(2).plusSeconds(60)).until(() -> !run.isAlive());
			Duration took = Duration.ofNanos(System.nanoTime() - start);
			String report = Files.readString(log);
			assertThat(report).as(report).contains("No issues found").doesNotContain("Failures:", "Errors:");
			Matcher generated = GENERATED.matcher(report);
			assertThat(generated.find()).as(report).isTrue();
			assertThat(Integer.parseInt(generated.group(1))).isGreaterThan(300);
			// It repeats what is random until its time is over
			assertThat(took).isGreaterThanOrEqualTo(TIME);
			System.out.println("Schemathesis: " + generated.group() + " in " + took.toSeconds() + " s");
		}
	}

	private List<String> command(Path schemathesis, ClusterProcess cluster) {
		List<String> command = new ArrayList<>(
				List.of("sh", "-c", "cd \"$0\" && exec nice \"$@\"", this.directory.toString(), schemathesis.toString(),
						"run", "http://127.0.0.1:" + cluster.apiPort() + "/v3/api-docs", "--header",
						"Authorization: Bearer " + TestCluster.apiKey(), "--exclude-checks",
						String.join(",", NOT_CHECKED), "--max-time", Long.toString(TIME.toSeconds()), "--max-examples",
						LONG ? "2000" : "40", "--warnings", "off", "--no-color"));
		// In the short form the same requests each time, so that a failure is one of the
		// change
		command.addAll(LONG ? List.of("--generation-database", "none") : List.of("--generation-deterministic"));
		NOT_CALLED.forEach((operation) -> command.addAll(List.of("--exclude-operation-id", operation)));
		return command;
	}

}
