package io.fanfare.boot.tracing;

import java.util.Collection;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;

/** Sends spans by another exporter, and has {@link SentSpans} count them. */
final class CountedExporter implements SpanExporter {

	private final SpanExporter exporter;

	private final SentSpans spans;

	CountedExporter(SpanExporter exporter, SentSpans spans) {
		this.exporter = exporter;
		this.spans = spans;
	}

	@Override
	public CompletableResultCode export(Collection<SpanData> batch) {
		return this.spans.send(batch.size(), () -> this.exporter.export(batch));
	}

	@Override
	public CompletableResultCode flush() {
		return this.exporter.flush();
	}

	@Override
	public CompletableResultCode shutdown() {
		return this.exporter.shutdown();
	}

}
