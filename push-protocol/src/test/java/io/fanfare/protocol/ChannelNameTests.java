package io.fanfare.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class ChannelNameTests {

	private static final long SEED = 7;

	@ParameterizedTest
	@ValueSource(strings = { "news", "a", "0", "A.b_c:d~e-f", "all2", "All", "ALL", "user", "users:1", "User:1", "push",
			"push-x", "pushed.x", "order:42", "9-9" })
	void topicsOfTheContractAreTaken(String topic) {
		assertThat(ChannelName.isTopic(topic)).isTrue();
		assertThat(ChannelName.topic(topic).value()).isEqualTo(topic);
		assertThat(ChannelName.parse(topic)).isEqualTo(ChannelName.topic(topic));
		assertThat(ChannelName.topic(topic).isUser()).isFalse();
		assertThat(ChannelName.topic(topic)).hasToString(topic);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "all", "user:", "user:alice", "push.", "push.kicked", "_a", ".a", ":a", "~a", "-a",
			"a b", "a/b", "a*", "*", "prefix:*", "é", "aé", "a\n", "a\0", "a{0}", "a,b", "a%", "ａ", "a\u2028" })
	void otherTopicsAreRefused(String topic) {
		assertThat(ChannelName.isTopic(topic)).isFalse();
		assertThatIllegalArgumentException().isThrownBy(() -> ChannelName.topic(topic));
	}

	@Test
	void aTopicHasUpTo128Characters() {
		assertThat(ChannelName.isTopic("t".repeat(128))).isTrue();
		assertThat(ChannelName.isTopic("t".repeat(129))).isFalse();
	}

	@Test
	void anyTextIsATopicExactlyIfTheContractSaysSo() {
		Random random = new Random(SEED);
		String alphabet = "aZ09_.:~-alluser:push. /é\n";
		for (int i = 0; i < 100_000; i++) {
			StringBuilder text = new StringBuilder();
			for (int length = random.nextInt(8); length > 0; length--) {
				text.append(alphabet.charAt(random.nextInt(alphabet.length())));
			}
			String topic = text.toString();
			boolean expected = topic.matches("[A-Za-z0-9][A-Za-z0-9_.:~-]{0,127}") && !topic.equals("all")
					&& !topic.startsWith("user:") && !topic.startsWith("push.");
			assertThat(ChannelName.isTopic(topic)).as("'%s' (seed %d)", topic, SEED).isEqualTo(expected);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "alice", "a b", " ", "Zoë", "ユーザー", "🎺", "a:b:c", "user:alice", "all", "{0}", "*",
			"a\u00A0b", "\u00AD", "\uFFFD", "auth0|123", "x@y.z", "\uFEFF" })
	void usersMayHaveAnyCharactersThatAreNoControls(String user) {
		assertThat(ChannelName.isUser(user)).isTrue();
		ChannelName channel = ChannelName.user(user);
		assertThat(channel.value()).isEqualTo("user:" + user);
		assertThat(channel.userId()).isEqualTo(user);
		assertThat(channel.isUser()).isTrue();
		assertThat(ChannelName.parse("user:" + user)).isEqualTo(channel);
		assertThat(new String(user.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)).isEqualTo(user);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "a\nb", "\r", "a\0", "\t", "\u001B", "\u007F", "\u0080", "\u0085", "\u009F", "\u2028",
			"a\u2029" })
	void usersWithControlsOrWithoutCharactersAreRefused(String user) {
		assertRefused(user);
	}

	@Test
	void loneSurrogatesAreRefusedForTheyHaveNoBytes() {
		// Not as parameters: the report could not write them
		assertRefused("\uD83C");
		assertRefused("\uDFBA");
		assertRefused("a\uD83Cb");
		assertRefused("\uDFBA\uD83C");
		assertRefused("\uD83C\uD83C\uDFBA");
	}

	@Test
	void aUserHasUpTo128Characters() {
		assertThat(ChannelName.isUser("u".repeat(128))).isTrue();
		assertThat(ChannelName.isUser("🎺".repeat(64))).isTrue();
		assertRefused("u".repeat(129));
	}

	@Test
	void allIsAllAndNothingElse() {
		assertThat(ChannelName.parse("all")).isSameAs(ChannelName.ALL);
		assertThat(ChannelName.ALL.isUser()).isFalse();
		assertThatIllegalStateException().isThrownBy(ChannelName.ALL::userId);
		assertThatIllegalArgumentException().isThrownBy(() -> ChannelName.parse("user:"));
		assertThatIllegalArgumentException().isThrownBy(() -> ChannelName.parse("push.x"));
		assertThatIllegalArgumentException().isThrownBy(() -> ChannelName.parse(""));
	}

	private static void assertRefused(String user) {
		assertThat(ChannelName.isUser(user)).isFalse();
		assertThatIllegalArgumentException().isThrownBy(() -> ChannelName.user(user));
		assertThatIllegalArgumentException().isThrownBy(() -> ChannelName.parse("user:" + user));
	}

}
