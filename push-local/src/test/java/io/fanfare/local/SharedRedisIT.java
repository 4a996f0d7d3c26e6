package io.fanfare.local;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Three installations on one Redis: two in databases 0 and 3 with the same prefix, and
 * one in database 0 with another prefix. Each has a node and an API, and the same users
 * and topics as the others. The ids of the one in database 3 lie an hour ahead: should
 * they reach another installation, that takes its own store for rolled back.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SharedRedisIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private static final String CLOCK = "fanfare:{0}:clock";

	private static final String SINCE = "fanfare:{0}:since";

	private static final String RUN = "fanfare:{0}:run";

	private final List<Installation> installations = new ArrayList<>();

	private final List<SseClient> streams = new ArrayList<>();

	private RedisProcess redis;

	private RedisClient client;

	@BeforeAll
	void start() {
		this.redis = TestRedis.start();
		this.client = RedisClient.create(this.redis.uri());
		seed(commands(0), "fanfare", Duration.ZERO);
		seed(commands(0), "shop", Duration.ZERO);
		seed(commands(3), "fanfare", Duration.ofHours(1));
		this.installations.add(installation("first", 0, "fanfare"));
		this.installations.add(installation("third", 3, "fanfare"));
		this.installations.add(installation("shop", 0, "shop"));
	}

	@AfterAll
	void stop() {
		this.streams.forEach(SseClient::close);
		this.installations.forEach((one) -> one.cluster().close());
		this.client.shutdown();
		this.redis.close();
	}

	/** A store that is older than the time for which presence is uncertain. */
	private static void seed(RedisCommands<String, String> commands, String prefix, Duration ahead) {
		Instant now = Instant.now();
		commands.set(CLOCK.replace("fanfare", prefix), now.plus(ahead).toEpochMilli() + "-0");
		commands.set(SINCE.replace("fanfare", prefix), now.minus(Duration.ofDays(1)).toEpochMilli() + "-0");
		commands.set(RUN.replace("fanfare", prefix), runId(commands));
	}

	private static String runId(RedisCommands<String, String> commands) {
		return commands.info("server")
			.lines()
			.filter((line) -> line.startsWith("run_id:"))
			.findFirst()
			.orElseThrow()
			.substring(7);
	}

	private RedisCommands<String, String> commands(int database) {
		RedisURI uri = this.redis.uri();
		uri.setDatabase(database);
		StatefulRedisConnection<String, String> connection = this.client.connect(uri);
		return connection.sync();
	}

	private Installation installation(String name, int database, String prefix) {
		LocalSettings settings = new LocalSettings(List.of(0), List.of(0), 0, 0, "dev-secret", TestCluster.jwtSecret(),
				"", false);
		// The users may do nothing with the keys of another installation
		boolean first = prefix.equals("fanfare");
		Cluster cluster = Cluster.start(settings,
				(first ? this.redis.url(RedisUser.NODE) : this.redis.url()) + "/" + database,
				(first ? this.redis.url(RedisUser.API) : this.redis.url()) + "/" + database,
				List.of("--fanfare.redis.prefix=" + prefix, "--logging.level.root=WARN",
						"--logging.level.io.fanfare=WARN"));
		return new Installation(name, prefix, cluster, TestCluster.backend(cluster), commands(database));
	}

	private record Installation(String name, String prefix, Cluster cluster, ApiClient backend,
			RedisCommands<String, String> redis) {

		String since() {
			return this.redis.get(SINCE.replace("fanfare", this.prefix));
		}

		JsonNode nodes() {
			return this.backend.get("/v1/nodes").ok().required("nodes");
		}

	}

	/** A stream past its first block. */
	private SseClient open(Installation at, String user, String client) {
		SseClient stream = TestCluster.stream(at.cluster(), 0, at.backend().token(user))
			.query("channel", "news")
			.query("client", client)
			.open();
		this.streams.add(stream);
		stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
		return stream;
	}

	private static List<String> heard(SseClient stream) {
		return stream.blocks()
			.stream()
			.filter((block) -> block.data() != null && !block.fires("push.connected"))
			.map((block) -> block.type() + " " + block.data())
			.toList();
	}

	@Test
	@Order(1)
	void messagesReachTheStreamsOfTheirOwnInstallationOnly() {
		List<String> since = this.installations.stream().map(Installation::since).toList();
		List<SseClient> bobs = this.installations.stream()
			.map((one) -> open(one, "bob", "page-" + one.name()))
			.toList();
		for (int round = 0; round < 3; round++) {
			for (Installation one : this.installations) {
				one.backend().toAll("all of " + one.name());
				one.backend().toChannel("news", "news of " + one.name());
				one.backend().toUser("bob", "bob of " + one.name());
			}
		}
		// By now, each has had the time to hear what is not its own.
		this.installations.forEach((one) -> one.backend().toUser("bob", "end"));
		for (int i = 0; i < bobs.size(); i++) {
			String name = this.installations.get(i).name();
			bobs.get(i).awaitBlock((block) -> "end".equals(block.data()), SOON);
			List<String> expected = new ArrayList<>();
			for (int round = 0; round < 3; round++) {
				expected.addAll(List.of("message all of " + name, "message news of " + name, "message bob of " + name));
			}
			expected.add("message end");
			assertThat(heard(bobs.get(i))).isEqualTo(expected);
			assertThat(bobs.get(i).end()).isNull();
		}
		assertThat(this.installations.stream().map(Installation::since).toList()).as("since").isEqualTo(since);
	}

	/**
	 * Soon after a data loss a message to a user without an owner goes to all nodes, and
	 * so does the word of a claim that found none.
	 */
	@Test
	@Order(2)
	void whatGoesToAllNodesAfterADataLossStaysInTheInstallationAsWell() {
		for (Installation one : this.installations) {
			one.redis()
				.set(SINCE.replace("fanfare", one.prefix()), one.redis().get(CLOCK.replace("fanfare", one.prefix())));
		}
		for (Installation one : this.installations) {
			SseClient carol = open(one, "carol", "page-" + one.name());
			for (Installation other : this.installations) {
				if (!other.equals(one)) {
					other.backend().toUser("carol", "carol of " + other.name());
					open(other, "carol", "page-" + other.name()).close();
					await().atMost(SOON).until(() -> !other.backend().user("carol").required("online").asBoolean());
				}
			}
			one.backend().toUser("carol", "end");
			carol.awaitBlock((block) -> "end".equals(block.data()), SOON);
			assertThat(heard(carol)).containsExactly("message end");
			carol.close();
			await().atMost(SOON).until(() -> !one.backend().user("carol").required("online").asBoolean());
		}
	}

	@Test
	@Order(3)
	void presenceNodesAndCallsAreThoseOfTheInstallation() {
		List<SseClient> daves = this.installations.stream().map((one) -> open(one, "dave", "page")).toList();
		for (int i = 0; i < daves.size(); i++) {
			Installation one = this.installations.get(i);
			assertThat(one.nodes()).hasSize(1);
			assertThat(one.backend().user("dave").required("connection").asString())
				.isEqualTo(connection(daves.get(i)));
			assertThat(connections(one)).contains(connection(daves.get(i)));
			assertThat(one.redis().get(one.prefix() + ":layout")).isEqualTo("1");
		}
		this.installations.getFirst().backend().post("/v1/users/dave/disconnect", Map.of()).ok();
		assertThat(daves.get(0).awaitBlock((block) -> block.fires("push.kicked"), SOON)).isNotNull();
		this.installations.get(1).backend().post("/v1/disconnect", Map.of("all", true, "mode", "now")).ok();
		daves.get(1).awaitEnd(SOON);
		assertThat(this.installations.get(2).backend().user("dave").required("online").asBoolean()).isTrue();
		this.installations.get(2).backend().toUser("dave", "still here");
		daves.get(2).awaitBlock((block) -> "still here".equals(block.data()), SOON);
		assertThat(heard(daves.get(2))).containsExactly("message still here");
	}

	@Test
	@Order(4)
	void aDrainOfOneIsNoDrainOfTheOthers() {
		Installation drained = this.installations.getFirst();
		drained.backend().post("/v1/drain", Map.of("window", "PT0.1S", "returnWithin", "PT1S")).ok();
		assertThat(drain(drained)).isEqualTo("running");
		// Its node does not come back here, and its drain fails for that.
		await().atMost(Duration.ofSeconds(20)).until(() -> drain(drained).equals("failed"));
		for (Installation other : this.installations.subList(1, 3)) {
			assertThat(drain(other)).isEqualTo("none");
			assertThat(other.nodes().get(0).required("state").asString()).isEqualTo("up");
		}
	}

	private static String drain(Installation one) {
		return one.backend().get("/v1/drain").ok().required("state").asString();
	}

	private static String connections(Installation one) {
		String node = one.nodes().get(0).required("node").asString();
		return one.backend().get("/v1/nodes/" + node + "/connections").ok().toString();
	}

	private static String connection(SseClient stream) {
		SseBlock connected = stream.blocks()
			.stream()
			.filter((block) -> block.fires("push.connected"))
			.findFirst()
			.get();
		return JsonMapper.shared().readTree(connected.data()).required("connection").asString();
	}

}
