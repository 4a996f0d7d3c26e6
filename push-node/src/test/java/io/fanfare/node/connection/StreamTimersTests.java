package io.fanfare.node.connection;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

import io.fanfare.node.encoding.Blocks;
import io.fanfare.protocol.CloseReason;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What the timers do with what the policies answer. */
class StreamTimersTests {

	private final TestLoop node = new TestLoop();

	private TestLoop.Socket begin(TestLoop.Socket socket) {
		socket.mayEnd = true;
		this.node.run();
		return socket;
	}

	private Connection connection() {
		return this.node.loop.present().getFirst();
	}

	private long tick() {
		return connection().tick(this.node.nanos(), 0);
	}

	@Test
	void aQuietStreamIsLookedAtWhenItsHeartbeatIsDueAndGetsOne() {
		TestLoop.Socket socket = begin(this.node.open("alice", new StreamRequest.Start.Now()));
		assertThat(tick()).isEqualTo(15);
		int before = socket.text.length();
		this.node.stand(Duration.ofSeconds(14));
		assertThat(tick()).isEqualTo(1);
		assertThat(socket.text).hasSize(before);
		this.node.stand(Duration.ofSeconds(1));
		assertThat(tick()).isEqualTo(15);
		assertThat(socket.text.substring(before)).isEqualTo(new String(Blocks.HEARTBEAT, StandardCharsets.UTF_8));
	}

	@Test
	void aReaderWithSomethingLeftIsLookedAtEachSecond() {
		TestLoop.Socket socket = begin(this.node.open("alice", new StreamRequest.Start.Now()));
		socket.pending = 1;
		assertThat(tick()).isEqualTo(1);
		assertThat(connection().overdue()).isEqualTo(CloseReason.SLOW);
		long stopped = this.node.nanos();
		this.node.stand(Duration.ofSeconds(2));
		assertThat(connection().idleNanos()).isEqualTo(stopped);
		socket.readOn();
		assertThat(connection().overdue()).isNull();
	}

	@Test
	void aStallIsAnErrorUntilTheReaderTakesMore() {
		TestLoop.Socket socket = begin(this.node.open("alice", new StreamRequest.Start.Now()));
		socket.pending = 1;
		tick();
		this.node.stand(Duration.ofSeconds(5));
		tick();
		assertThat(connection().status(null).errors()).isEqualTo(1);
		assertThat(connection().state(this.node.nanos()).wireName()).isEqualTo("error");
		socket.readOn();
		assertThat(connection().state(this.node.nanos()).wireName()).isEqualTo("active");
		assertThat(connection().status(null).errors()).isEqualTo(1);
	}

	@Test
	void aReaderThatTakesNothingIsEndedAsSlow() {
		TestLoop.Socket socket = begin(this.node.open("alice", new StreamRequest.Start.Now()));
		socket.pending = 1;
		tick();
		this.node.stand(Duration.ofSeconds(30));
		tick();
		assertThat(socket.ended).contains("\"reason\":\"slow\"");
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.SLOW));
	}

	@Test
	void aClientThatAcknowledgesIsProbedAndEndedWithoutItsAnswer() {
		TestLoop.Socket socket = begin(this.node.openAcknowledging("alice"));
		this.node.stand(Duration.ofSeconds(60));
		this.node.loop.askClocks();
		tick();
		assertThat(socket.text).contains("push.probe");
		assertThat(connection().overdue()).isEqualTo(CloseReason.ZOMBIE);
		this.node.stand(Duration.ofSeconds(30));
		tick();
		assertThat(socket.ended).contains("\"reason\":\"zombie\"");
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.ZOMBIE));
	}

	@Test
	void aClientWhoseKernelIsSilentIsGivenUp() {
		TestLoop.Socket socket = begin(this.node.open("alice", new StreamRequest.Start.Now()));
		socket.kernel = () -> Duration.ofMinutes(1);
		tick();
		this.node.stand(Duration.ofSeconds(25));
		tick();
		assertThat(socket.aborted).isTrue();
		assertThat(this.node.endings).containsExactly(Ending.UNREACHABLE);
	}

}
