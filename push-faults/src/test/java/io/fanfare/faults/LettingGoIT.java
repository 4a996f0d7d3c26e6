package io.fanfare.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.fanfare.faults.deployment.Deployment;
import io.fanfare.faults.deployment.Store;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.traffic.Entry;
import io.fanfare.faults.traffic.Notes;
import io.fanfare.faults.traffic.StreamClient;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Nodes that let their streams go, as an operator makes them: by a signal, by call, one
 * after the other, or some of them to a node that was added. No client misses anything.
 */
class LettingGoIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final String TOPIC = "letting.go";

	private static final Duration SOON = Duration.ofSeconds(60);

	private final List<StreamClient> pages = new ArrayList<>();

	private final AtomicInteger published = new AtomicInteger();

	private final AtomicBoolean publishing = new AtomicBoolean(true);

	private Deployment deployment;

	private ApiClient api;

	@BeforeAll
	static void requireNginx() {
		Assume.installed(RequiredTool.NGINX);
	}

	@AfterEach
	void close() {
		this.publishing.set(false);
		this.pages.forEach(StreamClient::close);
		if (this.deployment != null) {
			this.deployment.close();
		}
	}

	private void start(int nodes, String... settings) {
		this.deployment = Deployment.start(Store.DURABLE, Timing.SHORT, nodes, settings);
		this.api = new ApiClient("http://127.0.0.1:" + this.deployment.api().port(), Deployment.API_KEY);
	}

	private void open(int count) {
		for (int i = 0; i < count; i++) {
			String token = this.api.token("letting-go-" + this.pages.size());
			this.pages.add(new StreamClient("letting-go-" + this.pages.size(), List.of(TOPIC), "going",
					() -> this.deployment.nginx().stream(token)));
		}
		awaitLive();
	}

	private void awaitLive() {
		await().atMost(SOON).until(() -> this.pages.stream().allMatch(StreamClient::isLive));
	}

	private void publish() {
		int number = this.published.get();
		assertThat(this.api.publish(Map.of("to", Map.of("channel", TOPIC), "data", "going " + number + " ")).status())
			.isEqualTo(200);
		this.published.incrementAndGet();
	}

	private Thread publishOn() {
		return Thread.ofVirtual().start(() -> {
			while (this.publishing.get()) {
				publish();
				await().pollDelay(Duration.ofMillis(100)).until(() -> true);
			}
		});
	}

	/** Each page heard each message once, in order, whatever became of its streams. */
	private void assertNothingWasMissed(Thread publisher) throws InterruptedException {
		this.publishing.set(false);
		publisher.join();
		int last = this.published.get() - 1;
		await().atMost(SOON).until(() -> this.pages.stream().allMatch((page) -> page.hasHeard(last)));
		List<Integer> all = IntStream.range(0, last + 1).boxed().toList();
		for (StreamClient page : this.pages) {
			assertThat(entries(page, Entry.Heard.class).stream().map(Entry.Heard::number)).isEqualTo(all);
			assertThat(entries(page, Entry.Announced.class)).isEmpty();
		}
	}

	private static <T extends Entry> List<T> entries(StreamClient page, Class<T> type) {
		Notes notes = page.notes();
		return notes.journal().stream().filter(type::isInstance).map(type::cast).toList();
	}

	private Map<String, Integer> streams() {
		Map<String, Integer> streams = new TreeMap<>();
		for (ServiceProcess node : this.deployment.nodes()) {
			if (node.isAlive()) {
				streams.put(node.name(), (int) node.metric("sse_active_connections", ""));
			}
		}
		return streams;
	}

	private JsonNode node(String name, String state) {
		for (JsonNode node : this.api.get("/v1/nodes").ok().get("nodes")) {
			if (node.get("name").asString().equals(name) && node.get("state").asString().equals(state)) {
				return node;
			}
		}
		return null;
	}

	@Test
	void aNodeIsDrainedByCallAndEnds() throws InterruptedException {
		start(2);
		open(60);
		Thread publisher = publishOn();
		int leaving = streams().get("node-1");
		assertThat(leaving).isBetween(20, 40);
		ApiClient.Reply reply = this.api.post("/v1/nodes/node-1/drain", Map.of("window", "PT4S"));
		assertThat(reply.status()).isEqualTo(202);
		assertThat(reply.body().get("connections").asInt()).isEqualTo(leaving);
		assertThat(reply.body().get("window").asString()).isEqualTo("PT4S");
		await().atMost(SOON).until(() -> !this.deployment.node(0).isAlive());
		JsonNode drained = node("node-1", "drained");
		assertThat(drained).isNotNull();
		assertThat(drained.at("/drained/sentOn").asInt()).isEqualTo(leaving);
		assertThat(drained.at("/drained/cut").asInt()).isZero();
		assertThat(drained.at("/drained/tookMs").asLong()).isBetween(2_500L, 6_000L);
		awaitLive();
		assertNothingWasMissed(publisher);
		assertThat(streams()).isEqualTo(Map.of("node-2", 60));
		assertThat(this.api.post("/v1/nodes/node-9/drain", Map.of()).status()).isEqualTo(404);
		assertThat(this.api.post("/v1/nodes/node-2/drain", Map.of("window", "PT1S", "rate", 1)).body().toString())
			.contains("#/rate");
	}

	@Test
	void theClusterIsDrainedOneNodeAfterTheOther() throws InterruptedException {
		start(2);
		open(40);
		Thread publisher = publishOn();
		AtomicBoolean supervised = new AtomicBoolean(true);
		AtomicInteger fewest = new AtomicInteger(2);
		Thread supervisor = Thread.ofVirtual().start(() -> {
			while (supervised.get()) {
				List<ServiceProcess> ended = this.deployment.nodes()
					.stream()
					.filter((node) -> !node.isAlive())
					.toList();
				fewest.accumulateAndGet(2 - ended.size(), Math::min);
				ended.forEach(ServiceProcess::start);
				await().pollDelay(Duration.ofMillis(100)).until(() -> true);
			}
		});
		ApiClient.Reply reply = this.api.post("/v1/drain", Map.of("rate", 8, "returnWithin", "PT1M"));
		assertThat(reply.status()).isEqualTo(202);
		assertThat(this.api.post("/v1/drain", Map.of()).status()).isEqualTo(409);
		await().atMost(SOON.multipliedBy(2))
			.until(() -> !this.api.get("/v1/drain").ok().get("state").asString().equals("running"));
		supervised.set(false);
		supervisor.join();
		JsonNode progress = this.api.get("/v1/drain").ok();
		assertThat(progress.get("state").asString()).as(progress.toString()).isEqualTo("done");
		assertThat(progress.get("nodes").findValuesAsString("state")).containsExactly("back", "back");
		assertThat(fewest).hasValue(1);
		awaitLive();
		assertNothingWasMissed(publisher);
		for (StreamClient page : this.pages) {
			// Where no node took a page at once, nginx sent it away for a moment:
			// COMPLETE.
			assertThat(entries(page, Entry.Ended.class)).extracting(Entry.Ended::why)
				.contains("push.goaway drain")
				.isSubsetOf("push.goaway drain", "push.busy draining", "COMPLETE");
		}
	}

	@Test
	void aNodeThatWasAddedGetsItsShareByCall() throws InterruptedException {
		start(3);
		Thread publisher = addNode();
		assertThat(streams().get("node-3")).isZero();
		ApiClient.Reply reply = this.api.post("/v1/rebalance", Map.of("window", "PT4S"));
		assertThat(reply.status()).isEqualTo(202);
		assertThat(reply.body().get("nodes").findValues("connections").stream().mapToInt(JsonNode::asInt).sum())
			.isBetween(29, 30);
		assertLevelled(publisher);
	}

	@Test
	void aNodeThatWasAddedGetsItsShareByItself() throws InterruptedException {
		start(3, "--fanfare.rebalance.automatic=true", "--fanfare.rebalance.interval=2s",
				"--fanfare.rebalance.window=3s");
		assertLevelled(addNode());
		assertThat(this.deployment.node(0).log() + this.deployment.node(1).log()).contains("rebalance=ended sent-on=");
	}

	/** Ninety streams on two nodes, and then a third. */
	private Thread addNode() {
		this.deployment.node(2).stop();
		open(90);
		// What all know before there is a third.
		await().atMost(SOON)
			.until(() -> node("node-1", "up").get("active").asInt() + node("node-2", "up").get("active").asInt() == 90);
		Thread publisher = publishOn();
		this.deployment.node(2).start();
		await().atMost(SOON)
			.until(() -> node("node-3", "up") != null && node("node-1", "up").get("active").asInt()
					+ node("node-2", "up").get("active").asInt() + node("node-3", "up").get("active").asInt() == 90);
		return publisher;
	}

	/** Each node has its share, and no stream was moved twice. */
	private void assertLevelled(Thread publisher) throws InterruptedException {
		await().atMost(SOON).untilAsserted(() -> {
			assertThat(this.pages).allMatch(StreamClient::isLive);
			assertThat(streams().values()).allMatch((count) -> count >= 26 && count <= 34);
		});
		assertNothingWasMissed(publisher);
		for (StreamClient page : this.pages) {
			assertThat(entries(page, Entry.Ended.class)).extracting(Entry.Ended::why)
				.hasSizeLessThanOrEqualTo(1)
				.allMatch("push.goaway rebalance"::equals);
		}
	}

	@Test
	void streamsOfANodeThatIsToldToEndAreSpreadOverItsWindow() throws InterruptedException {
		int count = LONG ? 10_000 : 1_000;
		Duration window = LONG ? Duration.ofSeconds(30) : Duration.ofSeconds(8);
		start(2, "--fanfare.connections.drain-window=" + window.toMillis() + "ms", "--fanfare.connections.min-retry=2s",
				"--fanfare.connections.max-retry=5s", "--fanfare.connections.max-spread=10s",
				"--fanfare.connections.heartbeat=15s");
		int first = this.deployment.node(0).port();
		int second = this.deployment.node(1).port();
		for (int i = 0; i < count; i++) {
			String token = this.api.token("letting-go-" + i);
			AtomicBoolean again = new AtomicBoolean();
			this.pages.add(new StreamClient("letting-go-" + i, List.of(TOPIC), "going",
					() -> SseClient.request("127.0.0.1", again.getAndSet(true) ? second : first, "/events")
						.bearer(token)));
		}
		awaitLive();
		publish();
		long began = System.nanoTime();
		this.deployment.node(0).terminate();
		Thread publisher = publishOn();
		await().atMost(window.plusSeconds(5)).until(() -> !this.deployment.node(0).isAlive());
		await().atMost(Duration.ofSeconds(20)).until(() -> this.pages.stream().allMatch(StreamClient::isLive));
		assertNothingWasMissed(publisher);
		Map<Long, Integer> ends = new TreeMap<>();
		Map<Long, Integer> returns = new TreeMap<>();
		Map<List<String>, Long> whys = this.pages.stream()
			.collect(Collectors.groupingBy(
					(page) -> entries(page, Entry.Ended.class).stream().map(Entry.Ended::why).toList(),
					Collectors.counting()));
		assertThat(whys).isEqualTo(Map.of(List.of("push.goaway drain"), (long) count));
		for (StreamClient page : this.pages) {
			List<Entry.Ended> ended = entries(page, Entry.Ended.class);
			ends.merge((ended.getFirst().at() - began) / 1_000_000_000, 1, Integer::sum);
			returns.merge((entries(page, Entry.Connected.class).getLast().at() - began) / 1_000_000_000, 1,
					Integer::sum);
		}
		System.out.printf("%d streams left within %d s; a second: %s; came back: %s%n", count, window.toSeconds(), ends,
				returns);
		int mean = (int) (count / window.toSeconds());
		assertThat(ends.values()).allMatch((each) -> each <= 2 * mean);
		assertThat(returns.values()).allMatch((each) -> each <= 2 * mean);
	}

}
