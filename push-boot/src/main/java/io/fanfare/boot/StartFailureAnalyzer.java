package io.fanfare.boot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.fanfare.protocol.settings.EarlySettings;
import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.protocol.settings.StartFailure;
import io.fanfare.redis.UnfitRedisException;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

import org.springframework.boot.context.config.ConfigDataNotFoundException;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.json.JsonParseException;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.util.PlaceholderResolutionException;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/**
 * Says at start what is wrong with a setting: its name, its environment variable and the
 * reason, in one line and without a stack trace. What was set is left out unless it is a
 * number, a time or a size: anything else may be a secret. Also says why the process must
 * not use the Redis that it was given, and whose port is taken.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
public final class StartFailureAnalyzer implements FailureAnalyzer {

	/** What a settings record says of itself may begin with the setting's name. */
	private static final String PROPERTY = "fanfare\\.[a-z.-]+[a-z]";

	private static final String LOCATIONS = Stream
		.of("spring.config.location", "spring.config.additional-location", "spring.config.import")
		.map(InvalidSettingException::named)
		.collect(Collectors.joining(" or "));

	private final ConfigurableEnvironment environment;

	private final StartFailure failures;

	/**
	 * Makes an analyzer.
	 * @param environment the settings of the start that failed
	 */
	public StartFailureAnalyzer(ConfigurableEnvironment environment) {
		this.environment = environment;
		this.failures = new StartFailure(settings(environment));
	}

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		BindException bind = null;
		ConversionFailedException conversion = null;
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			switch (cause) {
				case InvalidSettingException invalid -> {
					return wrong(String.valueOf(invalid.getMessage()), failure);
				}
				case UnfitRedisException unfit -> {
					return new FailureAnalysis(unfit.getMessage(),
							"Correct it, or name another Redis"
									+ " (FANFARE_REDIS_URL) or another prefix of keys (FANFARE_REDIS_PREFIX).",
							failure);
				}
				case BindValidationException invalid -> {
					return wrong(reasons(invalid), failure);
				}
				case PortInUseException taken -> {
					return wrong(taken(taken.getPort()), failure);
				}
				case PlaceholderResolutionException unknown -> {
					return wrong(placeholder(String.valueOf(unknown.getMessage())), failure);
				}
				case MarkedYAMLException invalid -> {
					return wrong("a configuration file is no YAML" + place(invalid.getProblemMark()), failure);
				}
				case YAMLException _ -> {
					return wrong("a configuration file is no YAML", failure);
				}
				case JsonParseException _ -> {
					return wrong(InvalidSettingException.named("spring.application.json") + " is no JSON object",
							failure);
				}
				case NoSuchSslBundleException unknown -> {
					return wrong(bundle(unknown.getBundleName()), failure);
				}
				case InvalidConfigurationPropertyValueException invalid -> {
					return wrong(InvalidSettingException.named(invalid.getName())
							+ (String.valueOf(invalid.getReason()).endsWith("java.lang.Integer")
									? " must be a whole number" : " has a value that it cannot have"),
							failure);
				}
				case ConfigDataNotFoundException _ -> {
					return wrong(LOCATIONS + " names a file or directory that does not exist", failure);
				}
				case IllegalStateException unread when isUnread(unread) -> {
					return wrong(LOCATIONS + " names a file of a type that is not known: it must end in .yml, .yaml or"
							+ " .properties, or in / for a directory", failure);
				}
				case java.net.BindException unbound when isForeign(unbound) -> {
					return wrong(foreign(), failure);
				}
				case BindException found -> bind = found;
				case ConversionFailedException found -> conversion = found;
				default -> {
					// What it is caused by says more.
				}
			}
		}
		if (bind != null) {
			return wrong(reason(bind), failure);
		}
		return (conversion != null) ? wrong(reason(conversion), failure) : null;
	}

	/** All that is set, as it is set, by its names. */
	private static Map<String, String> settings(ConfigurableEnvironment environment) {
		Map<String, String> settings = new LinkedHashMap<>();
		for (PropertySource<?> source : environment.getPropertySources()) {
			if (source instanceof EnumerablePropertySource<?> names) {
				for (String name : names.getPropertyNames()) {
					settings.putIfAbsent(name, String.valueOf(source.getProperty(name)));
				}
			}
		}
		return settings;
	}

	/**
	 * Says in one line why the process does not start.
	 * @param failure the failure, which this class may not know
	 * @return the reason; never empty, and without a value that may be a secret
	 */
	String line(Throwable failure) {
		FailureAnalysis analysis = analyze(failure);
		if (analysis == null) {
			return this.failures.reason(failure);
		}
		String action = analysis.getAction();
		return analysis.getDescription() + ((action != null) ? ". " + action : "");
	}

	private static boolean isUnread(IllegalStateException failure) {
		return String.valueOf(failure.getMessage()).contains("not known to any PropertySourceLoader");
	}

	/** Not one that is denied, as ports below 1024 may be. */
	private static boolean isForeign(java.net.BindException failure) {
		return String.valueOf(failure.getMessage()).contains("assign requested address");
	}

	private String placeholder(String message) {
		String name = this.failures.named((_, value) -> value.contains("${") && message.contains(value));
		return ((name != null) ? name : "one") + " holds a placeholder, ${...}, that names no setting";
	}

	private String bundle(String bundle) {
		String name = this.failures
			.named((set, value) -> set.toLowerCase(Locale.ROOT).endsWith("bundle") && value.equals(bundle));
		return ((name != null) ? name : "one") + " must name an SSL bundle of spring.ssl.bundle.*";
	}

	private String foreign() {
		String name = this.failures.named((set, value) -> set.toLowerCase(Locale.ROOT).endsWith("address")
				&& !value.contains("${") && !EarlySettings.isOfThisMachine(value));
		return ((name != null) ? name : "one") + " must be an address of this machine";
	}

	private String reason(ConversionFailedException conversion) {
		String converted = String.valueOf(conversion.getValue());
		String name = this.failures.named((_, value) -> value.equals(converted));
		return ((name != null) ? name : "one") + " must be " + kind(conversion.getTargetType().getObjectType());
	}

	private static FailureAnalysis wrong(String reason, Throwable failure) {
		return new FailureAnalysis("A setting is wrong: " + reason, null, failure);
	}

	private static String place(@Nullable Mark mark) {
		return (mark != null) ? ", line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1) : "";
	}

	private String taken(int port) {
		String names = Listeners.all()
			.stream()
			.flatMap((listeners) -> listeners.ports().stream())
			.filter((name) -> String.valueOf(port).equals(this.environment.getProperty(name)))
			.map(InvalidSettingException::named)
			.collect(Collectors.joining(" or "));
		return (names.isEmpty() ? "a port" : names) + " is taken: another process, or another setting, has port "
				+ port;
	}

	private static String reasons(BindValidationException invalid) {
		String prefix = String.valueOf(invalid.getValidationErrors().getName());
		List<String> reasons = new ArrayList<>();
		for (ObjectError error : invalid.getValidationErrors()) {
			String name = (error instanceof FieldError field) ? prefix + "." + dashed(field.getField()) : prefix;
			reasons.add(InvalidSettingException.named(name) + " " + error.getDefaultMessage()
					+ ((error instanceof FieldError field) ? told(field.getRejectedValue()) : ""));
		}
		return String.join("; ", reasons);
	}

	private static String told(@Nullable Object value) {
		return (value instanceof Number || value instanceof Duration || value instanceof DataSize) ? ", is " + value
				: "";
	}

	private static String reason(BindException bind) {
		Throwable root = bind;
		while (root.getCause() != null) {
			root = root.getCause();
		}
		String message = String.valueOf(root.getMessage());
		String property = message.split(" ", 2)[0];
		if (root instanceof IllegalArgumentException && property.matches(PROPERTY)) {
			String named = InvalidSettingException.named(property);
			return message.startsWith(named) ? message : message.replace(property, named);
		}
		return InvalidSettingException.named(bind.getName().toString()) + " must be "
				+ kind(bind.getTarget().getType().toClass());
	}

	private static String kind(Class<?> type) {
		if (type.isEnum()) {
			return "one of " + Arrays.stream(type.getEnumConstants())
				.map((constant) -> String.valueOf(constant).toLowerCase(Locale.ROOT))
				.collect(Collectors.joining(", "));
		}
		return switch (type.getSimpleName()) {
			case "Duration" -> "a duration with its unit, such as 15s or 500ms";
			case "DataSize" -> "a size such as 64KB";
			case "int", "Integer", "long", "Long" -> "a whole number";
			case "double", "Double", "float", "Float" -> "a number";
			case "boolean", "Boolean" -> "true or false";
			case "HeapShare" -> "1% to 80% of the heap, such as 25%, or a size such as 512MB";
			default -> "a value of type " + type.getSimpleName();
		};
	}

	private static String dashed(String field) {
		return field.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
	}

}
