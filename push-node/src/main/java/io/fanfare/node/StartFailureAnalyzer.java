package io.fanfare.node;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.fanfare.protocol.redis.UnfitRedisException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.convert.ConversionException;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/**
 * Says at start, in one line and without a stack trace, which setting of the node is
 * wrong, by its name and its environment variable, or why it must not use its Redis.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class StartFailureAnalyzer implements FailureAnalyzer {

	/** What the node's own settings say of themselves begins with their name. */
	private static final String PROPERTY = "fanfare\\.[a-z.-]+[a-z]";

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof UnfitRedisException) {
				return new FailureAnalysis(cause.getMessage(), "Correct it, or name another Redis (FANFARE_REDIS_URL)"
						+ " or another prefix of keys (FANFARE_REDIS_PREFIX).", failure);
			}
			if (cause instanceof BindException bind) {
				String reason = reason(bind);
				return (reason != null) ? new FailureAnalysis("A setting is wrong: " + reason,
						"Correct the setting and start again.", failure) : null;
			}
		}
		return null;
	}

	private static @Nullable String reason(BindException bind) {
		Throwable root = bind;
		while (root.getCause() != null) {
			root = root.getCause();
		}
		if (root instanceof BindValidationException invalid) {
			return reasons(invalid);
		}
		String message = String.valueOf(root.getMessage());
		String property = message.split(" ", 2)[0];
		if (root instanceof IllegalArgumentException && property.matches(PROPERTY)) {
			String named = named(property);
			return message.startsWith(named) ? message : message.replace(property, named);
		}
		String bound = bind.getName().toString();
		return (bind.getCause() instanceof ConversionException && bound.matches(PROPERTY))
				? named(bound) + " is no " + bind.getTarget().getType().toClass().getSimpleName() + ": " + message
				: null;
	}

	private static String reasons(BindValidationException invalid) {
		String prefix = String.valueOf(invalid.getValidationErrors().getName());
		List<String> reasons = new ArrayList<>();
		for (ObjectError error : invalid.getValidationErrors()) {
			String name = (error instanceof FieldError field) ? prefix + "." + dashed(field.getField()) : prefix;
			reasons.add(named(name) + " " + error.getDefaultMessage());
		}
		return String.join("; ", reasons);
	}

	private static String dashed(String field) {
		return field.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
	}

	private static String named(String property) {
		return property + " (" + property.replace('.', '_').replace("-", "").toUpperCase(Locale.ROOT) + ")";
	}

}
