package io.fanfare.node;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import io.fanfare.node.admission.Admission;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.test.redis.RedisProcess;
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
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newUser;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** The doctor's stream over sockets, of a node whose Redis is away. */
@ExtendWith(OutputCaptureExtension.class)
class DoctorIT {

	private static final String[] SETTINGS = { "--fanfare.connections.heartbeat=100ms", "--fanfare.stream.loops=2",
			"--fanfare.doctor.per-address=2", "--fanfare.doctor.max=5",
			"--fanfare.allowed-origins=https://app.example" };

	/** What the longer of the scripts takes with these settings. */
	private static final Duration SCRIPT = Duration.ofMillis(10_100);

	private static RedisProcess redis;

	private static TestNode node;

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final List<SseClient> streams = new ArrayList<>();

	@BeforeAll
	static void startNode() {
		redis = TestRedis.start();
		redis.stop();
		node = TestNode.launch(redis, "doctor", SETTINGS);
	}

	@AfterAll
	static void stopNode() {
		if (node != null) {
			node.close();
		}
		redis.close();
	}

	@AfterEach
	void closeStreams() {
		this.streams.forEach(SseClient::close);
		await().atMost(SOON).until(() -> node.meter("fanfare.doctor.streams") == 0);
	}

	private static SseRequest doctor(TestNode node) {
		return node.request("/events").query("doctor", "1");
	}

	private SseClient keep(SseRequest request) {
		SseClient stream = request.open();
		this.streams.add(stream);
		return stream;
	}

	private static SseRequest from(String address) {
		return doctor(node).header("X-Forwarded-For", address);
	}

	@Test
	void bothScriptsArriveInOrderAndPaceWhileRedisIsAway() {
		assertThat(node.bean(PubSubLink.class).isUp()).isFalse();
		SseClient pace = keep(from("203.0.113.1").query("nonce", "run-1").gzip());
		SseClient steady = keep(from("203.0.113.1").query("script", "steady"));
		assertThat(pace.status()).isEqualTo(200);
		assertThat(pace.headers().firstValue("Content-Encoding")).isEmpty();
		assertThat(pace.headers().firstValue("Fanfare-Doctor")).contains("run-1");
		assertThat(pace.awaitEnd(SCRIPT.plus(SOON))).isEqualTo(End.COMPLETE);
		assertThat(steady.awaitEnd(SCRIPT.plus(SOON))).isEqualTo(End.COMPLETE);
		pace.awaitDisconnect(SOON);
		assertThat(pace.blocks()).hasSize(30);
		assertThat(steady.blocks()).hasSize(12);
		for (SseClient stream : List.of(pace, steady)) {
			assertThat(stream.comments()).as("heartbeats").isEmpty();
			assertThat(stream.blocks().getLast().event()).isEqualTo("doctor.end");
			assertArriveAsSent(stream);
		}
		assertThat(node.bean(Admission.class).size()).isZero();
	}

	/** No block is held for a second. */
	private static void assertArriveAsSent(SseClient stream) {
		long first = Blocks.json(stream.blocks().getFirst()).get("at").asLong();
		Instant arrived = stream.blocks().getFirst().at();
		for (int i = 0; i < stream.blocks().size(); i++) {
			SseBlock block = stream.blocks().get(i);
			JsonNode data = Blocks.json(block);
			assertThat(data.get("n").asInt()).isEqualTo(i);
			assertThat(Duration.between(arrived, block.at()).toMillis()).as("block %s", i)
				.isBetween(data.get("at").asLong() - first - 1_000, data.get("at").asLong() - first + 1_000);
		}
		String body = stream.text();
		JsonNode end = Blocks.json(stream.blocks().getLast());
		assertThat(end.get("sent").asInt()).isEqualTo(body.indexOf("event: doctor.end"));
	}

	@Test
	void theHelloEchoesTheRequestAndNoCredentialIsShownOrLogged(CapturedOutput output) {
		SseClient stream = keep(from("203.0.113.2").bearer("s3cret-token")
			.query("access_token", "s3cret-query")
			.lastEventId("doctor-\"\\ \t\u00e4'x" + "y".repeat(200))
			.header("Cookie", "fanfare-doctor=s3cret-cookie")
			.header("Accept-Encoding", "gzip, br")
			.header("Origin", "https://app.example"));
		SseBlock first = stream.nextBlock(SOON);
		assertThat(first.event()).isEqualTo("doctor.hello");
		JsonNode request = Blocks.json(first).get("request");
		assertThat(request.get("protocol").asString()).isEqualTo("HTTP/1.1");
		assertThat(request.get("authorization").asBoolean()).isTrue();
		assertThat(request.get("cookie").asBoolean()).isTrue();
		assertThat(request.get("lastEventId").asString()).startsWith("doctor-\"\\ \t").hasSize(100).endsWith("yy");
		assertThat(request.get("acceptEncoding").asString()).isEqualTo("gzip, br");
		assertThat(request.get("origin").asString()).isEqualTo("https://app.example");
		assertThat(request.get("host").asString()).isEqualTo("127.0.0.1:" + node.port());
		assertThat(Blocks.json(first).get("node").asString()).isEqualTo("doctor");
		stream.awaitBlocks(5, SOON);
		assertThat(stream.text()).doesNotContain("s3cret");
		assertThat(output.getAll()).doesNotContain("s3cret");
	}

