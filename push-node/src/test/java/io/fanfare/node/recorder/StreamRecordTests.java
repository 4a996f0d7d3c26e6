package io.fanfare.node.recorder;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import io.fanfare.node.catchup.Gap;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.call.CallRequest.Trace.Stored;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/** A stream that was written and read says of each message what it said before. */
class StreamRecordTests {

	private static final ChannelName OWN = ChannelName.user("alice");

	private static final ChannelName NEWS = ChannelName.topic("news");

	private static final ChannelName SPORT = ChannelName.topic("sport");

	private static PastStream stream(String connection) {
		StreamJournal journal = new StreamJournal(3);
		journal.begin(10, true, Map.of(SPORT, 15L));
		journal.live(100, 20);
		journal.behind(110, 30, StreamJournal.Why.SLOW);
		journal.gap(111, new Gap(NEWS, 30, 35, Gap.Reason.RETENTION));
		journal.live(120, 40);
		journal.acknowledged(125, 22);
		journal.left(130, NEWS, 45);
		journal.setBack(48, 50);
		return new PastStream(connection, "alice", 90, 200L, "drain", journal,
				PastStream.hashes(List.of(OWN, NEWS, SPORT)), 60, 55, 150, 22, new long[] { 24, 41 });
	}

	@Test
	void whatWasReadSaysWhatWasWritten() {
		PastStream written = stream("node-1.c");
		PastStream read = StreamRecord.read("alice", StreamRecord.write(written)).getFirst();
		for (ChannelName channel : List.of(OWN, NEWS, SPORT)) {
			for (Stored stored : Stored.values()) {
				for (boolean known : new boolean[] { true, false }) {
					for (long id = 1; id < 70; id++) {
						Inquiry inquiry = new Inquiry(id, channel, stored, 0, null, known, 1000);
						assertThat(inquiry.ask(read)).isEqualTo(inquiry.ask(written));
					}
				}
			}
		}
	}

	@Test
	void recordsStandOneBehindTheOther() {
		ByteArrayOutputStream all = new ByteArrayOutputStream();
		all.writeBytes(StreamRecord.write(stream("node-1.a")));
		all.writeBytes(StreamRecord.write(stream("node-1.b")));
		assertThat(StreamRecord.read("alice", all.toByteArray())).extracting(PastStream::connection)
			.containsExactly("node-1.a", "node-1.b");
		assertThat(StreamRecord.read("alice", new byte[0])).isEmpty();
	}

	@Test
	void whatCannotBeReadIsRefused() {
		byte[] record = StreamRecord.write(stream("node-1.c"));
		for (int length = 1; length < record.length; length++) {
			byte[] damaged = Arrays.copyOf(record, length);
			assertThatIllegalArgumentException().isThrownBy(() -> StreamRecord.read("alice", damaged));
		}
		record[0]++;
		assertThatIllegalArgumentException().isThrownBy(() -> StreamRecord.read("alice", record));
	}

}
