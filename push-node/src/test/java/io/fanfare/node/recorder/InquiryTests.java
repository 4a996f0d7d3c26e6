package io.fanfare.node.recorder;

import java.util.List;
import java.util.Map;

import io.fanfare.node.catchup.Gap;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.call.CallRequest.Trace.Stored;
import io.fanfare.protocol.call.CallResult.Route;
import io.fanfare.protocol.call.CallResult.StreamTrace;
import io.fanfare.protocol.call.TraceStep;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What the journal of a stream says of a message. */
class InquiryTests {

	private static final ChannelName OWN = ChannelName.user("alice");

	private static final ChannelName NEWS = ChannelName.topic("news");

	private static final Came NAMED = new Came(new Route(50, true, true, false), Came.hash("c"));

	private static final Came EPHEMERAL = new Came(new Route(50, true, true, true), Came.hash("c"));

	private final StreamJournal journal = new StreamJournal(6);

	private long position;

	private @Nullable Long ended;

	private Stored stored = Stored.STORED;

	private @Nullable Came came;

	private long expiresAt;

	private StreamTrace ask(ChannelName channel, long id) {
		return new Inquiry(id, channel, this.stored, this.expiresAt, this.came, true, 1000)
			.ask(new PastStream("c", "alice", 1, this.ended, (this.ended != null) ? "client" : null, this.journal,
					PastStream.hashes(List.of(OWN, NEWS)), this.position, this.position, 0, 12, new long[0]));
	}

	private TraceStep step(long id) {
		return TraceStep.of(ask(NEWS, id).step());
	}

	private void liveFrom(long id) {
		this.journal.begin(id, true, Map.of());
		this.journal.live(10, id);
	}

	@Test
	void aLiveStreamHasWrittenWhatItsPositionPassed() {
		liveFrom(10);
		this.position = 20;
		assertThat(step(10)).isEqualTo(TraceStep.BEFORE);
		assertThat(step(11)).isEqualTo(TraceStep.WRITTEN);
		assertThat(step(20)).isEqualTo(TraceStep.WRITTEN);
		assertThat(step(21)).isEqualTo(TraceStep.OWED);
		this.ended = 100L;
		assertThat(step(21)).isEqualTo(TraceStep.MISSED);
	}

	@Test
	void whatWasAcknowledgedIsToldWithTheEarliestTimeThatIsKnown() {
		liveFrom(10);
		this.position = 20;
		this.journal.acknowledged(70, 11);
		this.journal.acknowledged(80, 12);
		assertThat(ask(NEWS, 11).acknowledgedAt()).isEqualTo(70);
		assertThat(ask(NEWS, 12).acknowledgedAt()).isEqualTo(80);
		assertThat(ask(NEWS, 12).at()).isEqualTo(80);
		assertThat(ask(NEWS, 13).acknowledgedAt()).isNull();
	}

	@Test
	void aStreamThatReadHistoryHasReplayedWhatIsStored() {
		liveFrom(10);
		this.journal.behind(20, 15, StreamJournal.Why.SLOW);
		this.journal.live(30, 25);
		this.position = 30;
		assertThat(step(15)).isEqualTo(TraceStep.WRITTEN);
		assertThat(step(16)).isEqualTo(TraceStep.REPLAYED);
		assertThat(ask(NEWS, 16).at()).isEqualTo(30);
		assertThat(step(26)).isEqualTo(TraceStep.WRITTEN);
		this.stored = Stored.ABSENT;
		this.came = EPHEMERAL;
		assertThat(step(16)).isEqualTo(TraceStep.EPHEMERAL);
		assertThat(step(26)).isEqualTo(TraceStep.WRITTEN);
		this.stored = Stored.TRIMMED;
		this.came = NAMED;
		assertThat(step(16)).isEqualTo(TraceStep.UNKNOWN);
		this.stored = Stored.ABSENT;
		this.came = null;
		assertThat(step(16)).isEqualTo(TraceStep.UNKNOWN);
		assertThat(step(26)).isEqualTo(TraceStep.MISSED);
	}

