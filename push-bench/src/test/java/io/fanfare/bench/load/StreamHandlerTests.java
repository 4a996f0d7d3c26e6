package io.fanfare.bench.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContentDecompressor;
import io.netty.handler.codec.http.HttpResponseDecoder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class StreamHandlerTests {

	private final LoadLoop loop = new LoadLoop();

	private final EmbeddedChannel channel = new EmbeddedChannel(
			new StreamHandler(this.loop, new byte[0], System.nanoTime()));

	@AfterEach
	void stop() {
		this.loop.shutdown();
	}

	private final ByteArrayOutputStream sent = new ByteArrayOutputStream();

	private StreamHandlerTests head(String status) {
		return text("HTTP/1.1 " + status + "\r\nTransfer-Encoding: chunked\r\n\r\n");
	}

	private StreamHandlerTests text(String text) {
		this.sent.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
		return this;
	}

	private StreamHandlerTests events(int size, int lane, int... numbers) {
		for (int number : numbers) {
			String data = new String(
					Payload.write(new Payload.Content(size, false), 'A', lane, number, System.nanoTime()),
					StandardCharsets.US_ASCII);
			String block = "id: " + number + "-0\ndata: " + data + "\n\n";
			text(Integer.toHexString(block.length()) + "\r\n" + block + "\r\n");
		}
		return this;
	}

	/** Delivers what was put together in pieces of some bytes each. */
	private Tally deliver(int piece) {
		byte[] bytes = this.sent.toByteArray();
		this.sent.reset();
		for (int from = 0; from < bytes.length; from += piece) {
			this.channel.writeInbound(Unpooled.copiedBuffer(bytes, from, Math.min(piece, bytes.length - from)));
		}
		return this.loop.tally();
	}

	@Test
	void countsHoweverTheBytesAreCut() {
		int[] numbers = IntStream.rangeClosed(1, 200).toArray();
		for (int piece : new int[] { 1, 3, 7, 33, 34, 35, 100, 1000, 100_000 }) {
			this.loop.begin('A');
			EmbeddedChannel another = new EmbeddedChannel(new StreamHandler(this.loop, new byte[0], System.nanoTime()));
			byte[] bytes = head("200 OK").events(200, 1, numbers).sent.toByteArray();
			this.sent.reset();
			for (int from = 0; from < bytes.length; from += piece) {
				another.writeInbound(Unpooled.copiedBuffer(bytes, from, Math.min(piece, bytes.length - from)));
			}
			assertThat(this.loop.tally().received).as("pieces of %d", piece).isEqualTo(200);
			assertThat(this.loop.tally().flaws()).isZero();
			assertThat(this.loop.tally().shared.getTotalCount()).isEqualTo(200);
		}
	}

	@Test
	void countsEventsOfDifferentSizesAndWhatStandsBetweenThem() {
		Tally tally = head("200 OK").events(200, 1, 1, 2, 3)
			.text("3\r\n:\n\n\r\n")
			.events(40, 1, 4, 5)
			.events(300, 2, 1)
			.events(200, 1, 6, 7)
			.deliver(100_000);
		assertThat(tally.received).isEqualTo(8);
		assertThat(tally.flaws()).isZero();
	}

	@Test
	void readsMessagesThatChunksCutApart() {
		String data = new String(Payload.write(new Payload.Content(200, false), 'A', 1, 1, System.nanoTime()),
				StandardCharsets.US_ASCII);
		for (int cut = 1; cut < 40; cut++) {
			for (int piece : new int[] { 1, 20, 100_000 }) {
				this.loop.begin('A');
				EmbeddedChannel another = new EmbeddedChannel(
						new StreamHandler(this.loop, new byte[0], System.nanoTime()));
				byte[] bytes = head("200 OK").text(Integer.toHexString(6 + cut) + "\r\ndata: " + data.substring(0, cut))
					.text("\r\n" + Integer.toHexString(202 - cut) + "\r\n" + data.substring(cut) + "\n\n\r\n")
					.events(200, 1, 2).sent.toByteArray();
				this.sent.reset();
				for (int from = 0; from < bytes.length; from += piece) {
					another.writeInbound(Unpooled.copiedBuffer(bytes, from, Math.min(piece, bytes.length - from)));
				}
				assertThat(this.loop.tally().received).as("cut at %d, pieces of %d", cut, piece).isEqualTo(2);
				assertThat(this.loop.tally().flaws()).isZero();
				assertThat(this.loop.tally().shared.getMaxValue()).isLessThan(60_000_000);
			}
		}
	}

	@Test
	void seesWhatIsMissing() {
		Tally tally = head("200 OK").events(200, 1, 1, 2, 5, 6).deliver(100_000);
		assertThat(tally.missing).isEqualTo(2);
		assertThat(tally.disordered).isZero();
	}

	@Test
	void seesThatTheFirstIsMissing() {
		assertThat(head("200 OK").events(200, 1, 3).deliver(100_000).missing).isEqualTo(2);
	}

	@Test
	void seesWhatComesTwiceOrLate() {
		assertThat(head("200 OK").events(200, 1, 1, 2, 2, 1, 3).deliver(100_000).disordered).isEqualTo(2);
	}

	@Test
	void lanesHaveEachTheirOwnOrder() {
		Tally tally = head("200 OK").events(200, 1, 1)
			.events(200, 2, 1)
			.events(200, 1, 2)
			.events(200, Payload.USER_LANES, 1)
			.deliver(64);
		assertThat(tally.flaws()).isZero();
		assertThat(tally.single.getTotalCount()).isEqualTo(1);
		assertThat(tally.shared.getTotalCount()).isEqualTo(3);
	}

	@Test
	void anEarlierPhaseIsLate() {
		head("200 OK").events(200, 1, 1).deliver(100_000);
		this.loop.begin('B');
		Tally tally = events(200, 1, 2).deliver(100_000);
		assertThat(tally.late).isEqualTo(1);
		assertThat(tally.received).isZero();
	}

	@Test
	void aRefusalIsNoStream() {
		assertThat(head("503 Service Unavailable").deliver(100_000).refused).isEqualTo(1);
	}

	@Test
	void aStreamThatSaysBusyIsRefused() {
		assertThat(head("200 OK").text("20\r\nevent: push.busy\n").deliver(100_000).refused).isEqualTo(1);
	}

	@Test
	void anEndThatNobodyAskedForIsSeen() {
		Tally tally = head("200 OK").deliver(100_000);
		assertThat(tally.open).isEqualTo(1);
		this.channel.close();
		assertThat(tally.ended).isEqualTo(1);
		assertThat(tally.open).isZero();
	}

	@Test
	void undoesCompressionHoweverTheBytesAreCut() throws IOException {
		for (int piece : new int[] { 1, 10, 100_000 }) {
			this.loop.begin('A');
			EmbeddedChannel compressed = new EmbeddedChannel(new HttpResponseDecoder(), new HttpContentDecompressor(0),
					new Unframed(), new StreamHandler(this.loop, new byte[0], System.nanoTime()));
			ByteArrayOutputStream body = new ByteArrayOutputStream();
			try (GZIPOutputStream gzip = new GZIPOutputStream(body)) {
				for (int number = 1; number <= 20; number++) {
					gzip.write(Payload.write(new Payload.Content(4096, true), 'A', 1, number, System.nanoTime()));
				}
			}
			String head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
					+ Integer.toHexString(body.size()) + "\r\n";
			text(head).sent.writeBytes(body.toByteArray());
			byte[] bytes = this.sent.toByteArray();
			this.sent.reset();
			for (int from = 0; from < bytes.length; from += piece) {
				compressed.writeInbound(Unpooled.copiedBuffer(bytes, from, Math.min(piece, bytes.length - from)));
			}
			assertThat(this.loop.tally().received).as("pieces of %d", piece).isEqualTo(20);
			assertThat(this.loop.tally().flaws()).isZero();
		}
	}

}
