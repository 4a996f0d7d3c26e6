package io.fanfare.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.fanfare.faults.check.Checker;
import io.fanfare.faults.check.Expectations;
import io.fanfare.faults.check.Score;
import io.fanfare.faults.deployment.Deployment;
import io.fanfare.faults.deployment.Store;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.report.Report;
import io.fanfare.faults.scenario.Scenario;
import io.fanfare.faults.scenario.Scenarios;
import io.fanfare.faults.scenario.Stage;
import io.fanfare.faults.traffic.Entry;
import io.fanfare.faults.traffic.StreamClient;
import io.fanfare.faults.traffic.Publisher;
import io.fanfare.protocol.MessageId;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.redis.OldStore;
import io.fanfare.test.sse.SseClient;
import io.lettuce.core.api.sync.RedisCommands;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Plays every scenario and prints the table. {@code -Dfanfare.faults.scenario} names one
 * alone, or some with commas between, {@code -Dfanfare.faults.report} a file for the
 * table.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultsIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final Duration SOON = Duration.ofSeconds(10);

	private final Timing timing = LONG ? Timing.SHIPPED : Timing.SHORT;

	private final Report report = new Report(this.timing);

	private Deployment deployment;

	private Store store;

	private List<String> nodeSettings = List.of();

	@BeforeAll
	static void requireNginx() {
		Assume.installed(RequiredTool.NGINX);
	}

	static List<Scenario> scenarios() {
		List<Scenario> all = Scenarios.all();
		assertThat(all).extracting(Scenario::name).containsAll(wanted());
		return all.stream()
			.filter((scenario) -> wanted().isEmpty() ? LONG || scenario.inShort() : wanted().contains(scenario.name()))
			.toList();
	}

	/** None: all of them. */
	private static List<String> wanted() {
		String names = System.getProperty("fanfare.faults.scenario", "");
		return names.isEmpty() ? List.of() : List.of(names.split(","));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("scenarios")
	void nothingIsLostWithoutAWord(Scenario scenario) {
		scenario.tools().forEach(Assume::installed);
		Deployment whole = on(scenario.store(), scenario.nodeSettings());
		long start = System.nanoTime();
		Score score;
		try {
			score = Stage.play(scenario, whole);
		}
		catch (RuntimeException | Error ex) {
			// What is left of it is nothing to play the next one on.
			close();
			throw ex;
		}
		this.report.add(scenario, score);
		System.out.printf("%s: %d s%n", scenario.name(), Duration.ofNanos(System.nanoTime() - start).toSeconds());
		List<String> complaints = new ArrayList<>(score.complaints());
		if (score.lost() + score.doubled() + score.reordered() + score.falseGaps() > 0) {
			complaints.addFirst("lost=%d unannounced=%d doubled=%d reordered=%d false gaps=%d".formatted(score.lost(),
					score.unannounced(), score.doubled(), score.reordered(), score.falseGaps()));
		}
		assertThat(complaints).as(scenario.what()).isEmpty();
	}

	/**
	 * What one private message needs to be passed over without a word, on a cluster that
	 * has been up for more than a minute: the user's presence field is gone, the stream
	 * goes on by a message to all, and the renewal writes the field back.
	 */
	@ParameterizedTest(name = "{0}")
	@EnumSource
	void messageThatMissedItsStreamIsHeardOrAnnounced(Vanishing what) {
		assumeTrue(wanted().isEmpty() || wanted().contains(what.scenario));
		Deployment whole = on(Store.DURABLE, List.of());
		OldStore.seed(whole.redis());
		ApiClient api = new ApiClient(whole.nginx().internalUrl(), Deployment.API_KEY);
		String user = what.scenario;
		String token = api.token(user);
		try (StreamClient page = new StreamClient(user, List.of(), user,
				() -> SseClient.request("127.0.0.1", whole.node(0).port(), "/events").bearer(token))) {
			await().atMost(SOON).until(page::isLive);
			whole.ask((redis) -> what.vanish(redis, user, this.timing.renewInterval().multipliedBy(2)));
			List<Publisher.Accepted> accepted = new ArrayList<>();
			accepted.add(publish(api, 1, user, user));
			accepted.add(publish(api, 2, user, null));
			await("m1 heard or announced").atMost(SOON)
				.until(() -> page.hasHeard(1)
						|| page.notes().journal().stream().anyMatch(Entry.Announced.class::isInstance));
			accepted.add(publish(api, 3, user, user));
			await().atMost(SOON).until(() -> page.hasHeard(3));
			Score score = new Checker(Expectations.ORDINARY.hiding(), accepted, 0, null).check(List.of(page.notes()),
					List.of(), List.of(), this.timing);
			assertThat(score.complaints()).isEmpty();
		}
	}

	/** The number's message; to all where there is no user. */
	private static Publisher.Accepted publish(ApiClient api, int number, String scenario, @Nullable String user) {
		String channel = (user != null) ? "user:" + user : "all";
		Map<String, ?> to = (user != null) ? Map.of("user", user) : Map.of("all", true);
		JsonNode answer = api.publish(Map.of("to", to, "data", scenario + " " + number + " to " + channel)).ok();
		return new Publisher.Accepted(number, channel, MessageId.parse(answer.required("id").asString()),
				System.nanoTime());
	}

	/** How a user's presence field goes while the user's stream lives. */
	enum Vanishing {

		/** The lease of the stream's node goes early, and a reaper looks. */
		LEASE("lease-vanishes") {
			@Override
			boolean vanish(RedisCommands<String, String> redis, String user, Duration patience) {
				String owner = redis.hget(PRESENCE, user);
				String lease = "fanfare:{0}:lease:" + owner.substring(0, owner.indexOf(' '));
				// Where the field stays, nothing can be hidden.
				long end = System.nanoTime() + patience.toNanos();
				while (redis.hget(PRESENCE, user) != null && System.nanoTime() - end < 0) {
					redis.del(lease);
				}
				return true;
			}
		},

		/** By hand. */
		FIELD("field-vanishes") {
			@Override
			boolean vanish(RedisCommands<String, String> redis, String user, Duration patience) {
				return redis.hdel(PRESENCE, user) == 1;
			}
		};

		private static final String PRESENCE = "fanfare:{0}:presence";

		private final String scenario;

		Vanishing(String scenario) {
			this.scenario = scenario;
		}

		abstract boolean vanish(RedisCommands<String, String> redis, String user, Duration patience);

	}

	private Deployment on(Store store, List<String> nodeSettings) {
		if (store == Store.REPLICATED) {
			Assume.installed(RequiredTool.REDIS_SENTINEL);
		}
		if (this.deployment == null || this.store != store || !this.nodeSettings.equals(nodeSettings)) {
			close();
			this.deployment = Deployment.start(store, this.timing, nodeSettings.toArray(String[]::new));
			this.store = store;
			this.nodeSettings = nodeSettings;
		}
		return this.deployment;
	}

	@AfterAll
	void report() throws IOException {
		close();
		System.out.println(this.report.asText());
		String file = System.getProperty("fanfare.faults.report", "");
		if (!file.isEmpty()) {
			Files.writeString(Deployment.project().resolve(file), this.report.asMarkdown());
		}
	}

	private void close() {
		if (this.deployment != null) {
			this.deployment.close();
			this.deployment = null;
		}
	}

}
