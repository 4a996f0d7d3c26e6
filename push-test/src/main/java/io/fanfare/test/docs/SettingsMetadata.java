package io.fanfare.test.docs;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.fanfare.test.docs.SettingsPage.Setting;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The metadata that Boot's processor wrote of the settings on the class path. */
public final class SettingsMetadata {

	private static final String FILE = "META-INF/spring-configuration-metadata.json";

	/** A component that holds a secret, by its name. */
	private static final Pattern SECRET = Pattern.compile("(?i).*(secret|key|password|token).*");

	/** What a secret is made of when a record is asked to show itself. */
	private static final String MARKER = "marker";

	private final Map<String, Setting> settings = new TreeMap<>();

	private final List<Class<?>> records = new ArrayList<>();

	private SettingsMetadata() {
	}

	/**
	 * Reads the metadata.
	 * @param defaults the defaults that stand in the process's own configuration file, by
	 * the names of their settings
	 * @throws IllegalStateException if a setting has a default here and there
	 */
	public static SettingsMetadata read(Map<?, ?> defaults) {
		SettingsMetadata metadata = new SettingsMetadata();
		try {
			for (URL file : Collections.list(SettingsMetadata.class.getClassLoader().getResources(FILE))) {
				try (InputStream stream = file.openStream()) {
					metadata.add(JsonMapper.shared().readTree(stream), defaults);
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return metadata;
	}

	private void add(JsonNode file, Map<?, ?> defaults) {
		for (JsonNode property : file.required("properties")) {
			String name = property.required("name").asString();
			if (name.startsWith("fanfare.")) {
				this.settings.put(name, new Setting(property.required("type").asString(),
						defaultValue(name, property.path("defaultValue"), defaults.get(name))));
			}
		}
		for (JsonNode group : file.path("groups")) {
			String type = group.path("type").asString("");
			if (type.startsWith("io.fanfare.")) {
				this.records.add(load(type));
			}
		}
	}

	private static String defaultValue(String name, JsonNode value, @Nullable Object inFile) {
		if (!value.isMissingNode() && inFile != null) {
			throw new IllegalStateException("Two defaults of " + name + ": " + value + " and " + inFile);
		}
		if (value.isMissingNode()) {
			return (inFile != null) ? inFile.toString() : "";
		}
		String text = value.isArray() ? value.valueStream().map(JsonNode::asString).collect(Collectors.joining(","))
				: value.asString();
		return text.startsWith("[") ? text.substring(1, text.length() - 1).replace(", ", ",") : text;
	}

	/** Every setting of Fanfare, by its name. */
	public Map<String, Setting> settings() {
		return this.settings;
	}

	/**
	 * The secrets among the settings: {@code Record.component}. The name of a file is
	 * none.
	 */
	public List<String> secrets() {
		return secrets(false);
	}

	/** Those secrets that {@code toString} of their record shows. */
	public List<String> shownSecrets() {
		return secrets(true);
	}

	private List<String> secrets(boolean shown) {
		List<String> secrets = new ArrayList<>();
		for (Class<?> type : this.records) {
			for (RecordComponent component : type.getRecordComponents()) {
				if (SECRET.matcher(component.getName()).matches() && !component.getType().equals(boolean.class)
						&& !component.getType().equals(File.class)
						&& (!shown || show(type, component).contains(MARKER))) {
					secrets.add(type.getSimpleName() + "." + component.getName());
				}
			}
		}
		return secrets;
	}

	private static Class<?> load(String type) {
		try {
			return Class.forName(type);
		}
		catch (ClassNotFoundException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String show(Class<?> type, RecordComponent secret) {
		RecordComponent[] components = type.getRecordComponents();
		Class<?>[] types = new Class<?>[components.length];
		Object[] values = new Object[components.length];
		for (int i = 0; i < components.length; i++) {
			types[i] = components[i].getType();
			values[i] = value(types[i], components[i].getName().equals(secret.getName()));
		}
		try {
			Constructor<?> constructor = type.getDeclaredConstructor(types);
			constructor.setAccessible(true);
			return constructor.newInstance(values).toString();
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException("No value of " + type, ex);
		}
	}

	private static Object value(Class<?> type, boolean secret) {
		if (type.equals(List.class)) {
			return secret ? List.of("name:" + MARKER + "-secret:read") : List.of();
		}
		return switch (type.getSimpleName()) {
			case "String" -> secret ? MARKER.repeat(8) : "";
			case "Duration" -> Duration.ofSeconds(1);
			case "boolean" -> false;
			case "int" -> 1;
			default -> throw new IllegalStateException("No value of " + type);
		};
	}

}
