package io.fanfare.protocol.settings;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Looks at settings before they are bound: at those that Boot's own stand on, on which it
 * would fail in its own words, and at durations without a unit, which it would take for
 * milliseconds.
 */
public final class EarlySettings {

	private static final String REDIS = "fanfare.redis.url";

	private static final List<String> REDIS_SCHEMES = List.of("redis", "rediss");

	private static final String SENTINELS = "spring.data.redis.sentinel.nodes";

	private static final int MAX_PORT = 65_535;

	private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9]{1,30}");

	private static final Pattern ZERO = Pattern.compile("[+-]?0{1,30}");

	private static final Pattern SENTINEL = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^\\s:\\[\\]]+):([0-9]{1,5})");

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
		checkRedis(settings.apply(REDIS));
		checkSentinels(settings);
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
		try {
			if (text != null) {
				InetAddress.getByName(text);
			}
		}
		catch (UnknownHostException ex) {
			throw new InvalidSettingException(property, "must be an address of this machine");
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

	private static void checkSentinels(UnaryOperator<@Nullable String> settings) {
		String text = settings.apply(SENTINELS);
		if (text == null || text.isBlank()) {
			return;
		}
		for (String node : text.split(",", -1)) {
			InvalidSettingException.require(SENTINEL.matcher(node.strip()).matches(), SENTINELS,
					"must name sentinels such as sentinel-1:26379,sentinel-2:26379");
		}
	}

	private static void checkUnit(String property, @Nullable String text) {
		if (text != null && NUMBER.matcher(text.strip()).matches() && !ZERO.matcher(text.strip()).matches()) {
			throw new InvalidSettingException(property, "needs a unit, such as 15s or 500ms");
		}
	}

}
