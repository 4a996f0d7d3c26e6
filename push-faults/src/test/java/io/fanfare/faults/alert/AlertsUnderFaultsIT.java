package io.fanfare.faults.alert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.fanfare.faults.alert.Inbox.Way;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.RequiredTool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A real Prometheus and a real Alertmanager watch a cluster that things are done to, and
 * so do the built-in alerts. Each fault fires the alert that is meant for it and no other
 * without a reason; operators receive it by each way; once the fault is over, it is
 * resolved, and they receive that. {@code -Dfanfare.faults.alert} names one fault alone,
 * or some with commas between.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@DisabledIfSystemProperty(named = "fanfare.faults.scenario", matches = ".+",
		disabledReason = "One scenario was asked for")
class AlertsUnderFaultsIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final Duration PATIENCE = Duration.ofSeconds(LONG ? 100 : 40);

	private static final Duration POLL = Duration.ofMillis(200);

	@TempDir
	private static Path folder;

	private AlertCluster cluster;

	/** Since when nothing should have fired. */
	private Instant calmSince;

	private int started;

	@BeforeAll
	static void requirePrograms() {
		Assume.installed(RequiredTool.NGINX);
		Assume.installed(RequiredTool.PROMETHEUS);
		Assume.installed(RequiredTool.ALERTMANAGER);
	}

	static List<AlertFault> faults() {
		String names = System.getProperty("fanfare.faults.alert", "");
		List<String> wanted = names.isEmpty() ? List.of() : List.of(names.split(","));
		List<AlertFault> all = AlertFaults.all();
		assertThat(all).extracting(AlertFault::name).doesNotHaveDuplicates().containsAll(wanted);
		return all.stream()
			.filter((fault) -> wanted.isEmpty() ? LONG || fault.inShort() : wanted.contains(fault.name()))
			.toList();
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("faults")
	void eachFaultFiresItsAlertAndNoOtherUntilItIsOver(AlertFault fault) throws IOException {
		try {
			play(fault, cluster());
		}
		catch (RuntimeException | Error ex) {
			// What is left of it is nothing to play the next one on.
			close();
			throw ex;
		}
	}

	private AlertCluster cluster() throws IOException {
		if (this.cluster == null) {
			long start = System.nanoTime();
			this.cluster = new AlertCluster(Files.createDirectory(folder.resolve("run" + this.started++)));
			this.calmSince = Instant.now();
			this.cluster.inbox().empty();
			System.out.printf("alerts: everything started in %s%n", since(start));
		}
		return this.cluster;
	}

	private void play(AlertFault fault, AlertCluster on) {
		assertThat(on.firedSince(this.calmSince)).as("what fires while nothing fails").isEmpty();
		Instant begin = Instant.now();
		on.inbox().empty();
		long start = System.nanoTime();
		fault.begin().accept(on);
		await("alerts of " + fault).atMost(PATIENCE)
			.pollInterval(POLL)
			.untilAsserted(() -> assertNotified(fault, on, begin));
		String fired = since(start);
		fault.end().accept(on);
		long end = System.nanoTime();
		await("end of " + fault).atMost(PATIENCE).pollInterval(POLL).untilAsserted(() -> {
			assertThat(on.firing()).isEmpty();
			assertThat(on.builtInFiring()).isZero();
		});
		Set<String> all = on.firedSince(begin);
		System.out.printf("alerts: %s: %s; received after %s, resolved %s after its end; %d notices%n", fault, all,
				fired, since(end), on.inbox().present().size());
		assertThat(all).as("alerts of " + fault + ", each with a reason").allMatch(fault::explains);
		this.calmSince = Instant.now();
		on.inbox().empty();
	}

	/** What must fire does, and operators have received it by each way that is meant. */
	private static void assertNotified(AlertFault fault, AlertCluster on, Instant begin) {
		List<String> ofPrometheus = new ArrayList<>(fault.mustFire());
		ofPrometheus.removeIf((alert) -> !AlertFault.isOfPrometheus(alert));
		List<String> builtIn = new ArrayList<>(fault.mustFire());
		builtIn.removeAll(ofPrometheus);
		assertThat(on.prometheus().firedSince(begin)).as("firing in Prometheus").containsAll(ofPrometheus);
		assertThat(on.inbox().named(Way.MAIL)).as("mails").containsAll(ofPrometheus);
		assertThat(on.inbox().named(Way.WEBHOOK)).as("posts")
			.containsAll(ofPrometheus.stream().filter(on.prometheus()::isCritical).toList());
		assertThat(on.inbox().named(Way.BUILT_IN_MAIL)).as("built-in mails").containsAll(builtIn);
		assertThat(on.inbox().named(Way.BUILT_IN_WEBHOOK)).as("built-in posts").containsAll(builtIn);
	}

	private static String since(long start) {
		return String.format(Locale.ROOT, "%.1f s", (System.nanoTime() - start) / 1e9);
	}

	@AfterAll
	void close() {
		if (this.cluster != null) {
			this.cluster.close();
			this.cluster = null;
		}
	}

}
