package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import io.fanfare.node.broker.Message;
import io.fanfare.node.connection.Delivery.State;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** In which state a delivery stands, and what it has written by then. */
class DeliveryTests {

	private final TestLoop node = new TestLoop();

	private final TestLoop.Socket socket = this.node.open("alice", new StreamRequest.Start.Now());

	private final Delivery delivery = this.node.loop.present().getFirst().delivery();

	private void publish(int count) {
		IntStream.range(0, count).forEach((i) -> this.node.publish());
	}

	@Test
	void itIsPendingUntilItsUserIsClaimedAndWritesWhatArrivedMeanwhile() {
		assertThat(this.delivery.state()).isEqualTo(State.PENDING);
		assertThat(this.delivery.isIdle()).isFalse();
		this.node.run();
		assertThat(this.delivery.state()).isEqualTo(State.LIVE);
		assertThat(this.delivery.position()).isEqualTo(this.node.store.clock);
		assertThat(this.delivery.cursor()).isEqualTo(this.delivery.position());
		assertThat(this.delivery.isIdle()).isTrue();
	}

	@Test
	void whatArrivesTogetherIsWrittenTogetherAndMovesPositionAndCursor() {
		this.node.run();
		publish(3);
		this.node.run();
		assertThat(this.socket.numbers()).containsExactly(1, 2, 3);
		assertThat(this.socket.writes).isEqualTo(1);
		assertThat(this.delivery.position()).isEqualTo(this.node.store.clock);
		assertThat(this.delivery.cursor()).isEqualTo(this.node.store.clock);
	}

	@Test
	void aMessageAtOrBelowThePositionIsNotWrittenAgain() {
		this.node.run();
		Message first = this.node.publishOnly(ChannelName.user("alice"));
		this.node.loop.offer(first);
		this.node.run();
		assertThat(this.delivery.position()).isEqualTo(first.id());
		this.node.loop.offer(first);
		publish(1);
		this.node.run();
		assertThat(this.socket.numbers()).containsExactly(1, 2);
	}

	@Test
	void aReaderThatStopsIsOwedInMemoryAndIsWrittenToWhenItReadsOn() {
		this.node.run();
		this.socket.pending = 1;
		publish(2);
		this.node.run();
		assertThat(this.delivery.state()).isEqualTo(State.LIVE);
		assertThat(this.delivery.isIdle()).isFalse();
		assertThat(this.delivery.bytesAtMost()).isPositive();
		assertThat(this.socket.numbers()).isEmpty();
		this.socket.readOn();
		this.node.run();
		assertThat(this.socket.numbers()).containsExactly(1, 2);
		assertThat(this.delivery.bytesAtMost()).isZero();
	}

	@Test
	void aBacklogThatIsTooLongIsLeftToHistoryAndNothingIsLost() {
		this.node.run();
		this.socket.pending = 1;
		publish(1_025);
		this.node.run();
		assertThat(this.delivery.state()).isEqualTo(State.CATCHING_UP);
		assertThat(this.delivery.bytesAtMost()).isZero();
		this.socket.readOn();
		this.node.run();
		assertThat(this.delivery.state()).isEqualTo(State.LIVE);
		assertThat(this.socket.numbers()).isEqualTo(IntStream.rangeClosed(1, 1_025).boxed().toList());
	}

	@Test
	void whatIsDroppedForWantOfMemoryComesFromHistory() {
		this.node.run();
		this.socket.pending = 1;
		publish(3);
		this.node.run();
		this.delivery.dropToHistory();
		assertThat(this.delivery.state()).isEqualTo(State.CATCHING_UP);
		assertThat(this.delivery.ownBytes()).isZero();
		this.socket.readOn();
		this.node.run();
		assertThat(this.delivery.state()).isEqualTo(State.LIVE);
		assertThat(this.socket.numbers()).containsExactly(1, 2, 3);
	}

	@Test
	void aMessageThatCouldNotBeReadIsFoundByTheNextRound() {
		this.node.run();
		this.node.publishOnly(ChannelName.user("alice"));
		this.delivery.lost();
		assertThat(this.delivery.state()).isEqualTo(State.CATCHING_UP);
		this.node.run();
		assertThat(this.delivery.state()).isEqualTo(State.LIVE);
		assertThat(this.socket.numbers()).containsExactly(1);
	}

	@Test
	void withoutAProofNothingIsWrittenAndItFallsBehind() {
		this.node.run();
		this.node.stand(Duration.ofSeconds(16));
		this.node.loop.askClocks();
		this.delivery.append(this.node.publishOnly(ChannelName.user("alice")), true);
		this.delivery.visit();
		assertThat(this.delivery.state()).isEqualTo(State.CATCHING_UP);
		assertThat(this.socket.numbers()).isEmpty();
	}

	@Test
	void aQuietStreamsCursorIsMovedForwardOnly() {
		this.node.run();
		long cursor = this.delivery.cursor();
		this.delivery.moveCursor(cursor);
		assertThat(this.socket.text.toString()).doesNotContain("id: " + MessageId.format(cursor + 7));
		this.delivery.moveCursor(cursor + 7);
		assertThat(this.delivery.cursor()).isEqualTo(cursor + 7);
		assertThat(this.socket.text.toString()).contains("id: " + MessageId.format(cursor + 7));
		this.delivery.moveCursor(cursor + 6);
		assertThat(this.delivery.cursor()).isEqualTo(cursor + 7);
	}

	@Test
	void aClosedOneTakesNothingAndIsOwedNothing() {
		this.node.run();
		this.socket.pending = 1;
		publish(2);
		this.node.run();
		this.socket.cut();
		assertThat(this.delivery.state()).isEqualTo(State.CLOSED);
		assertThat(this.delivery.bytesAtMost()).isZero();
		this.delivery.append(this.node.publishOnly(ChannelName.user("alice")), true);
		this.delivery.catchUp();
		this.delivery.visit();
		assertThat(this.delivery.state()).isEqualTo(State.CLOSED);
		assertThat(this.delivery.bytesAtMost()).isZero();
	}

	/** Each time that it reads history has one beginning and one end. */
	@Test
	void itSaysWhenItReadsHistoryAndWhenItHasDone() {
		List<String> steps = new ArrayList<>();
		this.node.seam = (step) -> {
			if (step.equals("catching up") || step.equals("caught up") || step.equals("given up")
					|| step.startsWith("read ")) {
				steps.add(step);
			}
		};
		this.node.run();
		assertThat(steps).isEmpty();
		publish(2);
		this.node.run();
		this.node.open("bob", new StreamRequest.Start.After(1));
		this.node.run();
		assertThat(steps).containsExactly("catching up", "read 2", "caught up");
		steps.clear();
		this.node.loop.linkDown();
		this.socket.cut();
		this.node.run();
		this.node.loop.linkUp(2);
		this.node.seconds(10);
		assertThat(steps).startsWith("catching up", "catching up").contains("given up").endsWith("caught up");
		assertThat(steps).filteredOn((step) -> !step.startsWith("read ")).hasSize(4);
	}

}
