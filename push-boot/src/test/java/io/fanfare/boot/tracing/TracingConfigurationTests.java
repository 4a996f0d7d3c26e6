package io.fanfare.boot.tracing;

import io.fanfare.protocol.settings.InvalidSettingException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

class TracingConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withUserConfiguration(TracingConfiguration.class)
		.withBean(SimpleMeterRegistry.class);

	@Test
	void itIsOffByDefault() {
		this.runner.run((context) -> {
			assertThat(context.getBean(Tracing.class)).isSameAs(Tracing.OFF);
			assertThat(context.getBean(SimpleMeterRegistry.class).getMeters()).isEmpty();
		});
		this.runner.withPropertyValues("fanfare.tracing.enabled=false")
			.run((context) -> assertThat(context.getBean(Tracing.class)).isSameAs(Tracing.OFF));
	}

	@Test
	void itIsOnWhereItIsSaidWhereSpansGo() {
		this.runner.withBean(OpenTelemetry.class, OpenTelemetry::noop)
			.withPropertyValues("fanfare.tracing.enabled=true",
					TracingSettings.ENDPOINT + "=http://localhost:4318/v1/traces")
			.run((context) -> assertThat(context.getBean(Tracing.class)).isInstanceOf(OpenTelemetryTracing.class));
	}

	/** Which Boot takes for true, and {@link TracingFilter} does not. */
	@Test
	void anotherWordForTrueIsRefused() {
		this.runner
			.withPropertyValues("fanfare.tracing.enabled=yes",
					TracingSettings.ENDPOINT + "=http://localhost:4318/v1/traces")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessage("fanfare.tracing.enabled (FANFARE_TRACING_ENABLED) must be true or false"));
	}

	/** What was set may hold a password. */
	@ParameterizedTest
	@ValueSource(strings = { "collector:4318", "grpc://collector", "//collector", "http://a b", "x" })
	void anEndpointThatIsNoUrlIsRefusedByName(String endpoint) {
		this.runner.withBean(OpenTelemetry.class, OpenTelemetry::noop)
			.withPropertyValues("fanfare.tracing.enabled=true", TracingSettings.ENDPOINT + "=" + endpoint)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(InvalidSettingException.class)
				.hasMessage("management.opentelemetry.tracing.export.otlp.endpoint"
						+ " (MANAGEMENT_OPENTELEMETRY_TRACING_EXPORT_OTLP_ENDPOINT) must be a URL with http:// or"
						+ " https://"));
	}

	@Test
	void withoutAnEndpointTheStartFails() {
		this.runner.withBean(OpenTelemetry.class, OpenTelemetry::noop)
			.withPropertyValues("fanfare.tracing.enabled=true")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(InvalidSettingException.class)
				.hasMessage("management.opentelemetry.tracing.export.otlp.endpoint"
						+ " (MANAGEMENT_OPENTELEMETRY_TRACING_EXPORT_OTLP_ENDPOINT) must be set beside"
						+ " fanfare.tracing.enabled"));
	}

}
