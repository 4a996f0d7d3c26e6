package io.fanfare.node.connection;

import java.time.Duration;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.ConnectionState;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PhaseTests {

	private final TestLoop node = new TestLoop();

	private final TestLoop.Socket socket = this.node.socket("alice", new StreamRequest.Start.Now());

	private @Nullable QueuePosition position = new QueuePosition(2, 3, null);

	private final Connection connection = this.node.connections.add(this.node.loop, this.socket.request(), this.socket,
			new Slot() {

				@Override
				public @Nullable QueuePosition position() {
					return PhaseTests.this.position;
				}

				@Override
				public boolean giveUp() {
					return false;
				}

				@Override
				public boolean withdraw() {
					return false;
				}

				@Override
				public void leave() {
					// nobody waits for it
				}

			});

	private void stream() {
		this.socket.opened(new SocketEvents(this.connection));
		this.node.loop.admit(this.connection);
		this.node.run();
	}

	@Test
	void aConnectionWaitsClaimsAndStreams() {
		assertThat(this.connection.phase()).isEqualTo(new Phase.Opening());
		this.node.loop.await(this.connection);
		assertThat(this.connection.phase()).isEqualTo(new Phase.Waiting(new QueuePosition(2, 3, null)));
		assertThat(this.connection.state(this.node.nanos())).isEqualTo(ConnectionState.WAITING);
		this.position = new QueuePosition(1, 3, null);
		this.connection.notifyPosition();
		assertThat(this.connection.phase()).isEqualTo(new Phase.Waiting(new QueuePosition(1, 3, null)));
		this.node.loop.admit(this.connection);
		assertThat(this.connection.phase()).isEqualTo(new Phase.Claiming(true));
		assertThat(this.connection.isBegun()).isFalse();
		this.node.run();
		assertThat(this.connection.phase()).isEqualTo(new Phase.Streaming());
		assertThat(this.connection.isBegun()).isTrue();
	}

	@Test
	void aConnectionThatGotItsSlotMeanwhileIsNotToldThatItWaits() {
		this.position = null;
		this.node.loop.await(this.connection);
		assertThat(this.connection.phase()).isEqualTo(new Phase.Opening());
		assertThat(this.socket.text).isEmpty();
		stream();
		assertThat(this.connection.phase()).isEqualTo(new Phase.Streaming());
	}

	@Test
	void aStreamWhoseClientWasToldToStopLeavesUntilItsGraceIsOver() {
		this.socket.mayEnd = true;
		stream();
		this.connection.ending().kicked(CloseReason.LOGOUT, 1, Duration.ofSeconds(2), null);
		assertThat(this.connection.phase())
			.isEqualTo(new Phase.Leaving(CloseReason.LOGOUT, this.node.nanos() + Duration.ofSeconds(2).toNanos()));
		assertThat(this.connection.isHeld()).isFalse();
		assertThat(this.connection.isEvictable()).isFalse();
		assertThat(this.connection.tick(this.node.nanos(), 0)).isEqualTo(1);
		this.node.stand(Duration.ofSeconds(2));
		this.connection.tick(this.node.nanos(), 0);
		assertThat(this.connection.phase()).isEqualTo(new Phase.Closed(true));
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.LOGOUT));
	}

	@Test
	void aConnectionThatIsToldToStopBeforeItIsAStreamHasNoGrace() {
		this.socket.mayEnd = true;
		this.connection.ending().kicked(CloseReason.LOGOUT, 1, Duration.ofSeconds(2), null);
		assertThat(this.connection.phase()).isEqualTo(new Phase.Closed(false));
		assertThat(this.connection.isBegun()).isFalse();
		assertThat(this.node.endings).isEmpty();
	}

	@Test
	void closedIsTheLast() {
		this.socket.mayEnd = true;
		stream();
		this.connection.goAway(CloseReason.DRAIN);
		assertThat(this.connection.phase()).isEqualTo(new Phase.Closed(true));
		this.connection.ending().kicked(CloseReason.LOGOUT, 1, Duration.ofSeconds(2), null);
		this.connection.goAway(CloseReason.SLOW);
		this.connection.ending().failed();
		assertThat(this.connection.phase()).isEqualTo(new Phase.Closed(true));
		assertThat(this.connection.state(this.node.nanos())).isEqualTo(ConnectionState.CLOSED);
		assertThat(this.node.endings).hasSize(1);
	}

	@Test
	void aPeerThatIsGoneAtTheFirstBlockHasNoStream() {
		breakAt("begin, late");
		stream();
		assertThat(this.connection.phase()).isEqualTo(new Phase.Closed(false));
		assertThat(this.node.endings).isEmpty();
	}

	@Test
	void aPeerThatIsGoneAtTheNoticeEndsOnce() {
		stream();
		breakAt("block, late");
		this.connection.ending().kicked(CloseReason.LOGOUT, 1, Duration.ofSeconds(2), null);
		assertThat(this.connection.phase()).isEqualTo(new Phase.Closed(true));
		this.connection.close(Ending.CLIENT);
		assertThat(this.node.endings).hasSize(1);
	}

	/** The peer turns out to be gone within a write. */
	private void breakAt(String write) {
		this.socket.fault = (step) -> {
			if (step.equals(write)) {
				new SocketEvents(this.connection).disconnected(true);
			}
		};
	}

}
