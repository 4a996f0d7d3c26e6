package io.fanfare.local;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.fanfare.node.observability.NodeHealth;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisProcess.Data;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Tickets that are stolen, raced for and shown again, through nginx to two nodes. */
class NginxTicketIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private final List<SseClient> streams = new ArrayList<>();

	@BeforeAll
	static void requireNginx() {
		Assume.installed(RequiredTool.NGINX);
	}

	@AfterEach
	void closeStreams() {
		this.streams.forEach(SseClient::close);
	}

	private SseClient open(SseRequest request) {
		SseClient stream = request.open();
		this.streams.add(stream);
		return stream;
	}

	private SseClient connected(SseRequest request, String user) {
		SseClient stream = open(request);
		assertThat(stream.status()).isEqualTo(200);
		SseBlock begun = stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
		assertThat(JsonMapper.shared().readTree(begun.data()).required("user").asString()).isEqualTo(user);
		return stream;
	}

	private static SseRequest by(NginxProcess nginx, String ticket) {
		return nginx.request("/events").query("ticket", ticket);
	}

	private static void assertRefused(SseRequest request) {
		Answer answer = request.fetch();
		assertThat(answer.status()).as(answer.text()).isEqualTo(401);
		assertThat(JsonMapper.shared().readTree(answer.text()).required("type").asString()).endsWith("/invalid-token");
	}

	/** Of an attempt that a client names nginx says another name. */
	@Test
	void aTicketThatWasReadInAnAddressIsOfNoUseOnceItIsSpent() {
		Cluster cluster = TestCluster.shared();
		ApiClient backend = TestCluster.backend(cluster);
		try (NginxProcess nginx = TestCluster.nginx(cluster)) {
			String ticket = TestCluster.ticket(backend, "edge-robbed");
			SseClient stream = connected(by(nginx, ticket).query("client", "page").header("Fanfare-Attempt", "a1"),
					"edge-robbed");
			for (String client : List.of("page", "thief")) {
				// With the one attempt that was named, at both nodes, and with the other
				// form
				assertRefused(by(nginx, ticket).query("client", client).header("Fanfare-Attempt", "a1"));
				assertRefused(by(nginx, ticket).query("client", client));
				assertRefused(by(nginx, ticket).query("client", client).query("strict", "1"));
			}
			assertThat(stream.end()).isNull();
			String id = backend.toUser("edge-robbed", "for its owner");
			assertThat(stream.awaitBlock((block) -> block.fires("message"), SOON).id()).isEqualTo(id);
			assertThat(nginx.everythingWritten()).contains("/events").doesNotContain(ticket);
		}
	}

	/** The owner finds out, and gets another one. */
	@Test
	void aTicketThatIsStolenBeforeItIsSpentOpensOneStreamAndEndsWithTheNext() {
		Cluster cluster = TestCluster.shared();
		ApiClient backend = TestCluster.backend(cluster);
		try (NginxProcess nginx = TestCluster.nginx(cluster)) {
			String ticket = TestCluster.ticket(backend, "edge-outrun");
			SseClient thief = connected(by(nginx, ticket).query("client", "thief"), "edge-outrun");
			assertRefused(by(nginx, ticket).query("client", "page"));
			connected(by(nginx, TestCluster.ticket(backend, "edge-outrun")).query("client", "page"), "edge-outrun");
			thief.awaitBlock((block) -> block.fires("push.kicked"), SOON);
			thief.awaitEnd(SOON);
			assertRefused(by(nginx, ticket).query("client", "thief").lastEventId("1795000000000-1"));
		}
	}

	@Test
	void ofAllThatRaceThroughItOneGetsAStream() {
		Cluster cluster = TestCluster.shared();
		ApiClient backend = TestCluster.backend(cluster);
		try (NginxProcess nginx = TestCluster.nginx(cluster)) {
			for (int round = 0; round < 10; round++) {
				String ticket = TestCluster.ticket(backend, "edge-raced-" + round);
				List<SseClient> raced = new ArrayList<>();
				for (int i = 0; i < 6; i++) {
					raced.add(open(by(nginx, ticket).query("client", (round % 2 == 0) ? "page" : "page-" + i)));
				}
				assertThat(raced).extracting(SseClient::status).containsExactlyInAnyOrder(200, 401, 401, 401, 401, 401);
				SseClient winner = raced.stream().filter((one) -> one.status() == 200).findFirst().orElseThrow();
				winner.awaitBlock((block) -> block.fires("push.connected"), SOON);
				assertThat(winner.end()).isNull();
			}
		}
	}

	/** A native client asks again with the same address. */
	@Test
	void aFullClusterSpendsNoTicket() {
		Cluster small = TestCluster.small();
		ApiClient backend = TestCluster.backend(small);
		try (NginxProcess nginx = TestCluster.nginx(small)) {
			this.streams.addAll(TestCluster.fill(0));
			String first = TestCluster.ticket(backend, "edge-full-first");
			connected(by(nginx, first), "edge-full-first");
			assertRefused(by(nginx, first));
			for (int i = 1; i < TestCluster.SMALL; i++) {
				connected(nginx.stream(backend.token("edge-full-" + i)), "edge-full-" + i);
			}
			// So a waiting room that is full is passed over.
			for (int i = 0; i < 2; i++) {
				open(nginx.stream(backend.token("edge-full-waits-" + i)).query("strict", "1"))
					.awaitBlock((block) -> block.fires("push.waiting"), SOON);
			}
			SseRequest late = by(nginx, TestCluster.ticket(backend, "edge-full-late"));
			for (int i = 0; i < 3; i++) {
				assertThat(late.fetch().text()).contains("event: push.busy", "\"full\"");
			}
			closeStreams();
			TestCluster.awaitEmpty();
			connected(late, "edge-full-late");
			assertRefused(late);
		}
		closeStreams();
		TestCluster.awaitEmpty();
	}

	@Test
	void aRestartOfRedisBetweenIssueAndUseKeepsWhatItKeepsOfTheData() {
		try (RedisProcess redis = TestRedis.start();
				Cluster cluster = TestCluster.start(redis, "--logging.level.root=ERROR",
						"--fanfare.redis.durable=true");
				NginxProcess nginx = TestCluster.nginx(cluster)) {
			ApiClient backend = TestCluster.backend(cluster);
			String kept = TestCluster.ticket(backend, "edge-kept");
			String spent = TestCluster.ticket(backend, "edge-spent");
			connected(by(nginx, spent), "edge-spent");
			redis.restart(Data.KEPT);
			awaitReady(cluster);
			assertRefused(by(nginx, spent));
			connected(by(nginx, kept), "edge-kept");
			assertRefused(by(nginx, kept));

			// From a snapshot in which it is not spent yet it opens one more stream.
			String twice = TestCluster.ticket(backend, "edge-twice");
			redis.save();
			connected(by(nginx, twice), "edge-twice");
			redis.kill();
			redis.start();
			awaitReady(cluster);
			connected(by(nginx, twice), "edge-twice");
			assertRefused(by(nginx, twice));

			String lost = TestCluster.ticket(backend, "edge-lost");
			redis.restart(Data.LOST);
			awaitReady(cluster);
			assertRefused(by(nginx, lost));
			connected(by(nginx, TestCluster.ticket(backend, "edge-lost")), "edge-lost");
		}
	}

	/** Both nodes and the API have met it again. */
	private static void awaitReady(Cluster cluster) {
		await().atMost(SOON)
			.until(() -> cluster.node(0).getBean(NodeHealth.class).isReady()
					&& cluster.node(1).getBean(NodeHealth.class).isReady());
		ApiClient backend = TestCluster.backend(cluster);
		await().atMost(SOON).until(() -> backend.post("/v1/tickets", Map.of("user", "edge-any")).status() == 201);
	}

}
