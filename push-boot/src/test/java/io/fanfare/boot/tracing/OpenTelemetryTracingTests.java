package io.fanfare.boot.tracing;

import java.util.Objects;

import io.fanfare.boot.tracing.Tracing.Role;
import io.fanfare.protocol.Traceparent;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class OpenTelemetryTracingTests {

	private static final Traceparent SAMPLED = parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

	private static final Traceparent UNSAMPLED = parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");

	private final InMemorySpanExporter exporter = InMemorySpanExporter.create();

	private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

	private SdkTracerProvider provider = provider(Sampler.parentBased(Sampler.alwaysOff()));

	private static Traceparent parse(String text) {
		return Objects.requireNonNull(Traceparent.parse(text));
	}

	private SdkTracerProvider provider(Sampler sampler) {
		return SdkTracerProvider.builder()
			.setSampler(sampler)
			.addSpanProcessor(SimpleSpanProcessor.create(this.exporter))
			.build();
	}

	private Tracing tracing() {
		return new OpenTelemetryTracing(this.provider.get("test"), new SentSpans(this.meters));
	}

	@AfterEach
	void close() {
		this.provider.close();
	}

	private SpanData only() {
		assertThat(this.exporter.getFinishedSpanItems()).hasSize(1);
		return this.exporter.getFinishedSpanItems().getFirst();
	}

	@Test
	void aSpanIsPartOfTheTraceThatItIsGiven() {
		Tracing.Span span = Objects.requireNonNull(tracing().begin("publish", Role.PRODUCER, SAMPLED));
		assertThat(span.traceparent().traceId()).isEqualTo(SAMPLED.traceId());
		assertThat(span.traceparent().spanId()).isNotEqualTo(SAMPLED.spanId());
		assertThat(span.traceparent().isSampled()).isTrue();
		assertThat(Traceparent.parse(span.traceparent().toString())).isEqualTo(span.traceparent());
		assertThat(this.exporter.getFinishedSpanItems()).isEmpty();
		span.note("text", "a");
		span.note("number", 7);
		span.failed("busy");
		span.end();
		assertThat(only().getName()).isEqualTo("publish");
		assertThat(only().getTraceId()).isEqualTo(SAMPLED.traceId());
		assertThat(only().getSpanId()).isEqualTo(span.traceparent().spanId());
		assertThat(only().getParentSpanId()).isEqualTo(SAMPLED.spanId());
		assertThat(only().getParentSpanContext().isRemote()).isTrue();
		assertThat(only().getAttributes().get(AttributeKey.stringKey("text"))).isEqualTo("a");
		assertThat(only().getAttributes().get(AttributeKey.longKey("number"))).isEqualTo(7);
		assertThat(only().getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
		assertThat(only().getStatus().getDescription()).isEqualTo("busy");
	}

	@Test
	void aTraceThatItsCallerDoesNotRecordIsNotRecordedHere() {
		this.provider = provider(Sampler.parentBased(Sampler.alwaysOn()));
		assertThat(tracing().begin("publish", Role.PRODUCER, UNSAMPLED)).isNull();
		assertThat(this.exporter.getFinishedSpanItems()).isEmpty();
	}

	@Test
	void withoutAParentTheSamplerDecides() {
		assertThat(tracing().begin("claim", Role.CLIENT, null)).isNull();
		this.provider = provider(Sampler.parentBased(Sampler.alwaysOn()));
		Objects.requireNonNull(tracing().begin("claim", Role.CLIENT, null)).end();
		assertThat(only().getParentSpanId()).isEqualTo(SpanId.getInvalid());
	}

	/**
	 * A thread serves many streams: what it does for one is no part of another's trace.
	 */
	@Test
	void theSpanOfTheThreadIsNoParent() {
		this.provider = provider(Sampler.alwaysOn());
		io.opentelemetry.api.trace.Span current = this.provider.get("other").spanBuilder("other").startSpan();
		try (var scope = current.makeCurrent()) {
			Objects.requireNonNull(tracing().begin("claim", Role.CLIENT, null)).end();
		}
		assertThat(only().getParentSpanId()).isEqualTo(SpanId.getInvalid());
	}

	@ParameterizedTest
	@EnumSource(Role.class)
	void aRoleIsAKind(Role role) {
		Objects.requireNonNull(tracing().begin("one", role, SAMPLED)).end();
		assertThat(only().getKind()).isEqualTo(SpanKind.valueOf(role.name()));
	}

	@Test
	void aSpanIsCountedOnceHoweverOftenItEnds() {
		assertThat(tracing().begin("publish", Role.PRODUCER, UNSAMPLED)).isNull();
		Tracing.Span span = Objects.requireNonNull(tracing().begin("publish", Role.PRODUCER, SAMPLED));
		assertThat(recorded()).isZero();
		span.end();
		span.end();
		assertThat(recorded()).isOne();
		only();
	}

	private double recorded() {
		return this.meters.get("fanfare.spans").tag("outcome", "recorded").counter().count();
	}

	@Test
	void offRecordsNothing() {
		assertThat(Tracing.OFF.begin("one", Role.CLIENT, SAMPLED)).isNull();
	}

}
