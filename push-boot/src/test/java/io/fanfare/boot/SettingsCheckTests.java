package io.fanfare.boot;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.fanfare.protocol.settings.InvalidSettingException;
import org.apache.commons.logging.impl.NoOpLog;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** What the environment may hold that is meant for others. */
class SettingsCheckTests {

	private final List<String> warnings = new ArrayList<>();

	private final StandardEnvironment environment = new StandardEnvironment();

	private void check(Map<String, Object> variables) {
		String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
		this.environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, variables));
		new SettingsCheck((log) -> new NoOpLog() {
			@Override
			public void warn(Object line) {
				SettingsCheckTests.this.warnings.add(String.valueOf(line));
			}
		}).postProcessEnvironment(this.environment, new SpringApplication());
	}

	@Test
	void whatKubernetesAndDockerSetIsNeitherASettingNorSaid() {
		check(Map.of("FANFARE_STREAM_PORT", "tcp://10.0.0.1:80", "FANFARE_CONTROL_PORT", "tcp://10.0.0.1:81",
				"FANFARE_API_PORT", "tcp://10.0.0.1:82", "FANFARE_STREAM_SERVICE_HOST", "10.0.0.1",
				"FANFARE_STREAM_PORT_80_TCP_ADDR", "10.0.0.1", "FANFARE_API_PORT_82_TCP_ADDR", "10.0.0.1",
				"FANFARE_NODE_NAME", "/web/fanfare-node", "FANFARE_STREAM_ENV_X", "x", "FANFARE_HISTORY_LENGTH", "7"));
		assertThat(this.warnings).isEmpty();
		Binder binder = Binder.get(this.environment);
		for (String property : List.of("fanfare.stream.port", "fanfare.api.port", "fanfare.control.port",
				"fanfare.node.name")) {
			assertThat(binder.bind(property, String.class).isBound()).as(property).isFalse();
		}
		assertThat(binder.bind("fanfare.history.length", Integer.class).get()).isEqualTo(7);
	}

	@Test
	void whereFanfareIsForOthersIsOneLineEach() {
		check(Map.of("FANFARE_API_URL", "http://x", "FANFARE_NODE_IP", "10.0.0.1"));
		assertThat(this.warnings).hasSize(2)
			.allMatch((line) -> line.contains(" is no setting; the nearest is fanfare."));
	}

	@Test
	void eachApplicationNamesThePortsThatAreChecked() {
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> check(Map.of("FANFARE_CONTROL_PORT", "7", "FANFARE_STREAM_PORT", "7")))
			.withMessageContaining("fanfare.stream.port");
	}

	@Test
	void aMisspeltSettingEndsTheStart() {
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> check(Map.of("FANFARE_CONNECTIONS_MX", "7")))
			.withMessageContaining("FANFARE_CONNECTIONS_MX is no setting")
			.withMessageContaining("FANFARE_CONNECTIONS_MAX");
	}

}
