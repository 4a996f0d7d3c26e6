package io.fanfare.node.connection;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.CloseReason;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class StreamWriterTests {

	private final TestLoop node = new TestLoop();

	private final TestLoop.Socket socket = this.node.socket("alice", new StreamRequest.Start.Now());

	private final StreamWriter writer = new StreamWriter(this.socket, this.node.loop);

	private static byte[] block(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	@Test
	void theFirstBlockIsWrittenBehindTheHeadAndTheNextOnesAreNot() {
		assertThat(this.writer.isAnswered()).isFalse();
		this.socket.fault = (step) -> assertThat(step).startsWith("begin");
		this.writer.answer(block(":\n"));
		assertThat(this.writer.isAnswered()).isTrue();
		this.socket.fault = (step) -> assertThat(step).startsWith("block");
		this.writer.answer(block("::\n"));
		assertThat(this.socket.text).hasToString(":\n::\n");
	}

	@Test
	void everyBlockButTheLastIsCounted() {
		this.socket.mayEnd = true;
		this.writer.answer(block("12345"));
		this.writer.write(block("678"));
		this.writer.end(block("the last"));
		assertThat(this.writer.bytesSent()).isEqualTo(8);
		assertThat(this.writer.messagesSent()).isZero();
	}

	@Test
	void aBlockThatCouldNotBeWrittenIsNotCounted() {
		long before = this.writer.lastWriteNanos();
		this.node.stand(Duration.ofSeconds(1));
		this.socket.fault = (step) -> {
			throw new IllegalStateException(step);
		};
		assertThatThrownBy(() -> this.writer.answer(block("12345"))).hasMessage("begin");
		assertThat(this.writer.isAnswered()).isFalse();
		assertThatThrownBy(() -> this.writer.write(block("12345"))).hasMessage("block");
		assertThat(this.writer.bytesSent()).isZero();
		assertThat(this.writer.lastWriteNanos()).isEqualTo(before);
	}

	/** Receives copies as long as it wants, and throws when it is told to. */
	private static final class Copies implements StreamCopy {

		private final List<String> blocks = new ArrayList<>();

		private int wanted = Integer.MAX_VALUE;

		@Override
		public boolean block(byte[] block) {
			this.blocks.add(new String(block, StandardCharsets.US_ASCII));
			if (this.blocks.getLast().equals("bad")) {
				throw new IllegalStateException("a copy failed");
			}
			return --this.wanted > 0;
		}

		@Override
		public void ended(String reason) {
			this.blocks.add("ended: " + reason);
		}

	}

	@Test
	void whatIsWrittenIsCopiedAndWhatOnlyTheClientMayKnowIsNot() {
		Copies copies = new Copies();
		this.socket.mayEnd = true;
		this.writer.copyTo(copies);
		this.writer.answer(block("with the key"), () -> block("without it"));
		this.writer.write(block("second"));
		this.writer.end(block("last"));
		this.writer.ended(Ending.CLIENT);
		this.writer.ended(Ending.CLIENT);
		assertThat(copies.blocks).containsExactly("without it", "second", "last", "ended: client");
		assertThat(this.socket.text).hasToString("with the keysecond");
	}

	@Test
	void aCopyThatIsNotWantedAnyMoreOrFailsEndsTheCopyingAlone() {
		Copies brief = new Copies();
		brief.wanted = 1;
		this.writer.copyTo(brief);
		this.writer.answer(block("1"));
		this.writer.write(block("2"));
		assertThat(brief.blocks).containsExactly("1");
		Copies bad = new Copies();
		this.writer.copyTo(bad);
		this.writer.write(block("bad"));
		this.writer.write(block("3"));
		assertThat(bad.blocks).containsExactly("bad");
		assertThat(this.node.thrown).containsExactly("tail");
		assertThat(this.socket.text).hasToString("12bad3");
	}

	@Test
	void aRefusalIsNoAnswer() {
		this.socket.mayEnd = true;
		this.writer.refuse(CloseReason.FULL, Duration.ofSeconds(1));
		assertThat(this.socket.refused).isEqualTo(CloseReason.FULL);
		assertThat(this.writer.isAnswered()).isFalse();
	}

}
