package io.fanfare.api.auth;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.settings.InvalidSettingException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

class ApiKeysTests {

	private static final String ONE = "one-secret-of-more-than-32-characters";

	private static final String TWO = "two-secret-of-more-than-32-characters";

	@Test
	void aSecretFindsItsCaller() {
		ApiKeys keys = keys("a:" + ONE + ":publish", "b:" + TWO + ":read+admin");
		assertThat(keys.find(TWO).id()).isEqualTo("b");
		assertThat(keys.find(TWO).holds(Scope.ADMIN)).isTrue();
		assertThat(keys.find(TWO).holds(Scope.DISCONNECT)).isTrue();
		assertThat(keys.find(TWO).holds(Scope.PUBLISH)).isFalse();
		assertThat(keys.find("three")).isNull();
		assertThat(keys.find("")).isNull();
	}

	/** It may be short: it is not known here. */
	@ParameterizedTest
	@ValueSource(strings = { "a:sha256$7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed:read",
			"a:sha256$7692C3AD3540BB803C020B3AEE66CD8887123234EA0C6E7143C0ADD73FF431ED:read" })
	void aSecretMayBeGivenByItsDigest(String key) {
		ApiKeys keys = keys(key);
		assertThat(keys.find("one")).isNotNull();
		assertThat(keys.find(key.split(":")[1])).isNull();
	}

	@Test
	void scopesMayHoldColonsAndLimitChannels() {
		Caller caller = keys("a:" + ONE + ":publish:user:*+publish:news+publish:orders:*").find(ONE);
		assertThat(caller.holds(Scope.PUBLISH)).isFalse();
		assertThat(caller.holdsSome(Scope.PUBLISH)).isTrue();
		assertThat(caller.mayPublishTo(ChannelName.user("alice"))).isTrue();
		assertThat(caller.mayPublishTo(ChannelName.topic("news"))).isTrue();
		assertThat(caller.mayPublishTo(ChannelName.topic("orders:1"))).isTrue();
		assertThat(caller.mayPublishTo(ChannelName.topic("orders"))).isFalse();
		assertThat(caller.mayPublishTo(ChannelName.topic("newsroom"))).isFalse();
		assertThat(caller.mayPublishTo(ChannelName.ALL)).isFalse();
	}

