package io.fanfare.local;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;

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
		ABUSE.put("GET //events HTTP/1.1\r\nHost: h\r\n\r\n", 404);
		ABUSE.put("GET /events HTTP/1.0\r\n\r\n", 401);
		ABUSE.put("POST /events/close HTTP/1.1\r\nHost: h\r\nContent-Length: 16384\r\n\r\n" + "x".repeat(16_384), 400);
		ABUSE.put("POST /events/close HTTP/1.1\r\nHost: h\r\nContent-Length: 17000\r\n\r\n" + "x".repeat(17_000), 413);
		ABUSE.put("POST /events/ack HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
				400);
		ABUSE.put("GET /events/close HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 405);
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
		RequiredTool.NGINX.require();
	}

	@AfterEach
	void closeStreams() {
		this.streams.forEach(SseClient::close);
	}

	@Test
	void nothingThatAClientSendsKeepsOthersFromBeingServed() throws InterruptedException {
		Cluster cluster = TestCluster.shared();
		Backend backend = TestCluster.backend(cluster);
		AtomicBoolean over = new AtomicBoolean();
		try (NginxProcess nginx = TestCluster.nginx(cluster)) {
			Thread abuser = Thread.ofVirtual().start(() -> {
				while (!over.get()) {
					BROKEN_OFF.forEach((request) -> breakOff(nginx, request));
					ABUSE.keySet().forEach((request) -> status(nginx, request));
				}
			});
			try {
				for (int i = 0; i < 15; i++) {
					SseClient stream = open(nginx.stream(backend.token("edge-other-" + i)));
					assertThat(close(nginx, connection(stream)).status()).isEqualTo(204);
					status(nginx, BODY_ON_A_STREAM);
				}
				ABUSE.forEach((request, status) -> assertThat(status(nginx, request))
					.as(() -> request.substring(0, Math.min(request.length(), 100)))
					.isEqualTo(status));
			}
			finally {
				over.set(true);
				abuser.join();
			}
			List<Duration> taken = new ArrayList<>();
			for (int i = 0; i < 20; i++) {
				long begun = System.nanoTime();
				assertThat(status(nginx, BODY_ON_A_STREAM)).isEqualTo(401);
				taken.add(Duration.ofNanos(System.nanoTime() - begun));
			}
			Collections.sort(taken);
			assertThat(taken.get(10)).isLessThan(Duration.ofMillis(100));
			assertThat(nginx.accessLog()).doesNotContainPattern(FAILURE);
		}
	}

	@Test
	void aFullClusterIsNoFailureOfItsNodes() {
		Cluster small = TestCluster.small();
		Backend backend = TestCluster.backend(small);
		try (NginxProcess nginx = TestCluster.nginx(small)) {
			String connection = "";
			for (int i = 0; i < 2 * TestCluster.SMALL; i++) {
				connection = connection(open(nginx.stream(backend.token("edge-has-room-" + i))));
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
				assertThat(close(nginx, "gone.12345678.x").status()).isEqualTo(404);
			}
			assertThat(nginx.accessLog()).doesNotContainPattern(FAILURE);
			assertThat(close(nginx, connection).status()).isEqualTo(204);
			closeStreams();
			TestCluster.awaitEmpty();
			// Nobody was left alone for having been full.
			connection(open(nginx.stream(backend.token("edge-next"))));
		}
		closeStreams();
		TestCluster.awaitEmpty();
	}

	@Test
	void streamsCallsAndTheProbeDoNotShareOneFate() {
		Cluster cluster = TestCluster.shared();
		Backend backend = TestCluster.backend(cluster);
		String servers = "fills up first.\n\t\tleast_conn;\n\t\tinclude site/nodes.conf;";
		// Port 1 refuses.
		try (NginxProcess nginx = NginxProcess.start(
				Map.of(servers, "fills up first.\n\t\tleast_conn;\n\t\tserver 127.0.0.1:1;"), cluster.apiPort(),
				cluster.streamPort(0), cluster.streamPort(1))) {
			SseClient stream = open(nginx.stream(backend.token("edge-spare")));
			assertThat(close(nginx, connection(stream)).status()).isEqualTo(204);
			assertThat(open(nginx.stream(backend.token("edge-spare")).query("strict", "1")).status()).isEqualTo(200);
		}
	}

	private SseClient open(SseRequest request) {
		SseClient stream = request.open();
		this.streams.add(stream);
		return stream;
	}

	private static String connection(SseClient stream) {
		SseBlock connected = stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
		return json.readTree(connected.data()).required("connection").asString();
	}

	private static Answer close(NginxProcess nginx, String connection) {
		return nginx.request("/events/close")
			.method("POST")
			.body("text/plain", json.writeValueAsString(Map.of("connection", connection)))
			.fetch();
	}

	private static int status(NginxProcess nginx, String request) {
		try (SseClient client = SseClient.connect("127.0.0.1", nginx.port())) {
			client.send(request.getBytes(StandardCharsets.US_ASCII));
			return client.status();
		}
	}

	private static void breakOff(NginxProcess nginx, String request) {
		try (SseClient client = SseClient.connect("127.0.0.1", nginx.port())) {
			client.send(request);
			TimeUnit.MILLISECONDS.sleep(5);
			client.abort();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
