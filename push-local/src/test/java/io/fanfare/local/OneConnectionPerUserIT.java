package io.fanfare.local;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * One connection a user, cluster-wide: exactly one survives any race, the others are
 * told, and twins do not fight.
 */
class OneConnectionPerUserIT {

	private static final int ROUNDS = 200;

	private static final Duration SETTLE = Duration.ofSeconds(10);

	private final Cluster cluster = TestCluster.shared();

	private final ApiClient backend = TestCluster.backend(this.cluster);

	@Test
	void ofRacingConnectsExactlyOneSurvives() throws Exception {
		long seed = RandomGenerator.getDefault().nextLong();
		RandomGenerator random = RandomGeneratorFactory.getDefault().create(seed);
		String user = "racing";
		String token = this.backend.token(user);
		List<SseClient> open = new ArrayList<>();
		try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
			for (int round = 0; round < ROUNDS; round++) {
				int pages = 2 + random.nextInt(19);
				List<Future<SseClient>> opening = new ArrayList<>();
				for (int page = 0; page < pages; page++) {
					int node = random.nextInt(2);
					String client = "page-" + round + "-" + page;
					opening.add(threads
						.submit(() -> TestCluster.stream(this.cluster, node, token).query("client", client).open()));
				}
				for (Future<SseClient> one : opening) {
					open.add(one.get());
				}
				await().alias("round " + round + " of seed " + seed)
					.atMost(SETTLE)
					.pollInterval(Duration.ofMillis(5))
					.until(() -> open.stream().filter((stream) -> stream.end() == null).count() == 1
							&& open.stream().allMatch((stream) -> !stream.blocks().isEmpty()));
				SseClient survivor = open.stream().filter((stream) -> stream.end() == null).findFirst().orElseThrow();
				assertThat(connection(survivor)).isEqualTo(this.backend.user(user).required("connection").asString());
				for (SseClient stream : open) {
					if (stream != survivor) {
						SseBlock last = stream.blocks().getLast();
						assertThat(last.event()).as("how a loser of round %d, seed %d, ended", round, seed)
							.isEqualTo("push.kicked");
						assertThat(last.id()).startsWith("k.");
						stream.close();
					}
				}
				open.clear();
				open.add(survivor);
			}
		}
		open.forEach(SseClient::close);
	}

	@Test
	void aKickArrivesWithinATenthOfASecond() {
		String token = this.backend.token("kicked-soon");
		List<Duration> taken = new ArrayList<>();
		SseClient older = TestCluster.stream(this.cluster, 0, token).open();
		older.awaitBlock((block) -> block.fires("push.connected"), SETTLE);
		for (int i = 1; i <= 50; i++) {
			Instant begun = Instant.now();
			SseClient newer = TestCluster.stream(this.cluster, i % 2, token).open();
			SseBlock kicked = older.awaitBlock((block) -> block.fires("push.kicked"), SETTLE);
			taken.add(Duration.between(begun, kicked.at()));
			older.close();
			newer.awaitBlock((block) -> block.fires("push.connected"), SETTLE);
			older = newer;
		}
		older.close();
		Collections.sort(taken);
		assertThat(taken.get(taken.size() / 2)).isLessThan(Duration.ofMillis(100));
	}

	@Test
	void twinsWithOneClientIdDoNotFightForEver() {
		String token = this.backend.token("twins");
		List<SseClient> streams = new ArrayList<>();
		int opens = 0;
		SseClient[] twins = { null, null };
		boolean[] stopped = { false, false };
		for (int turn = 0; opens < 40 && !stopped[0] && !stopped[1]; turn = 1 - turn) {
			SseClient stream = TestCluster.stream(this.cluster, turn, token).query("client", "twin").open();
			stream.awaitBlock((block) -> true, SETTLE);
			opens++;
			streams.add(stream);
			SseClient other = twins[1 - turn];
			twins[turn] = stream;
			if (other != null) {
				other.awaitEnd(SETTLE);
				stopped[1 - turn] = other.blocks().getLast().fires("push.kicked");
			}
		}
		assertThat(opens).isLessThanOrEqualTo(12);
		assertThat(streams.stream().filter((stream) -> stream.end() == null)).hasSize(1);
		streams.forEach(SseClient::close);
	}

	@Test
	void aKickedPageStaysDownAndAFreshPageTakesOver() {
		String token = this.backend.token("kicked");
		SseClient first = TestCluster.stream(this.cluster, 0, token).query("client", "first").open();
		first.awaitBlock((block) -> block.fires("push.connected"), SETTLE);
		SseClient second = TestCluster.stream(this.cluster, 1, token).query("client", "second").open();
		String cursor = first.awaitBlock((block) -> block.fires("push.kicked"), SETTLE).id();
		first.awaitEnd(SETTLE);

		SseClient reconnect = TestCluster.stream(this.cluster, 0, token)
			.query("client", "first")
			.lastEventId(cursor)
			.open();
		assertThat(reconnect.status()).isEqualTo(204);
		SseClient reload = TestCluster.stream(this.cluster, 0, token).query("client", "first").open();
		reload.awaitEnd(SETTLE);
		assertThat(reload.blocks()).singleElement().matches((block) -> block.fires("push.kicked"));
		assertThat(second.end()).isNull();

		SseClient fresh = TestCluster.stream(this.cluster, 0, token).query("client", "fresh").open();
		fresh.awaitBlock((block) -> block.fires("push.connected"), SETTLE);
		second.awaitBlock((block) -> block.fires("push.kicked"), SETTLE);
		fresh.close();
		await().atMost(SETTLE).until(() -> !this.backend.user("kicked").required("online").asBoolean());
	}

	private static String connection(SseClient stream) {
		JsonNode connected = tools.jackson.databind.json.JsonMapper.shared()
			.readTree(stream.awaitBlock((block) -> block.fires("push.connected"), SETTLE).data());
		return connected.required("connection").asString();
	}

}
