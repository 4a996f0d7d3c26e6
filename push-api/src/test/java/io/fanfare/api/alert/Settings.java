package io.fanfare.api.alert;

import java.util.List;
import java.util.Map;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.convert.ApplicationConversionService;

/** Settings as Boot binds them. */
final class Settings {

	private Settings() {
	}

	static AlertSettings defaults() {
		return of(Map.of());
	}

	static AlertSettings of(Map<String, String> properties) {
		return new Binder(List.of(new MapConfigurationPropertySource(properties)), null,
				ApplicationConversionService.getSharedInstance())
			.bindOrCreate("fanfare.alerts", AlertSettings.class);
	}

}
