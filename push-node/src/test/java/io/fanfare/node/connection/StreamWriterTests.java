package io.fanfare.node.connection;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

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

	@Test
	void aRefusalIsNoAnswer() {
		this.socket.mayEnd = true;
		this.writer.refuse(CloseReason.FULL, Duration.ofSeconds(1));
		assertThat(this.socket.refused).isEqualTo(CloseReason.FULL);
		assertThat(this.writer.isAnswered()).isFalse();
	}

}
