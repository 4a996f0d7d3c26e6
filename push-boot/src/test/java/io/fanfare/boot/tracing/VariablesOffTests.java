package io.fanfare.boot.tracing;

import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.boot.SpringApplication;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

class VariablesOffTests {

	@Test
	void variablesOfOpenTelemetryCountWhereTracingIsOn() {
		assertThat(mapping(Map.of())).isEqualTo("false");
		assertThat(mapping(Map.of(TracingSettings.ENABLED, "false"))).isEqualTo("false");
		assertThat(mapping(Map.of(TracingSettings.ENABLED, "perhaps"))).isEqualTo("false");
		assertThat(mapping(Map.of(TracingSettings.ENABLED, "true"))).isNull();
	}

	/** Boot reads them without an order of its own, after all that have one. */
	@Test
	void itComesBeforeBoot() {
		assertThat(new VariablesOff().getOrder()).isLessThan(VariablesOff.LOWEST_PRECEDENCE);
	}

	private static @Nullable String mapping(Map<String, Object> settings) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources().addFirst(new MapPropertySource("test", settings));
		new VariablesOff().postProcessEnvironment(environment, new SpringApplication());
		return environment.getProperty(VariablesOff.MAPPING);
	}

}
