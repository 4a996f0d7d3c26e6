package io.fanfare.node.connection;

import java.time.Duration;

import io.fanfare.protocol.CloseReason;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What a client receives when its stream ends. */
class StreamEndingTests {

	private final TestLoop node = new TestLoop();

	private final TestLoop.Socket socket = this.node.open("alice", new StreamRequest.Start.Now());

	private final Connection connection = this.node.loop.present().getFirst();

	private final StreamEnding ending = this.connection.ending();

	StreamEndingTests() {
		this.socket.mayEnd = true;
	}

	@Test
	void aConnectionThatIsNoStreamYetIsRefused() {
		this.connection.goAway(CloseReason.DRAIN);
		assertThat(this.socket.refused).isEqualTo(CloseReason.DRAINING);
		assertThat(this.node.endings).isEmpty();
	}

	@Test
	void aStreamIsAskedToReconnect() {
		this.node.run();
		this.connection.goAway(CloseReason.DRAIN);
		assertThat(this.socket.ended).contains("push.goaway", "\"reason\":\"drain\"");
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.DRAIN));
	}

	@Test
	void aKickWithoutGraceIsTheLastBlock() {
		this.node.run();
		this.ending.kicked(CloseReason.REVOKED, 1, Duration.ZERO, null);
		assertThat(this.socket.ended).contains("push.kicked", "\"reason\":\"revoked\"");
	}

	@Test
	void nothingFollowsAKickThatHasAGrace() {
		this.node.run();
		this.ending.kicked(CloseReason.LOGOUT, 1, Duration.ofSeconds(2), null);
		assertThat(this.socket.text).contains("push.kicked");
		int length = this.socket.text.length();
		this.node.publish();
		this.node.run();
		this.connection.goAway(CloseReason.DRAIN);
		assertThat(this.socket.text).hasSize(length);
		assertThat(this.socket.ended).isEmpty();
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.LOGOUT));
	}

	@Test
	void anotherStreamOfTheSameClientEndsItWithoutAWord() {
		this.node.run();
		this.connection.ending().endSilently();
		assertThat(this.socket.ended).isEmpty();
		assertThat(this.node.endings).containsExactly(Ending.REPLACED);
	}

	@Test
	void anErrorAsksTheClientToReconnect() {
		this.node.run();
		this.ending.failed();
		assertThat(this.socket.ended).contains("push.goaway", "\"reason\":\"error\"");
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.ERROR));
	}

	@Test
	void aSocketThatThrowsAtTheEndIsClosedAllTheSame() {
		this.node.run();
		this.node.mayThrow = true;
		this.socket.fault = (step) -> {
			if (step.equals("end")) {
				throw new IllegalStateException(step);
			}
		};
		this.ending.failed();
		assertThat(this.socket.aborted).isTrue();
		assertThat(this.connection.isClosed()).isTrue();
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.ERROR));
	}

	@Test
	void onlyTheFirstEndCounts() {
		this.node.run();
		this.ending.shed();
		this.ending.giveUp();
		this.ending.disconnected(true);
		this.ending.closeByClient();
		assertThat(this.socket.aborted).isTrue();
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.MEMORY));
	}

}
