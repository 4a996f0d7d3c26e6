package io.fanfare.boot.tracing;

import io.fanfare.protocol.Traceparent;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import org.jspecify.annotations.Nullable;

/**
 * Spans of OpenTelemetry. A parent is always given, never taken from the thread: loops
 * serve many streams in one turn.
 */
final class OpenTelemetryTracing implements Tracing, AutoCloseable {

	private final Tracer tracer;

	private final SentSpans spans;

	OpenTelemetryTracing(Tracer tracer, SentSpans spans) {
		this.tracer = tracer;
		this.spans = spans;
	}

	@Override
	public @Nullable Span begin(String name, Role role, @Nullable Traceparent parent) {
		SpanBuilder builder = this.tracer.spanBuilder(name).setSpanKind(kind(role));
		if (parent != null) {
			builder.setParent(Context.root().with(remote(parent)));
		}
		else {
			builder.setNoParent();
		}
		io.opentelemetry.api.trace.Span span = builder.startSpan();
		if (!span.getSpanContext().isSampled()) {
			span.end();
			return null;
		}
		return new Sampled(span, this.spans);
	}

	/**
	 * What records is gone; the tracer sends what is left when it is closed, behind this.
	 */
	@Override
	public void close() {
		this.spans.ending();
	}

	private static io.opentelemetry.api.trace.Span remote(Traceparent parent) {
		return io.opentelemetry.api.trace.Span.wrap(SpanContext.createFromRemoteParent(parent.traceId(),
				parent.spanId(), TraceFlags.fromByte(parent.flags()), TraceState.getDefault()));
	}

	private static SpanKind kind(Role role) {
		return switch (role) {
			case PRODUCER -> SpanKind.PRODUCER;
			case CONSUMER -> SpanKind.CONSUMER;
			case CLIENT -> SpanKind.CLIENT;
			case INTERNAL -> SpanKind.INTERNAL;
		};
	}

	/** A span that is recorded and sampled. */
	private record Sampled(io.opentelemetry.api.trace.Span span, SentSpans spans) implements Span {

		@Override
		public Traceparent traceparent() {
			SpanContext context = this.span.getSpanContext();
			return new Traceparent(context.getTraceId(), context.getSpanId(), context.getTraceFlags().asByte());
		}

		@Override
		public void note(String name, String value) {
			this.span.setAttribute(name, value);
		}

		@Override
		public void note(String name, long value) {
			this.span.setAttribute(name, value);
		}

		@Override
		public void failed(String why) {
			this.span.setStatus(StatusCode.ERROR, why);
		}

		@Override
		public void end() {
			if (this.span.isRecording()) {
				this.spans.recorded();
				this.span.end();
			}
		}

	}

}
