package io.fanfare.protocol;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class ChannelPatternTests {

	@ParameterizedTest
	@CsvSource({ "*, orders, true", "*, user:a, true", "*, all, true", "orders, orders, true",
			"orders, orders:1, false", "orders:*, orders:1, true", "orders:*, orders:1:2, true",
			"orders:*, orders, false", "orders:*, ordersx, false", "user:*, user:a, true", "user:*, users, false",
			"user:a, user:a, true", "user:a:*, user:a:b, true", "all, all, true", "orders:*, all, false" })
	void aPatternCoversAName(String pattern, String channel, boolean covered) {
		assertThat(new ChannelPattern(pattern).covers(ChannelName.parse(channel))).isEqualTo(covered);
		assertThat(ChannelPattern.covers(pattern, ChannelName.parse(channel))).isEqualTo(covered);
	}

	@ParameterizedTest
	@CsvSource({ "*, *, true", "*, orders:*, true", "orders:*, orders:*, true", "orders:*, orders:eu:*, true",
			"orders:*, orders:1, true", "orders:*, order:*, false", "orders:*, orders, false", "orders:*, *, false",
			"orders:eu:*, orders:*, false", "orders, orders:*, false", "orders, Orders, false" })
	void aPatternCoversAPattern(String pattern, String other, boolean covered) {
		assertThat(new ChannelPattern(pattern).covers(new ChannelPattern(other))).isEqualTo(covered);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", ":*", "a*", "*:*", "a b", "push.x", "user:", "or*ders", "**" })
	void whatIsNoPatternIsRefusedAndCoversNothing(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> new ChannelPattern(text)).withMessageContaining(text);
		assertThat(ChannelPattern.isOfTopics(text)).isFalse();
		assertThat(ChannelPattern.covers(text, ChannelName.topic("orders"))).isFalse();
		assertThat(ChannelPattern.covers(text, ChannelName.ALL)).isFalse();
	}

	@ParameterizedTest
	@CsvSource({ "*, true", "orders, true", "orders:*, true", "a:b:*, true", "all, false", "user:a, false",
			"user:*, false" })
	void streamTokensHavePatternsOfTopics(String text, boolean ofTopics) {
		assertThat(ChannelPattern.isOfTopics(text)).isEqualTo(ofTopics);
	}

}
