package io.fanfare.redis;

import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

import io.fanfare.protocol.guard.Errors;
import io.lettuce.core.RedisException;
import org.jspecify.annotations.Nullable;

/** Says in a line why Redis was not reached, without what is secret. */
public final class Failures {

	/** User name and password in front of a host; the last {@code @} counts. */
	private static final Pattern CREDENTIALS = Pattern.compile("//(?:[^/\\s\"'@]*+@)++");

	/** Redis repeats what it does not understand. */
	private static final Pattern ARGUMENTS = Pattern.compile(",? with args beginning with:.*+", Pattern.DOTALL);

	private Failures() {
	}

	/**
	 * Describes a failure by its outermost message and its root cause.
	 * @param failure the failure
	 * @return one line without credentials
	 */
	public static String describe(Throwable failure) {
		Throwable outer = failure;
		while ((outer instanceof ExecutionException || outer instanceof CompletionException)
				&& outer.getCause() != null) {
			outer = outer.getCause();
		}
		String message = outer.getMessage();
		Throwable root = outer;
		while (root.getCause() != null && root.getCause() != root) {
			root = root.getCause();
		}
		String cause = text(root);
		boolean included = message == null || message.contains(cause);
		String text = harmless((message == null) ? cause : included ? message : message + ": " + cause);
		String tls = TlsFailure.sentence(failure);
		return (tls != null) ? tls + ": " + text : text;
	}

	/**
	 * Distinguishes what Redis, or the way to it, does to a command from what only this
	 * process can have done wrong.
	 * @param failure the failure
	 * @return whether Redis refused, did not answer or was not reached
	 */
	public static boolean isOfRedis(Throwable failure) {
		if (Errors.isFatal(failure)) {
			return false;
		}
		Throwable cause = failure;
		while ((cause instanceof ExecutionException || cause instanceof CompletionException)
				&& cause.getCause() != null) {
			cause = cause.getCause();
		}
		return switch (cause) {
			case RedisException ex -> true;
			case RedisRefusedException ex -> true;
			case RedisUnavailableException ex -> true;
			case UnfitRedisException ex -> true;
			case TimeoutException ex -> true;
			case CancellationException ex -> true;
			case IOException ex -> true;
			default -> false;
		};
	}

	private static String text(Throwable failure) {
		String message = failure.getMessage();
		return (message != null) ? message : failure.getClass().getSimpleName();
	}

	/** A message without line ends, credentials, and what a command was given. */
	static String harmless(@Nullable String message) {
		String line = String.valueOf(message).replaceAll("\\s++", " ").strip();
		return ARGUMENTS.matcher(CREDENTIALS.matcher(line).replaceAll("//")).replaceAll("");
	}

}
