package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.fanfare.node.broker.Message;
import io.fanfare.node.connection.TestLoop.Socket;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Unacknowledged;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An acknowledgement settles what was written to the client and is awaited, and nothing
 * else.
 */
class ReceiptStreamTests {

	private static final ChannelName ALICE = ChannelName.user("alice");

	private static final StreamRequest.Start NOW = new StreamRequest.Start.Now();

	private final TestLoop node = new TestLoop();

	private final Recording recording = new Recording();

	ReceiptStreamTests() {
		this.node.connections.settleBy(this.recording);
	}

	@Test
	void theCursorSettlesWhatWasWrittenUpToIt() {
		this.node.open("alice", NOW);
		this.node.run();
		long first = publish(ALICE, true);
		publish(ALICE, false);
		long third = publish(ALICE, true);
		long fourth = publish(ALICE, true);
		acknowledge(MessageId.ZERO);
		assertThat(this.recording.settled).isEmpty();
		acknowledge(third);
		acknowledge(third);
		assertThat(this.recording.settled).containsExactly("alice " + first, "alice " + third);
		acknowledge(MessageId.ZERO, fourth);
		assertThat(this.recording.settled).hasSize(3).contains("alice " + fourth);
	}

	/** A page acknowledges all but the first message, and so its cursor stands still. */
	@Test
	void eachSingleIdSettlesHoweverManyThereWere() {
		this.node.open("alice", NOW);
		this.node.run();
		publish(ALICE, false);
		long awaited = publish(ALICE, true);
		Long[] others = new Long[Acknowledged.MAX_ABOVE];
		Arrays.setAll(others, (i) -> publish(ALICE, false));
		acknowledge(MessageId.ZERO, others);
		assertThat(this.recording.settled).isEmpty();
		acknowledge(MessageId.ZERO, awaited);
		assertThat(this.recording.settled).containsExactly("alice " + awaited);
	}

	@Test
	void aCursorProvesNothingOfWhatWasNotWritten() {
		this.node.open("alice", NOW);
		this.node.run();
		this.node.store.publish(ALICE, "stored, and not handed over", true);
		long last = publish(ChannelName.ALL, false);
		acknowledge(last);
		assertThat(this.recording.settled).isEmpty();
	}

	@Test
	void aTopicHasNoReceipts() {
		this.node.open("alice", NOW);
		this.node.run();
		acknowledge(publish(ChannelName.ALL, true));
		assertThat(this.recording.settled).isEmpty();
	}

	@Test
	void whatComesFromHistoryCountsAsWell() {
		long id = this.node.store.publish(ALICE, "before", true).id();
		this.node.open("alice", new StreamRequest.Start.After(id - 1));
		this.node.run();
		acknowledge(id);
		assertThat(this.recording.settled).containsExactly("alice " + id);
	}

