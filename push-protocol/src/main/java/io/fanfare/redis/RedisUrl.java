package io.fanfare.redis;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

import io.fanfare.protocol.settings.EarlySettings;
import org.jspecify.annotations.Nullable;

/**
 * Where Redis is: the URL, into which what is set by itself is put. A separate setting
 * wins over its part of the URL; one that is empty counts as not set.
 */
public final class RedisUrl {

	/** What Boot reads, and what is set in the end. */
	public static final String BOOT = "spring.data.redis.url";

	/** The project's own name for it, used where the other is not set. */
	public static final String OWN = "fanfare.redis.url";

	private static final String PREFIX = "spring.data.redis.";

	private static final String PORT = PREFIX + "port";

	private static final String DATABASE = PREFIX + "database";

	private static final List<String> SCHEMES = List.of("redis", "rediss");

	private RedisUrl() {
	}

	/**
	 * Makes one URL of all settings.
	 * @param environment the value of a setting, or null where it is not set
	 * @return the URL, which may hold a password, or null where none is set
	 * @throws UnfitRedisException if a setting is wrong; its value is not repeated
	 */
	public static @Nullable String merge(UnaryOperator<@Nullable String> environment) {
		UnaryOperator<@Nullable String> settings = EarlySettings.resolving(environment);
		String name = BOOT;
		String url = value(settings, BOOT);
		if (url == null) {
			name = OWN;
			url = value(settings, OWN);
		}
		if (url == null) {
			return null;
		}
		URI uri = parse(name, url);
		String[] credentials = credentials(uri.getUserInfo());
		String username = or(value(settings, PREFIX + "username"), credentials[0]);
		String password = or(value(settings, PREFIX + "password"), credentials[1]);
		String host = or(value(settings, PREFIX + "host"), uri.getHost());
		String port = or(value(settings, PORT), (uri.getPort() < 0) ? "6379" : "" + uri.getPort());
		String path = uri.getPath();
		String database = or(value(settings, DATABASE), (path.length() > 1) ? path.substring(1) : "0");
		String ssl = value(settings, PREFIX + "ssl.enabled");
		String scheme = (ssl == null) ? uri.getScheme() : Boolean.parseBoolean(ssl) ? "rediss" : "redis";
		String user = (username.isEmpty() && password.isEmpty()) ? null : username + ":" + password;
		try {
			return new URI(scheme, user, host, number(separateOr(settings, PORT, name), port, 65_535),
					"/" + number(separateOr(settings, DATABASE, name), database, Integer.MAX_VALUE), null, null)
				.toString();
		}
		catch (URISyntaxException ex) {
			throw wrong(PREFIX + "host", "is no host name or address");
		}
	}

	private static URI parse(String name, String url) {
		try {
			URI uri = new URI(url);
			if (uri.getHost() == null || !SCHEMES.contains(uri.getScheme())) {
				throw wrong(name, "must be a URL such as redis://localhost:6379");
			}
			return uri;
		}
		catch (URISyntaxException ex) {
			throw wrong(name, "is no URL: " + ex.getReason());
		}
	}

	/** User name and password, each empty where there is none. */
	private static String[] credentials(@Nullable String userInfo) {
		String given = (userInfo != null) ? userInfo : "";
		int colon = given.indexOf(':');
		return (colon < 0) ? new String[] { "", given }
				: new String[] { given.substring(0, colon), given.substring(colon + 1) };
	}

	private static @Nullable String value(UnaryOperator<@Nullable String> settings, String name) {
		String value = settings.apply(name);
		return (value == null || value.isBlank()) ? null : value;
	}

	private static String or(@Nullable String value, String otherwise) {
		return (value != null) ? value : otherwise;
	}

	/** Which setting a part of the URL comes from. */
	private static String separateOr(UnaryOperator<@Nullable String> settings, String separate, String url) {
		return (value(settings, separate) != null) ? separate : url;
	}

	private static int number(String name, String text, int max) {
		try {
			int number = Integer.parseInt(text.strip());
			if (number >= 0 && number <= max) {
				return number;
			}
		}
		catch (NumberFormatException ex) {
			// Refused below, as one that is out of range.
		}
		throw wrong(name, "must hold a number from 0 to " + max);
	}

	private static UnfitRedisException wrong(String property, String reason) {
		String variable = property.replace('.', '_').toUpperCase(Locale.ROOT);
		return new UnfitRedisException(property + " (" + variable + ") " + reason);
	}

}
