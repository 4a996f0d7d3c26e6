package io.fanfare.protocol;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class NameRuleTests {

	private static final long SEED = 11;

	private static final Map<String, NameRule> RULES = Map.of("user", ChannelName.USER, "topic", ChannelName.TOPIC,
			"event", EventName.RULE, "printable", new NameRule("[ -~]", 5));

	/** What names are made of, at the edges of all classes, and what is reserved. */
	private static final List<String> PARTS = List.of("a", "Z", "0", "9", "_", ".", ":", "~", "-", " ", "!", "\0",
			"\u001f", "\u007f", "\u0080", "\u009f", "\u00a0", "\u00e9", "\u2027", "\u2028", "\u2029", "\u202a",
			"\ud83d\ude00", "\uffff", "\n", "all", "user:", "push.", "push", "open", "error", "\\", "]", "^");

	@Test
	void theCheckAndThePatternTakeTheSameNames() {
		Random random = new Random(SEED);
		RULES.forEach((name, rule) -> {
			Pattern pattern = Pattern.compile(rule.pattern(false));
			Pattern orEmpty = Pattern.compile(rule.pattern(true));
			Pattern expression = Pattern.compile("^(" + rule.expression() + ")$");
			for (int round = 0; round < 20_000; round++) {
				StringBuilder text = new StringBuilder();
				for (int parts = random.nextInt(5); parts > 0; parts--) {
					text.append(PARTS.get(random.nextInt(PARTS.size())));
				}
				boolean fits = rule.matches(text.toString());
				boolean inLength = text.length() <= rule.maxLength();
				String as = name + " seed " + SEED + " '" + text + "'";
				assertThat(pattern.matcher(text).matches() && inLength).as(as).isEqualTo(fits);
				assertThat(orEmpty.matcher(text).matches() && inLength).as(as).isEqualTo(fits || text.isEmpty());
				if (text.chars().noneMatch((c) -> Character.isSurrogate((char) c))) {
					assertThat(expression.matcher(text).matches()).as(as).isEqualTo(fits);
				}
			}
		});
	}

	@Test
	void aNameMayHaveItsLengthAndNotOneMore() {
		RULES.forEach((name, rule) -> {
			assertThat(rule.matches("a".repeat(rule.maxLength()))).as(name).isTrue();
			assertThat(rule.matches("a".repeat(rule.maxLength() + 1))).as(name).isFalse();
			assertThat(rule.matches("")).as(name).isFalse();
		});
	}

	@Test
	void halfASurrogatePairIsNoCharacter() {
		assertThat(ChannelName.USER.matches("\ud83d\ude00")).isTrue();
		for (String half : List.of("\ud83d", "\ude00", "a\ud83d", "\ud83da", "\ude00\ud83d", "\ud83d\ud83d\ude00")) {
			assertThat(ChannelName.USER.matches(half)).isFalse();
		}
	}

}
