package io.fanfare.protocol.settings;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

import javax.xml.parsers.ParserConfigurationException;
import javax.xml.parsers.SAXParserFactory;

import org.jspecify.annotations.Nullable;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/**
 * Looks at settings before they are bound: at those that Boot's own stand on, on which it
 * would fail in its own words, at durations without a unit, which it would take for
 * milliseconds, and at signing secrets that everyone knows.
 */
public final class EarlySettings {

	private static final String REDIS = "fanfare.redis.url";

	private static final List<String> REDIS_SCHEMES = List.of("redis", "rediss");

	private static final String SENTINELS = "spring.data.redis.sentinel.nodes";

	private static final String SENTINEL_MASTER = "spring.data.redis.sentinel.master";

	private static final String CLUSTER = "spring.data.redis.cluster.nodes";

	private static final String REPLICAS = "spring.data.redis.masterreplica.nodes";

	private static final String CLIENT = "spring.data.redis.client-type";

	private static final String LETTUCE = "lettuce";

	private static final String LOG_CONFIGURATION = "logging.config";

	private static final String LOG_FILE = "logging.file.name";

	private static final List<String> LOG_FORMATS = List.of("logging.structured.format.console",
			"logging.structured.format.file");

	private static final List<String> FORMATS = List.of("ecs", "gelf", "logstash");

	private static final List<String> KEY_LISTS = List.of("fanfare.stream.jwt.keys", "fanfare.api.jwt.keys");

	/** More keys are refused later. */
	private static final int MAX_KEYS = 16;

	private static final int MAX_PORT = 65_535;

