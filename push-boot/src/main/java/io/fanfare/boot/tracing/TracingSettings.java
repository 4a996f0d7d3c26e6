package io.fanfare.boot.tracing;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Whether spans are recorded and sent.
 *
 * @param enabled whether they are; where to is Boot's
 * {@code management.opentelemetry.tracing.export.otlp.endpoint}
 */
@Validated
@ConfigurationProperties("fanfare.tracing")
public record TracingSettings(@DefaultValue("false") boolean enabled) {

	/** The setting that turns tracing on. */
	static final String ENABLED = "fanfare.tracing.enabled";

	/** Where spans go, a setting of Boot. */
	static final String ENDPOINT = "management.opentelemetry.tracing.export.otlp.endpoint";

}
