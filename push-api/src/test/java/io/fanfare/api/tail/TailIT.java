package io.fanfare.api.tail;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.fanfare.api.NodeVoice;
import io.fanfare.api.TestApi;
import io.fanfare.api.auth.ApiKeys;
import io.fanfare.api.auth.Scope;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.audit.AuditLog;
import io.fanfare.protocol.call.CallName;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Tails without a node: who may, how many, and until when. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TailIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private static TestRedis redis;

	private static TestApi api;

	/** Nothing is sent to its user. */
	private static SseClient quiet;

	private static long quietSince;

	@BeforeAll
	static void start() {
		redis = TestRedis.start();
		api = TestApi.start(redis);
		quiet = tail(api, "dave", TestApi.KEY);
		next(quiet, "tail.begin");
		quietSince = System.nanoTime();
	}

	@AfterAll
	static void stop() {
		quiet.close();
		api.close();
		redis.close();
	}

	private static SseClient tail(TestApi api, String user, String key) {
		return SseClient.request("127.0.0.1", api.port(), "/v1/users/" + user + "/tail").bearer(key).open();
	}

	private static SseBlock next(SseClient tail, String event) {
		return tail.awaitBlock((block) -> block.fires(event), SOON);
	}

	@Test
	void beginsAtOnceAndIsNotKeptByCaches() {
		try (SseClient tail = tail(api, "alice", TestApi.KEY)) {
			assertThat(tail.status()).isEqualTo(200);
			assertThat(tail.headers().firstValue("Content-Type")).contains("text/event-stream;charset=UTF-8");
			assertThat(tail.headers().firstValue("Cache-Control").orElse("")).contains("no-store");
			assertThat(tail.headers().firstValue("X-Accel-Buffering")).contains("no");
			assertThat(tail.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
			assertThat(next(tail, "tail.begin").data()).startsWith("{\"user\":\"alice\",\"until\":");
		}
	}

	@Test
	void aUserHasOnlySoManyAndAPlaceIsFreeAgain() {
		List<SseClient> open = new ArrayList<>();
		try {
			for (int i = 0; i < Tails.MAX_PER_USER; i++) {
				open.add(tail(api, "crowded", TestApi.KEY));
				next(open.getLast(), "tail.begin");
			}
			TestApi.Answer refused = api.get("/v1/users/crowded/tail");
			assertThat(refused.status()).isEqualTo(503);
			assertThat(refused.problem()).isEqualTo("overloaded");
			assertThat(refused.header("Retry-After")).isNotEmpty();
			open.removeLast().close();
			// Its end is found at the next heartbeat
			await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofSeconds(1)).until(() -> {
				SseClient next = tail(api, "crowded", TestApi.KEY);
				open.add(next);
				return next.status() == 200;
			});
		}
		finally {
			open.forEach(SseClient::close);
		}
	}

	@Test
	void endsWithTheKeyAndBeginAndEndAreAudited() {
		ListAppender<ILoggingEvent> lines = new ListAppender<>();
		lines.start();
		Logger logger = (Logger) LoggerFactory.getLogger(AuditLog.NAME);
		logger.addAppender(lines);
		String key = api.bean(ApiKeys.class).issue("passing", Scope.ADMIN);
		try (SseClient tail = tail(api, "bob", key)) {
			next(tail, "tail.begin");
			api.bean(ApiKeys.class).withdraw("passing");
			SseBlock end = tail.awaitBlock((block) -> block.fires("tail.end"), Duration.ofSeconds(20));
			assertThat(end.data()).isEqualTo("{\"reason\":\"credential\"}");
			await().until(() -> tail.end() != null);
			await()
				.untilAsserted(() -> assertThat(List.copyOf(lines.list)).extracting(ILoggingEvent::getFormattedMessage)
					.filteredOn((line) -> line.contains("caller=\"passing\""))
					.satisfiesExactly(
							(line) -> assertThat(line)
								.matches("audit=act operation=\"tailUser\" caller=\"passing\" address=\"[0-9.:]+\""
										+ " user=\"bob\" state=\"began\""),
							(line) -> assertThat(line).contains("user=\"bob\" state=\"ended\" reason=\"credential\"")
								.endsWith("blocks=0 dropped=0")));
		}
		finally {
			logger.detachAppender(lines);
		}
	}

	@Test
	void endsWhenTheApiStops() {
		try (TestRedis own = TestRedis.start()) {
			TestApi stopping = TestApi.start(own);
			try (SseClient tail = tail(stopping, "carol", TestApi.KEY)) {
				next(tail, "tail.begin");
				long began = System.nanoTime();
				stopping.close();
				assertThat(next(tail, "tail.end").data()).isEqualTo("{\"reason\":\"stopping\"}");
				assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
			}
		}
	}

	/**
	 * Any other answer has to be read within seconds. Longer than a lost one lasts, most
	 * of which the other tests have taken.
	 */
	@Test
	@Order(Integer.MAX_VALUE)
	void aQuietTailStays() {
		await().atMost(Duration.ofSeconds(20)).until(() -> {
			assertThat(quiet.end()).isNull();
			return System.nanoTime() - quietSince > Duration.ofSeconds(16).toNanos();
		});
	}

	private static NodeStatus status(String name, NodeStatus.Drained drained) {
		long now = System.currentTimeMillis();
		return new NodeStatus(name + ".abcdefgh", name, "1", "up", now, now, 100, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, null,
				drained, null, null);
	}

	@Test
	void aNodeThatWasDrainedIsNotMissed() {
		try (TestRedis own = TestRedis.start(); TestApi asking = TestApi.start(own)) {
			Nodes nodes = asking.bean(Nodes.class);
			for (NodeStatus status : List.of(status("node-1", new NodeStatus.Drained(1, 0, 1)),
					status("node-2", null))) {
				nodes.put(status.node(), TestApi.JSON.writeValueAsBytes(status)).join();
			}
			try (SseClient tail = tail(asking, "erin", TestApi.KEY)) {
				assertThat(next(tail, "tail.unanswered").data()).isEqualTo("{\"node\":\"node-2.abcdefgh\"}");
				tail.expectNone((block) -> block.fires("tail.unanswered") && block.data().contains("node-1"),
						Duration.ofSeconds(2));
			}
		}
	}

	/** Their state is written again within seconds; a stream may begin meanwhile. */
	@Test
	void afterADataLossNodesThatWereThereAreStillAsked() {
		try (TestRedis own = TestRedis.start();
				TestApi asking = TestApi.start(own);
				NodeVoice node = new NodeVoice(asking, own, "node-1").answering(CallName.TAIL,
						"{\"connected\":false}")) {
			try (SseClient before = tail(asking, "before", TestApi.KEY)) {
				next(before, "tail.begin");
				await().atMost(SOON).until(() -> isAsked(node, "before"));
			}
			own.ask((commands) -> commands.flushall());
			try (SseClient after = tail(asking, "after", TestApi.KEY)) {
				next(after, "tail.begin");
				await().atMost(SOON).until(() -> isAsked(node, "after"));
			}
		}
	}

	private static boolean isAsked(NodeVoice node, String user) {
		JsonNode asked = node.asked();
		return asked != null && asked.path("user").asString("").equals(user);
	}

	@Test
	void whoMayNotIsRefusedWithAProblem() {
		TestApi.Answer refused = api.send("GET", "/v1/users/alice/tail", null, "Authorization",
				"Bearer " + TestApi.READ_KEY, "Accept", "text/event-stream");
		assertThat(refused.status()).isEqualTo(403);
		assertThat(refused.problem()).isEqualTo("insufficient-scope");
		assertThat(api.send("GET", "/v1/users/alice/tail", null).status()).isEqualTo(401);
		TestApi.Answer wrong = api.send("GET", "/v1/users/" + "x".repeat(129) + "/tail", null, "Authorization",
				"Bearer " + TestApi.KEY, "Accept", "text/event-stream");
		assertThat(wrong.status()).isEqualTo(400);
		assertThat(wrong.problem()).isEqualTo("invalid-request");
	}

}
