package io.fanfare.doctor.probe;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.fanfare.doctor.probe.BlockReader.Block;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class BlockReaderTests {

	private final List<Block> blocks = new ArrayList<>();

	private final BlockReader reader = new BlockReader(this.blocks::add);

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 3, 7, 1000 })
	void readsPiecesOfAnySize(int size) {
		String stream = "event: doctor.hello\ndata: {\"n\":0}\nid: 1\n\n: a comment\n\n"
				+ "event:doctor.tick\r\ndata:{\r\ndata:}\r\n\r\nevent: of a stream that ends\ndata: x\n";
		byte[] bytes = stream.getBytes(StandardCharsets.US_ASCII);
		for (int from = 0; from < bytes.length; from += size) {
			byte[] piece = Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + size));
			this.reader.read(piece, piece.length);
		}
		assertThat(this.blocks).containsExactly(new Block("doctor.hello", "{\"n\":0}"),
				new Block("doctor.tick", "{\n}"));
		assertThat(this.reader.retry()).isNull();
	}

	@Test
	void theLastRetryThatIsANumberCounts() {
		read("retry: 2000\n\nretry: 5200\n\nretry: soon\n\n");
		assertThat(this.reader.retry()).isEqualTo(5200);
		assertThat(this.blocks).isEmpty();
	}

	@Test
	void holdsNoMoreThanOneBlockMayHave() {
		read("data: ");
		for (int i = 0; i < 1000; i++) {
			read("x".repeat(1000));
		}
		read("\n\ndata: next\n\n");
		assertThat(this.blocks).hasSize(2);
		assertThat(this.blocks.getFirst().data()).hasSizeLessThanOrEqualTo(64 * 1024);
		assertThat(this.blocks.getLast().data()).isEqualTo("next");

		this.blocks.clear();
		for (int i = 0; i < 1000; i++) {
			read("data: " + "y".repeat(1000) + "\n");
		}
		read("\n");
		assertThat(this.blocks).singleElement()
			.satisfies((block) -> assertThat(block.data()).hasSizeLessThanOrEqualTo(64 * 1024));
	}

	private void read(String text) {
		byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
		this.reader.read(bytes, bytes.length);
	}

}
