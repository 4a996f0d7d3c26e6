package io.fanfare.api.publish;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

import io.fanfare.api.event.ReceiptSettings;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.json.StrictJson;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.test.fuzz.Mutations;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/** What a body may be that is published. */
class MessageFuzzTests {

	private static final List<byte[]> GOOD = List.of("""
			{"to":{"user":"alice"},"event":"order","data":{"id":42,"state":"shipped","of":[1,2.50,null,true]}}""", """
			{"to":{"users":["alice","bob"]},"data":"Lunch is ready","ttl":"PT1H","ephemeral":true}""", """
			{"to":{"channel":"news"},"data":null,"format":"json"}""", """
			{"to":{"all":true},"data":"ä\\u00e4\\ud83d\\ude00"}""")
		.stream()
		.map((text) -> text.getBytes(StandardCharsets.UTF_8))
		.toList();

	private static final List<String> WORDS = List.of("\"", "{", "}", "[", "]", ":", ",", "null", "true", "\"to\":",
			"\"data\":", "\"user\":\"x\"", "\"all\":true", "\\ud800", "\\u0000", "1e400", "-0", "00", ".5", " ", "\t",
			"\u2028", "\ufeff", "NaN", "'", "/*", "\u0000");

	private static final JsonMapper JACKSON = JsonMapper.builder()
		.enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY, DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
				DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
		.build();

	private final MessageReader reader = new MessageReader(
			new MessageRules(new PublishSettings(1000, 500, DataSize.ofKilobytes(64), Duration.ofHours(24))),
			new ReceiptSettings(true));

	@Provide
	static Arbitrary<List<byte[]>> bodies() {
		return Mutations.of(GOOD, WORDS).list().ofSize(100);
	}

	@Property
	void aBodyIsReadAsItStandsOrRefusedByName(@ForAll("bodies") List<byte[]> bodies) {
		for (byte[] bytes : bodies) {
			try {
				MessageRequest message = this.reader.read(StrictJson.parse(bytes), null, null);
				assertThat(message.target().channels()).isNotEmpty();
				sameData(bytes, message);
			}
			catch (ProblemException ex) {
				assertThat(ex.problem().status()).isBetween(400, 422);
			}
		}
	}

	@Property
	void aBatchIsReadMessageByMessage(@ForAll("bodies") List<byte[]> bodies) {
		for (byte[] bytes : bodies) {
			String one = new String(bytes, StandardCharsets.UTF_8);
			try {
				JsonBody batch = StrictJson
					.parse(("{\"messages\":[" + one + "," + one + "]}").getBytes(StandardCharsets.UTF_8));
				for (Fields.Item item : this.reader.items(batch)) {
					this.reader.readItem(item, null);
				}
			}
			catch (ProblemException ex) {
				assertThat(ex.problem().status()).isBetween(400, 422);
			}
		}
	}

	/** Jackson, which shares the parser and nothing else, finds the same data. */
	private static void sameData(byte[] bytes, MessageRequest message) {
		JsonNode body = JACKSON.readTree(bytes);
		JsonNode data = body.get("data");
		String sent = new String(message.data(), StandardCharsets.UTF_8);
		if (data.isString() && body.path("format").isMissingNode()) {
			assertThat(sent).isEqualTo(data.stringValue());
		}
		else if (!data.isString()) {
			assertThat(JACKSON.readTree(sent)).isEqualTo(data);
		}
	}

}
