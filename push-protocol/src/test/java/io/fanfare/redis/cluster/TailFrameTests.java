package io.fanfare.redis.cluster;

import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TailFrameTests {

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	@Test
	void isReadAsItWasWritten() {
		TailFrame frame = new TailFrame("7", "n.a.c", 5, 2, null, bytes("data: \u00e9\n\ndata: b\n\n"));
		byte[] encoded = frame.encode();
		assertThat(new String(encoded, StandardCharsets.UTF_8))
			.isEqualTo("T 7 n.a.c 5 2 -\ndata: \u00e9\n\ndata: b\n\n");
		assertThat(TailFrame.is(encoded)).isTrue();
		assertThat(TailFrame.decode(encoded)).usingRecursiveComparison().isEqualTo(frame);
		TailFrame last = new TailFrame("7", "n.a.c", 7, 0, "takeover", new byte[0]);
		assertThat(TailFrame.decode(last.encode())).usingRecursiveComparison().isEqualTo(last);
	}

	@Test
	void withoutItsBlocksItHasTheNumberOfTheNext() {
		TailFrame frame = new TailFrame("7", "n.a.c", 5, 2, "takeover", bytes("id: 1-0\ndata: a\n\nretry: 7\n\n"));
		assertThat(frame.withoutBlocks()).usingRecursiveComparison()
			.isEqualTo(new TailFrame("7", "n.a.c", 7, 4, "takeover", new byte[0]));
		assertThat(frame.withoutBlocks().withoutBlocks().first()).isEqualTo(7);
	}

	/** A node may be newer than the process that asked. */
	@Test
	void whatALaterVersionAddsIsPassedOver() {
		TailFrame frame = TailFrame.decode(bytes("T 7 n.a.c 5 2 takeover more 1\ndata: a\n\n"));
		assertThat(frame).usingRecursiveComparison()
			.isEqualTo(new TailFrame("7", "n.a.c", 5, 2, "takeover", bytes("data: a\n\n")));
	}

	@Test
	void anAnswerIsNoSuchFrame() {
		assertThat(TailFrame.is(bytes("R 1 ok\n{}"))).isFalse();
		assertThat(TailFrame.is(bytes(""))).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "T 7 n.a.c 5 2 -", "T 7 n.a.c 5 2\n", "T 7 n.a.c x 2 -\n", "T \n" })
	void whatIsMalformedIsRefused(String text) {
		assertThatThrownBy(() -> TailFrame.decode(bytes(text))).isInstanceOf(IllegalArgumentException.class);
	}

}
