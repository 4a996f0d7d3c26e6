package io.fanfare.node;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import io.fanfare.node.admission.Admission;
import io.fanfare.protocol.ChannelName;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** How a node that stops lets its streams go. */
class DrainIT {

	private static final int STREAMS = 120;

	private static final Duration WINDOW = Duration.ofSeconds(4);

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final String topic = newTopic();

	private TestNode start() {
		return TestNode.start(Cluster.redis(), "leaving",
				"--fanfare.connections.drain-window=" + WINDOW.toMillis() + "ms", "--fanfare.stream.loops=2");
	}

	@Test
	@Timeout(60)
	void streamsLeaveOneAfterTheOtherAndMissNothing() {
		TestNode leaving = start();
		List<String> users = IntStream.range(0, STREAMS).mapToObj((i) -> newUser()).toList();
		List<SseClient> streams = new ArrayList<>();
		List<String> published = new ArrayList<>();
		try {
			users.forEach((user) -> streams.add(leaving.open(user, this.topic)));
			published.add(publish("before"));
			Instant began = Instant.now();
			CompletableFuture<Void> stopped = CompletableFuture.runAsync(leaving::close);
			await().atMost(SOON).until(() -> leaving.bean(Admission.class).isRefusing());
			assertThat(leaving.control("/actuator/health/readiness").fetch().status()).isEqualTo(503);
			assertThat(leaving.stream(newUser()).query("strict", "1").fetch().status()).isEqualTo(503);
			await().pollInterval(Duration.ofMillis(100)).atMost(SOON).until(() -> {
				published.add(publish("meanwhile"));
				return stopped.isDone();
			});
			assertThat(stopped).succeedsWithin(SOON);
			assertThat(Duration.between(began, Instant.now())).isBetween(WINDOW.minusMillis(500),
					WINDOW.plusSeconds(6));
			streams.forEach((stream) -> assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE));
			assertSpread(began, streams.stream().map((stream) -> stream.blocks().getLast()).toList());
			published.add(publish("after"));
			for (int i = 0; i < STREAMS; i++) {
				assertNothingIsMissed(users.get(i), streams.get(i), published);
			}
		}
		finally {
			streams.forEach(SseClient::close);
		}
	}

	private String publish(String data) {
		return Cluster.backend().publish(ChannelName.topic(this.topic), data);
	}

	/** No second of the window sees twice its share. */
	private static void assertSpread(Instant began, List<SseBlock> ends) {
		Map<Long, Integer> seconds = new TreeMap<>();
		for (SseBlock end : ends) {
			assertThat(end.fires("push.goaway")).isTrue();
			assertThat(Blocks.json(end).get("reason").asString()).isEqualTo("drain");
			seconds.merge(Duration.between(began, end.at()).toSeconds(), 1, Integer::sum);
		}
		assertThat(seconds).hasSizeGreaterThanOrEqualTo((int) WINDOW.toSeconds());
		assertThat(seconds.values()).allMatch((count) -> count <= 2 * STREAMS / WINDOW.toSeconds());
	}

	private void assertNothingIsMissed(String user, SseClient left, List<String> published) {
		List<String> heard = new ArrayList<>(messages(left));
		try (SseClient next = opened(Cluster.second().stream(user).header("Last-Event-ID", left.lastEventId()),
				this.topic)) {
			await().atMost(SOON).until(() -> heard.size() + messages(next).size() >= published.size());
			heard.addAll(messages(next));
		}
		assertThat(heard).isEqualTo(published);
	}

	private static List<String> messages(SseClient stream) {
		return stream.blocks().stream().filter(Blocks::isMessage).map(SseBlock::id).toList();
	}

	@Test
	@Timeout(60)
	void aNodeWhoseStreamsAreGoneDoesNotWaitForTheWindow() {
		TestNode leaving = start();
		List<SseClient> streams = IntStream.range(0, 20).mapToObj((i) -> leaving.open(newUser(), this.topic)).toList();
		try {
			Instant began = Instant.now();
			CompletableFuture<Void> stopped = CompletableFuture.runAsync(leaving::close);
			await().atMost(SOON).until(() -> leaving.bean(Admission.class).isRefusing());
			streams.forEach(SseClient::abort);
			assertThat(stopped).succeedsWithin(SOON);
			assertThat(Duration.between(began, Instant.now())).isLessThan(WINDOW);
		}
		finally {
			streams.forEach(SseClient::close);
		}
	}

}
