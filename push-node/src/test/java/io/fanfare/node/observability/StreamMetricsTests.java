package io.fanfare.node.observability;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;

import io.fanfare.node.admission.Admission;
import io.fanfare.node.admission.AdmissionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.Ending;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.guard.Errors;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class StreamMetricsTests {

	private static final long NOW = 1_700_000_000_000L;

	private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

	private final Connections connections = new Connections("node", 42, new Random(1));

	private final StreamMetrics metrics = new StreamMetrics(this.registry,
			new Admission(this.connections,
					new AdmissionSettings(AdmissionSettings.Policy.WAIT, 10, Duration.ZERO, Duration.ZERO),
					(address) -> null, System::nanoTime, new Errors(System::nanoTime, (where) -> {
					}, Errors::halt)),
			this.connections, () -> Instant.ofEpochMilli(NOW));

	@Test
	void aMessageFromBeforeTheStreamIsNoLateDelivery() {
		this.metrics.replayed(3, MessageId.of(NOW - 8_000_000, 0), MessageId.of(NOW - 7_000_000, 0), NOW - 1_000);
		assertThat(this.registry.scrape()).contains("sse_messages_sent_total 3.0",
				"sse_delivery_latency_seconds_count 0");
		this.metrics.replayed(2, MessageId.of(NOW - 7_000_000, 0), MessageId.of(NOW - 900, 0), NOW - 1_000);
		assertThat(this.registry.scrape()).contains("sse_messages_sent_total 5.0",
				"sse_delivery_latency_seconds_sum 0.9");
		this.metrics.replayed(2, MessageId.of(NOW - 600, 0), MessageId.of(NOW - 500, 0), NOW - 1_000);
		assertThat(this.registry.scrape()).contains("sse_delivery_latency_seconds_sum 1.5");
	}

	@Test
	void ofMessagesThatAreWrittenTogetherTheOldestIsTimed() {
		this.metrics.sent(26, MessageId.of(NOW - 3_000, 0), MessageId.of(NOW - 1, 0));
		assertThat(this.registry.scrape()).contains("sse_messages_sent_total 26.0",
				"sse_delivery_latency_seconds_sum 3.0", "sse_delivery_latency_seconds_count 1");
	}

	/** Ten thousand streams receive all; for 4 of 60 s a loop of half of them stalls. */
	@Test
	void aStallOfALoopShowsAsMuchAsTheMessagesItDelays() {
		int streams = 10_000;
		for (int second = 0; second < 60; second++) {
			long id = MessageId.of(NOW - 20, second);
			for (int i = 0; i < streams / ((second < 56) ? 1 : 2); i++) {
				this.metrics.sent(5, id, id);
			}
		}
		long last = MessageId.of(NOW - 20, 60);
		for (int i = 0; i < streams / 2; i++) {
			this.metrics.sent(20, MessageId.of(NOW - 4_000, 0), last);
		}
		NodeStatus.Delivery delivery = this.metrics.counts().delivery();
		assertThat(samplesWithin(delivery, 1_000)).isBetween(delivery.samples() * 0.94, delivery.samples() * 0.985);
	}

	private static double samplesWithin(NodeStatus.Delivery delivery, long millis) {
		return delivery.buckets()
			.stream()
			.filter((bucket) -> bucket.upToMs() == millis)
			.mapToLong(NodeStatus.Bucket::samples)
			.findFirst()
			.orElseThrow();
	}

	@Test
	void theReportHasHowLongDeliveriesTook() {
		sent(MessageId.of(NOW - 7, 0));
		sent(MessageId.of(NOW - 1_000, 0));
		sent(MessageId.of(NOW - 60_000, 0));
		NodeStatus.Delivery delivery = this.metrics.counts().delivery();
		assertThat(delivery.samples()).isEqualTo(3);
		assertThat(delivery.buckets()).contains(new NodeStatus.Bucket(5, 0), new NodeStatus.Bucket(10, 1),
				new NodeStatus.Bucket(500, 1), new NodeStatus.Bucket(1_000, 2), new NodeStatus.Bucket(30_000, 2));
	}

	private void sent(long id) {
		this.metrics.sent(1, id, id);
	}

	@Test
	void eachReasonIsThereFromTheStart() {
		String scrape = this.registry.scrape();
		assertThat(Ending.reasons()).contains("client", "reset", "broken", "zombie")
			.hasSize(CloseReason.values().length + 7)
			.allSatisfy((reason) -> assertThat(scrape)
				.contains("sse_connections_closed_total{reason=\"" + reason + "\"} 0.0"));
		assertThat(scrape).contains("sse_kicks_total{reason=\"takeover\"} 0.0",
				"fanfare_streams_refused_total{limit=\"\",reason=\"full\"} 0.0", "sse_connections_limit 42.0");
	}

	@Test
	void durationsHaveBucketsFromASecondToTwoHours() {
		this.metrics.closed(new Ending("client", Ending.Status.COMPLETED), Duration.ofMinutes(100));
		String completed = "sse_connection_duration_seconds_bucket{status=\"completed\",le=\"";
		assertThat(this.registry.scrape()).contains(completed + "1.0\"} 0", completed + "3600.0\"} 0",
				completed + "7200.0\"} 1", completed + "+Inf\"} 1");
	}

}
