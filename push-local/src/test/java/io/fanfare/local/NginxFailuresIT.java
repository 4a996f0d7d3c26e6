package io.fanfare.local;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What nginx takes for a failure of a node: nothing that a node answers on purpose, and
 * nothing that a client does.
 */
class NginxFailuresIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private static final JsonMapper json = JsonMapper.shared();

	/** In the access log. */
	private static final Pattern FAILURE = Pattern.compile("upstream_status=\"[^\"]*50[24]");

	/** What the probe before a stream saw is in the log of this test alone. */
	private static final Map<String, String> LOG_THE_PROBE = Map.of("upstream_status=\"$upstream_status\"",
			"upstream_status=\"$upstream_status\" nodes_seen=\"$nodes_seen\"");

	private static final Pattern PROBED = Pattern.compile("nodes_seen=\"\\d");

	private static final Pattern FAILED_PROBE = Pattern.compile("nodes_seen=\"[^|\"]*50[24]");

	/** The request that every node once seemed to fail at. */
	private static final String BODY_ON_A_STREAM = "GET /events HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx";

	/** What a client may send, by what a node answers. */
	private static final Map<String, Integer> ABUSE = new LinkedHashMap<>();

	static {
		ABUSE.put(BODY_ON_A_STREAM, 401);
		ABUSE.put("GET /events?strict=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 401);
		ABUSE.put("POST /events HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 405);
		ABUSE.put("POST /events HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n" + "x".repeat(20_000), 413);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 401);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\n" + "x".repeat(0x5000)
				+ "\r\n0\r\n\r\n", 413);
		ABUSE.put("HEAD /events HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 405);
		ABUSE.put("OPTIONS /events HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 204);
		ABUSE.put("TRACE /events HTTP/1.1\r\nHost: h\r\n\r\n", 405);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 401);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nA: " + "a".repeat(19_000) + "\r\nB: " + "b".repeat(19_000)
				+ "\r\n\r\n", 401);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nA: " + "a".repeat(19_000) + "\r\nB: " + "b".repeat(19_000)
				+ "\r\nC: " + "c".repeat(7_900) + "\r\n\r\n", 431);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nOrigin: https://" + "a".repeat(7_000) + "\r\n\r\n", 401);
		// What takes long to parse, if it is done carelessly
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nAccept: a" + " ".repeat(39_000) + "b\r\n\r\n", 401);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nAccept-Encoding: a" + " ".repeat(39_000) + "b\r\n\r\n", 401);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nAccept: " + "a,".repeat(19_500) + "\r\n\r\n", 401);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nAccept-Encoding: " + "a;q=,".repeat(7_800) + "\r\n\r\n", 401);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\nCookie: " + "c=d; ".repeat(7_800) + "\r\n\r\n", 401);
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\n" + numbered(200, "H%d: v\r\n") + "\r\n", 401);
		// More than a node reads; some versions of nginx refuse more than 1 000.
		ABUSE.put("GET /events HTTP/1.1\r\nHost: h\r\n" + numbered(900, "H%d: v\r\n") + "\r\n", 431);
		ABUSE.put("GET /events?" + numbered(5_000, "p%d&") + " HTTP/1.1\r\nHost: h\r\n\r\n", 401);
		ABUSE.put("GET /events?" + "channel=a&".repeat(3_500) + " HTTP/1.1\r\nHost: h\r\n\r\n", 401);
		ABUSE.put("GET /events?x=" + "x".repeat(41_000) + " HTTP/1.1\r\nHost: h\r\n\r\n", 414);
		ABUSE.put("GET /%65vents HTTP/1.1\r\nHost: h\r\n\r\n", 404);
		ABUSE.put("GET //events HTTP/1.1\r\nHost: h\r\n\r\n", 404);
		ABUSE.put("GET /events HTTP/1.0\r\n\r\n", 401);
		ABUSE.put("POST /events/close HTTP/1.1\r\nHost: h\r\nContent-Length: 16384\r\n\r\n" + "x".repeat(16_384), 400);
		ABUSE.put("POST /events/close HTTP/1.1\r\nHost: h\r\nContent-Length: 17000\r\n\r\n" + "x".repeat(17_000), 413);
		ABUSE.put("POST /events/ack HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
				400);
		ABUSE.put("GET /events/close HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 400);
		ABUSE.put("POST /v1/users/x/disconnect HTTP/1.1\r\nHost: h\r\nContent-Length: 2200000\r\n\r\n"
				+ "x".repeat(2_200_000), 413);
	}

	/** What a client may begin, and leave. */
	private static final List<String> BROKEN_OFF = List.of("GET /events HTTP/1.1\r\nHost: h\r\n\r\n",
			"GET /events HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx",
			"POST /events/close HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx",
			"POST /events/close HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
			"POST /events/ack HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx");

	private final List<SseClient> streams = new ArrayList<>();

	@BeforeAll
	static void requireNginx() {
		Assume.installed(RequiredTool.NGINX);
	}

	@AfterEach
	void closeStreams() {
		this.streams.forEach(SseClient::close);
	}

	@Test
	void nothingThatAClientSendsKeepsOthersFromBeingServed() throws InterruptedException {
		Cluster cluster = TestCluster.shared();
		ApiClient backend = TestCluster.backend(cluster);
		int enough = 3 * ABUSE.size() + 1;
		AtomicInteger answered = new AtomicInteger();
		CountDownLatch over = new CountDownLatch(1);
		try (NginxProcess nginx = NginxProcess.start(LOG_THE_PROBE, cluster.apiPort(), cluster.streamPort(0),
				cluster.streamPort(1))) {
			Thread abuser = Thread.ofVirtual().start(() -> abuse(nginx, answered, over));
			try {
				long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
				for (int i = 0; i < 15 || answered.get() < enough && System.nanoTime() < end; i++) {
					SseClient stream = open(nginx.stream(backend.token("edge-other-" + i)));
					assertThat(close(nginx, key(stream)).status()).isEqualTo(204);
					status(nginx, BODY_ON_A_STREAM);
				}
				ABUSE.forEach((request, status) -> assertThat(status(nginx, request))
					.as(() -> request.substring(0, Math.min(request.length(), 100)))
					.isEqualTo(status));
			}
			finally {
				over.countDown();
				abuser.join();
			}
			assertThat(answered).hasValueGreaterThanOrEqualTo(enough);
			List<Duration> taken = new ArrayList<>();
			for (int i = 0; i < 20; i++) {
				long begun = System.nanoTime();
				assertThat(status(nginx, BODY_ON_A_STREAM)).isEqualTo(401);
				taken.add(Duration.ofNanos(System.nanoTime() - begun));
			}
			Collections.sort(taken);
			assertThat(taken.get(10)).isLessThan(Duration.ofMillis(100));
			String log = nginx.accessLog();
			assertThat(log).doesNotContainPattern(FAILURE);
			long probed = PROBED.matcher(log).results().count();
			assertThat(probed).isGreaterThan(enough);
			// A probe has one second, which a busy machine may take for itself.
			assertThat(FAILED_PROBE.matcher(log).results().count()).isLessThanOrEqualTo(probed / 50);
		}
	}

	@Test
	void aFullClusterIsNoFailureOfItsNodes() {
		Cluster small = TestCluster.small();
		ApiClient backend = TestCluster.backend(small);
		try (NginxProcess nginx = TestCluster.nginx(small)) {
			String key = "";
			for (int i = 0; i < 2 * TestCluster.SMALL; i++) {
				key = key(open(nginx.stream(backend.token("edge-has-room-" + i))));
			}
			for (int i = 0; i < 2; i++) {
				SseClient waiter = open(nginx.stream(backend.token("edge-waiting-" + i)));
				waiter.awaitBlock((block) -> block.fires("push.waiting"), SOON);
			}
			for (int i = 0; i < 30; i++) {
				Answer busy = nginx.stream(backend.token("edge-busy-" + i)).fetch();
				assertThat(busy.status()).isEqualTo(200);
				assertThat(busy.text()).contains("event: push.busy", "\"full\"");
				Answer strict = nginx.stream(backend.token("edge-busy-" + i)).query("strict", "1").fetch();
				assertThat(strict.status()).isEqualTo(503);
				assertThat(strict.text()).contains("\"detail\":\"full\"");
				assertThat(close(nginx, "gone.12345678.x").status()).isEqualTo(204);
			}
			assertThat(nginx.accessLog()).doesNotContainPattern(FAILURE);
			assertThat(close(nginx, key).status()).isEqualTo(204);
			closeStreams();
			TestCluster.awaitEmpty();
			// No node was left alone for having been full.
			key(open(nginx.stream(backend.token("edge-next"))));
		}
		closeStreams();
		TestCluster.awaitEmpty();
	}

	@Test
	void streamsCallsAndTheProbeDoNotShareOneFate() {
		Cluster cluster = TestCluster.shared();
		ApiClient backend = TestCluster.backend(cluster);
		String servers = "fills up first.\n\t\tleast_conn;\n\t\tinclude site/nodes.conf;";
		// Port 1 refuses.
		try (NginxProcess nginx = NginxProcess.start(
				Map.of(servers, "fills up first.\n\t\tleast_conn;\n\t\tserver 127.0.0.1:1;"), cluster.apiPort(),
				cluster.streamPort(0), cluster.streamPort(1))) {
			SseClient stream = open(nginx.stream(backend.token("edge-spare")));
			assertThat(close(nginx, key(stream)).status()).isEqualTo(204);
			assertThat(open(nginx.stream(backend.token("edge-spare")).query("strict", "1")).status()).isEqualTo(200);
		}
	}

	private SseClient open(SseRequest request) {
		SseClient stream = request.open();
		this.streams.add(stream);
		return stream;
	}

	private static String key(SseClient stream) {
		SseBlock connected = stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
		return json.readTree(connected.data()).required("key").asString();
	}

	private static Answer close(NginxProcess nginx, String key) {
		return nginx.request("/events/close")
			.method("POST")
			.body("text/plain", json.writeValueAsString(Map.of("key", key)))
			.fetch();
	}

	/** Sends all of it again and again. */
	private static void abuse(NginxProcess nginx, AtomicInteger answered, CountDownLatch over) {
		try {
			while (over.getCount() > 0) {
				for (String request : BROKEN_OFF) {
					breakOff(nginx, request, over);
				}
				for (String request : ABUSE.keySet()) {
					if (isAnswered(nginx, request)) {
						answered.incrementAndGet();
					}
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static boolean isAnswered(NginxProcess nginx, String request) {
		try {
			return status(nginx, request) > 0;
		}
		catch (UncheckedIOException | AssertionError ex) {
			// The test counts those that are.
			return false;
		}
	}

	private static int status(NginxProcess nginx, String request) {
		try (SseClient client = SseClient.connect("127.0.0.1", nginx.port())) {
			client.send(request.getBytes(StandardCharsets.US_ASCII));
			return client.status();
		}
	}

	private static void breakOff(NginxProcess nginx, String request, CountDownLatch over) throws InterruptedException {
		try (SseClient client = SseClient.connect("127.0.0.1", nginx.port())) {
			client.send(request);
			over.await(5, TimeUnit.MILLISECONDS);
			client.abort();
		}
		catch (UncheckedIOException ex) {
			// It is broken off anyway.
		}
	}

	/** The pattern, with each number. */
	private static String numbered(int count, String pattern) {
		return IntStream.range(0, count).mapToObj(pattern::formatted).collect(Collectors.joining());
	}

}
