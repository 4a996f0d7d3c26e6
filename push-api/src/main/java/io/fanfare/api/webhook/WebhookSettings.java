package io.fanfare.api.webhook;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;

import io.fanfare.protocol.settings.InvalidSettingException;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.webhook}: where events are sent.
 *
 * @param url the address that receives each event, https unless {@code allowPrivate}.
 * None by default: none is sent
 * @param secret what they are signed with, {@code whsec_} and Base64 of 24 to 64 bytes.
 * None by default
 * @param allowPrivate whether the address may be within a private network, or this
 * machine, and without TLS. False by default
 * @param timeout how long an attempt may take. 5 s by default
 * @param attempts how often an event is tried before it is given up. The time between two
 * attempts doubles, from up to 1 s to up to 5 min. Those that are refused by a lasting
 * 4xx are given up at once. 12 by default
 */
@Validated
@ConfigurationProperties("fanfare.webhook")
record WebhookSettings(@Nullable String url, @Nullable String secret, @DefaultValue("false") boolean allowPrivate,
		@NotNull @DurationMin(millis = 100) @DurationMax(seconds = 30) @DefaultValue("5s") Duration timeout,
		@Min(1) @Max(100) @DefaultValue("12") int attempts) {

	private static final String URL = "fanfare.webhook.url";

	private static final String SECRET = "fanfare.webhook.secret";

	private static final String SECRET_PREFIX = "whsec_";

	private static final int MIN_SECRET_BYTES = 24;

	private static final int MAX_SECRET_BYTES = 64;

	private static final int MAX_PORT = 65_535;

	WebhookSettings {
		url = (url == null || url.isEmpty()) ? null : url;
		secret = (secret == null || secret.isEmpty()) ? null : secret;
		if (secret != null) {
			int length = keyLength(secret);
			InvalidSettingException.require(length >= MIN_SECRET_BYTES && length <= MAX_SECRET_BYTES, SECRET,
					"must be whsec_ and Base64 of " + MIN_SECRET_BYTES + " to " + MAX_SECRET_BYTES + " bytes");
		}
		if (url != null) {
			check(url, allowPrivate);
			InvalidSettingException.require(secret != null, SECRET,
					"is missing: " + InvalidSettingException.named(URL) + " needs it");
		}
	}

	private static void check(String url, boolean allowPrivate) {
		try {
			URI uri = new URI(url);
			String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
			InvalidSettingException.require(uri.getHost() != null
					&& uri.getRawUserInfo() == null && uri.getRawFragment() == null && uri.getPort() != 0
					&& uri.getPort() <= MAX_PORT && (scheme.equals("https") || (scheme.equals("http") && allowPrivate)),
					URL,
					"must be a URL with https, or with http where "
							+ InvalidSettingException.named("fanfare.webhook.allow-private")
							+ " is true, without user and fragment, with a port of 1 to " + MAX_PORT + " if any");
		}
		catch (URISyntaxException ex) {
			throw new InvalidSettingException(URL, "is no URL");
		}
	}

	/** Returns 0 where it is no key. */
	private static int keyLength(String secret) {
		try {
			String text = secret.startsWith(SECRET_PREFIX) ? secret.substring(SECRET_PREFIX.length()) : secret;
			return Base64.getDecoder().decode(text).length;
		}
		catch (IllegalArgumentException ex) {
			return 0;
		}
	}

	@Override
	public String toString() {
		return "WebhookSettings[]";
	}

}
