package io.fanfare.api.event;

import java.time.Duration;
import java.util.Map;

import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

class EventSettingsTests {

	/** The default of {@code fanfare.connections.max-spread}, a setting of nodes. */
	private static final Duration MAX_SPREAD = Duration.ofSeconds(10);

	@Test
	void aDrainMakesNoEventByDefault() {
		EventSettings settings = new Binder(new MapConfigurationPropertySource(Map.of())).bindOrCreate("fanfare.events",
				EventSettings.class);
		assertThat(settings.offlineDelay()).isGreaterThanOrEqualTo(MAX_SPREAD.plusSeconds(2));
	}

}
