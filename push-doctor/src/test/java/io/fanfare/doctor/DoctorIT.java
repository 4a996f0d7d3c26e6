package io.fanfare.doctor;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

import io.fanfare.doctor.diagnosis.Diagnosis;
import io.fanfare.doctor.diagnosis.Finding;
import io.fanfare.doctor.observation.Observations;
import io.fanfare.doctor.probe.Prober;
import io.fanfare.doctor.probe.Target;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Launch;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The doctor before a real node, behind proxies that are broken in one way each, and
 * behind some that are not. All are asked at once, as each takes half a minute.
 */
class DoctorIT {

	private static final Duration LONGEST = Duration.ofSeconds(40);

	/** With a JVM to start, on a busy machine. */
	private static final Duration LONGEST_PROGRAM = Duration.ofSeconds(60);

	private static final List<AutoCloseable> started = new ArrayList<>();

	private static final Map<Way, Future<Run>> runs = new EnumMap<>(Way.class);

	private static final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

	private static Future<Launch.Completed> healthy;

	private static Future<Launch.Completed> broken;

	private static Future<Launch.Completed> encrypted;

	private static Future<Launch.Completed> byHttp11;

	private static int encryptedPort;

	/**
	 * What was seen of one way.
	 */
	private record Run(Observations seen, Duration took) {

	}

	@BeforeAll
	static void askAll(@TempDir Path directory) {
		Assume.installed(RequiredTool.NGINX);
		Assume.installed(RequiredTool.HAPROXY);
		Assume.installed(RequiredTool.OPENSSL);
		DoctorNode node = keep(DoctorNode.start());
		List<Way> ways = ways().toList();
		Map<Way, Integer> ports = new EnumMap<>(Way.class);
		ways.forEach((way) -> ports.put(way, way.open(node.port(), DoctorIT::keep)));
		for (Way way : ways) {
			runs.put(way, threads.submit(() -> ask(url(ports.get(way)))));
		}
		healthy = threads.submit(program(List.of(), "--origin", Way.ORIGIN, url(node.port())));
		broken = threads.submit(program(List.of(), "--json", url(ports.get(Way.MAINTENANCE_PAGE))));
		TestTrust trust = TestTrust.make(directory);
		encryptedPort = keep(ProxyProcess.nginx(node.port(), trust.nginx("ssl http2"))).port();
		encrypted = threads.submit(program(trust.options(), "--json", encryptedUrl(encryptedPort)));
		int older = keep(ProxyProcess.nginx(node.port(), trust.nginx("ssl"))).port();
		byHttp11 = threads.submit(program(trust.options(), encryptedUrl(older)));
	}

	@AfterAll
	static void closeAll() throws Exception {
		threads.shutdownNow();
		for (AutoCloseable each : started.reversed()) {
			each.close();
		}
	}

	/** All that are not broken, and five that are; all of them with {@code -Plong}. */
	static Stream<Way> ways() {
		return Stream.of(Way.values()).filter((way) -> way.isShort() || Boolean.getBoolean("fanfare.long"));
	}

	@ParameterizedTest
	@MethodSource("ways")
	void namesWhatLiesBetweenAndNothingElse(Way way) throws Exception {
		Run run = runs.get(way).get();
		Diagnosis diagnosis = Diagnosis.of(run.seen());
		System.out.println(way + " in " + run.took().toMillis() + " ms: " + diagnosis);
		assertThat(diagnosis.findings()).extracting(Finding::id)
			.as(() -> diagnosis + " of " + run.seen())
			.containsExactlyInAnyOrderElementsOf(way.findings());
		assertThat(run.took()).isLessThan(LONGEST);
	}

	@Test
	void theStatusIsZeroWithoutProblems() throws Exception {
		assertThat(healthy.get().output()).contains(": no problem between here and ");
		assertThat(healthy.get().status()).isZero();
	}

	@Test
	void theStatusIsOneWithProblems() throws Exception {
		// Without --origin no preflight is sent, as a page of the own origin sends none.
		assertThat(broken.get().output()).contains("\"problems\" : 1,", "\"id\" : \"not-fanfare\"",
				"\"preflight\" : null");
		assertThat(broken.get().status()).isOne();
	}

	@Test
	void theStatusIsTwoIfNothingCouldBeAsked() throws Exception {
		Launch.Completed nowhere = program(List.of(), url(Ports.free())).call();
		assertThat(nowhere.output()).contains("PROBLEM unreachable: ", "the connection is refused");
		assertThat(nowhere.status()).isEqualTo(2);
		Launch.Completed wrong = program(List.of(), "--what").call();
		assertThat(wrong.output()).contains("no option --what", "java -jar push-doctor.jar");
		assertThat(wrong.status()).isEqualTo(2);
	}

	@Test
	void asksByHttp2WhereItIsSpoken() throws Exception {
		assertThat(encrypted.get().output()).contains("\"problems\" : 0,", "\"findings\" : [ ]",
				"\"protocol\" : \"h2\"");
		assertThat(encrypted.get().status()).isZero();
	}

	@Test
	void notesThatBrowsersHaveSixConnectionsByHttp11() throws Exception {
		assertThat(byHttp11.get().output()).contains(": no problem and 1 note between ", "\nnote http-1.1: ");
		assertThat(byHttp11.get().status()).isZero();
	}

	@Test
	void saysThatACertificateIsNotTrusted() throws Exception {
		Launch.Completed refused = program(List.of(), encryptedUrl(encryptedPort)).call();
		assertThat(refused.output()).contains("PROBLEM unreachable: ", "the certificate is refused");
		assertThat(refused.status()).isEqualTo(2);
	}

	private static Run ask(String url) throws InterruptedException {
		long began = System.nanoTime();
		Observations seen = Prober.ask(new Target(URI.create(url), Way.ORIGIN));
		return new Run(seen, Duration.ofNanos(System.nanoTime() - began));
	}

	private static Callable<Launch.Completed> program(List<String> options, String... arguments) {
		List<String> command = new ArrayList<>(List.of(ChildProcess.jdk("java"), "-XX:TieredStopAtLevel=1", "-Xmx128m",
				"-cp", System.getProperty("java.class.path")));
		command.addAll(options);
		command.add(Doctor.class.getName());
		command.addAll(List.of(arguments));
		return () -> ChildProcess.command(command).run(LONGEST_PROGRAM);
	}

	private static String url(int port) {
		return "http://127.0.0.1:" + port + "/events";
	}

	private static String encryptedUrl(int port) {
		return "https://127.0.0.1:" + port + "/events";
	}

	private static <T extends AutoCloseable> T keep(T opened) {
		started.add(opened);
		return opened;
	}

}
