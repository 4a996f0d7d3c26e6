package io.fanfare.boot.tracing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.sdk.common.CompletableResultCode;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class SentSpansTests {

	private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

	private final SentSpans spans = new SentSpans(this.meters);

	private double count(String outcome) {
		return this.meters.get("fanfare.spans").tag("outcome", outcome).counter().count();
	}

	@Test
	void spansAreCountedByWhatCameOfThem() {
		CompletableResultCode answer = new CompletableResultCode();
		CompletableResultCode result = this.spans.send(7, () -> answer);
		assertThat(result.isDone()).isFalse();
		assertThat(count("sent")).isZero();
		answer.succeed();
		assertThat(result.isSuccess()).isTrue();
		assertThat(count("sent")).isEqualTo(7);
		assertThat(this.spans.send(5, CompletableResultCode::ofFailure).isSuccess()).isFalse();
		assertThat(count("unsent")).isEqualTo(5);
		assertThat(count("sent")).isEqualTo(7);
	}

	@Test
	void atTheEndACollectorThatDoesNotAnswerIsGivenUp() {
		CompletableResultCode never = new CompletableResultCode();
		CompletableResultCode result = this.spans.send(3, () -> never);
		this.spans.ending();
		assertThat(this.spans.send(2, CompletableResultCode::ofSuccess).isSuccess()).as("within the grace").isTrue();
		assertThat(result.isDone()).isFalse();
		await().atMost(SentSpans.GRACE.plus(Duration.ofSeconds(10))).until(result::isDone);
		assertThat(result.isSuccess()).isFalse();
		assertThat(count("unsent")).isEqualTo(3);
		List<Integer> called = new ArrayList<>();
		CompletableResultCode late = this.spans.send(1, () -> {
			called.add(1);
			return CompletableResultCode.ofSuccess();
		});
		assertThat(late.isDone()).isTrue();
		assertThat(late.isSuccess()).isFalse();
		assertThat(called).isEmpty();
		never.succeed();
		assertThat(count("sent")).as("only what was in time").isEqualTo(2);
		assertThat(count("unsent")).isEqualTo(4);
	}

}
