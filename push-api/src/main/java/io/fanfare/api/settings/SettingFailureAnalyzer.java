package io.fanfare.api.settings;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.redis.UnfitRedisException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/**
 * Says at start what is wrong with a setting: its name, its environment variable and the
 * reason, without a stack trace. Values are left out, for they may be secrets. Also says
 * why the API must not use the Redis that it was told.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class SettingFailureAnalyzer implements FailureAnalyzer {

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		BindException bind = null;
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof InvalidSettingException) {
				return analysis(List.of(String.valueOf(cause.getMessage())), failure);
			}
			if (cause instanceof UnfitRedisException) {
				return new FailureAnalysis(cause.getMessage(), "Correct it, or name another Redis (FANFARE_REDIS_URL)"
						+ " or another prefix of keys (FANFARE_REDIS_PREFIX).", failure);
			}
			if (cause instanceof BindValidationException invalid) {
				return analysis(reasons(invalid), failure);
			}
			if (cause instanceof BindException found) {
				bind = found;
			}
		}
		return (bind != null) ? analysis(List.of(reason(bind)), failure) : null;
	}

	private static List<String> reasons(BindValidationException invalid) {
		List<String> reasons = new ArrayList<>();
		for (ObjectError error : invalid.getValidationErrors()) {
			String prefix = String.valueOf(invalid.getValidationErrors().getName());
			String name = (error instanceof FieldError field) ? prefix + "." + dashed(field.getField()) : prefix;
			reasons.add(new InvalidSettingException(name, String.valueOf(error.getDefaultMessage())).getMessage());
		}
		return reasons;
	}

	private static String reason(BindException bind) {
		Throwable root = bind;
		while (root.getCause() != null) {
			root = root.getCause();
		}
		return String.valueOf(new InvalidSettingException(bind.getName().toString(),
				"is no " + bind.getTarget().getType().toClass().getSimpleName() + ": " + root.getMessage())
			.getMessage());
	}

	private static String dashed(String field) {
		return field.replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
	}

	private static FailureAnalysis analysis(List<String> reasons, Throwable failure) {
		return new FailureAnalysis("A setting is wrong: " + String.join("; ", reasons),
				"Correct the setting and start again.", failure);
	}

}
