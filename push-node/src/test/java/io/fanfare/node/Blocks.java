package io.fanfare.node;

import java.util.List;

import io.fanfare.protocol.MessageId;
import io.fanfare.test.sse.SseBlock;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/** What holds for every block of every stream. */
final class Blocks {

	private Blocks() {
	}

	static JsonNode json(SseBlock block) {
		assertThat(block.data()).as("data of %s", block).isNotNull();
		return JsonMapper.shared().readTree(block.data());
	}

	/** The packed id of a block. */
	static long id(SseBlock block) {
		assertThat(block.id()).as("id of %s", block).isNotNull();
		return MessageId.parse(block.id());
	}

	static boolean isMessage(SseBlock block) {
		return block.data() != null && !block.type().startsWith("push.");
	}

	/** Messages among blocks. */
	static List<SseBlock> messages(List<SseBlock> blocks) {
		return blocks.stream().filter(Blocks::isMessage).toList();
	}

	/**
	 * Fails where a block breaks a rule of the HTML standard, or one of ours: no dispatch
	 * without an id, JSON in every block of the platform, no field that the standard does
	 * not know but the topic of a message, LF at the end of each line, a retry only in
	 * digits.
	 */
	static void assertSound(List<SseBlock> blocks) {
		for (SseBlock block : blocks) {
			assertThat(block.raw()).as("raw block").doesNotContain("\r").doesNotContain("\0").endsWith("\n\n");
			for (String line : block.raw().substring(0, block.raw().length() - 2).split("\n", -1)) {
				assertThat(line).as("line of %s", block.raw())
					.matches("(?s)(id: [0-9]+-[0-9]+|id: k\\.[0-9]+-[0-9]+|channel: [A-Za-z0-9_.:~-]+|event: [!-~]+"
							+ "|retry: [0-9]+|data: .*|:)");
			}
			if (block.data() != null) {
				assertThat(block.id()).as("id of %s", block).isNotNull();
			}
			if (block.type().startsWith("push.")) {
				assertThat(json(block).isObject()).isTrue();
			}
		}
	}

}
