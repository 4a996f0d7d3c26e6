package io.fanfare.faults.traffic;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TextTests {

	@Test
	void shortTextIsReadBack() {
		assertThat(Text.read("s1 ", Text.write("s1", 17, "s1.3", 0))).isEqualTo(new Text(17, true));
	}

	@Test
	void longTextIsAsLongAsAskedFor() {
		String text = Text.write("s1", 17, "user:s1-user-3", 65_536);
		assertThat(text).hasSize(65_536);
		assertThat(Text.read("s1 ", text)).isEqualTo(new Text(17, true));
	}

	@Test
	void textThatWasCutOrMixedIsNotWhole() {
		String text = Text.write("s1", 17, "s1.3", 1000);
		assertThat(Text.read("s1 ", text.substring(0, 999))).isEqualTo(new Text(17, false));
		assertThat(Text.read("s1 ", text + ".")).isEqualTo(new Text(17, false));
		assertThat(Text.read("s1 ", text.substring(0, 500) + "x" + text.substring(501))).isEqualTo(new Text(17, false));
	}

	@Test
	void textOfAnotherScenarioIsNotRead() {
		assertThat(Text.read("s1 ", Text.write("s11", 17, "s11.3", 0))).isNull();
	}

}
