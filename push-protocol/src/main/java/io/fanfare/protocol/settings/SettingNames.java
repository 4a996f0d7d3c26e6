package io.fanfare.protocol.settings;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * The names of all settings, of nodes, API and local cluster together, since one
 * environment or file may serve all of them. A name that is none is refused with the
 * nearest one: Boot would ignore it.
 */
public final class SettingNames {

	private static final String RESOURCE = "names.txt";

	private static final String PREFIX = "fanfare.";

	/** An argument that was meant to set a property, up to its value. */
	private static final Pattern ARGUMENT = Pattern.compile(
			"((?:-D?)?((?:fanfare|spring|server|management|logging)\\.[A-Za-z0-9.\\[\\]_-]{1,100}))(?:=.*)?",
			Pattern.DOTALL);

	private static final String VARIABLE_PREFIX = "FANFARE_";

	/** How the list names what an element of a setting has. */
	private static final String FIRST_ELEMENT = "[0].";

	/** In how many characters a misspelt name differs from the one that was meant. */
	private static final int TYPO = 2;

	/**
	 * What Kubernetes sets for each Service of a namespace, and Docker for each link, by
	 * names that no setting has.
	 */
	private static final Pattern SERVICE_LINK = Pattern.compile(
			"FANFARE_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?|ENV_.+)");

	/** And by names that settings may have, distinguished by their values. */
	private static final Pattern LINKED_PORT = Pattern.compile("FANFARE_(.+_)?PORT");

	private static final Pattern PORT_ADDRESS = Pattern.compile("(tcp|udp|sctp)://.*");

	private static final Pattern LINKED_NAME = Pattern.compile("FANFARE_(.+_)?NAME");

	/**
	 * By these others call where Fanfare is ({@code FANFARE_API_URL}): an unknown
	 * variable is refused only where a single character is wrong.
	 */
	private static final Set<String> AMBIGUOUS_GROUPS = Set.of("fanfare.api", "fanfare.node");

	private static final Map<String, Kind> KINDS = read();

	/** By the name without what Boot overlooks in files and arguments. */
	private static final Set<String> UNIFORM = KINDS.keySet()
		.stream()
		.map(SettingNames::uniform)
		.collect(Collectors.toUnmodifiableSet());

	private static final Set<String> VARIABLES = variables();

	/** What comes before the last dot: {@code fanfare.stream}. */
	private static final Set<String> GROUPS = KINDS.keySet()
		.stream()
		.map((name) -> name.substring(0, name.lastIndexOf('.')))
		.filter((group) -> group.indexOf('.') > 0)
		.collect(Collectors.toUnmodifiableSet());

	private SettingNames() {
	}

	/** What a setting's value is, as far as it is looked at before it is bound. */
	public enum Kind {

		/** A time with its unit. */
		DURATION,

		/** Anything else. */
		OTHER

	}

	/** Where a name was found. */
	public enum Origin {

		/** The environment, in which others may use the same prefix. */
		ENVIRONMENT,

		/** Properties of the JVM, in which others may use the same prefix. */
		SYSTEM,

		/** A configuration file or an argument. */
		FILE

	}

	/**
	 * All settings.
	 * @return their kinds by their names
	 */
	public static Map<String, Kind> all() {
		return KINDS;
	}

	/**
	 * Looks at a name.
	 * @param name the name of a property or an environment variable
	 * @param origin where it was found
	 * @return what is wrong with it in a place that others use as well, or null
	 * @throws InvalidSettingException if it is none, and was meant to be one
	 */
	public static @Nullable String check(String name, Origin origin) {
		if (origin == Origin.ENVIRONMENT && name.indexOf('.') < 0) {
			return checkVariable(name.toUpperCase(Locale.ROOT));
		}
		String whole = name.replaceAll("\\[\\d+]$", "").replaceAll("\\[\\d+]\\.", FIRST_ELEMENT);
		if (!whole.toLowerCase(Locale.ROOT).startsWith(PREFIX) || UNIFORM.contains(uniform(whole))) {
			return null;
		}
		// Behind another character, as in name:value, a value may follow.
		String plain = whole.replaceFirst("[^A-Za-z0-9._\\[\\]-].*", "");
		boolean shared = origin != Origin.FILE && GROUPS.stream().noneMatch((group) -> within(plain, group));
		String nearest = nearest(plain, KINDS.keySet());
		String reason = (plain.equals(whole) ? "is no setting" : "is followed by what no name of a setting holds")
				+ "; the nearest is " + InvalidSettingException.named(nearest);
		if (shared && distance(uniform(plain), uniform(nearest)) > TYPO) {
			// It is not known what else a JVM was given under this prefix.
			return (origin != Origin.SYSTEM) ? plain + " " + reason : null;
		}
		throw new InvalidSettingException(plain, reason);
	}

