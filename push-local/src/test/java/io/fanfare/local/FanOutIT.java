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

	private static final int STREAMS = 8;

	private static final List<String> TOPICS = List.of("fan-out.news", "fan-out.sport", "fan-out.weather");

	private static final String END = "the end";

	private final Cluster cluster = TestCluster.shared();

	private final Backend backend = TestCluster.backend(this.cluster);

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

	/** One publisher's messages, one after the other, to everything in turn. */
	private void publish(int publisher, long seed, Queue<Sent> sent) {
		RandomGenerator random = RandomGeneratorFactory.getDefault().create(seed + publisher);
		int count = MESSAGES / PUBLISHERS;
		for (int i = 0; i < count; i++) {
			String data = publisher + ":" + i;
			switch (random.nextInt(10)) {
				case 0 -> sent.add(new Sent(MessageId.parse(this.backend.toAll(data)), "all", data));
				case 1 -> toUsers(random, data, sent);
				case 2, 3, 4 -> {
					String topic = TOPICS.get(random.nextInt(TOPICS.size()));
					sent.add(new Sent(MessageId.parse(this.backend.toChannel(topic, data)), topic, data));
				}
				default -> {
					String user = user(random.nextInt(STREAMS));
					sent.add(new Sent(MessageId.parse(this.backend.toUser(user, data)), "user:" + user, data));
				}
			}
		}
	}

	private void toUsers(RandomGenerator random, String data, Queue<Sent> sent) {
		List<String> users = IntStream.range(0, STREAMS)
			.filter((i) -> random.nextBoolean())
			.mapToObj(FanOutIT::user)
			.toList();
		if (users.isEmpty()) {
			users = List.of(user(0));
		}
		for (JsonNode recipient : this.backend.publish(Map.of("users", users), data).required("recipients")) {
			assertThat(recipient.required("online").asBoolean()).isTrue();
			sent.add(new Sent(MessageId.parse(recipient.required("id").asString()),
					"user:" + recipient.required("user").asString(), data));
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
