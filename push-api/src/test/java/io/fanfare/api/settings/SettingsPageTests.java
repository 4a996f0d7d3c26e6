package io.fanfare.api.settings;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

import io.fanfare.protocol.settings.SettingNames;
import io.fanfare.protocol.settings.SettingNames.Kind;
import io.fanfare.test.docs.SettingsPage;
import io.fanfare.test.docs.SettingsPage.Setting;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.type.filter.AnnotationTypeFilter;

import static org.assertj.core.api.Assertions.assertThat;

/** Holds the settings page and the list of names equal to Boot's metadata. */
class SettingsPageTests {

	private static final String METADATA = "META-INF/spring-configuration-metadata.json";

	private final Map<String, Setting> settings = settings();

	@Test
	void thePageHasEachSettingWithItsDefault() {
		assertThat(SettingsPage.read().differences("API", this.settings)).isEmpty();
	}

	@Test
	void theListOfNamesHasEachSetting() {
		List<String> missing = new ArrayList<>();
		this.settings.forEach((name, setting) -> {
			Kind kind = setting.type().equals("java.time.Duration") ? Kind.DURATION : Kind.OTHER;
			if (SettingNames.all().get(name) != kind) {
				missing.add("names.txt of push-protocol lacks the line: " + name
						+ ((kind == Kind.DURATION) ? " duration" : ""));
			}
		});
		assertThat(missing).isEmpty();
	}

	/** Every record shows all of its values, or says what it shows. */
	@Test
	void noRecordShowsASecret() throws Exception {
		List<String> records = new ArrayList<>();
		ClassPathScanningCandidateComponentProvider scanner = new ClassPathScanningCandidateComponentProvider(false) {
			@Override
			protected boolean isCandidateComponent(
					org.springframework.beans.factory.annotation.AnnotatedBeanDefinition definition) {
				return true;
			}
		};
		scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
		for (var found : scanner.findCandidateComponents("io.fanfare.api")) {
			Class<?> type = Class.forName(found.getBeanClassName());
			for (RecordComponent component : type.getRecordComponents()) {
				if (component.getName().matches("(?i).*(secret|key|password|token).*")
						&& !component.getType().equals(boolean.class)) {
					records.add(type.getSimpleName() + "." + component.getName());
					assertThat(show(type, component)).as(type.getName()).doesNotContain("marker");
				}
			}
		}
		assertThat(records).containsExactlyInAnyOrder("JwtSettings.secret", "ApiKeySettings.keys");
	}

	private static String show(Class<?> type, RecordComponent secret) throws Exception {
		RecordComponent[] components = type.getRecordComponents();
		Class<?>[] types = new Class<?>[components.length];
		Object[] values = new Object[components.length];
		for (int i = 0; i < components.length; i++) {
			types[i] = components[i].getType();
			values[i] = value(types[i], components[i].getName().equals(secret.getName()));
		}
		var constructor = type.getDeclaredConstructor(types);
		constructor.setAccessible(true);
		return constructor.newInstance(values).toString();
	}

	private static Object value(Class<?> type, boolean secret) {
		if (type.equals(List.class)) {
			return secret ? List.of("name:marker-secret:read") : List.of();
		}
		return switch (type.getSimpleName()) {
			case "String" -> secret ? "marker".repeat(8) : "";
			case "Duration" -> java.time.Duration.ofSeconds(1);
			case "boolean" -> false;
			case "int" -> 1;
			default -> throw new IllegalStateException("No value of " + type);
		};
	}

	/** Those of this module: the class path may have others. */
	private static Map<String, Setting> settings() {
		Map<String, Setting> settings = new TreeMap<>();
		YamlPropertiesFactoryBean yaml = new YamlPropertiesFactoryBean();
		yaml.setResources(new ClassPathResource("push-api.yml"));
		Map<Object, Object> file = Objects.requireNonNull(yaml.getObject());
		try {
			Enumeration<java.net.URL> all = SettingsPageTests.class.getClassLoader().getResources(METADATA);
			while (all.hasMoreElements()) {
				try (InputStream stream = all.nextElement().openStream()) {
					for (JsonNode property : JsonMapper.shared().readTree(stream).required("properties")) {
						String name = property.required("name").asString();
						if (name.startsWith("fanfare.")) {
							settings.put(name, new Setting(property.required("type").asString(),
									defaultValue(property.path("defaultValue"), file.get(name))));
						}
					}
				}
			}
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		assertThat(settings).as(METADATA).isNotEmpty();
		return settings;
	}

	private static String defaultValue(JsonNode value, @org.jspecify.annotations.Nullable Object inFile) {
		assertThat(value.isMissingNode() || inFile == null).as("A default exists once: %s, %s", value, inFile).isTrue();
		if (value.isMissingNode()) {
			return (inFile != null) ? inFile.toString() : "";
		}
		String text = value.isArray() ? value.valueStream().map(JsonNode::asString).collect(Collectors.joining(","))
				: value.asString();
		return text.startsWith("[") ? text.substring(1, text.length() - 1).replace(", ", ",") : text;
	}

}
