package io.fanfare.local;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

import io.fanfare.node.NodeApplication;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** The cluster behind the real nginx with the configuration that is shipped. */
class NginxIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private static final JsonMapper json = JsonMapper.shared();

	/** For what makes no server fail: nginx remembers that for seconds. */
	private static NginxProcess nginx;

	@TempDir
	Path directory;

	private final Cluster cluster = TestCluster.shared();

	private final ApiClient backend = TestCluster.backend(this.cluster);

	private final List<SseClient> streams = new ArrayList<>();

	@BeforeAll
	static void startNginx() {
		Assume.installed(RequiredTool.NGINX);
		nginx = TestCluster.nginx(TestCluster.shared());
	}

	@AfterAll
	static void stopNginx() {
		if (nginx != null) {
			nginx.close();
		}
	}

	@AfterEach
	void closeStreams() {
		this.streams.forEach(SseClient::close);
	}

	@Test
	void eventsArriveOneByOneWithoutDelay() {
		SseClient stream = open(nginx.stream(this.backend.token("edge-one")));
		node(stream);
		List<Duration> taken = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			int chunks = stream.chunks().size();
			Instant begun = Instant.now();
			String id = this.backend.toUser("edge-one", "event " + i);
			SseBlock heard = stream.awaitBlock((block) -> block.fires("message"), SOON);
			taken.add(Duration.between(begun, heard.at()));
			assertThat(heard.id()).isEqualTo(id);
			assertThat(heard.data()).isEqualTo("event " + i);
			assertThat(stream.chunks()).hasSizeGreaterThan(chunks);
		}
		Collections.sort(taken);
		System.out.println("Through nginx, from publish to receipt: median " + taken.get(taken.size() / 2).toMillis()
				+ " ms, slowest " + taken.getLast().toMillis() + " ms");
		assertThat(taken.get(taken.size() / 2)).isLessThan(Duration.ofMillis(100));
	}

	@Test
	void theHeadIsTheNodesOwn() {
		SseClient stream = open(nginx.stream(this.backend.token("edge-head")).header("Origin", "https://app.example"));
		assertThat(stream.status()).isEqualTo(200);
		HttpHeaders headers = stream.headers();
		assertThat(headers.allValues("Content-Type")).containsExactly("text/event-stream;charset=utf-8");
		assertThat(headers.allValues("Cache-Control")).containsExactly("no-cache, no-store, no-transform");
		assertThat(headers.allValues("X-Accel-Buffering")).containsExactly("no");
		assertThat(headers.allValues("Transfer-Encoding")).containsExactly("chunked");
		assertThat(headers.allValues("Content-Encoding")).isEmpty();
		assertThat(headers.allValues("Access-Control-Allow-Origin")).containsExactly("*");
		assertThat(headers.allValues("Vary")).containsExactly("Origin");
	}

	@Test
	void compressedStreamsPassAsTheNodeMadeThem() throws IOException {
		Cluster compressing = TestCluster.compressing();
		ApiClient backend = TestCluster.backend(compressing);
		try (NginxProcess mine = TestCluster.nginx(compressing)) {
			SseClient stream = open(mine.stream(backend.token("edge-gzip")).gzip().query("client", "one"));
			assertThat(stream.headers().allValues("Content-Encoding")).containsExactly("gzip");
			assertThat(stream.headers().allValues("Vary")).containsExactly("Accept-Encoding");
			SseClient plain = open(mine.stream(backend.token("edge-plain")));
			assertThat(plain.headers().allValues("Content-Encoding")).isEmpty();
			node(plain);
			node(stream);
			for (int i = 0; i < 20; i++) {
				String data = ("event " + i + " ").repeat((i % 2 == 0) ? 600 : 1);
				int before = stream.body().length;
				String id = backend.toAll(data);
				for (SseClient each : List.of(stream, plain)) {
					SseBlock heard = each.awaitBlock((block) -> block.fires("message"), SOON);
					assertThat(heard.id()).isEqualTo(id);
					assertThat(heard.data()).isEqualTo(data);
				}
				assertThat(stream.body().length - before).isLessThan(200);
			}
			node(open(mine.stream(backend.token("edge-gzip")).gzip().query("client", "two")));
			stream.awaitBlock((block) -> block.fires("push.kicked"), SOON);
			assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			assertThat(new GZIPInputStream(new ByteArrayInputStream(stream.body())).readAllBytes())
				.isEqualTo(stream.text().getBytes(StandardCharsets.UTF_8));
		}
	}

	@Test
	void refusalsThatAreFinalPassWithCorsOnce() {
		Answer answer = nginx.stream("no.such.token").header("Origin", "https://app.example").fetch();
		assertThat(answer.status()).isEqualTo(401);
		assertThat(answer.header("WWW-Authenticate")).contains("invalid_token");
		assertThat(answer.headers().allValues("Access-Control-Allow-Origin")).containsExactly("*");
		Answer preflight = nginx.request("/events")
			.method("OPTIONS")
			.header("Origin", "https://app.example")
			.header("Access-Control-Request-Method", "GET")
			.fetch();
		assertThat(preflight.status()).isEqualTo(204);
		assertThat(preflight.headers().allValues("Access-Control-Allow-Origin")).containsExactly("*");
		assertThat(preflight.header("Access-Control-Allow-Headers")).contains("Last-Event-ID");
	}

	@Test
	void aDoctorSeesItsRequestItsBlocksAndItsStatusesAsTheNodeDoes() {
		SseClient stream = open(nginx.request("/events?doctor=1&nonce=edge-1")
			.bearer("doctor")
			.lastEventId("doctor-edge-1")
			.gzip()
			.header("Cookie", "fanfare-doctor=1")
			.header("Origin", "https://app.example"));
		assertThat(stream.status()).isEqualTo(200);
		assertThat(stream.headers().allValues("Fanfare-Doctor")).containsExactly("edge-1");
		assertThat(stream.headers().allValues("Content-Encoding")).isEmpty();
		SseBlock hello = stream.nextBlock(SOON);
		assertThat(hello.event()).isEqualTo("doctor.hello");
		JsonNode request = json.readTree(hello.data()).get("request");
		assertThat(request.get("authorization").asBoolean()).isTrue();
		assertThat(request.get("cookie").asBoolean()).isTrue();
		assertThat(request.get("lastEventId").asString()).isEqualTo("doctor-edge-1");
		assertThat(request.get("origin").asString()).isEqualTo("https://app.example");
		List<SseBlock> blocks = stream.awaitBlocks(29, SOON);
		assertThat(blocks.getLast().event()).isEqualTo("doctor.fill");
		long sent = json.readTree(hello.data()).get("at").asLong();
		for (SseBlock block : blocks) {
			long after = json.readTree(block.data()).get("at").asLong() - sent;
			assertThat(Duration.between(hello.at(), block.at()).toMillis()).isBetween(after - 500, after + 500);
		}
		for (String path : List.of("/events", "/sse")) {
			for (int status : new int[] { 401, 403, 503 }) {
				Answer answer = nginx.request(path + "?doctor=1&nonce=edge-2&status=" + status).fetch();
				assertThat(answer.status()).isEqualTo(status);
				assertThat(answer.header("Fanfare-Doctor")).isEqualTo("edge-2");
				assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
			}
			assertThat(nginx.request(path + "?doctor=1&script=none").fetch().status()).isEqualTo(400);
		}
	}

	/** Sixty topics did not fit into a query; these do with all else that is legal. */
	@Test
	void theLongestTokenAndAllTopicsPass() {
		List<String> channels = IntStream.range(100, 200).mapToObj((i) -> "t" + i + ":".repeat(124)).toList();
		String user = "<".repeat(110) + "edge-longest-token";
		String token = this.backend.post("/v1/tokens", Map.of("user", user, "channels", channels, "tier", "normal"))
			.ok()
			.required("token")
			.asString();
		assertThat(token).hasSizeGreaterThan(17_000);
		for (SseRequest request : List.of(nginx.stream(token), nginx.request("/events").query("access_token", token),
				nginx.request("/events").query("access_token", token).query("strict", "1"))) {
			channels.subList(0, 32).forEach((channel) -> request.query("channel", channel));
			SseClient stream = open(request.query("client", "~".repeat(64)).query("history", "1000"));
			assertThat(stream.status()).isEqualTo(200);
			node(stream);
		}
	}

	private static SseRequest byTicket(NginxProcess mine, ApiClient by, String user) {
		return mine.request("/events").query("ticket", TestCluster.ticket(by, user));
	}

	/** It spends the ticket, and then breaks the connection before it answers. */
	@Test
	void aTicketThatANodeSpentBeforeItFailedIsGoodForTheNextNode() throws IOException {
		List<String> spent = new CopyOnWriteArrayList<>();
		try (ServerSocket failing = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
				NginxProcess mine = NginxProcess.start(this.cluster.apiPort(), failing.getLocalPort(),
						this.cluster.streamPort(1))) {
			Thread.ofVirtual().start(() -> {
				while (!failing.isClosed()) {
					try (Socket request = failing.accept()) {
						failAfterTheNode(request, spent);
					}
					catch (IOException ex) {
						// The test is over, or nginx closed
					}
				}
			});
			for (int i = 0; spent.isEmpty(); i++) {
				assertThat(i).as("opens that did not meet it").isLessThan(20);
				SseClient stream = open(byTicket(mine, this.backend, "edge-attempt-" + i).query("client", "page")
					.header("Fanfare-Attempt", "forged"));
				assertThat(stream.status()).isEqualTo(200);
				assertThat(node(stream)).isEqualTo("node-2");
			}
			assertThat(spent.getFirst()).containsPattern("\r\nFanfare-Attempt: [0-9a-f]{32}\r\n")
				.doesNotContain("forged");
		}
	}

	private void failAfterTheNode(Socket request, List<String> spent) throws IOException {
		request.setSoTimeout(2_000);
		byte[] bytes = new byte[8192];
		int length = 0;
		String head = "";
		while (!head.endsWith("\r\n\r\n")) {
			int more = request.getInputStream().read(bytes, length, bytes.length - length);
			if (more < 0) {
				return;
			}
			length += more;
			head = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
		}
		if (!head.startsWith("GET /events?ticket=")) {
			request.getOutputStream()
				.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
					.getBytes(StandardCharsets.ISO_8859_1));
			return;
		}
		try (Socket node = new Socket(InetAddress.getLoopbackAddress(), this.cluster.streamPort(0))) {
			node.setSoTimeout(5_000);
			node.getOutputStream().write(bytes, 0, length);
			if (node.getInputStream().read() >= 0) {
				spent.add(head);
			}
		}
	}

	@Test
	void aFullNodeIsPassedOverAndAFullClusterSaysWhenToComeBack() {
		Cluster small = TestCluster.small();
		ApiClient smallBackend = TestCluster.backend(small);
		try (NginxProcess mine = TestCluster.nginx(small)) {
			this.streams.addAll(TestCluster.fill(0));
			for (int i = 0; i < TestCluster.SMALL; i++) {
				SseRequest next = (i == 0) ? byTicket(mine, smallBackend, "edge-full-ticket")
						: mine.stream(smallBackend.token("edge-full-" + i));
				assertThat(node(open(next))).isEqualTo("node-2");
			}
			List<SseClient> waiters = new ArrayList<>();
			// One after the other: each node has room for one that waits.
			for (SseRequest waiter : List.of(byTicket(mine, smallBackend, "edge-waits"),
					mine.stream(smallBackend.token("edge-waits-strictly")).query("strict", "1"))) {
				waiters.add(open(waiter));
				waiters.getLast().awaitBlock((block) -> block.fires("push.waiting"), SOON);
			}
			String cursor = smallBackend.cursor();
			SseRequest request = mine.stream(smallBackend.token("edge-too-many"))
				.header("Origin", "https://app.example")
				.lastEventId(cursor);
			Answer busy = request.fetch();
			assertThat(busy.status()).isEqualTo(200);
			assertThat(busy.headers().allValues("Content-Type")).containsExactly("text/event-stream;charset=utf-8");
			assertThat(busy.headers().allValues("Access-Control-Allow-Origin")).containsExactly("*");
			assertThat(busy.text())
				.matches("retry: [0-9]+\nid: " + cursor + "\nevent: push.busy\ndata: .*\"full\".*\n\n");

			Answer strict = request.query("strict", "1").fetch();
			assertThat(strict.status()).isEqualTo(503);
			assertThat(strict.header("Content-Type")).isEqualTo("application/problem+json");
			assertThat(strict.header("Retry-After")).matches("[0-9]+");
			assertThat(strict.headers().allValues("Access-Control-Allow-Origin")).containsExactly("*");
			assertThat(strict.text()).contains("\"detail\":\"full\"");

			this.streams.stream().filter((stream) -> !waiters.contains(stream)).forEach(SseClient::close);
			waiters.forEach((waiter) -> waiter.awaitBlock((block) -> block.fires("push.connected"), SOON));
			this.streams.forEach(SseClient::close);
			TestCluster.awaitEmpty();
			node(open(mine.stream(smallBackend.token("edge-again"))));
		}
		closeStreams();
		TestCluster.awaitEmpty();
	}

	/** A node in a process of its own, which can be stopped as a machine can. */
	private ServiceProcess startNode(String name) {
		int port = Ports.free();
		int control = Ports.free();
		return new ServiceProcess(name, this.directory.resolve(name + ".log"), port, control,
				List.of(ChildProcess.jdk("java"), "-Xmx192m", "-XX:TieredStopAtLevel=1",
						"--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
						NodeApplication.class.getName(), "--fanfare.node.name=" + name, "--fanfare.stream.warm-up=0",
						"--fanfare.connections.drain-window=0", "--fanfare.stream.port=" + port,
						"--fanfare.control.port=" + control, "--fanfare.jwt.secret=" + TestCluster.jwtSecret(),
						"--fanfare.development=true",
						"--spring.data.redis.url=" + TestRedis.shared().url(RedisUser.NODE),
						"--spring.autoconfigure.exclude=" + Cluster.NOT_FOR_NODES, "--springdoc.api-docs.enabled=false",
						"--springdoc.swagger-ui.enabled=false"))
			.awaitReady();
	}

	@Test
	void aStoppedNodeAndOneThatHasEndedArePassedOver() {
		try (ServiceProcess node = startNode("node-3");
				NginxProcess mine = NginxProcess.start(this.cluster.apiPort(), node.port(),
						this.cluster.streamPort(0))) {
			List<String> before = new ArrayList<>();
			for (int i = 0; i < 2; i++) {
				before.add(node(open(mine.stream(this.backend.token("edge-before-" + i)))));
			}
			assertThat(before).containsExactlyInAnyOrder("node-1", "node-3");

			node.freeze();
			List<Duration> taken = new ArrayList<>();
			for (int i = 0; i < 6; i++) {
				SseRequest request = mine.stream(this.backend.token("edge-during-" + i));
				Instant begun = Instant.now();
				SseClient stream = open(request);
				assertThat(node(stream)).isEqualTo("node-1");
				taken.add(Duration.between(begun, stream.blocks().getFirst().at()));
				this.backend.toUser("edge-during-" + i, "heard");
				stream.awaitBlock((block) -> block.fires("message"), SOON);
			}
			// One of two goes to the stopped node first.
			for (int i = 0; i < 2; i++) {
				assertThat(closeNobody(mine)).isEqualTo(204);
			}
			System.out
				.println("Opens beside a stopped node: " + taken.stream().map(Duration::toMillis).toList() + " ms");
			assertThat(Collections.max(taken)).isLessThan(Duration.ofMillis(2_500));

			node.thaw();
			List<String> after = new ArrayList<>();
			await().atMost(SOON).until(() -> {
				after.add(node(open(mine.stream(this.backend.token("edge-after-" + after.size())))));
				return after.getLast().equals("node-3");
			});

			node.stop();
			for (int i = 0; i < 6; i++) {
				SseRequest request = mine.stream(this.backend.token("edge-down-" + i));
				Instant begun = Instant.now();
				SseClient stream = open(request);
				assertThat(node(stream)).isEqualTo("node-1");
				assertThat(Duration.between(begun, stream.blocks().getFirst().at())).isLessThan(Duration.ofSeconds(1));
				assertThat(closeNobody(mine)).isEqualTo(204);
			}
		}
	}

	@Test
	void noTokenIsInAnyLog() {
		String token = this.backend.token("edge-secret");
		String signature = token.substring(token.lastIndexOf('.') + 1);
		try (TcpProxy relay = TcpProxy.to(this.cluster.streamPort(0));
				NginxProcess mine = NginxProcess.start(Ports.free(), relay.port(), Ports.free())) {
			SseClient byQuery = open(mine.request("/events").query("access_token", token));
			node(byQuery);
			node(open(mine.request("/sse").bearer(token).header("Referer", "http://x/?access_token=" + token)));
			String ticket = TestCluster.ticket(this.backend, "edge-secret-ticket");
			node(open(mine.request("/events").query("ticket", ticket)));
			relay.refuse();
			byQuery.awaitEnd(SOON);
			List<SseRequest> failing = List.of(mine.request("/events").query("ticket", ticket),
					mine.request("/events").query("access_token", token),
					mine.request("/events").query("access_token", token).query("strict", "1"),
					mine.request("/events").query("access_token", token).method("POST").body("text/plain", "none"),
					mine.request("/events/close")
						.query("access_token", token)
						.method("POST")
						.body("application/json", "{}"),
					mine.request("/events/ack")
						.query("access_token", token)
						.method("POST")
						.body("text/plain", "x".repeat(20_000)),
					mine.internalRequest("/v1/messages").query("access_token", token).bearer(token),
					mine.internalRequest("/v1/users/x/disconnect")
						.query("access_token", token)
						.method("POST")
						.bearer(token),
					mine.request("/v1/nodes").query("access_token", token),
					mine.request("/no-such-path").query("access_token", token),
					mine.request("/events;" + token).bearer(token),
					mine.request("/events").query("access_token", token).query("long", "x".repeat(20_000)),
					mine.request("/events").query("access_token", token).query("long", "x".repeat(41_000)),
					mine.request("/events").query("access_token", token).without("Host"),
					mine.request("/events").query("access_token", token).header("Long", "x".repeat(20_000)));
			for (SseRequest request : failing) {
				assertThat(request.fetch().status()).as(request.toString()).isNotZero();
			}
			SseClient gone = mine.request("/events").query("access_token", token).open();
			gone.abort();
			await().atMost(SOON)
				.until(() -> mine.accessLog().lines().filter((line) -> line.contains("\"GET /")).count() >= 10);
			assertThat(mine.accessLog()).contains("upstream_status=\"502").contains("\"GET /events HTTP/1.1\"");
			// The path is logged, and is no place for a token; `;` stands for whatever
			// else is in it.
			assertThat(mine.everythingWritten().replace("/events;" + token, "")).doesNotContain(signature)
				.doesNotContain(ticket)
				.doesNotContain("access_token");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "/v1/nodes", "//v1/nodes", "/v1//nodes", "/v1/nodes/node-1/drain", "/v1/%6eodes",
			"/v1/nodes/node-1/connections", "/v1/disconnect", "/v1/x/../nodes", "/v1/;/nodes", "/v1/drain",
			"/v1/rebalance", "/v1/messages", "/v1/tokens", "/v1/users/x", "/v1/users/x/disconnect", "/v1/revocations",
			"/v1/channels/x/messages", "/", "/console", "/console.js", "/v3/api-docs", "/swagger-ui/index.html",
			"/v1/users/../nodes", "/v1/users/x/../../nodes", "/v1/users/%2E%2E/nodes", "/v1/channels/%2e%2e/nodes",
			"/v1/users/../disconnect", "/actuator", "/actuator/health", "/-/nodes", "/consoles", "/console.bak/x",
			"/clients/x", "/-/nodes-seen", "/-/named-in-path", "/-/named-in-path?/v1/users/x", "/-/uri-too-long",
			"/livez/x", "/v1/users/a%2F..%2F..%2F..%2Fclient%2Fx", "/%6civez", "/v1/..%2Flivez", "/v1/../events" })
	void whatIsPrivateIsNotThere(String path) {
		Answer answer = nginx.request(path).bearer("dev-secret").header("Accept", "*/*").fetch();
		assertThat(answer.status()).isEqualTo(404);
		assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
		Answer post = nginx.request(path).bearer("dev-secret").method("POST").body("application/json", "{}").fetch();
		assertThat(post.status()).isEqualTo(404);
	}

	@ParameterizedTest
	@CsvSource({ "a%2F..%2Fb, a/../b", "%2E%2E, ..", "%2e, .", "a%2F..%2F..%2Fnodes, a/../../nodes",
			"..%2Fnodes, ../nodes", "x%2F..%2F..%2F..%2Fevents, x/../../../events", "..%2F..%2Flivez, ../../livez",
			"a%5C..%5Cb, a\\..\\b", "a%2F%2F.%2Fb%3Bc%25, a//./b;c%", "a%3F%23, a?#" })
	void userIdsReachTheApiAsTheyWereSent(String segment, String user) {
		Answer answer = nginx.internalRequest("/v1/users/" + segment)
			.bearer("dev-secret")
			.header("Accept", "application/json")
			.fetch();
		assertThat(answer.status()).isEqualTo(200);
		assertThat(json.readTree(answer.text()).required("user").asString()).isEqualTo(user);
		Answer disconnected = nginx.internalRequest("/v1/users/" + segment + "/disconnect?x=/..")
			.bearer("dev-secret")
			.method("POST")
			.header("Accept", "application/json")
			.body("application/json", "{\"mode\":\"now\",\"reason\":\"logout\"}")
			.fetch();
		assertThat(disconnected.status()).isEqualTo(202);
		assertThat(json.readTree(disconnected.text()).required("user").asString()).isEqualTo(user);
		try (SseClient tail = nginx.internalRequest("/v1/users/" + segment + "/tail").bearer("dev-secret").open()) {
			SseBlock begin = tail.awaitBlock((block) -> block.fires("tail.begin"), SOON);
			assertThat(json.readTree(begin.data()).required("user").asString()).isEqualTo(user);
		}
		assertThat(nginx.internalRequest("/v1/channels/user:" + segment + "/messages")
			.bearer("dev-secret")
			.header("Accept", "application/json")
			.fetch()
			.status()).isEqualTo(200);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/v1/users/a%2F..%2Fb?a=%2F", "/v1/users/%2E%2E", "/v1/users/%2e/disconnect?b=/../%2E&c=?",
			"/v1/users/a+b%3F%23%C3%BC", "/v1/channels/user:..%2F%2F/messages?",
			"/v1/users/x%2F..%2F..%2F..%2Fevents/data", "/v1/channels/user:x%2F..%2F..%2F..%2Fevents/messages/1-0",
			"/v1/messages?a=%2F", "/console", "/console/", "/console/cluster/nodes.mjs?v=1", "/client",
			"/client/fanfare.js", "/client/fanfare-worker.js?v=2", "/client/types/fanfare.d.ts" })
	void pathsAndQueriesReachTheApiUnchanged(String path) throws IOException {
		try (ServerSocket api = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
				NginxProcess mine = NginxProcess.start(api.getLocalPort(), this.cluster.streamPort(0));
				SseClient client = SseClient.connect("127.0.0.1", mine.internalPort())) {
			api.setSoTimeout((int) SOON.toMillis());
			client.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
			try (Socket accepted = api.accept()) {
				accepted.setSoTimeout((int) SOON.toMillis());
				BufferedReader sent = new BufferedReader(
						new InputStreamReader(accepted.getInputStream(), StandardCharsets.US_ASCII));
				assertThat(sent.readLine()).isEqualTo("GET " + path + " HTTP/1.1");
				accepted.getOutputStream().write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
				assertThat(client.status()).isEqualTo(204);
			}
			String logged = path.replaceFirst("\\?.*", "");
			await().atMost(SOON).until(() -> mine.accessLog().contains("\"GET " + logged + " HTTP/1.1\" 204"));
		}
	}

	/** The body is not awaited, and none of it is kept. */
	@ParameterizedTest
	@ValueSource(strings = { "/v1/users/x/disconnect", "/v1/users/x", "/v1/channels/x/messages", "/v1/users/%2E%2E",
			"/v1/messages", "/console", "/" })
	void anAnnouncedBodyThatIsTooLargeIsRefusedAtOnce(String path) {
		try (SseClient client = SseClient.connect("127.0.0.1", nginx.internalPort())) {
			client.send("POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: 3145728\r\n\r\n");
			Answer answer = client.answer();
			assertThat(answer.status()).isEqualTo(413);
			assertThat(json.readTree(answer.text()).required("type").asString()).endsWith("/content-too-large");
		}
	}

	@ParameterizedTest
	@CsvSource({ "/events?x=, '', 414, uri-too-long", "/v1/users/x?x=, '', 414, uri-too-long",
			"/events, X, 431, header-fields-too-large", "/v1/users/x, X, 431, header-fields-too-large" })
	void aHeadThatIsTooLargeIsAnsweredByAProblemDocument(String path, String header, int status, String type) {
		String filling = "x".repeat(41_000);
		try (SseClient client = SseClient.connect("127.0.0.1", nginx.port())) {
			client.send(header.isEmpty() ? "GET " + path + filling + " HTTP/1.1\r\nHost: h\r\n\r\n"
					: "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + header + ": " + filling + "\r\n\r\n");
			Answer answer = client.answer();
			assertThat(answer.status()).isEqualTo(status);
			assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
			JsonNode problem = json.readTree(answer.text());
			assertThat(problem.required("type").asString()).endsWith("/" + type);
			assertThat(problem.required("status").asInt()).isEqualTo(status);
		}
	}

	@ParameterizedTest
	@CsvSource({ "GET /livez, 200", "HEAD /livez, 200", "GET /, 404", "HEAD /, 404", "GET /events, 401",
			"GET /v1/stats, 404", "GET /nothing, 404" })
	void aProbeOfHttp10NeedsNoHost(String request, int status) {
		try (SseClient client = SseClient.connect("127.0.0.1", nginx.port())) {
			client.send(request + " HTTP/1.0\r\n\r\n");
			assertThat(client.status()).isEqualTo(status);
			client.awaitDisconnect(SOON);
		}
	}

	/** No node answers: what is said then is nginx's own. */
	@Test
	void whatItAnswersForANodeNamesNoOriginButThoseOfItsList() {
		try (NginxProcess mine = NginxProcess.start(Ports.free(), Ports.free())) {
			for (SseRequest request : List.of(mine.stream("x"), mine.stream("x").query("strict", "1"),
					mine.request("/events/close").method("POST").body("text/plain", "{}"))) {
				for (String origin : List.of("https://evil.example", "null", "http://localhost:8080.evil.example")) {
					Answer answer = request.header("Origin", origin).fetch();
					assertThat(answer.headers().allValues("Access-Control-Allow-Origin")).as(origin).isEmpty();
					assertThat(answer.headers().allValues("Access-Control-Allow-Credentials")).as(origin).isEmpty();
					assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
					assertThat(answer.header("Referrer-Policy")).isEqualTo("no-referrer");
				}
				Answer listed = request.header("Origin", "http://localhost:8080").fetch();
				assertThat(listed.header("Access-Control-Allow-Origin")).isEqualTo("http://localhost:8080");
				assertThat(listed.header("Access-Control-Allow-Credentials")).isEqualTo("true");
				assertThat(listed.header("Access-Control-Expose-Headers")).isEqualTo("Retry-After");
			}
		}
	}

	@Test
	void anAddressHasLimitsOfStreamsOpensAndCalls() {
		try (NginxProcess mine = NginxProcess.start(Map.of("127.0.0.0/8 0;", "127.0.0.0/8 1;",
				"limit_conn conn_streams 1200;", "limit_conn conn_streams 1;", "zone=req_calls burst=400",
				"zone=req_calls burst=1", "rate=40r/s", "rate=1r/m"), this.cluster.apiPort(),
				this.cluster.streamPort(0))) {
			SseClient first = open(mine.stream(this.backend.token("edge-limited")));
			node(first);
			Answer strict = mine.stream(this.backend.token("edge-beyond")).query("strict", "1").fetch();
			assertThat(strict.status()).isEqualTo(429);
			assertThat(strict.header("Retry-After")).isEqualTo("10");
			assertThat(json.readTree(strict.text()).required("type").asString()).endsWith("#quota-exceeded");
			Answer second = mine.stream(this.backend.token("edge-beyond")).fetch();
			assertThat(second.status()).isEqualTo(200);
			assertThat(second.text()).matches("retry: [0-9]+\n\n");
			assertThat(List.of(closeNobody(mine), closeNobody(mine), closeNobody(mine))).containsExactly(204, 204, 429);
			first.close();
			await().atMost(SOON).untilAsserted(() -> node(open(mine.stream(this.backend.token("edge-limited")))));
		}
	}

	@Test
	void withTlsThereIsNoOtherWay() throws Exception {
		int port = Ports.free();
		Path key = this.directory.resolve("tls.key");
		Path certificate = this.directory.resolve("tls.crt");
		ChildProcess
			.command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
					"-keyout", key.toString(), "-out", certificate.toString())
			.run(SOON)
			.orThrow();
		try (NginxProcess mine = NginxProcess.start(
				Map.of("include site/tls*.conf;", "include tls.conf.example;", "listen 8443 ssl http2 reuseport",
						"listen 127.0.0.1:" + port + " ssl http2 reuseport", "ssl_certificate site/tls.crt",
						"ssl_certificate " + certificate, "site/tls.key", key.toString()),
				this.cluster.apiPort(), this.cluster.streamPort(0))) {
			Answer redirected = mine.request("/events?channel=a%2Fb").header("Host", "push.example:8000").fetch();
			assertThat(redirected.status()).isEqualTo(308);
			assertThat(redirected.header("Location")).isEqualTo("https://push.example/events?channel=a%2Fb");
			assertThat(mine.request("/livez").fetch().status()).isEqualTo(200);
			assertThat(mine.internalRequest("/livez").fetch().status()).isEqualTo(200);
			for (String path : List.of("/events", "/nothing", "/livez")) {
				assertThat(overTls(port, path)).as(path)
					.containsOnlyOnce("\r\nStrict-Transport-Security: max-age=31536000\r\n");
			}
		}
	}

	private static String overTls(int port, String path) throws Exception {
		SSLContext trusting = SSLContext.getInstance("TLS");
		trusting.init(null, new TrustManager[] { new X509ExtendedTrustManager() {
			@Override
			public void checkClientTrusted(X509Certificate[] chain, String type) {
			}

			@Override
			public void checkServerTrusted(X509Certificate[] chain, String type) {
			}

			@Override
			public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
			}

			@Override
			public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
			}

			@Override
			public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
			}

			@Override
			public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
			}

			@Override
			public X509Certificate[] getAcceptedIssuers() {
				return new X509Certificate[0];
			}
		} }, null);
		try (Socket socket = trusting.getSocketFactory().createSocket("127.0.0.1", port)) {
			socket.getOutputStream()
				.write(("GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
					.getBytes(StandardCharsets.US_ASCII));
			return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
		}
	}

	@Test
	void operatorsReachAllOfTheApiByItsOwnListener() {
		for (String path : List.of("/v1/nodes", "/v1/drain")) {
			assertThat(nginx.internalRequest(path)
				.bearer("dev-secret")
				.header("Accept", "application/json")
				.fetch()
				.status()).as(path).isEqualTo(200);
		}
		for (String path : List.of("/events", "/sse", "/events/close", "/actuator/health", "/v1/;/nodes")) {
			assertThat(nginx.internalRequest(path).bearer("dev-secret").fetch().status()).as(path).isEqualTo(404);
		}
	}

	@Test
	void theApiIsBehindIt() {
		ApiClient throughNginx = new ApiClient(nginx.internalUrl(), "dev-secret");
		SseClient stream = open(nginx.stream(throughNginx.token("edge-api")));
		node(stream);
		String id = throughNginx.toUser("edge-api", "published through nginx");
		assertThat(stream.awaitBlock((block) -> block.fires("message"), SOON).id()).isEqualTo(id);

		Answer tooLarge = publish("x".repeat(1 << 20));
		assertThat(tooLarge.status()).isEqualTo(413);
		assertThat(tooLarge.header("Content-Type")).startsWith("application/problem+json");
		assertThat(json.readTree(tooLarge.text()).required("detail").asString()).isNotEmpty();
		Answer evenLarger = publish("x".repeat(3 << 20));
		assertThat(evenLarger.status()).isEqualTo(413);
		assertThat(json.readTree(evenLarger.text()).required("type"))
			.isEqualTo(json.readTree(tooLarge.text()).required("type"));
	}

	private static Answer publish(String data) {
		return nginx.internalRequest("/v1/messages")
			.bearer("dev-secret")
			.method("POST")
			.header("Accept", "application/json")
			.body("application/json", json.writeValueAsString(Map.of("to", Map.of("user", "nobody"), "data", data)))
			.fetch();
	}

	@Test
	void aKickedPagesReconnectIsToldToStop() {
		String token = this.backend.token("edge-kicked");
		SseClient first = open(nginx.stream(token).query("client", "first"));
		node(first);
		node(open(nginx.stream(token).query("client", "second")));
		String cursor = first.awaitBlock((block) -> block.fires("push.kicked"), SOON).id();
		assertThat(cursor).startsWith("k.");
		assertThat(first.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
		Answer reconnect = nginx.stream(token)
			.query("client", "first")
			.lastEventId(cursor)
			.header("Origin", "https://app.example")
			.fetch();
		assertThat(reconnect.status()).isEqualTo(204);
		assertThat(reconnect.headers().allValues("Access-Control-Allow-Origin")).containsExactly("*");
	}

	@Test
	void aClientThatGoesAwayIsNoticed() {
		SseClient stream = open(nginx.stream(this.backend.token("edge-gone")));
		node(stream);
		assertThat(this.backend.user("edge-gone").required("online").asBoolean()).isTrue();
		Instant begun = Instant.now();
		stream.close();
		await().atMost(Duration.ofSeconds(5))
			.until(() -> !this.backend.user("edge-gone").required("online").asBoolean());
		System.out.println("A client that went away behind nginx was noticed after "
				+ Duration.between(begun, Instant.now()).toMillis() + " ms");
	}

	@Test
	void aReloadLosesNothing() {
		String token = this.backend.token("edge-reload");
		try (NginxProcess mine = NginxProcess.start(Map.of("worker_shutdown_timeout 30s", "worker_shutdown_timeout 2s"),
				this.cluster.apiPort(), this.cluster.streamPort(0), this.cluster.streamPort(1))) {
			SseClient stream = open(mine.stream(token).query("client", "page"));
			node(stream);
			mine.reload();
			await().atMost(SOON).until(() -> mine.errorLog().contains("gracefully shutting down"));
			List<String> published = new ArrayList<>();
			published.add(this.backend.toUser("edge-reload", "while old workers live"));
			stream.awaitBlock((block) -> block.fires("message"), SOON);
			node(open(mine.stream(this.backend.token("edge-new-worker"))));

			assertThat(stream.awaitEnd(SOON)).isEqualTo(End.CUT);
			published.add(this.backend.toUser("edge-reload", "while nobody hears"));
			SseClient again = open(mine.stream(token).query("client", "page").lastEventId(stream.lastEventId()));
			published.add(this.backend.toUser("edge-reload", "to the new workers"));
			again.awaitBlock((block) -> published.getLast().equals(block.id()), SOON);
			List<String> heard = new ArrayList<>();
			for (SseClient one : List.of(stream, again)) {
				one.blocks()
					.stream()
					.filter((block) -> block.fires("message"))
					.forEach((block) -> heard.add(block.id()));
				assertThat(one.blocks()).noneMatch((block) -> block.fires("push.gap"));
			}
			assertThat(heard).isEqualTo(published);
		}
	}

	private SseClient open(SseRequest request) {
		SseClient stream = request.open();
		this.streams.add(stream);
		return stream;
	}

	/** A call that any node answers by itself. */
	private static int closeNobody(NginxProcess nginx) {
		return nginx.request("/events/close")
			.method("POST")
			.body("text/plain", "{\"key\":\"gone.12345678.x\"}")
			.fetch()
			.status();
	}

	/** Waits for the first block and tells the name of the node. */
	private static String node(SseClient stream) {
		JsonNode connected = json.readTree(stream.awaitBlock((block) -> block.fires("push.connected"), SOON).data());
		return connected.required("node").asString().replaceAll("\\..*", "");
	}

}
