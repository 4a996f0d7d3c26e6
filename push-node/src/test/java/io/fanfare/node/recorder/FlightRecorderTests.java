package io.fanfare.node.recorder;

import java.time.Instant;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.MessageId;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** How much a recorder keeps, and in how much memory. */
class FlightRecorderTests {

	private static final long MEBI = 1024 * 1024;

	private static final long BEGAN = 1_785_000_000_000L;

	private long now = BEGAN;

	private FlightRecorder recorder(long bytes, int streams) {
		return new FlightRecorder(bytes, streams, () -> Instant.ofEpochMilli(this.now));
	}

	/** 50 000 messages per second for 15 s, and streams that end all the while. */
	@Test
	void thirtyTwoMebibytesHoldFifteenSecondsOfFiftyThousandMessagesPerSecond() {
		FlightRecorder recorder = recorder(32 * MEBI, 10_000);
		ChannelName channel = ChannelName.topic("news");
		Envelope envelope = new Envelope(EventName.DEFAULT, new byte[0], 0, 0, false, null);
		for (int ms = 1; ms <= 25_000; ms++) {
			this.now = BEGAN + ms;
			for (int i = 0; i < 50; i++) {
				recorder.broadcast(Message.render(MessageId.of(this.now, i), channel, envelope));
			}
			recorder.ended(ended(recorder, "user-" + ms));
		}
		assertThat(this.now - recorder.routesSince()).isBetween(15_000L, 25_000L);
		assertThat(recorder.bytes()).isBetween(30 * MEBI, 32 * MEBI);
		assertThat(recorder.came(MessageId.of(this.now - 15_000, 7), channel)).isNotNull();
		assertThat(recorder.reachesBackTo(MessageId.of(this.now - 15_000, 7))).isTrue();
		assertThat(recorder.reachesBackTo(MessageId.of(BEGAN + 10, 0))).isFalse();
		assertThat(recorder.endedOf("user-1")).isEmpty();
		assertThat(recorder.endedOf("user-25000")).hasSize(1);
		assertThat(recorder.streamsSince()).isBetween(BEGAN + 1, this.now - 4_000);
	}

	private PastStream ended(FlightRecorder recorder, String user) {
		StreamJournal journal = recorder.journal();
		for (int i = 0; i < 20; i++) {
			journal.live(this.now, i);
		}
		return new PastStream("node-1.0123456789abcdef", user, BEGAN, this.now, "client", journal, new long[3], 0, 0, 0,
				0, new long[0]);
	}

	@Test
	void journalsOfManyStreamsStayWithinTheMemory() {
		for (int streams : new int[] { 1, 10_000, 50_000, 64_000 }) {
			assertThat(recorder(32 * MEBI, streams).bytes()).isBetween(24 * MEBI, 32 * MEBI);
		}
	}

	@Test
	void oneThatIsOffKeepsNothing() {
		FlightRecorder off = recorder(0, 10_000);
		off.ended(ended(off, "alice"));
		assertThat(off.isOn()).isFalse();
		assertThat(off.bytes()).isZero();
		assertThat(off.endedOf("alice")).isEmpty();
		assertThat(off.reachesBackTo(MessageId.of(BEGAN + 1, 0))).isFalse();
		assertThat(off.journal().size()).isZero();
	}

}
