package io.fanfare.boot.tracing;

import java.lang.reflect.Proxy;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

class TracingFilterTests {

	private static final String PACKAGE = "org.springframework.boot.";

	private static final String SDK = PACKAGE + "opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration";

	private static final String TRACER = PACKAGE
			+ "micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration";

	private static final String EXPORTER = PACKAGE
			+ "micrometer.tracing.opentelemetry.autoconfigure.otlp.OtlpTracingAutoConfiguration";

	private static final AutoConfigurationMetadata NOT_LOOKED_AT = (AutoConfigurationMetadata) Proxy.newProxyInstance(
			TracingFilterTests.class.getClassLoader(), new Class<?>[] { AutoConfigurationMetadata.class },
			(proxy, method, arguments) -> {
				throw new AssertionError(method);
			});

	@Test
	void nothingOfOpenTelemetryIsConfiguredByDefault() {
		assertThat(kept(Map.of(), SDK, TRACER, EXPORTER)).containsExactly(false, false, false);
		assertThat(kept(Map.of(TracingSettings.ENABLED, "false"), SDK, TRACER, EXPORTER)).containsExactly(false, false,
				false);
	}

	@Test
	void spansAreConfiguredWhereTheyAreAskedFor() {
		assertThat(kept(Map.of(TracingSettings.ENABLED, "true"), SDK, TRACER, EXPORTER)).containsExactly(true, true,
				true);
	}

	/** Spans of requests, ids in logs, and metrics and logs by OTLP. */
	@ParameterizedTest
	@ValueSource(strings = { "micrometer.tracing.autoconfigure.MicrometerTracingAutoConfiguration",
			"micrometer.tracing.autoconfigure.NoopTracerAutoConfiguration",
			"micrometer.tracing.autoconfigure.prometheus.PrometheusExemplarsAutoConfiguration",
			"micrometer.tracing.opentelemetry.autoconfigure.zipkin.ZipkinWithOpenTelemetryTracingAutoConfiguration",
			"micrometer.metrics.autoconfigure.export.otlp.OtlpMetricsExportAutoConfiguration",
			"opentelemetry.autoconfigure.logging.otlp.OtlpLoggingAutoConfiguration" })
	void theRestNeverIs(String name) {
		assertThat(kept(Map.of(TracingSettings.ENABLED, "true"), PACKAGE + name)).containsExactly(false);
	}

	@Test
	void allElseStaysAsItIs() {
		assertThat(kept(Map.of(), PACKAGE + "micrometer.metrics.autoconfigure.MetricsAutoConfiguration", null,
				PACKAGE + "micrometer.metrics.autoconfigure.export.prometheus.PrometheusMetricsExportAutoConfiguration",
				PACKAGE + "micrometer.observation.autoconfigure.ObservationAutoConfiguration"))
			.containsExactly(true, true, true, true);
	}

	/** Spring would take them for empty, and spans would have no exporter. */
	@ParameterizedTest
	@ValueSource(
			strings = { "otlp.OtlpTracingConfigurations$ConnectionDetails", "otlp.OtlpTracingConfigurations$Exporters",
					"OpenTelemetryPropagationConfigurations$PropagationWithBaggage", "OpenTelemetryTracingProperties" })
	void whatAnAutoConfigurationImportsComesWithIt(String name) {
		assertThat(kept(Map.of(TracingSettings.ENABLED, "true"),
				PACKAGE + "micrometer.tracing.opentelemetry.autoconfigure." + name))
			.containsExactly(true);
	}

	/**
	 * A version of Boot that names them otherwise would turn tracing on, or keep it off.
	 */
	@Test
	void theNamesAreThoseOfBoot() {
		assertThat(ImportCandidates.load(AutoConfiguration.class, null)).contains(SDK, TRACER, EXPORTER)
			.filteredOn((name) -> name.contains("opentelemetry") || name.contains("otlp") || name.contains("Tracing"))
			.allSatisfy((name) -> assertThat(kept(Map.of(), name)).as(name).containsExactly(false));
	}

	private static boolean[] kept(Map<String, Object> settings, String... names) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources().addFirst(new MapPropertySource("test", settings));
		TracingFilter filter = new TracingFilter();
		filter.setEnvironment(environment);
		return filter.match(names, NOT_LOOKED_AT);
	}

}
