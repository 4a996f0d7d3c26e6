package io.fanfare.boot.tracing;

import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;

/**
 * Leaves out what Boot would configure of OpenTelemetry, before a class of it is loaded.
 * <p>
 * Where tracing is on three of them remain: the SDK, its tracer, and the exporter. The
 * others would give each request a span and an id in the logs, and send metrics and logs,
 * which is not asked for: metrics are scraped, and logs are written.
 * <p>
 * Spring asks also for what an auto-configuration imports, by {@code @Import}, and takes
 * what does not match for an empty class. So only names of auto-configurations are looked
 * at: what one of them imports comes and goes with it.
 */
final class TracingFilter implements AutoConfigurationImportFilter, EnvironmentAware {

	private static final String PACKAGE = "org.springframework.boot.";

	private static final Set<String> WANTED = Set.of(
			PACKAGE + "opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration",
			PACKAGE + "micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration",
			PACKAGE + "micrometer.tracing.opentelemetry.autoconfigure.otlp.OtlpTracingAutoConfiguration");

	private @Nullable Environment environment;

	@Override
	public void setEnvironment(Environment environment) {
		this.environment = environment;
	}

	@Override
	public boolean[] match(@Nullable String[] classes, AutoConfigurationMetadata metadata) {
		// A value that is neither is refused when settings are bound, by its name
		boolean enabled = this.environment != null
				&& "true".equalsIgnoreCase(this.environment.getProperty(TracingSettings.ENABLED));
		boolean[] matches = new boolean[classes.length];
		for (int i = 0; i < classes.length; i++) {
			String name = classes[i];
			matches[i] = name == null || !isOfTelemetry(name) || enabled && WANTED.contains(name);
		}
		return matches;
	}

	private static boolean isOfTelemetry(String name) {
		return name.endsWith("AutoConfiguration")
				&& (name.startsWith(PACKAGE + "micrometer.tracing.") || name.startsWith(PACKAGE + "opentelemetry.")
						|| name.startsWith(PACKAGE + "micrometer.metrics.autoconfigure.export.otlp."));
	}

}
