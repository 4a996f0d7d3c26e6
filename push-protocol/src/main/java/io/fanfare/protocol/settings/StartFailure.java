package io.fanfare.protocol.settings;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import ch.qos.logback.classic.BasicConfigurator;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Says in one line why a process does not start where nothing else knows the exception,
 * and repeats no value that may be a secret.
 */
public final class StartFailure {

	private static final int MAX_LENGTH = 500;

	/** Shorter values occur in messages by chance. */
	private static final int MIN_VALUE = 3;

	private static final String MASK = "***";

	/** Settings of the process; others in its environment are no reason. */
	private static final Pattern SETTING = Pattern.compile("(?i)(?:fanfare|spring|server|management|logging)[._].*");

	/** What may be secret, by its name as a property or as an environment variable. */
	private static final Pattern SECRET_NAME = Pattern
		.compile("(?i).*(?:pass|secret|token|key|credential|url|uri|user|cert|json).*");

	/** From the first quote to the last one: what is quoted may hold quotes itself. */
	private static final Pattern QUOTED = Pattern.compile("(['\"`\\[“]).*(['\"`\\]”])", Pattern.DOTALL);

	private static final Pattern QUOTED_NAME = Pattern
		.compile("'((?:fanfare|spring|server|management|logging)(?:\\.[a-z0-9-]{1,40}){1,8})'");

	/** In messages about certificates and keys. */
	private static final Pattern STORE = Pattern.compile("(?:key|trust) store");

	/** Exceptions whose messages repeat without quotes what they could not read. */
	private static final Set<String> REPEATING = Set.of("URISyntaxException", "MalformedURLException",
			"StreamReadException", "UnexpectedEndOfInputException", "MismatchedInputException");

	private static final Pattern VARIABLE = Pattern.compile("[A-Z0-9_]+");

	private final Map<String, String> settings;

	/**
	 * Makes one.
	 * @param settings all values as they are set, by the names under which they are set
	 */
	public StartFailure(Map<String, String> settings) {
		this.settings = settings;
	}

	/**
	 * The reason of a failure that nothing else knows: its root cause.
	 * @param failure the failure
	 * @return its class, its message without what may be a secret, and the setting whose
	 * value the message repeats, if there is one
	 */
	public String reason(Throwable failure) {
		Throwable root = chain(failure).getLast();
		String type = root.getClass().getSimpleName();
		String message = String.valueOf(root.getMessage());
		// Of Spring: it repeats the whole argument.
		if (message.startsWith("Invalid argument syntax")) {
			return "an argument begins with -- and has no name; a property is set by --name=value";
		}
		String name = origin(failure);
		String from = (name != null) ? "; look at " + name : "";
		return (root.getMessage() == null || REPEATING.contains(type)) ? type + from
				: type + ": " + masked(message) + from;
	}

	/** The setting whose name, or else whose value, a message repeats. */
	private @Nullable String origin(Throwable failure) {
		List<String> messages = chain(failure).stream().map((cause) -> String.valueOf(cause.getMessage())).toList();
		for (String message : messages) {
			Matcher property = QUOTED_NAME.matcher(message);
			if (property.find()) {
				return InvalidSettingException.named(property.group(1));
			}
		}
		String name = named((_, value) -> value.length() >= MIN_VALUE
				&& messages.stream().anyMatch((message) -> repeats(message, value)));
		if (name == null && messages.stream().anyMatch((message) -> STORE.matcher(message).find())) {
			return InvalidSettingException.named("spring.ssl.bundle.*");
		}
		return name;
	}

	private static boolean repeats(String message, String value) {
		return message.startsWith(value) || message.endsWith(value) || message.contains("'" + value + "'")
				|| message.contains("\"" + value + "\"") || message.contains("[" + value + "]");
	}

	/** Has logs written to the console where the failure is that of the logs. */
	public static void openLogs() {
		if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context
				&& !context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders().hasNext()) {
			BasicConfigurator console = new BasicConfigurator();
			console.setContext(context);
			console.configure(context);
			context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.INFO);
		}
	}

	/**
	 * In one line, without what is quoted and without values of settings that may be
	 * secret.
	 */
	private String masked(String text) {
		String masked = QUOTED.matcher(text).replaceAll("$1" + MASK + "$2");
		for (Map.Entry<String, String> setting : this.settings.entrySet()) {
			String value = setting.getValue().strip();
			if (value.length() >= MIN_VALUE && SECRET_NAME.matcher(setting.getKey()).matches()) {
				masked = masked.replace(value, MASK);
			}
		}
		String line = Secrets.mask(masked.replaceAll("\\s{0,9}[\\r\\n]\\s{0,99}", " "));
		return (line.length() > MAX_LENGTH) ? line.substring(0, MAX_LENGTH) + "…" : line;
	}

	/**
	 * Names the first setting that fits.
	 * @param fits looks at a name and a value as they are set
	 * @return the property and its environment variable, or null where none fits
	 */
	public @Nullable String named(BiPredicate<String, String> fits) {
		return this.settings.entrySet()
			.stream()
			.filter((setting) -> SETTING.matcher(setting.getKey()).matches()
					&& fits.test(setting.getKey(), setting.getValue()))
			.map((setting) -> named(setting.getKey()))
			.findFirst()
			.orElse(null);
	}

	private static String named(String name) {
		if (!VARIABLE.matcher(name).matches()) {
			return InvalidSettingException.named(name);
		}
		String property = SettingNames.all()
			.keySet()
			.stream()
			.filter((one) -> InvalidSettingException.variable(one).equals(name))
			.findFirst()
			.orElse(name.toLowerCase(Locale.ROOT).replace('_', '.'));
		return property + " (" + name + ")";
	}

	/**
	 * The stack trace without the messages, which may hold secrets.
	 * @param failure the failure
	 * @return its classes and frames
	 */
	public static String trace(Throwable failure) {
		StringBuilder text = new StringBuilder();
		for (Throwable cause : chain(failure)) {
			text.append(text.isEmpty() ? "" : "\nCaused by: ").append(cause.getClass().getName());
			for (StackTraceElement frame : cause.getStackTrace()) {
				text.append("\n\tat ").append(frame);
			}
		}
		return text.toString();
	}

	private static List<Throwable> chain(Throwable failure) {
		Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
		List<Throwable> chain = new ArrayList<>();
		for (Throwable cause = failure; cause != null && seen.add(cause); cause = cause.getCause()) {
			chain.add(cause);
		}
		return chain;
	}

}