	@Test
	void aHeaderWithControlCharactersIsNoHttp() {
		for (String value : List.of("a\u0001", "\u001b[31m", "a\u007f", "a\u0000b")) {
			assertThat(from("203.0.113.3").lastEventId(value).fetch().status()).isEqualTo(400);
		}
	}

	@Test
	void aStatusIsAnsweredInPlaceOfAStream() {
		for (int status : new int[] { 401, 403, 503 }) {
			Answer answer = from("203.0.113.4").query("status", String.valueOf(status))
				.query("nonce", "run-2")
				.header("Origin", "https://app.example")
				.fetch();
			assertThat(answer.status()).isEqualTo(status);
			assertThat(answer.header("Fanfare-Doctor")).isEqualTo("run-2");
			assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
			assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
			assertThat(String.join(",", answer.headers().allValues("Access-Control-Expose-Headers")))
				.contains("Fanfare-Doctor");
		}
	}

	@Test
	void otherMethodsAndUnknownValuesAreRefused() {
		assertThat(doctor(node).method("HEAD").fetch().status()).isEqualTo(405);
		assertThat(doctor(node).method("POST").fetch().status()).isEqualTo(405);
		assertThat(doctor(node).query("script", "x").fetch().text()).contains("\"detail\":\"script: ");
		assertThat(node.request("/events?doctor=yes").fetch().text()).contains("\"detail\":\"doctor: ");
		assertThat(node.request("/events").bearer("x").fetch().status()).as("no doctor").isEqualTo(401);
	}

	@Test
	void anAddressAndTheNodeAreLimitedAndPlacesComeBack() {
		for (String address : List.of("203.0.113.5", "203.0.113.5", "203.0.113.6", "203.0.113.6", "203.0.113.7")) {
			assertThat(keep(from(address)).status()).isEqualTo(200);
		}
		assertThat(node.meter("fanfare.doctor.streams")).isEqualTo(5);
		double before = node.meter("fanfare.streams.refused", "limit", "doctor");
		Answer answer = from("203.0.113.5").fetch();
		assertThat(answer.status()).isEqualTo(429);
		assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"doctor\";q=2;qu=\"concurrent-requests\"");
		assertThat(Integer.parseInt(answer.header("Retry-After"))).isBetween(2, 10);
		assertThat(node.meter("fanfare.streams.refused", "limit", "doctor")).isEqualTo(before + 1);
		assertThat(from("203.0.113.8").fetch().text()).contains("\"doctor-node\"");
		this.streams.getFirst().abort();
		await().atMost(SOON).until(() -> node.meter("fanfare.doctor.streams") == 4);
		assertThat(keep(from("203.0.113.5")).status()).isEqualTo(200);
	}

	@Test
	void readersThatStopAreClosedAndOthersAreNotHeldUp() {
		try (TestNode small = TestNode.launch(redis, "small", "--fanfare.stream.send-buffer=4KB",
				"--fanfare.stream.loops=1", "--fanfare.connections.heartbeat=15s")) {
			List<SseClient> stopped = IntStream.range(0, 20)
				.mapToObj((i) -> keep(doctor(small).receiveBuffer(1024)))
				.toList();
			stopped.forEach((stream) -> stream.nextBlock(SOON));
			stopped.forEach(SseClient::pause);
			SseClient reading = keep(doctor(small));
			reading.awaitBlocks(29, SOON);
			assertArriveAsSent29(reading);
			await().atMost(SOON).until(() -> small.meter("fanfare.doctor.streams") == 1);
			stopped.forEach(SseClient::resume);
			stopped.forEach((stream) -> {
				assertThat(stream.awaitEnd(SOON)).isIn(End.CUT, End.RESET);
				assertThat(stream.blocks()).noneMatch((block) -> block.fires("doctor.end"));
			});
			reading.close();
		}
	}

	private static void assertArriveAsSent29(SseClient stream) {
		List<SseBlock> blocks = stream.blocks();
		assertThat(Duration.between(blocks.getFirst().at(), blocks.get(28).at())).isBetween(Duration.ofMillis(3_600),
				Duration.ofMillis(5_600));
	}

	@Test
	void theyEndInOrderWithTheNode() {
		TestNode leaving = TestNode.start(Cluster.redis(), "leaving", "--fanfare.connections.drain-window=2s",
				"--fanfare.connections.heartbeat=15s");
		SseClient stream = keep(doctor(leaving));
		SseClient user = keep(leaving.stream(newUser()));
		assertThat(user.nextBlock(SOON).event()).isEqualTo("push.connected");
		stream.nextBlock(SOON);
		CompletableFuture<Void> stopped = CompletableFuture.runAsync(leaving::close);
		assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
		assertThat(Blocks.json(stream.blocks().getLast()).get("reason").asString()).isEqualTo("drain");
		assertThat(stopped).succeedsWithin(SOON);
	}

}
