package io.fanfare.local;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

import io.fanfare.protocol.MessageId;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is published reaches every right stream of the cluster, and no other, in the order
 * of publishing.
 */
class FanOutIT {

	private static final int PUBLISHERS = 8;

	private static final int MESSAGES = 20_000;

	private static final int BATCH = 25;

	private static final int STREAMS = 8;

	private static final List<String> TOPICS = List.of("fan-out.news", "fan-out.sport", "fan-out.weather");

	private static final String END = "the end";

	private final Cluster cluster = TestCluster.shared();

	private final ApiClient backend = TestCluster.backend(this.cluster);

	private record Sent(long id, String channel, String data) {

	}

	@Test
	void everyStreamHearsExactlyWhatItShouldInTheOrderOfPublishing() throws Exception {
		List<SseClient> streams = new ArrayList<>();
		List<List<String>> channels = new ArrayList<>();
		for (int i = 0; i < STREAMS; i++) {
			List<String> topics = List.of(TOPICS.get(i % TOPICS.size()), TOPICS.get((i + 1) % TOPICS.size()));
			streams.add(TestCluster.stream(this.cluster, i % 2, this.backend.token(user(i)))
				.query("channel", topics.get(0))
				.query("channel", topics.get(1))
				.open());
			channels.add(List.of("user:" + user(i), "all", topics.get(0), topics.get(1)));
		}
		for (SseClient stream : streams) {
			stream.awaitBlock((block) -> block.fires("push.connected"), Duration.ofSeconds(10));
		}

		Queue<Sent> sent = new ConcurrentLinkedQueue<>();
		long seed = RandomGenerator.getDefault().nextLong();
		try (ExecutorService publishers = Executors.newFixedThreadPool(PUBLISHERS)) {
			List<Future<?>> running = IntStream.range(0, PUBLISHERS)
				.<Future<?>>mapToObj((publisher) -> publishers.submit(() -> publish(publisher, seed, sent)))
				.toList();
			for (Future<?> one : running) {
				one.get();
			}
		}
		this.backend.toAll(END);

		Map<String, List<Sent>> byChannel = new HashMap<>();
		sent.forEach((one) -> byChannel.computeIfAbsent(one.channel(), (name) -> new ArrayList<>()).add(one));
		assertThat(sent.stream().map(Sent::id).distinct()).hasSameSizeAs(sent);
		for (int i = 0; i < STREAMS; i++) {
			streams.get(i).awaitBlock((block) -> END.equals(block.data()), Duration.ofSeconds(60));
			List<String> expected = channels.get(i)
				.stream()
				.flatMap((channel) -> byChannel.getOrDefault(channel, List.of()).stream())
				.sorted(Comparator.comparingLong(Sent::id))
				.map((one) -> MessageId.format(one.id()) + " " + one.data())
				.toList();
			List<String> heard = streams.get(i)
				.blocks()
				.stream()
				.filter((block) -> block.fires("message") && !END.equals(block.data()))
				.map((block) -> block.id() + " " + block.data())
				.toList();
			assertThat(heard).as("stream %d, seed %d", i, seed).isEqualTo(expected);
			assertPublishersOrderKept(streams.get(i).blocks());
			streams.get(i).close();
		}
	}

	private static String user(int stream) {
		return "fan-out " + stream;
	}

	/**
	 * One publisher's messages to everything in turn: every other one sends them one by
	 * one, the others in batches.
	 */
	private void publish(int publisher, long seed, Queue<Sent> sent) {
		RandomGenerator random = RandomGeneratorFactory.getDefault().create(seed + publisher);
		int count = MESSAGES / PUBLISHERS;
		int size = (publisher % 2 == 0) ? 1 : BATCH;
		for (int i = 0; i < count; i += size) {
			List<Map<String, ?>> messages = new ArrayList<>();
			for (int j = i; j < i + size; j++) {
				messages.add(Map.of("to", target(random), "data", publisher + ":" + j));
			}
			List<JsonNode> results = (size == 1) ? List.of(this.backend.post("/v1/messages", messages.getFirst()).ok())
					: List.copyOf(this.backend.post("/v1/messages/batch", Map.of("messages", messages))
						.ok()
						.required("results")
						.values());
			for (int j = 0; j < size; j++) {
				note(messages.get(j), results.get(j), sent);
			}
		}
	}

	private static Map<String, ?> target(RandomGenerator random) {
		return switch (random.nextInt(10)) {
			case 0 -> Map.of("all", true);
			case 1 -> Map.of("users",
					random.ints(0, STREAMS)
						.distinct()
						.limit(1 + random.nextInt(STREAMS))
						.mapToObj(FanOutIT::user)
						.toList());
			case 2, 3, 4 -> Map.of("channel", TOPICS.get(random.nextInt(TOPICS.size())));
			default -> Map.of("user", user(random.nextInt(STREAMS)));
		};
	}

	private static void note(Map<String, ?> message, JsonNode result, Queue<Sent> sent) {
		String data = String.valueOf(message.get("data"));
		if (result.has("recipients")) {
			for (JsonNode recipient : result.required("recipients")) {
				assertThat(recipient.required("online").asBoolean()).isTrue();
				sent.add(new Sent(MessageId.parse(recipient.required("id").asString()),
						"user:" + recipient.required("user").asString(), data));
			}
		}
		else {
			Map<?, ?> to = (Map<?, ?>) message.get("to");
			String channel = to.containsKey("all") ? "all" : String.valueOf(to.get("channel"));
			sent.add(new Sent(MessageId.parse(result.required("id").asString()), channel, data));
		}
	}

	private static void assertPublishersOrderKept(List<SseBlock> blocks) {
		Map<String, Integer> last = new TreeMap<>();
		for (SseBlock block : blocks) {
			String data = block.data();
			if (block.fires("message") && data != null && !data.equals(END)) {
				String[] parts = data.split(":");
				int number = Integer.parseInt(parts[1]);
				assertThat(number).isGreaterThan(last.getOrDefault(parts[0], -1));
				last.put(parts[0], number);
			}
		}
	}

}
