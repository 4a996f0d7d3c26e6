package io.fanfare.boot;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

import io.fanfare.protocol.settings.EarlySettings;
import io.fanfare.protocol.settings.SettingNames;
import io.fanfare.protocol.settings.SettingNames.Origin;
import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.logging.DeferredLogFactory;
import org.springframework.core.Ordered;
import org.springframework.core.env.CommandLinePropertySource;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Looks at settings before they are bound: at names that are none, which Boot ignores,
 * and at values on which it would fail in its own words. It runs in every application
 * that has this module on its class path, and changes nothing.
 */
final class SettingsCheck implements EnvironmentPostProcessor, Ordered {

	private final Log log;

	SettingsCheck(DeferredLogFactory logs) {
		this.log = logs.getLog(SettingsCheck.class);
	}

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		dropServiceLinks(environment.getPropertySources());
		for (PropertySource<?> source : environment.getPropertySources()) {
			if (source instanceof CommandLinePropertySource<?>) {
				checkArguments(source.getProperty(CommandLinePropertySource.DEFAULT_NON_OPTION_ARGS_PROPERTY_NAME));
			}
			if (source instanceof EnumerablePropertySource<?> names) {
				checkNames(names);
			}
		}
		for (Listeners listeners : Listeners.all()) {
			EarlySettings.check(environment::getProperty, listeners.ports(), listeners.addresses());
		}
	}

	/** Those without dashes, separated by commas. */
	private static void checkArguments(@Nullable Object others) {
		if (others instanceof String text) {
			Arrays.stream(text.split(",")).forEach(SettingNames::checkArgument);
		}
	}

	/** They may have the names of settings. */
	private static void dropServiceLinks(MutablePropertySources sources) {
		String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
		if (sources.get(name) instanceof SystemEnvironmentPropertySource variables) {
			Map<String, Object> kept = new HashMap<>(variables.getSource());
			if (kept.entrySet().removeIf((one) -> SettingNames.isServiceLink(one.getKey(), one.getValue()))) {
				sources.replace(name, new SystemEnvironmentPropertySource(name, kept));
			}
		}
	}

	private void checkNames(EnumerablePropertySource<?> source) {
		Origin origin = switch (source.getName()) {
			case StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME -> Origin.ENVIRONMENT;
			case StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME -> Origin.SYSTEM;
			default -> Origin.FILE;
		};
		for (String name : source.getPropertyNames()) {
			String warning = SettingNames.check(name, origin);
			if (warning != null) {
				this.log.warn(warning);
			}
		}
	}

	/** Before the URL of Redis is put together. */
	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE - 1;
	}

}
