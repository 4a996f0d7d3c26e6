package io.fanfare.api.settings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

import io.fanfare.protocol.redis.UnfitRedisException;
import io.fanfare.protocol.settings.InvalidSettingException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.util.PlaceholderResolutionException;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * Says at start what is wrong with a setting: its name, its environment variable and the
 * reason, in one line and without a stack trace. What was set is left out unless it is a
 * number, a time or a size: anything else may be a secret. Also says why the process must
 * not use the Redis that it was told, and whose port is taken.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class SettingFailureAnalyzer implements FailureAnalyzer {

	/** What a settings record says of itself may begin with the setting's name. */
	private static final String PROPERTY = "fanfare\\.[a-z.-]+[a-z]";

	private static final List<String> PORTS = List.of("fanfare.api.port", "fanfare.control.port");

	private final Environment environment;

	SettingFailureAnalyzer(Environment environment) {
		this.environment = environment;
	}

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		BindException bind = null;
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
				case PlaceholderResolutionException _ -> {
					return wrong("one holds a placeholder, ${...}, that names no setting", failure);
				}
				case MarkedYAMLException invalid -> {
					return wrong("a configuration file is no YAML" + place(invalid.getProblemMark()), failure);
				}
				case BindException found -> bind = found;
				default -> {
					// What it is caused by says more.
				}
			}
		}
		return (bind != null) ? wrong(reason(bind), failure) : null;
	}

	private static FailureAnalysis wrong(String reason, Throwable failure) {
		return new FailureAnalysis("A setting is wrong: " + reason, null, failure);
	}

	private static String place(@Nullable Mark mark) {
		return (mark != null) ? ", line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1) : "";
	}

	private String taken(int port) {
		String names = PORTS.stream()
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
			default -> "a value of type " + type.getSimpleName();
		};
	}

	private static String dashed(String field) {
		return field.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
	}

}
