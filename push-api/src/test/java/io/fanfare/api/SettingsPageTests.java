package io.fanfare.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import io.fanfare.protocol.settings.SettingNames;
import io.fanfare.protocol.settings.SettingNames.Kind;
import io.fanfare.test.docs.SettingsMetadata;
import io.fanfare.test.docs.SettingsPage;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.core.io.ClassPathResource;

import static org.assertj.core.api.Assertions.assertThat;

/** Holds the settings page and the list of names equal to Boot's metadata. */
class SettingsPageTests {

	private final SettingsMetadata metadata = metadata();

	@Test
	void thePageHasEachSettingWithItsDefault() {
		assertThat(this.metadata.settings()).isNotEmpty();
		assertThat(SettingsPage.read().differences("API", this.metadata.settings())).isEmpty();
	}

	@Test
	void theListOfNamesHasEachSetting() {
		List<String> missing = new ArrayList<>();
		this.metadata.settings().forEach((name, setting) -> {
			Kind kind = setting.type().equals("java.time.Duration") ? Kind.DURATION : Kind.OTHER;
			if (SettingNames.all().get(name) != kind) {
				missing.add("names.txt of push-protocol lacks the line: " + name
						+ ((kind == Kind.DURATION) ? " duration" : ""));
			}
		});
		assertThat(missing).isEmpty();
	}

	/** Every record shows all of its values, or says what it shows. */
	@Test
	void noRecordShowsASecret() {
		assertThat(this.metadata.secrets()).containsExactlyInAnyOrder("StreamSecretSettings.secret",
				"ApiKeySettings.keys", "WebhookSettings.secret", "Jwt.keys", "JwtSettings.keys", "Webhook.secret",
				"DingTalk.token", "DingTalk.secret");
		assertThat(this.metadata.shownSecrets()).isEmpty();
	}

	private static SettingsMetadata metadata() {
		YamlPropertiesFactoryBean yaml = new YamlPropertiesFactoryBean();
		yaml.setResources(new ClassPathResource("push-api.yml"));
		return SettingsMetadata.read(Objects.requireNonNull(yaml.getObject()));
	}

}
