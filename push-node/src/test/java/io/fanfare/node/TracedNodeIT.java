package io.fanfare.node;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.redis.history.Publisher;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.tracing.SpanCollector;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A node that traces beside one that does not, as in a rolling upgrade: both pass on each
 * message, whatever its publisher said of a trace.
 */
class TracedNodeIT {

	private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

	private static final String SPAN = "b7ad6b7169203331";

	private static final String SAMPLED = "00-" + TRACE + "-" + SPAN + "-01";

	/** What a message may carry that belongs to no sampled trace. */
	private static final List<String> OTHERS = List.of("", "t", "x".repeat(255), SAMPLED.toUpperCase(Locale.ROOT),
			SAMPLED + "-more", SAMPLED.substring(1), "01-" + TRACE + "-" + SPAN + "-01",
			"ff-" + TRACE + "-" + SPAN + "-01", "00-" + TRACE + "-" + SPAN + "-00", "00-" + TRACE + "-" + SPAN + "-zz",
			"00-" + "0".repeat(32) + "-" + SPAN + "-01", "00-" + TRACE + "-" + "0".repeat(16) + "-01", " ".repeat(55));

	@Test
	void eachMessageArrivesWhateverItsTraceparent() {
		TestNode plain = Cluster.first();
		String topic = TestNode.newTopic();
		double errors = plain.meter("fanfare.errors");
		try (SpanCollector collector = new SpanCollector();
				TestNode traced = TestNode.start(Cluster.redis(), "traced", "--fanfare.tracing.enabled=true",
						"--management.opentelemetry.tracing.export.otlp.endpoint=" + collector.endpoint(),
						"--management.opentelemetry.tracing.export.schedule-delay=50ms",
						"--management.tracing.sampling.probability=0.0");
				SseClient there = traced.open(TestNode.newUser(), topic);
				SseClient here = plain.open(TestNode.newUser(), topic)) {
			List<String> sent = new ArrayList<>();
			publish(topic, "none", null, sent);
			for (String other : OTHERS) {
				publish(topic, "other-" + sent.size(), other, sent);
			}
			publish(topic, "sampled", SAMPLED, sent);
			for (SseClient stream : List.of(there, here)) {
				stream.awaitBlock((block) -> "sampled".equals(block.data()), TestNode.SOON);
				assertThat(messages(stream)).isEqualTo(sent);
			}
			try (SseClient resumed = TestNode.opened(traced.stream(TestNode.newUser()).header("Last-Event-ID", "1-0"),
					topic)) {
				resumed.awaitBlock((block) -> "sampled".equals(block.data()), TestNode.SOON);
				assertThat(messages(resumed)).isEqualTo(sent);
			}
			await().atMost(TestNode.SOON).until(() -> !collector.spans().isEmpty());
			assertThat(collector.spans()).hasSize(1);
			SpanCollector.Span span = collector.spans().getFirst();
			assertThat(span.name()).isEqualTo("deliver");
			assertThat(span.traceId()).isEqualTo(TRACE);
			assertThat(span.parentId()).isEqualTo(SPAN);
			assertThat(span.attributes()).containsEntry("fanfare.streams", "1");
			assertThat(traced.meter("fanfare.spans", "outcome", "recorded")).isOne();
			assertThat(traced.meter("fanfare.errors")).isZero();
			assertThat(plain.meter("fanfare.errors")).isEqualTo(errors);
		}
		assertThat(plain.bean(MeterRegistry.class).find("fanfare.spans").meters()).isEmpty();
	}

	private static List<String> messages(SseClient stream) {
		return stream.blocks().stream().filter((block) -> block.fires(EventName.DEFAULT)).map(SseBlock::data).toList();
	}

	private static void publish(String topic, String data, @Nullable String traceparent, List<String> sent) {
		Envelope envelope = new Envelope(EventName.DEFAULT, data.getBytes(StandardCharsets.UTF_8),
				System.currentTimeMillis(), 0, false, traceparent);
		Publisher.Result result = Cluster.backend()
			.publisher(1000)
			.publish(List.of(ChannelName.topic(topic)), envelope, null)
			.join();
		assertThat(result).isInstanceOf(Publisher.Result.Stored.class);
		sent.add(data);
	}

}
