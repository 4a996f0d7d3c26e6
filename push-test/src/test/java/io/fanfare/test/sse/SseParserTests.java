package io.fanfare.test.sse;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class SseParserTests {

	private final List<SseBlock> blocks = new ArrayList<>();

	private final List<String> comments = new ArrayList<>();

	private final SseParser parser = new SseParser("before", this.blocks::add, this.comments::add);

	@ParameterizedTest
	@ValueSource(strings = { "\n", "\r", "\r\n" })
	void allThreeLineEndsAreUnderstoodAndRawTextIsKept(String lineEnd) {
		String text = String.join(lineEnd, "id: 1-0", "event: order", "data: a", "data:b", "retry: 2500", "", "");
		read(text + text);
		assertThat(this.blocks).hasSize(2).allSatisfy((block) -> {
			assertThat(block.id()).isEqualTo("1-0");
			assertThat(block.event()).isEqualTo("order");
			assertThat(block.data()).isEqualTo("a\nb");
			assertThat(block.retry()).isEqualTo(Duration.ofMillis(2500));
			assertThat(block.fires("order")).isTrue();
		});
		assertThat(this.blocks.getFirst().raw()).startsWith("id: 1-0").endsWith("2500" + lineEnd + lineEnd.charAt(0));
	}

	@Test
	void aCharacterInTwoPiecesIsWhole() {
		byte[] bytes = "\uFEFFdata: Grüße 🎺\n\n".getBytes(StandardCharsets.UTF_8);
		for (byte next : bytes) {
			this.parser.read(new byte[] { next }, 0, 1);
		}
		assertThat(this.blocks).singleElement().extracting(SseBlock::data).isEqualTo("Grüße 🎺");
	}

	@Test
	void onlyOneSpaceBelongsToTheSyntax() {
		read("data:  two\ndata\n\n");
		assertThat(this.blocks).singleElement().extracting(SseBlock::data).isEqualTo(" two\n");
	}

	@Test
	void aBlockWithoutDataMovesTheCursorAndFiresNothing() {
		read("id: 7-0\nevent: order\n\n");
		assertThat(this.blocks).singleElement().satisfies((block) -> {
			assertThat(block.data()).isNull();
			assertThat(block.fires("order")).isFalse();
		});
		assertThat(this.parser.lastEventId()).isEqualTo("7-0");
	}

	@Test
	void anEmptyDataFieldFires() {
		read("data\n\n");
		assertThat(this.blocks).singleElement().matches((block) -> block.fires("message"));
	}

	@Test
	void theCursorIsTheOneOfTheLastWholeBlock() {
		assertThat(this.parser.lastEventId()).isEqualTo("before");
		read("id: 1\ndata: a\n\nid: 2\ndata: b\n");
		assertThat(this.parser.lastEventId()).isEqualTo("1");
		read("\ndata: c\n\n");
		assertThat(this.parser.lastEventId()).as("kept by a block without id").isEqualTo("2");
		read("id: 3\0\ndata: d\n\n");
		assertThat(this.parser.lastEventId()).as("NUL makes an id void").isEqualTo("2");
		read("id\n\n");
		assertThat(this.parser.lastEventId()).as("emptied by an empty id").isEmpty();
	}

	@Test
	void aFirstBlockWithoutIdLosesTheCursorAsTheStandardHasIt() {
		read("data: a\n\n");
		assertThat(this.parser.lastEventId()).isEmpty();
	}

	@Test
	void aCommentIsSeenAtOnceAndBelongsToTheNextBlock() {
		read(":\n: beat\n");
		assertThat(this.comments).containsExactly("", " beat");
		assertThat(this.blocks).isEmpty();
		read("data: a\n\n");
		assertThat(this.blocks).singleElement().extracting(SseBlock::comments).isEqualTo(List.of("", " beat"));
	}

	@Test
	void whatIsNotAFieldIsIgnored() {
		read("Data: x\nretry: 1s\nretry: -1\nunknown: y\ndata: a\n\n\n\n");
		assertThat(this.blocks).singleElement().satisfies((block) -> {
			assertThat(block.data()).isEqualTo("a");
			assertThat(block.retry()).isNull();
		});
	}

	private void read(String text) {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		this.parser.read(bytes, 0, bytes.length);
	}

}
