package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.node.broker.Message;
import io.fanfare.node.connection.TestLoop.Socket;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ConnectionStateTests {

	private static final StreamRequest.Start NOW = new StreamRequest.Start.Now();

	private static final Pattern NONCE = Pattern.compile("\"nonce\":\"([^\"]+)\"");

	private final TestLoop node = new TestLoop(Inbox.LIMIT);

	private final List<ConnectionStatus> ended = new ArrayList<>();

	@BeforeEach
	void collectEnded() {
		this.node.connections.endedBy(this.ended::add);
	}

	private ConnectionStatus status() {
		return this.node.loop.present().getFirst().status(null);
	}

	private ConnectionStatus ended() {
		assertThat(this.ended).hasSize(1);
		return this.ended.getFirst();
	}

	private void acknowledge(String... nonces) {
		this.node.router
			.acknowledge(new Frame.Acknowledgement(status().connection(), List.of(nonces), MessageId.ZERO, List.of()));
		this.node.run();
	}

	private static String nonce(Socket socket) {
		Matcher probe = NONCE.matcher(socket.text);
		assertThat(probe.find()).isTrue();
		return probe.group(1);
	}

	@Test
	void aConnectionIsActiveWhileItHasMessagesAndIdleAfterLong() {
		Socket socket = this.node.open("alice", NOW);
		assertThat(status().state()).isEqualTo("connecting");
		this.node.run();
		assertThat(status().state()).isEqualTo("active");
		assertThat(status().bytesSent()).isEqualTo(socket.text.length());
		this.node.pass(Duration.ofMinutes(30).minusSeconds(1));
		assertThat(status().state()).isEqualTo("active");
		this.node.pass(Duration.ofSeconds(1));
		assertThat(status().state()).isEqualTo("idle");
		assertThat(status().lastActivityAt()).isEqualTo(status().createdAt());
		this.node.seconds(6);
		long before = status().bytesSent();
		Message message = this.node.store.publish(ChannelName.ALL, "one");
		this.node.loop.offer(message);
		this.node.run();
		ConnectionStatus status = status();
		assertThat(status.state()).isEqualTo("active");
		assertThat(status.messagesSent()).isEqualTo(1);
		assertThat(status.bytesSent() - before).isEqualTo(message.block().length);
		assertThat(status.durationMs()).isEqualTo(Duration.ofMinutes(30).plusSeconds(6).toMillis());
		assertThat(status.lastActivityAt()).isEqualTo(status.createdAt() + status.durationMs());
		assertThat(status.lastAcknowledgedAt()).isZero();
		assertThat(status.reason()).isNull();
	}

	@Test
	void aMissedAcknowledgementIsAnErrorUntilTheProbeIsAnswered() {
		Socket socket = this.node.openAcknowledging("alice");
		this.node.seconds(59);
		assertThat(status().state()).isEqualTo("active");
		this.node.seconds(2);
		assertThat(status().state()).isEqualTo("error");
		acknowledge();
		acknowledge("another");
		assertThat(status().state()).isEqualTo("error");
		assertThat(status().lastAcknowledgedAt()).isZero();
		this.node.pass(Duration.ofMillis(40));
		acknowledge(nonce(socket));
		assertThat(status().state()).isEqualTo("active");
		assertThat(status().errors()).isEqualTo(1);
		assertThat(status().roundTripMicros()).isBetween(40_000L, 1_100_000L);
		assertThat(status().lastAcknowledgedAt()).isEqualTo(status().createdAt() + status().durationMs());
	}

	private void received(long cursor, Long... ids) {
		this.node.router.acknowledge(new Frame.Acknowledgement(status().connection(), List.of(), cursor, List.of(ids)));
		this.node.run();
	}

	private long publish(String data) {
		Message message = this.node.store.publish(ChannelName.ALL, data);
		this.node.loop.offer(message);
		this.node.run();
		return message.id();
	}

	@Test
	void itIsRememberedWhichMessagesItsClientReceived() {
		this.node.openAcknowledging("alice");
		this.node.run();
		assertThat(status().acknowledged()).isNull();
		long first = publish("first");
		long second = publish("second");
		long third = publish("third");
		acknowledge();
		assertThat(status().acknowledged()).isNull();
		received(MessageId.ZERO, third);
		assertThat(status().acknowledged()).isNull();
		assertThat(status().acknowledgedAbove()).isEqualTo(1);
		received(second);
		assertThat(status().acknowledged()).isEqualTo(MessageId.format(second));
		assertThat(status().acknowledgedAbove()).isEqualTo(1);
		received(first);
		assertThat(status().acknowledged()).as("never goes back").isEqualTo(MessageId.format(second));
		received(MessageId.MAX, MessageId.MAX - 1);
		assertThat(status().acknowledged()).as("not above what was written").isEqualTo(MessageId.format(third));
		assertThat(status().acknowledgedAbove()).isNull();
	}

	@Test
	void anUnansweredProbeIsCountedAndEndsTheStreamAsAZombie() {
		Socket socket = this.node.openAcknowledging("alice");
		socket.mayEnd = true;
		this.node.seconds(92);
		assertThat(socket.ended).contains("\"reason\":\"zombie\"");
		assertThat(ended().reason()).isEqualTo("zombie");
		assertThat(ended().state()).isEqualTo("closed");
		assertThat(ended().errors()).isEqualTo(2);
		assertThat(ended().durationMs()).isBetween(90_000L, 92_000L);
	}

	@Test
	void aClientWhoseKernelIsSilentIsGivenUpWithinFortySeconds() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		this.node.seconds(16);
		long cut = this.node.nanos();
		// The heartbeat before was acknowledged; the next is what nobody acknowledges.
		socket.kernel = () -> (this.node.nanos() - cut > Duration.ofSeconds(15).toNanos())
				? Duration.ofNanos(this.node.nanos() - cut) : null;
		socket.mayEnd = true;
		this.node.seconds(24);
		assertThat(status().state()).isEqualTo("active");
		this.node.seconds(17);
		assertThat(ended().reason()).isEqualTo("unreachable");
	}

	@Test
	void aClientThatHasNotAcknowledgedYetWhatWasJustWrittenIsNotGivenUp() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		AtomicInteger looks = new AtomicInteger();
		// Silent for a minute, because nothing was sent; every other time a write is on
		// its
		// way while the node looks.
		socket.kernel = () -> (looks.getAndIncrement() % 2 == 0) ? Duration.ofSeconds(60) : null;
		this.node.seconds(300);
		assertThat(status().state()).isEqualTo("active");
		assertThat(looks.get()).isGreaterThan(15);
	}

	@Test
	void stallsThatAReaderMakesUpForDoNotAddUp() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		for (int i = 1; i <= 6; i++) {
			socket.pending = 1000;
			// Looked at when a heartbeat is due, and then each second.
			this.node.seconds(22);
			assertThat(status().state()).isEqualTo("error");
			assertThat(status().errors()).isEqualTo(i);
			socket.readOn();
			assertThat(status().state()).isEqualTo("active");
		}
	}

	@Test
	void aReaderThatTakesALittleNowAndThenAndNeverAllIsEndedByItsFourthStall() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		socket.mayEnd = true;
		socket.pending = 1_000_000;
		this.node.seconds(22);
		for (int i = 1; i <= 3; i++) {
			assertThat(status().errors()).isEqualTo(i);
			assertThat(socket.ended).isNull();
			socket.pending -= 20_000;
			this.node.seconds(7);
		}
		assertThat(socket.ended).contains("event: push.goaway").contains("\"reason\":\"error\"");
		assertThat(ended().reason()).isEqualTo("error");
		assertThat(ended().errors()).isEqualTo(4);
	}

	/** It would live for ever, with what it is owed, if any progress would do. */
	@Test
	void aReaderBelowOneKibibytePerSecondIsSlowHoweverOftenItReads() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		socket.mayEnd = true;
		socket.pending = 1_000_000;
		for (int second = 0; second < 60 && socket.ended == null; second++) {
			socket.pending -= 1_000;
			this.node.seconds(1);
		}
		assertThat(socket.ended).contains("event: push.goaway").contains("\"reason\":\"slow\"");
		assertThat(ended().reason()).isEqualTo("slow");
	}

	@Test
	void aReaderAboveOneKibibytePerSecondIsNotSlow() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		socket.pending = 1_000_000;
		for (int second = 0; second < 120; second++) {
			socket.pending -= 1_100;
			this.node.seconds(1);
		}
		assertThat(socket.ended).isNull();
	}

	@Test
	void aReaderThatIsOwedLittleAndReadsAllOfItIsNotSlow() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		for (int second = 0; second < 120; second++) {
			socket.pending = (second % 5 == 4) ? 0 : 10;
			this.node.seconds(1);
		}
		assertThat(socket.ended).isNull();
	}

	@Test
	void aStallIsCountedOnceHoweverLong() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		socket.mayEnd = true;
		socket.pending = 1000;
		this.node.seconds(48);
		assertThat(ended().reason()).isEqualTo("slow");
		assertThat(ended().errors()).isEqualTo(1);
	}

	@Test
	void aBrokenSocketIsToldFromTooManyErrors() {
		Socket socket = this.node.open("alice", NOW);
		this.node.run();
		socket.breakDown();
		assertThat(ended().reason()).isEqualTo("broken");
	}

}
