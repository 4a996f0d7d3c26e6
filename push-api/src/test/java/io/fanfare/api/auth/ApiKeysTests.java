package io.fanfare.api.auth;

import java.util.List;

import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.protocol.ChannelName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class ApiKeysTests {

	@Test
	void aSecretFindsItsCaller() {
		ApiKeys keys = keys("a:one:publish", "b:two:read+admin");
		assertThat(keys.find("two").id()).isEqualTo("b");
		assertThat(keys.find("two").holds(Scope.ADMIN)).isTrue();
		assertThat(keys.find("two").holds(Scope.PUBLISH)).isFalse();
		assertThat(keys.find("three")).isNull();
		assertThat(keys.find("")).isNull();
	}

	@Test
	void aSecretMayBeGivenByItsDigest() {
		ApiKeys keys = keys("a:sha256$7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed:read");
		assertThat(keys.find("one")).isNotNull();
		assertThat(keys.find("sha256$7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed")).isNull();
	}

	@Test
	void scopesMayHoldColonsAndLimitChannels() {
		Caller caller = keys("a:one:publish:user:*+publish:news+publish:orders:*").find("one");
		assertThat(caller.holds(Scope.PUBLISH)).isTrue();
		assertThat(caller.mayPublishTo(ChannelName.user("alice"))).isTrue();
		assertThat(caller.mayPublishTo(ChannelName.topic("news"))).isTrue();
		assertThat(caller.mayPublishTo(ChannelName.topic("orders:1"))).isTrue();
		assertThat(caller.mayPublishTo(ChannelName.topic("orders"))).isFalse();
		assertThat(caller.mayPublishTo(ChannelName.topic("newsroom"))).isFalse();
		assertThat(caller.mayPublishTo(ChannelName.ALL)).isFalse();
	}

	@Test
	void aStarCoversEverything() {
		assertThat(keys("a:one:publish:*").find("one").mayPublishTo(ChannelName.ALL)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "a", "a:one", "a::read", ":one:read", "a:one:", "a:one:write", "a:one:read+",
			"a:one:publish:", "a:one:publish:ne*", "a:one:publish:push.x", "a b:one:read", "~a:one:read",
			"a:sha256$12:read", "a:one: two:read", "a:one:\u00fc:read", "a:on\u00e9:read", "a:one two:read" })
	void aWrongKeyIsRefusedByPropertyAndVariableAndWithoutItsSecret(String key) {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> keys(key))
			.withMessageContaining("fanfare.api.keys (FANFARE_API_KEYS)")
			.satisfies((ex) -> assertThat(ex.getMessage()).doesNotContain("one:"));
	}

	@Test
	void twoKeysOfOneNameAreRefused() {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> keys("a:one:read", "a:two:read"))
			.withMessageContaining("a second key of one name, number 2");
	}

	private static ApiKeys keys(String... keys) {
		return new ApiKeys(new ApiKeySettings(List.of(keys)));
	}

}
