package io.fanfare.bench.load;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PayloadTests {

	@Test
	void whatIsWrittenIsRead() {
		long due = System.nanoTime();
		ByteBuffer payload = ByteBuffer.wrap(Payload.write(200, 'C', 0xABCDEF, 123_456_789, due))
			.order(ByteOrder.LITTLE_ENDIAN);
		assertThat(payload.capacity()).isEqualTo(200);
		assertThat((char) payload.get(1)).isEqualTo('C');
		assertThat(Payload.parse(payload.getLong(2))).isEqualTo(0xABCDEF);
		assertThat(Payload.parse(payload.getLong(10))).isEqualTo(123_456_789);
		assertThat(Payload.parse(payload.getLong(18)) << 32 | Payload.parse(payload.getLong(26))).isEqualTo(due);
	}

	@Test
	void itIsLegalInsideOfAJsonString() {
		String text = new String(Payload.write(200, 'A', 1, 1, Long.MAX_VALUE), StandardCharsets.US_ASCII);
		assertThat(text).matches("~[A-Z][0-9a-f]{32}x+");
	}

}
