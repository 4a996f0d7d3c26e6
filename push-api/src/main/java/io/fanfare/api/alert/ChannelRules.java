package io.fanfare.api.alert;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

import io.fanfare.protocol.settings.InvalidSettingException;
import org.jspecify.annotations.Nullable;

/** What settings of channels must be like. What is null or empty is absent. */
final class ChannelRules {

	private static final String PREFIX = "fanfare.alerts.";

	private static final String SECRET_PREFIX = "whsec_";

	/** As Standard Webhooks have it, in bytes. */
	private static final int MIN_SECRET = 24;

	private static final int MAX_SECRET = 64;

	private ChannelRules() {
	}

	/**
	 * Looks at a webhook.
	 * @throws InvalidSettingException if it cannot work
	 */
	static void check(AlertSettings.Webhook webhook) {
		String url = present(webhook.url());
		if (url != null) {
			address("webhook.url", url);
		}
		String secret = present(webhook.secret());
		if (secret != null) {
			secret(secret);
			require(url != null, "webhook.secret", "has no effect without " + PREFIX + "webhook.url");
		}
	}

	/**
	 * Looks at mail.
	 * @throws InvalidSettingException if it cannot work
	 */
	static void check(AlertSettings.Mail mail) {
		List<String> to = recipients(mail);
		to.forEach((one) -> require(isAddress(one), "mail.to", "must be addresses such as operators@example.com"));
		String from = present(mail.from());
		require((from != null) ? isAddress(from) : to.isEmpty(), "mail.from",
				"must be an address such as fanfare@example.com where " + PREFIX + "mail.to is set");
		require(from == null || !to.isEmpty(), "mail.from", "has no effect without " + PREFIX + "mail.to");
	}

	/**
	 * Looks at a robot.
	 * @throws InvalidSettingException if it cannot work
	 */
	static void check(AlertSettings.DingTalk robot) {
		require(address("dingtalk.url", robot.url()).getRawQuery() == null, "dingtalk.url",
				"must have no query: the token belongs into " + PREFIX + "dingtalk.token");
		String token = present(robot.token());
		require(token == null || token.chars().allMatch((one) -> one > ' ' && one < 127), "dingtalk.token",
				"must be the access_token in the address of the robot");
		require(token != null || present(robot.secret()) == null, "dingtalk.secret",
				"has no effect without " + PREFIX + "dingtalk.token");
	}

	/** The addresses that mail is sent to. */
	static List<String> recipients(AlertSettings.Mail mail) {
		return mail.to().stream().filter((one) -> !one.isBlank()).map(String::strip).toList();
	}

	/**
	 * What no mail server would take ends the start; the rest is for the server to say.
	 */
	private static boolean isAddress(String text) {
		int at = text.indexOf('@');
		return at > 0 && at == text.lastIndexOf('@') && at < text.length() - 1
				&& text.chars().allMatch((one) -> one > ' ' && one != ',' && one != ';' && one != '<' && one != '>');
	}

	/**
	 * Reads the address of a channel.
	 * @param property its setting
	 * @param text the address
	 * @return the address
	 * @throws InvalidSettingException if nothing can be posted there
	 */
	static URI address(String property, String text) {
		try {
			URI uri = new URI(text);
			String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
			require((scheme.equals("http") || scheme.equals("https")) && uri.getHost() != null
					&& uri.getRawUserInfo() == null && uri.getRawFragment() == null, property,
					"must be a URL with http or https, without user and fragment");
			return uri;
		}
		catch (URISyntaxException ex) {
			throw new InvalidSettingException(PREFIX + property, "is no URL");
		}
	}

	/**
	 * Reads the secret of a webhook.
	 * @param text {@code whsec_} and Base64
	 * @return the secret
	 * @throws InvalidSettingException if it is none
	 */
	static byte[] secret(String text) {
		byte[] secret = new byte[0];
		try {
			if (text.startsWith(SECRET_PREFIX)) {
				secret = Base64.getDecoder().decode(text.substring(SECRET_PREFIX.length()));
			}
		}
		catch (IllegalArgumentException ex) {
			// As if it were too short
		}
		require(secret.length >= MIN_SECRET && secret.length <= MAX_SECRET, "webhook.secret",
				"must be whsec_ and the Base64 of 24 to 64 bytes");
		return secret;
	}

	static @Nullable String present(@Nullable String text) {
		return (text != null && !text.isBlank()) ? text.strip() : null;
	}

	private static void require(boolean fits, String property, String reason) {
		InvalidSettingException.require(fits, PREFIX + property, reason);
	}

}
