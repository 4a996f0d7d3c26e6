package io.fanfare.node;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

import io.fanfare.node.admin.HandOver;
import io.fanfare.node.admin.TraceHandover;
import io.fanfare.node.recorder.FlightRecorder;
import io.fanfare.node.recorder.PastStream;
import io.fanfare.node.recorder.StreamJournal;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.CallName;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallRequest.Trace.Stored;
import io.fanfare.protocol.call.Handover;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.cluster.Handovers;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static org.assertj.core.api.Assertions.assertThat;

/** What a node leaves when it ends, and what others tell by it. */
class HandOverIT {

	private static final long NOW = 1_785_000_000_000L;

	private final Handovers handovers = Cluster.first().bean(Handovers.class);

	private long now = NOW;

	private final FlightRecorder recorder = new FlightRecorder(8 << 20, 10, () -> Instant.ofEpochMilli(NOW));

	private Handover left(String node) {
		return CallJson.readHandover(Objects.requireNonNull(this.handovers.list().join().get(node)));
	}

	private HandOver handOver(String node, int streams, Map<String, Long> listed) {
		return new HandOver(node, this.recorder, () -> streams, () -> listed, this.handovers,
				() -> Instant.ofEpochMilli(NOW));
	}

	private void ended(String user, int count) {
		for (int i = 0; i < count; i++) {
			this.recorder.ended(new PastStream("node." + user + "." + i, user, NOW - 1000, NOW - 1, "client",
					this.recorder.journal(), new long[0], 0, 0, 0, 0, new long[0]));
		}
	}

	@Test
	void aNodeThatEndsLeavesWhatItsStreamsDid() {
		String user = newUser();
		String topic = newTopic();
		String identity;
		String id;
		try (TestNode leaving = TestNode.start(Cluster.redis(), "leaving");
				SseClient stream = leaving.open(user, topic)) {
			identity = leaving.identity();
			id = Cluster.backend().publish(ChannelName.topic(topic), "one");
			stream.awaitBlock((block) -> "one".equals(block.data()), SOON);
			leaving.close();
		}
		assertThat(left(identity).endedAt()).isGreaterThanOrEqualTo(MessageId.timestamp(MessageId.parse(id)));
		assertThat(left(identity).listed()).containsKey(Cluster.first().identity());
		JsonNode told = Cluster.backend()
			.ask(Cluster.first().identity(), CallName.TRACE_HANDOVER,
					"{\"message\":{\"user\":\"" + user + "\",\"channel\":\"" + topic + "\",\"id\":\"" + id
							+ "\",\"stored\":\"stored\",\"expiresAt\":0},\"nodes\":[\"" + identity
							+ "\",\"none.abcdefgh\"]}");
		assertThat(told.get("streams").propertyNames()).as("none for what is not there").containsExactly(identity);
		JsonNode streams = told.get("streams").get(identity);
		assertThat(streams.size()).isOne();
		assertThat(streams.at("/0/step").asString()).isEqualTo("written");
		assertThat(streams.at("/0/ending").asString()).isEqualTo("drain");
	}

	@Test
	void aNodeWithStreamsLeavesNothing() {
		handOver("busy.abcdefgh", 1, Map.of()).run().join();
		assertThat(this.handovers.list().join()).doesNotContainKey("busy.abcdefgh");
	}

	/** Records of one user are cut, and what is cut counts as forgotten. */
	@Test
	void ofAUserWithVeryManyStreamsTheLastAreLeft() {
		ended("many", 1000);
		ended("one", 1);
		handOver("many.abcdefgh", 0, Map.of()).run().join();
		assertThat(left("many.abcdefgh").streamsSince()).isEqualTo(NOW + 1);
		assertThat(this.handovers.records("many.abcdefgh", "many").join()).hasSizeLessThanOrEqualTo(32 * 1024);
		assertThat(this.handovers.records("many.abcdefgh", "one").join()).isNotEmpty();
	}

	/** As many streams as pages speak of. */
	@Test
	void ofANodeWithMoreStreamsThanFitTheLastAreLeft() {
		FlightRecorder full = new FlightRecorder(32 << 20, 50_000, () -> Instant.ofEpochMilli(this.now));
		for (int i = 0; i < 12_000; i++) {
			this.now = NOW + i;
			StreamJournal journal = full.journal();
			journal.begin(1, false, Map.of());
			journal.live(this.now, 1);
			full.ended(new PastStream("node-1.0123456789abcdef", "user-" + i, NOW, this.now, "drain", journal,
					new long[3], 2, 2, 0, 0, new long[0]));
		}
		new HandOver("full.abcdefgh", full, () -> 0, Map::of, this.handovers, () -> Instant.ofEpochMilli(this.now))
			.run()
			.join();
		long since = left("full.abcdefgh").streamsSince();
		assertThat(NOW + 12_000 - since).isBetween(8_000L, 10_500L);
		int last = (int) (since - NOW);
		assertThat(this.handovers.records("full.abcdefgh", "user-" + last).join()).isNotEmpty();
		assertThat(this.handovers.records("full.abcdefgh", "user-" + (last - 1)).join()).isEmpty();
	}

	/** A node that crashes again and again is listed under many identities. */
	@Test
	void ofVeryManyNodesTheLastAreNamedAndTheOthersCountAsForgotten() {
		Map<String, Long> listed = new HashMap<>();
		for (int i = 0; i < 600; i++) {
			listed.put("node." + i, NOW + 600_000 - i * 1000L);
		}
		handOver("crashes.abcdefgh", 0, listed).run().join();
		Handover left = left("crashes.abcdefgh");
		assertThat(left.listed()).hasSize(500).containsEntry("node.499", NOW + 101_000);
		assertThat(left.streamsSince()).isEqualTo(NOW + 100_000 + 10_001);
		listed.values().removeIf((at) -> at <= NOW + 100_000);
		handOver("crashes.abcdefgh", 0, listed).run().join();
		assertThat(left("crashes.abcdefgh").listed()).hasSize(500);
		assertThat(left("crashes.abcdefgh").streamsSince()).isEqualTo(NOW);
	}

	@Test
	void recordsAreNotReadByTheThreadOfRedis() {
		ended("alice", 1);
		handOver("read.abcdefgh", 0, Map.of()).run().join();
		AtomicReference<String> reader = new AtomicReference<>();
		TraceHandover call = new TraceHandover(this.handovers, () -> {
			reader.set(Thread.currentThread().getName());
			return Instant.now();
		}, Cluster.first().bean(Errors.class), Cluster.first().bean(Scheduler.class));
		CallRequest.Trace message = new CallRequest.Trace("alice", "user:alice", "1785000000000-0", Stored.STORED, 0);
		assertThat(call.run(new CallRequest.TraceHandover(message, List.of("read.abcdefgh"))).join().streams())
			.containsOnlyKeys("read.abcdefgh");
		assertThat(reader.get()).isNotNull().doesNotStartWith("lettuce");
	}

}
