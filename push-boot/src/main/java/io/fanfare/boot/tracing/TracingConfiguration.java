package io.fanfare.boot.tracing;

import io.fanfare.protocol.settings.InvalidSettingException;
import io.opentelemetry.api.OpenTelemetry;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;

/** How the process records spans, if it does. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TracingSettings.class)
@Import(ExportConfiguration.class)
public class TracingConfiguration {

	/** Names the code that records. */
	private static final String SCOPE = "io.fanfare";

	/**
	 * Records by Boot's OpenTelemetry, which {@link TracingFilter} lets in.
	 * @throws InvalidSettingException if tracing is on and it is not said where spans go
	 */
	@Bean
	Tracing tracing(TracingSettings settings, ObjectProvider<OpenTelemetry> telemetry, ObjectProvider<SentSpans> spans,
			Environment environment) {
		if (!settings.enabled()) {
			return Tracing.OFF;
		}
		TracingSettings.requireEndpoint(environment);
		OpenTelemetry found = telemetry.getIfAvailable();
		if (found == null) {
			// What binds "yes" and "on" as well
			throw new InvalidSettingException(TracingSettings.ENABLED, "must be true or false");
		}
		return new OpenTelemetryTracing(found.getTracer(SCOPE), spans.getObject());
	}

}
