package io.fanfare.node;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.LoopTasks;
import io.fanfare.protocol.ChannelName;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** What a node says of itself while one of its event loops stands still. */
class LoopHealthIT {

	private static final String READINESS = "/actuator/health/readiness";

	private static final String LIVENESS = "/actuator/health/liveness";

	@Test
	@Timeout(60)
	void aNodeWithABlockedLoopIsNotReadyAndItsOtherLoopGoesOn() {
		blocked((node, othersGoOn) -> {
			await().atMost(SOON).until(() -> node.control(READINESS).fetch().status() == 503);
			assertThat(node.control("/actuator/health").fetch().text()).contains("\"blocked-loops\":[1]");
			assertThat(node.control(LIVENESS).fetch().status()).isEqualTo(200);
			assertThat(node.meter("fanfare.loop.lag", "loop", "1")).isGreaterThan(3);
			assertThat(node.meter("fanfare.loop.lag", "loop", "0")).isLessThan(3);
			assertThat(node.meter("fanfare.loop.stalls", "loop", "1")).isEqualTo(1);
		});
	}

	@Test
	@Timeout(120)
	@EnabledIfSystemProperty(named = "fanfare.long", matches = "true")
	void aNodeWhoseLoopIsBlockedForFortySecondsIsNotAlive() {
		blocked((node, othersGoOn) -> {
			long began = System.nanoTime();
			await().atMost(SOON).until(() -> node.control(READINESS).fetch().status() == 503);
			await().atMost(Duration.ofSeconds(35)).until(() -> node.control(LIVENESS).fetch().status() == 503);
			assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofSeconds(25));
			othersGoOn.run();
			await().pollDelay(Duration.ofSeconds(40).minusNanos(System.nanoTime() - began))
				.atMost(Duration.ofSeconds(40))
				.until(() -> true);
			othersGoOn.run();
		});
	}

	private void blocked(BiConsumer<TestNode, Runnable> meanwhile) {
		String topic = newTopic();
		try (TestNode node = TestNode.start(Cluster.redis(), "blocked", "--fanfare.stream.loops=2")) {
			List<SseClient> streams = IntStream.range(0, 8).mapToObj((i) -> node.open(newUser(), topic)).toList();
			CountDownLatch end = new CountDownLatch(1);
			try {
				LoopTasks.run(node.bean(Connections.class), 1, () -> awaitEnd(end));
				Cluster.backend().publish(ChannelName.topic(topic), "during");
				await().atMost(SOON).until(() -> streams.stream().anyMatch((stream) -> hears(stream, "during")));
				AtomicInteger number = new AtomicInteger();
				meanwhile.accept(node, () -> {
					String data = "meanwhile " + number.incrementAndGet();
					Cluster.backend().publish(ChannelName.topic(topic), data);
					await().atMost(SOON)
						.until(() -> streams.stream()
							.filter((stream) -> hears(stream, "during"))
							.allMatch((stream) -> hears(stream, data)));
				});
				assertThat(streams.stream().filter((stream) -> hears(stream, "during")).count())
					.as("streams of the other loop")
					.isBetween(1L, 7L);
				end.countDown();
				await().atMost(SOON).until(() -> node.control(READINESS).fetch().status() == 200);
				assertThat(node.control(LIVENESS).fetch().status()).isEqualTo(200);
				Cluster.backend().publish(ChannelName.topic(topic), "after");
				for (SseClient stream : streams) {
					await().atMost(SOON).until(() -> hears(stream, "after"));
					assertThat(hears(stream, "during")).isTrue();
				}
			}
			finally {
				end.countDown();
				streams.forEach(SseClient::close);
			}
		}
	}

	private static boolean hears(SseClient stream, String data) {
		return stream.blocks().stream().anyMatch((block) -> data.equals(block.data()));
	}

	private static void awaitEnd(CountDownLatch end) {
		try {
			end.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
