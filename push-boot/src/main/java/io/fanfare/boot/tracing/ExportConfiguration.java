package io.fanfare.boot.tracing;

import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.sdk.trace.export.SpanExporter;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.SpanExporters;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** How spans are sent. Of no concern, and not loaded, where none are recorded. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty(name = TracingSettings.ENABLED, havingValue = "true")
class ExportConfiguration {

	@Bean
	SentSpans sentSpans(MeterRegistry registry) {
		return new SentSpans(registry);
	}

	/** Boot's exporter, counted. Boot's own bean of this type gives way. */
	@Bean
	SpanExporters countedSpanExporters(ObjectProvider<SpanExporter> exporters, SentSpans spans,
			Environment environment) {
		TracingSettings.requireEndpoint(environment);
		return SpanExporters
			.of(exporters.orderedStream().map((exporter) -> new CountedExporter(exporter, spans)).toList());
	}

}