	@Test
	void whatExpiredBeforeItWasReadWasNotWritten() {
		this.journal.begin(10, true, Map.of());
		this.journal.live(30, 20);
		this.position = 20;
		this.expiresAt = 1;
		assertThat(step(15)).isEqualTo(TraceStep.EXPIRED);
		this.expiresAt = 20;
		assertThat(step(15)).isEqualTo(TraceStep.UNKNOWN);
		this.expiresAt = 31;
		assertThat(step(15)).isEqualTo(TraceStep.REPLAYED);
	}

	@Test
	void aGapIsOfItsChannelAlone() {
		this.journal.begin(10, true, Map.of());
		this.journal.gap(20, new Gap(NEWS, 10, 15, Gap.Reason.RETENTION));
		this.journal.live(30, 20);
		this.position = 20;
		assertThat(step(15)).isEqualTo(TraceStep.GAP);
		assertThat(ask(NEWS, 15).reason()).isEqualTo("retention");
		assertThat(step(16)).isEqualTo(TraceStep.REPLAYED);
		assertThat(ask(OWN, 15).step()).isEqualTo("replayed");
	}

	/** Presence named none for a while: what came has passed what did not. */
	@Test
	void whatWasHiddenIsAGapUnlessItCame() {
		liveFrom(10);
		this.position = 20;
		this.journal.gap(40, new Gap(OWN, 10, 20, Gap.Reason.PRESENCE_LOSS));
		assertThat(ask(OWN, 15).step()).isEqualTo("gap");
		this.came = NAMED;
		assertThat(ask(OWN, 15).step()).isEqualTo("written");
	}

	@Test
	void aTopicThatWasLostIsNoRightFromThenOn() {
		liveFrom(10);
		this.journal.left(20, NEWS, 15);
		this.position = 20;
		assertThat(step(15)).isEqualTo(TraceStep.WRITTEN);
		assertThat(step(16)).isEqualTo(TraceStep.NO_RIGHT);
		assertThat(ask(OWN, 16).step()).isEqualTo("written");
		assertThat(ask(ChannelName.topic("sport"), 16).step()).isEqualTo("no-right");
	}

	@Test
	void whatWasErasedWhileItWasOwedWasNotWritten() {
		liveFrom(10);
		this.journal.erased(20, NEWS, 18, true, 15);
		this.position = 20;
		assertThat(step(15)).isEqualTo(TraceStep.WRITTEN);
		assertThat(step(18)).isEqualTo(TraceStep.ERASED);
		assertThat(step(19)).isEqualTo(TraceStep.WRITTEN);
	}

	@Test
	void ofWhatLiesBeforeTheLastChangesNothingIsSaid() {
		liveFrom(10);
		for (int i = 1; i <= 10; i++) {
			this.journal.behind(20 + i, 10 + 20 * i, StreamJournal.Why.LINK);
			this.journal.live(20 + i, 20 + 20 * i);
		}
		this.position = 300;
		assertThat(this.journal.size()).isEqualTo(6);
		// Kept: from behind at 170.
		assertThat(step(160)).isEqualTo(TraceStep.UNKNOWN);
		assertThat(step(165)).isEqualTo(TraceStep.WRITTEN);
		assertThat(step(175)).isEqualTo(TraceStep.REPLAYED);
		assertThat(step(185)).isEqualTo(TraceStep.WRITTEN);
		assertThat(step(290)).isEqualTo(TraceStep.WRITTEN);
	}

	/** The old stream of a user is open for a moment beside the one that took over. */
	@Test
	void whatCameForAnotherConnectionWasNotWrittenHere() {
		liveFrom(10);
		this.position = 20;
		this.ended = 500L;
		this.stored = Stored.TRIMMED;
		this.came = NAMED;
		assertThat(TraceStep.of(ask(OWN, 15).step())).isEqualTo(TraceStep.WRITTEN);
		this.came = new Came(NAMED.route(), Came.hash("the one that took over"));
		assertThat(TraceStep.of(ask(OWN, 15).step())).isEqualTo(TraceStep.MISSED);
	}

}
