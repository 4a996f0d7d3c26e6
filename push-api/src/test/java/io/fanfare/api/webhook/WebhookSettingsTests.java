package io.fanfare.api.webhook;

import java.time.Duration;

import io.fanfare.protocol.settings.InvalidSettingException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class WebhookSettingsTests {

	private static final String URL = "https://backend.example/events";

	@Test
	void withoutAnAddressNoneIsNeeded() {
		assertThat(settings(null, null, false).url()).isNull();
		assertThat(settings("", "", false)).extracting(WebhookSettings::url, WebhookSettings::secret)
			.containsOnlyNulls();
	}

	@Test
	void anAddressNeedsASecretAndBothAreNotShown() {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> settings(URL, "", false))
			.withMessageStartingWith("fanfare.webhook.secret (FANFARE_WEBHOOK_SECRET) is missing: fanfare.webhook.url");
		assertThat(settings(URL, Receiver.SECRET, false)).hasToString("WebhookSettings[]");
	}

	@ParameterizedTest
	@ValueSource(strings = { "http://backend.example/", "ftp://backend.example/", "https:///events", "events",
			"https://", "https://user:word@backend.example/", "https://backend.example/#part",
			"https://backend.example/ ", "https://backend.example:65536/", "https://backend.example:0/" })
	void anAddressIsSecureAndNamesAHostAlone(String url) {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> settings(url, Receiver.SECRET, false))
			.withMessageStartingWith("fanfare.webhook.url (FANFARE_WEBHOOK_URL) ");
	}

	@Test
	void withinAPrivateNetworkItNeedNotBeSecure() {
		assertThat(settings("http://10.0.0.1/", Receiver.SECRET, true).url()).isEqualTo("http://10.0.0.1/");
	}

	@ParameterizedTest
	@ValueSource(strings = { "short", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", "AAECAwQFBgcICQoLDA0ODxAREhMUFRY=" })
	void aSecretHas24To64Bytes(String secret) {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> settings(null, secret, false))
			.withMessage("fanfare.webhook.secret (FANFARE_WEBHOOK_SECRET) must be whsec_ and Base64 of 24 to 64 bytes");
		assertThat(settings(null, "whsec_" + "A".repeat(32), false).secret()).isNotNull();
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> settings(null, "A".repeat(88), false));
	}

	private static WebhookSettings settings(@Nullable String url, @Nullable String secret, boolean allowPrivate) {
		return new WebhookSettings(url, secret, allowPrivate, Duration.ofSeconds(5), 12);
	}

}