	private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9]{1,30}");

	private static final Pattern ZERO = Pattern.compile("[+-]?0{1,30}");

	private static final Pattern SENTINEL = Pattern.compile("(\\[[0-9a-fA-F:.]++]|[^\\s:\\[\\]]++):([0-9]{1,5})");

	private EarlySettings() {
	}

	/**
	 * Looks at the settings.
	 * @param settings the value of a setting, or null where it is not set
	 * @param ports the ports that the process binds
	 * @param addresses the addresses that it binds them to
	 * @throws InvalidSettingException if one is wrong; its value is not repeated
	 */
	public static void check(UnaryOperator<@Nullable String> settings, List<String> ports, List<String> addresses) {
		checkAll(resolving(settings), ports, addresses);
	}

	/**
	 * Guards a look-up against values with a placeholder that names no setting: the
	 * exception for these repeats the value, which may be a secret.
	 * @param settings the value of a setting, or null where it is not set
	 * @return the same, which throws an {@link InvalidSettingException} for such a value
	 */
	public static UnaryOperator<@Nullable String> resolving(UnaryOperator<@Nullable String> settings) {
		return (property) -> {
			try {
				return settings.apply(property);
			}
			catch (IllegalArgumentException ex) {
				throw new InvalidSettingException(property, "holds a placeholder, ${...}, that names no setting");
			}
		};
	}

	private static void checkAll(UnaryOperator<@Nullable String> settings, List<String> ports, List<String> addresses) {
		ports.forEach((property) -> checkPort(property, settings.apply(property)));
		addresses.forEach((property) -> checkAddress(property, settings.apply(property)));
		checkDistinct(settings, ports);
		checkRedis(settings.apply(REDIS));
		checkSigningSecrets(settings);
		checkSentinels(settings);
		checkLogs(settings);
		SettingNames.all().forEach((property, kind) -> {
			if (kind == SettingNames.Kind.DURATION) {
				checkUnit(property, settings.apply(property));
			}
		});
	}

	private static void checkPort(String property, @Nullable String text) {
		if (text != null && !text.isBlank()
				&& (!text.strip().matches("[0-9]{1,5}") || Integer.parseInt(text.strip()) > MAX_PORT)) {
			throw new InvalidSettingException(property, "must be a port from 0 to 65535");
		}
	}

	private static void checkAddress(String property, @Nullable String text) {
		InvalidSettingException.require(text == null || isOfThisMachine(text), property,
				"must be an address of this machine");
	}

	/**
	 * Whether this machine can listen on an address.
	 * @param address the address or host name; blank stands for none, which is all
	 * @return whether it can
	 */
	public static boolean isOfThisMachine(String address) {
		if (address.isBlank()) {
			return true;
		}
		try {
			new ServerSocket(0, 1, InetAddress.getByName(address.strip())).close();
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/** Two ports may have one number only on addresses that differ. */
	private static void checkDistinct(UnaryOperator<@Nullable String> settings, List<String> ports) {
		for (String property : ports) {
			for (String other : ports.subList(0, ports.indexOf(property))) {
				int port = port(settings.apply(property));
				InvalidSettingException.require(
						port == 0 || port != port(settings.apply(other))
								|| !overlap(address(settings, property), address(settings, other)),
						property, "must not be the port of " + InvalidSettingException.named(other));
			}
		}
	}

	private static int port(@Nullable String text) {
		return (text == null || text.isBlank()) ? 0 : Integer.parseInt(text.strip());
	}

	private static String address(UnaryOperator<@Nullable String> settings, String port) {
		return set(settings, port.replace(".port", ".address"), "");
	}

	private static boolean overlap(String one, String other) {
		try {
			InetAddress address = InetAddress.getByName(one);
			return one.isEmpty() || other.isEmpty() || address.isAnyLocalAddress()
					|| InetAddress.getByName(other).isAnyLocalAddress() || address.equals(InetAddress.getByName(other));
		}
		catch (UnknownHostException ex) {
			return false;
		}
	}

	/** The URL may hold a password, so it is not repeated. */
	private static void checkRedis(@Nullable String text) {
		try {
			if (text != null && !text.isBlank()) {
				URI uri = new URI(text);
				if (uri.getHost() == null || !REDIS_SCHEMES.contains(uri.getScheme())) {
					throw new InvalidSettingException(REDIS, "must be a URL such as redis://localhost:6379");
				}
			}
		}
		catch (URISyntaxException ex) {
			throw new InvalidSettingException(REDIS, "is no URL: " + ex.getReason());
		}
	}

	private static void checkSigningSecrets(UnaryOperator<@Nullable String> settings) {
		checkSigningSecret(settings, SigningSecret.PROPERTY);
		for (String list : KEY_LISTS) {
			for (int i = 0; i < MAX_KEYS; i++) {
				checkSigningSecret(settings, list + "[" + i + "].secret");
			}
		}
	}

	private static void checkSigningSecret(UnaryOperator<@Nullable String> settings, String property) {
		String secret = settings.apply(property);
		if (secret != null) {
			DevelopmentSecrets.check(property, secret, settings.apply(DevelopmentSecrets.PROPERTY));
		}
	}

	private static void checkSentinels(UnaryOperator<@Nullable String> settings) {
		for (String property : List.of(CLUSTER, REPLICAS)) {
			InvalidSettingException.require(!isSet(settings, property), property,
					"must not be set: Fanfare needs one Redis, or one behind Sentinel");
		}
		InvalidSettingException.require(LETTUCE.equalsIgnoreCase(set(settings, CLIENT, LETTUCE)), CLIENT,
				"must be " + LETTUCE);
		String text = settings.apply(SENTINELS);
		if (text != null && !text.isBlank()) {
			for (String node : text.split(",", -1)) {
				InvalidSettingException.require(SENTINEL.matcher(node.strip()).matches(), SENTINELS,
						"must name sentinels such as sentinel-1:26379,sentinel-2:26379");
			}
		}
		InvalidSettingException.require(!isSet(settings, SENTINELS) || isSet(settings, SENTINEL_MASTER),
				SENTINEL_MASTER, "must be set beside " + SENTINELS);
	}

	/** Without its logs, Boot fails in many lines, or does not say why. */
	private static void checkLogs(UnaryOperator<@Nullable String> settings) {
		String configuration = set(settings, LOG_CONFIGURATION, "").replaceFirst("^file:(//)?", "");
		// In an address of a file, what is encoded is left to Boot.
		if (!configuration.isEmpty() && !configuration.contains(":") && !configuration.contains("%")) {
			Path file = path(LOG_CONFIGURATION, configuration);
			InvalidSettingException.require(!Files.isDirectory(file) && Files.isReadable(file), LOG_CONFIGURATION,
					"must name a file that can be read");
			InvalidSettingException.require(!configuration.endsWith(".xml") || isXml(file), LOG_CONFIGURATION,
					"must name a file that is well-formed XML");
		}
		for (String property : LOG_FORMATS) {
			String format = set(settings, property, FORMATS.getFirst());
			InvalidSettingException.require(FORMATS.contains(format.toLowerCase(Locale.ROOT)) || isClass(format),
					property, "must be one of " + String.join(", ", FORMATS) + ", or a class");
		}
		String name = set(settings, LOG_FILE, "");
		InvalidSettingException.require(name.isEmpty() || isWritable(path(LOG_FILE, name).toAbsolutePath()), LOG_FILE,
				"must name a file that can be written");
	}

	private static boolean isXml(Path file) {
		try {
			SAXParserFactory.newInstance().newSAXParser().parse(file.toFile(), new DefaultHandler());
			return true;
		}
		catch (IOException | SAXException | ParserConfigurationException ex) {
			return false;
		}
	}

	private static Path path(String property, String text) {
		try {
			return Path.of(text);
		}
		catch (InvalidPathException ex) {
			throw new InvalidSettingException(property, "must name a file");
		}
	}

	/** Makes the directory of a new file, as Logback does. */
	private static boolean isWritable(Path file) {
		Path directory = file.getParent();
		try {
			return Files.exists(file) ? !Files.isDirectory(file) && Files.isWritable(file)
					: directory != null && Files.isWritable(Files.createDirectories(directory));
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static boolean isClass(String name) {
		try {
			Class.forName(name, false, Thread.currentThread().getContextClassLoader());
			return true;
		}
		catch (ClassNotFoundException ex) {
			return false;
		}
	}

	private static String set(UnaryOperator<@Nullable String> settings, String property, String otherwise) {
		String text = settings.apply(property);
		return (text == null || text.isBlank()) ? otherwise : text.strip();
	}

	/** As a whole, or as a list's first element. */
	private static boolean isSet(UnaryOperator<@Nullable String> settings, String property) {
		return !(set(settings, property, "") + set(settings, property + "[0]", "")).isEmpty();
	}

	private static void checkUnit(String property, @Nullable String text) {
		if (text != null && NUMBER.matcher(text.strip()).matches() && !ZERO.matcher(text.strip()).matches()) {
			throw new InvalidSettingException(property, "needs a unit, such as 15s or 500ms");
		}
	}

}
