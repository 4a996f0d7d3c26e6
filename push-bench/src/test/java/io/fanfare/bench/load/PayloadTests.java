package io.fanfare.bench.load;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

class PayloadTests {

	@Test
	void whatIsWrittenIsRead() {
		long due = System.nanoTime();
		ByteBuffer payload = ByteBuffer
			.wrap(Payload.write(new Payload.Content(200, false), 'C', 0xABCDEF, 123_456_789, due))
			.order(ByteOrder.LITTLE_ENDIAN);
		assertThat(payload.capacity()).isEqualTo(200);
		assertThat((char) payload.get(1)).isEqualTo('C');
		assertThat(Payload.parse(payload.getLong(2))).isEqualTo(0xABCDEF);
		assertThat(Payload.parse(payload.getLong(10))).isEqualTo(123_456_789);
		assertThat(Payload.parse(payload.getLong(18)) << 32 | Payload.parse(payload.getLong(26))).isEqualTo(due);
	}

	@Test
	void itIsLegalInsideOfAJsonString() {
		String text = new String(Payload.write(new Payload.Content(200, false), 'A', 1, 1, Long.MAX_VALUE),
				StandardCharsets.US_ASCII);
		assertThat(text).matches("~[A-Z][0-9a-f]{32}x+");
	}

	@Test
	void jsonFillsAMessageAndDiffers() {
		Payload.Content content = new Payload.Content(4096, true);
		String one = new String(Payload.write(content, 'A', 1, 1, 1), StandardCharsets.US_ASCII);
		String two = new String(Payload.write(content, 'A', 1, 2, 2), StandardCharsets.US_ASCII);
		assertThat(one).hasSize(4096);
		assertThat(JsonMapper.shared().readTree(one.substring(Payload.HEAD)).size()).isGreaterThan(30);
		assertThat(one.substring(Payload.HEAD)).isNotEqualTo(two.substring(Payload.HEAD)).doesNotContain("~");
	}

}
