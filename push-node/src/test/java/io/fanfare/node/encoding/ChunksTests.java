package io.fanfare.node.encoding;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ChunksTests {

	@Test
	void everySizeIsWrittenInHexWithoutLeadingZeros() {
		ByteBuf chunk = Unpooled.buffer(Chunks.OVERHEAD);
		for (int size = 0; size <= 70_000; size++) {
			chunk.clear();
			Chunks.begin(chunk, size);
			assertThat(chunk.toString(StandardCharsets.US_ASCII)).isEqualTo(Integer.toHexString(size) + "\r\n");
		}
		for (int size : new int[] { 0xFFFFF, 0x100000, 0xFFFFFFF, 0x10000000, Integer.MAX_VALUE }) {
			chunk.clear();
			Chunks.begin(chunk, size);
			Chunks.end(chunk);
			assertThat(chunk.toString(StandardCharsets.US_ASCII)).isEqualTo(Integer.toHexString(size) + "\r\n\r\n");
			assertThat(chunk.readableBytes()).isLessThanOrEqualTo(Chunks.OVERHEAD);
		}
	}

	@Test
	void aChunkHoldsItsBytes() {
		ByteBuf chunk = Chunks.chunk(UnpooledByteBufAllocator.DEFAULT,
				"hello, chunked world".getBytes(StandardCharsets.US_ASCII));
		Chunks.last(chunk);
		assertThat(chunk.toString(StandardCharsets.US_ASCII)).isEqualTo("14\r\nhello, chunked world\r\n0\r\n\r\n");
		chunk.release();
	}

}
