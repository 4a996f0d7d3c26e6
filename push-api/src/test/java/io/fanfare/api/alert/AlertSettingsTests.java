package io.fanfare.api.alert;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.mail.javamail.JavaMailSender;
import org.springframework.mail.javamail.JavaMailSenderImpl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Which channels settings make, and which settings make none. */
class AlertSettingsTests {

	private static final List<String> CHANNELS = List.of("webhook.url", "webhook.secret", "mail.to", "mail.from",
			"dingtalk.token", "dingtalk.secret");

	private static final String SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

	@Test
	void whatIsNullOrEmptyMakesNoChannel() {
		assertThat(channels(Settings.defaults())).isEmpty();
		Map<String, String> empty = new HashMap<>();
		CHANNELS.forEach((name) -> empty.put("fanfare.alerts." + name, ""));
		assertThat(channels(Settings.of(empty))).isEmpty();
	}

	@Test
	void eachChannelIsMadeWhereItIsSet() {
		assertThat(channels(Settings.of(Map.of("fanfare.alerts.webhook.url", "https://alerts.example/fanfare",
				"fanfare.alerts.webhook.secret", SECRET, "fanfare.alerts.mail.to", "a@example.com, b@example.com",
				"fanfare.alerts.mail.from", "f@example.com", "fanfare.alerts.dingtalk.token", "t"))))
			.containsExactly("webhook", "mail", "dingtalk");
	}

	@Test
	void mailNeedsAServer() {
		AlertSettings settings = Settings
			.of(Map.of("fanfare.alerts.mail.to", "a@example.com", "fanfare.alerts.mail.from", "f@example.com"));
		assertThatThrownBy(() -> AlertConfiguration.channels(settings, null, Clock.systemUTC()))
			.hasMessage("spring.mail.host (SPRING_MAIL_HOST) must be set where fanfare.alerts.mail.to is");
		assertThatThrownBy(() -> AlertConfiguration.channels(settings, smtp(""), Clock.systemUTC()))
			.hasMessage("spring.mail.host (SPRING_MAIL_HOST) must be set where fanfare.alerts.mail.to is");
	}

	@ParameterizedTest
	@CsvSource({ "webhook.url, ftp://alerts.example", "webhook.url, https://user:secret@alerts.example",
			"webhook.url, https://alerts.example/#here", "webhook.url, alerts.example", "webhook.url, http://a b",
			"webhook.secret, " + SECRET, "webhook.secret, whsec_c2hvcnQ=", "webhook.secret, whsec_no Base64",
			"mail.to, without-an-at", "mail.to, a@b@c", "mail.from, f@example.com", "dingtalk.secret, SEC-of-a-robot",
			"dingtalk.token, two words", "dingtalk.url, https://robots.example/send?access_token=t" })
	void aChannelThatCannotWorkIsNamed(String name, String value) {
		assertThatThrownBy(() -> Settings.of(Map.of("fanfare.alerts." + name, value))).rootCause()
			.message()
			.startsWith("fanfare.alerts." + name + " (FANFARE_ALERTS_" + name.toUpperCase(Locale.ROOT).replace('.', '_')
					+ ") ")
			.doesNotContain(value);
	}

	private static List<String> channels(AlertSettings settings) {
		List<AlertChannel> channels = AlertConfiguration.channels(settings, smtp("smtp.example"), Clock.systemUTC());
		channels.forEach(AlertChannel::close);
		return channels.stream().map(AlertChannel::name).toList();
	}

	private static JavaMailSender smtp(String host) {
		JavaMailSenderImpl sender = new JavaMailSenderImpl();
		sender.setHost(host);
		return sender;
	}

}