	@Test
	void whatIsLeftGoesWithTheRelease() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		long first = publish(ALICE, true);
		long second = publish(ALICE, true);
		acknowledge(first);
		String client = this.node.loop.present().getFirst().client();
		socket.cut();
		this.node.pass(Duration.ofSeconds(1));
		assertThat(this.node.store.released).extracting(Field::unacknowledged)
			.containsExactly(new Unacknowledged(client, List.of(second)));
	}

	@Test
	void aStreamThatOwesNothingReleasesNothing() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		acknowledge(publish(ALICE, true));
		socket.cut();
		this.node.pass(Duration.ofSeconds(1));
		assertThat(this.node.store.released).hasSize(1).extracting(Field::unacknowledged).containsOnlyNulls();
	}

	@Test
	void theNextStreamAcknowledgesWhatTheClaimHandsOver() {
		this.node.store.unacknowledged = List.of(41L, 42L);
		this.node.open("alice", new StreamRequest.Start.After(42));
		this.node.run();
		assertThat(this.recording.settled).isEmpty();
		acknowledge(42);
		assertThat(this.recording.settled).containsExactly("alice 41", "alice 42");
	}

	@Test
	void aStreamThatBeganBeforeIsHandedWhatLiesUpToItsCursor() {
		this.node.open("alice", new StreamRequest.Start.After(42));
		this.node.run();
		String connection = this.node.loop.present().getFirst().id();
		this.node.router.unacknowledged(new Frame.Unacknowledged(connection, List.of(41L, 43L)));
		this.node.run();
		acknowledge(publish(ALICE, false));
		assertThat(this.recording.settled).containsExactly("alice 41");
	}

	@Test
	void aStreamWithoutCursorIsHandedNothing() {
		this.node.open("alice", NOW);
		this.node.run();
		String connection = this.node.loop.present().getFirst().id();
		this.node.router.unacknowledged(new Frame.Unacknowledged(connection, List.of(41L)));
		this.node.run();
		acknowledge(publish(ALICE, false));
		assertThat(this.recording.settled).isEmpty();
	}

	@Test
	void whatIsTooMuchIsCounted() {
		this.node.open("alice", NOW);
		this.node.run();
		for (int i = 0; i < Unacknowledged.MOST + 3; i++) {
			publish(ALICE, true);
		}
		assertThat(this.recording.dropped).isEqualTo(3);
	}

	/** By itself it would do so some 20 s later. */
	@Test
	void aClientThatAcknowledgesIsAskedSoonAndNoMoreOnceItDid() {
		Socket socket = this.node.openAcknowledging("alice");
		this.node.run();
		publish(ALICE, false);
		this.node.seconds(3);
		assertThat(probes(socket)).as("without a receipt").isZero();
		long id = publish(ALICE, true);
		this.node.seconds(1);
		assertThat(probes(socket)).isZero();
		this.node.seconds(1);
		assertThat(probes(socket)).isEqualTo(1);
		acknowledge(id);
		this.node.seconds(10);
		assertThat(probes(socket)).isEqualTo(1);
		publish(ALICE, true);
		this.node.seconds(2);
		assertThat(probes(socket)).isEqualTo(2);
	}

	@Test
	void aClientThatDoesNotAcknowledgeIsAskedSomeTimesAndNotEndedForIt() {
		Socket socket = this.node.openAcknowledging("alice");
		this.node.run();
		publish(ALICE, true);
		this.node.seconds(1);
		publish(ALICE, true);
		this.node.seconds(30);
		assertThat(probes(socket)).isEqualTo(ReceiptAsks.MOST);
		assertThat(this.node.loop.present().getFirst().overdue()).isNull();
		assertThat(this.node.loop.present().getFirst().status(null).errors()).isZero();
		publish(ALICE, true);
		this.node.seconds(20);
		assertThat(probes(socket)).as("another message").isEqualTo(2 * ReceiptAsks.MOST);
	}

	@Test
	void aClientThatDoesNotReadIsAskedOnceItDoes() {
		Socket socket = this.node.openAcknowledging("alice");
		this.node.run();
		publish(ALICE, true);
		socket.pending = 1;
		this.node.seconds(4);
		assertThat(probes(socket)).isZero();
		socket.readOn();
		this.node.seconds(1);
		assertThat(probes(socket)).isEqualTo(1);
	}

	/** A native EventSource has no code that could. */
	@Test
	void aClientThatPromisedNothingIsNotAsked() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		publish(ALICE, true);
		this.node.seconds(10);
		assertThat(probes(socket)).isZero();
	}

	@Test
	void manyAreAskedOverSomeTicks() {
		List<Socket> sockets = new ArrayList<>();
		for (int i = 0; i < 600; i++) {
			sockets.add(this.node.openAcknowledging("user-" + i));
			this.node.run();
			publish(ChannelName.user("user-" + i), true);
		}
		this.node.pass(ReceiptAsks.DELAY);
		this.node.run();
		assertThat(sockets.stream().filter((socket) -> probes(socket) > 0)).hasSize(500);
		this.node.pass(StreamLoop.TICK);
		assertThat(sockets).allSatisfy((socket) -> assertThat(probes(socket)).isEqualTo(1));
	}

	@Test
	void switchedOffNothingIsRemembered() {
		this.recording.enabled = false;
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		publish(ALICE, true);
		socket.cut();
		this.node.pass(Duration.ofSeconds(1));
		assertThat(this.node.store.released).hasSize(1).extracting(Field::unacknowledged).containsOnlyNulls();
	}

	private long publish(ChannelName channel, boolean receipt) {
		Message message = this.node.store.publish(channel, "data", receipt);
		this.node.loop.offer(message);
		this.node.run();
		return message.id();
	}

	private static long probes(Socket socket) {
		return socket.text.toString().lines().filter("event: push.probe"::equals).count();
	}

	private void acknowledge(long cursor, Long... ids) {
		this.node.router.acknowledge(
				new Frame.Acknowledgement(this.node.loop.present().getFirst().id(), List.of(), cursor, List.of(ids)));
		this.node.run();
	}

	private static final class Recording implements ReceiptSink {

		private final List<String> settled = new ArrayList<>();

		private boolean enabled = true;

		private int dropped;

		@Override
		public boolean isEnabled() {
			return this.enabled;
		}

		@Override
		public void acknowledged(String user, List<Long> ids) {
			ids.forEach((id) -> this.settled.add(user + " " + id));
		}

		@Override
		public void dropped(int count) {
			this.dropped += count;
		}

	}

}
