package io.fanfare.local;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

import io.fanfare.protocol.MessageId;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A client that is cut off again and again, anywhere, ends up with the published log. */
class ReconnectIT {

	private static final int A_SECOND = 500;

	private static final int MESSAGES = 5_000;

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static final List<String> TOPICS = List.of("reconnect.one", "reconnect.two");

	private final Cluster cluster = TestCluster.shared();

	private final ApiClient backend = TestCluster.backend(this.cluster);

	private record Sent(long id, String data) {

	}

	@Test
	void theClientsLogIsThePublishedLog() throws Exception {
		long seed = RandomGenerator.getDefault().nextLong();
		RandomGenerator random = RandomGeneratorFactory.getDefault().create(seed);
		String token = this.backend.token("reconnecting");
		Queue<Sent> published = new ConcurrentLinkedQueue<>();
		List<String> heard = new ArrayList<>();
		String cursor = this.backend.cursor();
		try (ScheduledExecutorService publishers = Executors.newScheduledThreadPool(4)) {
			CountDownLatch done = publishAll(publishers, published);
			int opens = 0;
			for (boolean last = false; !last;) {
				last = done.getCount() == 0;
				String end = last ? this.backend.toAll("the end") : null;
				SseClient stream = TestCluster.stream(this.cluster, random.nextInt(2), token)
					.query("channel", TOPICS.get(0))
					.query("channel", TOPICS.get(1))
					.query("client", "page")
					.lastEventId(cursor)
					.open();
				opens++;
				if (end != null) {
					stream.awaitBlock((block) -> end.equals(block.id()), PATIENCE);
				}
				else {
					int wanted = 1 + random.nextInt(150);
					await().atMost(PATIENCE)
						.pollInterval(Duration.ofMillis(2))
						.until(() -> stream.blocks().size() >= wanted || done.getCount() == 0);
				}
				if (random.nextBoolean()) {
					stream.abort();
				}
				else {
					stream.close();
				}
				// What is read after this moment counts as cut off, and must come again.
				List<SseBlock> blocks = stream.blocks();
				for (SseBlock block : blocks) {
					assertThat(block.event()).as("seed %d", seed).isNotEqualTo("push.gap");
					if (block.fires("message") && !block.data().equals("the end")) {
						heard.add(block.id() + " " + block.data());
					}
				}
				cursor = blocks.isEmpty() ? cursor : blocks.getLast().id();
			}
			assertThat(opens).isGreaterThan(20);
		}
		List<String> log = published.stream()
			.sorted(Comparator.comparingLong(Sent::id))
			.map((one) -> MessageId.format(one.id()) + " " + one.data())
			.toList();
		assertThat(log.stream().filter((one) -> !heard.contains(one))).as("lost, seed %d", seed).isEmpty();
		assertThat(heard).as("seed %d", seed).doesNotHaveDuplicates().isEqualTo(log);
	}

	/** Publishes at an even pace to the user's own channel, two topics and all. */
	private CountDownLatch publishAll(ScheduledExecutorService publishers, Queue<Sent> published) {
		CountDownLatch done = new CountDownLatch(MESSAGES);
		AtomicInteger number = new AtomicInteger();
		for (int i = 0; i < 4; i++) {
			publishers.scheduleAtFixedRate(() -> {
				int mine = number.getAndIncrement();
				if (mine < MESSAGES) {
					String data = "message " + mine;
					String id = switch (mine % 4) {
						case 0 -> this.backend.toUser("reconnecting", data);
						case 1 -> this.backend.toChannel(TOPICS.get(0), data);
						case 2 -> this.backend.toChannel(TOPICS.get(1), data);
						default -> this.backend.toAll(data);
					};
					published.add(new Sent(MessageId.parse(id), data));
					done.countDown();
				}
			}, 0, 4_000_000L / A_SECOND, TimeUnit.MICROSECONDS);
		}
		return done;
	}

}
