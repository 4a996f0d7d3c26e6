package io.fanfare.protocol.sse;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import io.fanfare.test.sse.SseParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * The encoder against the golden files, which the browser client's parser reads too, and
 * against a parser by the standard.
 */
class SseBlockTests {

	private static final long SEED = 31_337;

	static Stream<Fixture> fixtures() throws Exception {
		try (InputStream in = SseBlockTests.class.getResourceAsStream("/sse-fixtures/blocks.json")) {
			return JsonMapper.shared().readTree(in).valueStream().map(Fixture::new).toList().stream();
		}
	}

	@ParameterizedTest
	@MethodSource("fixtures")
	void blocksAreWrittenAsTheGoldenFilesSay(Fixture fixture) {
		assertThat(new String(fixture.encode(), StandardCharsets.UTF_8)).isEqualTo(fixture.text("expected"));
	}

	@ParameterizedTest
	@MethodSource("fixtures")
	void goldenBlocksAreParsedAsTheGoldenFilesSay(Fixture fixture) {
		List<io.fanfare.test.sse.SseBlock> blocks = SseParser
			.parse(fixture.text("expected").getBytes(StandardCharsets.UTF_8));
		JsonNode parsed = fixture.node().get("parsed");
		assertThat(blocks).hasSize(1);
		io.fanfare.test.sse.SseBlock block = blocks.getFirst();
		assertThat(block.id()).isEqualTo(parsed.get("id").stringValue(null));
		assertThat(block.data()).isEqualTo(parsed.get("data").stringValue(null));
		assertThat(block.type()).isEqualTo(parsed.get("type").stringValue());
		assertThat((block.retry() != null) ? block.retry().toMillis() : 0).isEqualTo(parsed.path("retry").asLong(0));
	}

	@ParameterizedTest
	@ValueSource(strings = { "a\nb", "a\rb", "a\0b", "\n", "a\r\ndata: forged" })
	void aFieldThatCouldForgeAnotherIsRefused(String value) {
		byte[] data = { 'x' };
		assertThatIllegalArgumentException().isThrownBy(() -> SseBlock.message(value, null, "order", data));
		assertThatIllegalArgumentException().isThrownBy(() -> SseBlock.message("1-0", null, value, data));
		assertThatIllegalArgumentException().isThrownBy(() -> SseBlock.message("1-0", value, "order", data));
		assertThatIllegalArgumentException().isThrownBy(() -> SseBlock.platform(value, "1-0", "{}", 0));
		assertThatIllegalArgumentException().isThrownBy(() -> SseBlock.platform("push.x", value, "{}", 0));
		assertThatIllegalArgumentException().isThrownBy(() -> SseBlock.platform("push.x", "1-0", value, 0));
		assertThatIllegalArgumentException().isThrownBy(() -> SseBlock.cursor(value));
	}

	@Test
	void whatIsWrittenParsesBackToTheSameEvent() {
		Random random = new Random(SEED);
		String alphabet = "ab: \r\n\r\n\tdata:id\0\uFEFFé\u2028ユ";
		for (int i = 0; i < 20_000; i++) {
			StringBuilder text = new StringBuilder();
			for (int length = random.nextInt(30); length > 0; length--) {
				if (random.nextInt(12) == 0) {
					text.append("🎺");
				}
				else {
					text.append(alphabet.charAt(random.nextInt(alphabet.length())));
				}
			}
			String event = random.nextBoolean() ? "message" : "e:" + random.nextInt(9);
			byte[] block = SseBlock.message("7-" + i, null, event, text.toString().getBytes(StandardCharsets.UTF_8));
			List<io.fanfare.test.sse.SseBlock> blocks = SseParser.parse(block);
			assertThat(blocks).as("seed %d round %d: %s", SEED, i, text).hasSize(1);
			assertThat(blocks.getFirst().id()).isEqualTo("7-" + i);
			assertThat(blocks.getFirst().type()).isEqualTo(event);
			assertThat(blocks.getFirst().data()).as("seed %d round %d", SEED, i)
				.isEqualTo(text.toString().replaceAll("\r\n|\r|\n", "\n"));
			assertThat(blocks.getFirst().comments()).isEmpty();
			assertThat(blocks.getFirst().retry()).isNull();
		}
	}

	@Test
	void blocksInARowStayApart() {
		Random random = new Random(SEED);
		ByteArrayOutputStream stream = new ByteArrayOutputStream();
		for (int i = 0; i < 500; i++) {
			byte[] data = new byte[random.nextInt(40)];
			for (int j = 0; j < data.length; j++) {
				data[j] = (byte) "a\r\n: ".charAt(random.nextInt(5));
			}
			stream.writeBytes(SseBlock.message("1-" + i, null, "message", data));
		}
		assertThat(SseParser.parse(stream.toByteArray())).hasSize(500)
			.allSatisfy((block) -> assertThat(block.fires("message")).isTrue());
	}

	@Test
	void dataThatIsNoUtf8TravelsByteForByte() {
		assertThat(SseBlock.message("1-0", null, "message", new byte[] { (byte) 0xFF, '\n', (byte) 0xC3 }))
			.isEqualTo("id: 1-0\ndata: \u00FF\ndata: \u00C3\n\n".getBytes(StandardCharsets.ISO_8859_1));
	}

	/** One entry of the golden file. */
	record Fixture(JsonNode node) {

		byte[] encode() {
			return switch (text("kind")) {
				case "message" ->
					SseBlock.message(text("id"), this.node.path("channel").stringValue(null), text("event"), data());
				case "platform" ->
					SseBlock.platform(text("event"), text("id"), text("data"), this.node.path("retry").asLong(0));
				case "cursor" -> SseBlock.cursor(text("id"));
				default -> throw new IllegalArgumentException(text("kind"));
			};
		}

		private byte[] data() {
			return this.node.has("dataBase64") ? Base64.getDecoder().decode(text("dataBase64"))
					: text("data").getBytes(StandardCharsets.UTF_8);
		}

		String text(String field) {
			return this.node.has(field) ? this.node.get(field).stringValue(null) : null;
		}

		@Override
		public String toString() {
			return text("name");
		}

	}

}
