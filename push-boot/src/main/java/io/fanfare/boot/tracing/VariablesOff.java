package io.fanfare.boot.tracing;

import java.util.Map;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Where tracing is off, keeps Boot from reading the environment variables of
 * OpenTelemetry, which may be set for all containers of a cluster: Boot would warn of
 * their values, and look at the certificates that they name.
 */
final class VariablesOff implements EnvironmentPostProcessor, Ordered {

	static final String MAPPING = "management.opentelemetry.map-environment-variables";

	private static final String SOURCE = "fanfareTracingOff";

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		if (!"true".equalsIgnoreCase(environment.getProperty(TracingSettings.ENABLED))
				&& !environment.getPropertySources().contains(SOURCE)) {
			environment.getPropertySources().addFirst(new MapPropertySource(SOURCE, Map.of(MAPPING, "false")));
		}
	}

	/** After configuration files, and before Boot's own, which has no order. */
	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE - 1;
	}

}