	/**
	 * Looks at an argument that does not begin with two dashes: Boot sets nothing by it.
	 * @param argument the argument
	 * @throws InvalidSettingException if it was meant to set something; its value is not
	 * repeated
	 */
	public static void checkArgument(String argument) {
		Matcher setting = ARGUMENT.matcher(argument);
		if (setting.matches()) {
			throw new InvalidSettingException("the argument " + setting.group(1)
					+ " does not begin with --; a property is set by --" + setting.group(2) + "=...");
		}
		if (argument.indexOf('=') >= 0) {
			throw new InvalidSettingException(
					"an argument with = does not begin with --; a property is set by --name=value");
		}
	}

	/**
	 * Whether Kubernetes or Docker set a variable for a Service or a link. Some of these
	 * have the name of a setting, such as {@code FANFARE_API_PORT}, and are none.
	 * @param name the name of an environment variable
	 * @param value its value
	 * @return whether it is one of them
	 */
	public static boolean isServiceLink(String name, @Nullable Object value) {
		String plain = name.toUpperCase(Locale.ROOT);
		String text = String.valueOf(value);
		return SERVICE_LINK.matcher(plain).matches()
				|| LINKED_PORT.matcher(plain).matches() && PORT_ADDRESS.matcher(text).matches()
				|| LINKED_NAME.matcher(plain).matches() && text.startsWith("/");
	}

	private static @Nullable String checkVariable(String name) {
		String plain = name.replaceAll("_\\d+_?$", "").replaceAll("_\\d+_", "_0_");
		if (!name.startsWith(VARIABLE_PREFIX) || VARIABLES.contains(name) || VARIABLES.contains(plain)
				|| SERVICE_LINK.matcher(name).matches()) {
			return null;
		}
		String nearest = nearest(name, VARIABLES);
		String property = KINDS.keySet()
			.stream()
			.filter((one) -> forms(one).contains(nearest))
			.findFirst()
			.orElseThrow();
		String line = name + " is no setting; the nearest is " + InvalidSettingException.named(property);
		int distance = distance(uniform(name), uniform(nearest));
		if (isOf(AMBIGUOUS_GROUPS, name) ? distance <= 1 : distance <= TYPO || isOf(GROUPS, name)) {
			throw new InvalidSettingException(line);
		}
		return line;
	}

	private static boolean isOf(Set<String> groups, String variable) {
		return groups.stream().anyMatch((group) -> variable.startsWith(InvalidSettingException.variable(group) + "_"));
	}

	private static boolean within(String name, String group) {
		return uniform(name).startsWith(uniform(group) + ".");
	}

	/** What Boot compares: capitals, dashes and underscores do not count. */
	private static String uniform(String name) {
		return name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
	}

	private static Set<String> variables() {
		return KINDS.keySet()
			.stream()
			.flatMap((name) -> forms(name).stream())
			.collect(Collectors.toCollection(LinkedHashSet::new));
	}

	/** Both forms that Boot reads. */
	private static List<String> forms(String name) {
		return List.of(InvalidSettingException.variable(name),
				name.replace(FIRST_ELEMENT, ".0.").replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT));
	}

	/**
	 * The one that differs least, by its last part before all else: a setting is looked
	 * for under a wrong prefix more often than under a wrong name.
	 */
	private static String nearest(String name, Set<String> candidates) {
		String best = "";
		int least = Integer.MAX_VALUE;
		for (String candidate : candidates) {
			int whole = distance(uniform(name), uniform(candidate));
			int distance = Math.min(whole, 2 + distance(last(name), last(candidate)) + (whole > 0 ? 1 : 0));
			if (uniform(candidate).startsWith(uniform(name))) {
				distance = Math.min(distance, TYPO);
			}
			if (distance < least) {
				least = distance;
				best = candidate;
			}
		}
		return best;
	}

	/** What is behind the group. */
	private static String last(String name) {
		char separator = (name.indexOf('.') < 0) ? '_' : '.';
		int second = name.indexOf(separator, name.indexOf(separator) + 1);
		return uniform(name.substring(Math.max(second, name.indexOf(separator)) + 1));
	}

	/** Levenshtein's, in two rows. */
	private static int distance(String one, String other) {
		int[] above = new int[other.length() + 1];
		for (int column = 0; column < above.length; column++) {
			above[column] = column;
		}
		for (int row = 1; row <= one.length(); row++) {
			int[] present = new int[above.length];
			present[0] = row;
			for (int column = 1; column < above.length; column++) {
				int replaced = above[column - 1] + ((one.charAt(row - 1) == other.charAt(column - 1)) ? 0 : 1);
				present[column] = Math.min(replaced, 1 + Math.min(above[column], present[column - 1]));
			}
			above = present;
		}
		return above[other.length()];
	}

	private static Map<String, Kind> read() {
		try (InputStream stream = SettingNames.class.getResourceAsStream(RESOURCE)) {
			if (stream == null) {
				throw new IllegalStateException(RESOURCE + " is missing");
			}
			Map<String, Kind> kinds = new LinkedHashMap<>();
			for (String line : new String(stream.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
				if (!line.isBlank() && !line.startsWith("#")) {
					String[] words = line.strip().split("\\s+");
					kinds.put(words[0],
							(words.length > 1) ? Kind.valueOf(words[1].toUpperCase(Locale.ROOT)) : Kind.OTHER);
				}
			}
			return Collections.unmodifiableMap(kinds);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