	@Test
	void aStarCoversEverything() {
		assertThat(keys("a:" + ONE + ":publish:*").find(ONE).mayPublishTo(ChannelName.ALL)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "a", "a:SECRET", "a::read", ":SECRET:read", "a:SECRET:", "a:SECRET:write",
			"a:SECRET:read+", "a:SECRET:Read", "a:SECRET: read", "a:SECRET:publish:", "a:SECRET:publish:ne*",
			"a:SECRET:publish:push.x", "a:SECRET:read:", "a:SECRET:tokens:", "a:SECRET:admin:*",
			"a:SECRET:disconnect:user:a", "a b:SECRET:read", "~a:SECRET:read", "a:sha256$12:read", "a:sha256$:read",
			"a:SECRET: two:read", "a:SECRET:\u00fc:read", "a:on\u00e9SECRET:read", "a:SECRET two:read",
			"a:SECRETSECRET\u007f:read" })
	void aWrongKeyIsRefusedByPropertyAndVariableAndWithoutItsSecret(String key) {
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> keys("first:" + TWO + ":read", key.replace("SECRET", ONE)))
			.withMessageStartingWith("fanfare.api.keys (FANFARE_API_KEYS) has a wrong key, number 2: ")
			.withMessageNotContainingAny(ONE, "a:", "\u00fc");
	}

	@Test
	void twoKeysOfOneNameOrOneSecretAreRefused() {
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> keys("a:" + ONE + ":read", "a:" + TWO + ":read"))
			.withMessageContaining("a second key of one name, number 2");
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> keys("a:" + ONE + ":read", "b:" + ONE + ":admin"))
			.withMessageContaining("a second key of one secret, number 2");
	}

	@ParameterizedTest
	@ValueSource(strings = { "one", "0123456789012345678901234567890", "dev-secret", "training-secret",
			"for-development-only-known-to-everybody",
			"sha256$298754db2dbab6ec62605ceb0379eb7ee376580359449efe0caa3aa06cd56736" })
	void aShortOrKnownSecretIsForDevelopmentOnly(String secret) {
		ApiKeySettings settings = settings(Map.of("fanfare.api.keys", "a:" + secret + ":read"));
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> new ApiKeys(settings, new DevelopmentSettings(false)))
			.withMessageContaining("number 1")
			.withMessageContaining("fanfare.development=true")
			.withMessageNotContaining(secret);
		assertThat(new ApiKeys(settings, new DevelopmentSettings(true)).isEmpty()).isFalse();
	}

	@Test
	void aFileMayListKeysWithTheirCeilings() {
		Map<String, String> file = Map.of("fanfare.api.keys[0].name", "shop", "fanfare.api.keys[0].secret", ONE + ",:+",
				"fanfare.api.keys[0].scopes[0]", "read:user:*", "fanfare.api.keys[0].scopes[1]", "tokens:a,b+c",
				"fanfare.api.keys[0].max-tier", "normal", "fanfare.api.keys[0].channels", "news,orders:*",
				"fanfare.api.keys[1].name", "ops", "fanfare.api.keys[1].sha256",
				"7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed", "fanfare.api.keys[1].scopes",
				"admin", "fanfare.api.keys[2]", "short:" + TWO + ":publish");
		ApiKeys keys = new ApiKeys(settings(file), new DevelopmentSettings(false));
		assertThat(keys.find("one").holds(Scope.ADMIN)).isTrue();
		assertThat(keys.find(TWO).holds(Scope.PUBLISH)).isTrue();
		Caller shop = keys.find(ONE + ",:+");
		assertThat(shop.requireTokenFor("a,b+c", null, List.of("news", "orders:1", "orders:*"))).isEqualTo(Tier.NORMAL);
		assertThat(shop.requireTokenFor("a,b+c", Tier.LOW, null)).isEqualTo(Tier.LOW);
		assertThat(catchThrowableOfType(ProblemException.class,
				() -> shop.requireTokenFor("a", Tier.HIGH, List.of("*", "news", "orders", "order:*", "news:*")))
			.problem()
			.errors()).extracting(FieldError::pointer)
			.containsExactly("#/user", "#/tier", "#/channels/0", "#/channels/2", "#/channels/3", "#/channels/4");
	}

	@ParameterizedTest
	@CsvSource({ "name=a;scopes=read, a secret or its digest", "secret=SECRET;scopes=read, its name",
			"name=a;secret=SECRET, no scopes", "name=a;secret=SECRET;scopes=, no scopes",
			"name=a;secret=SECRET;sha256=12;scopes=read, not both", "name=a;sha256=12;scopes=read, 64 hex digits",
			"name=a;secret=SECRET;scopes=tokens;channels=user:*, its channels",
			"name=a;secret=SECRET;scopes=tokens;channels=SECRET*, its channels" })
	void aWrongEntryIsRefusedByItsNumber(String entry, String reason) {
		Map<String, String> file = new HashMap<>();
		for (String field : entry.replace("SECRET", ONE).split(";")) {
			String[] parts = field.split("=", 2);
			file.put("fanfare.api.keys[0]." + parts[0], parts[1]);
		}
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> new ApiKeys(settings(file), new DevelopmentSettings(false)))
			.withMessageStartingWith("fanfare.api.keys (FANFARE_API_KEYS) has a wrong key, number 1: ")
			.withMessageContaining(reason)
			.withMessageNotContaining(ONE);
	}

	@Test
	void whatIsEmptyBetweenCommasIsNoKey() {
		assertThat(keys().isEmpty()).isTrue();
		assertThat(keys("").isEmpty()).isTrue();
		assertThat(keys("a:" + ONE + ":read", " ", "").find(ONE)).isNotNull();
	}

	private static ApiKeys keys(String... keys) {
		return new ApiKeys(settings(Map.of("fanfare.api.keys", String.join(",", keys))),
				new DevelopmentSettings(false));
	}

	/** As Boot binds them. */
	private static ApiKeySettings settings(Map<String, String> properties) {
		return new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("fanfare.api",
				ApiKeySettings.class);
	}

}
