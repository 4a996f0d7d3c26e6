package io.fanfare.api.trace;

import java.util.List;

import io.fanfare.api.trace.TraceVerdict.Outcome;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallRequest.Trace.Stored;
import io.fanfare.protocol.call.CallResult.StreamTrace;
import io.fanfare.protocol.call.TraceStep;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What became of a message, by what each stream did with it. */
class TraceVerdictTests {

	private static final long PUBLISHED = 1_785_000_000_000L;

	private static final long ID = MessageId.of(PUBLISHED, 3);

	private static StreamTrace stream(TraceStep step) {
		return ended(step, null, null);
	}

	private static StreamTrace ended(TraceStep step, @Nullable String ending, @Nullable Long at) {
		return new StreamTrace("c", PUBLISHED - 5000, at, ending, "0-0", false, step.wireName(), null, PUBLISHED + 5,
				null);
	}

	private static StreamTrace resumed(TraceStep step) {
		return new StreamTrace("c", PUBLISHED + 5000, null, null, "0-0", true, step.wireName(), null, null, null);
	}

	private static TraceVerdict of(Stored stored, boolean missing, StreamTrace... streams) {
		return TraceVerdict.of(ID, stored, false, false, List.of(streams), missing);
	}

	private static String reason(Stored stored, StreamTrace... streams) {
		TraceVerdict verdict = of(stored, false, streams);
		assertThat(verdict.outcome()).isEqualTo(Outcome.NOT_DELIVERED);
		return String.valueOf(verdict.reason());
	}

	@Test
	void whatOneStreamWroteWasWrittenWhateverIsMissing() {
		for (boolean missing : new boolean[] { true, false }) {
			TraceVerdict verdict = of(Stored.STORED, missing, stream(TraceStep.MISSED), stream(TraceStep.WRITTEN));
			assertThat(verdict).isEqualTo(new TraceVerdict(Outcome.WRITTEN, null, PUBLISHED + 5));
		}
		assertThat(of(Stored.STORED, false, stream(TraceStep.WRITTEN), stream(TraceStep.REPLAYED)).outcome())
			.isEqualTo(Outcome.REPLAYED);
		assertThat(of(Stored.STORED, false, stream(TraceStep.UNKNOWN), stream(TraceStep.OWED)).outcome())
			.isEqualTo(Outcome.OWED);
	}

	@Test
	void anAcknowledgementCountsMost() {
		StreamTrace said = new StreamTrace("c", PUBLISHED, null, null, "0-0", false, "written", null, PUBLISHED + 1,
				PUBLISHED + 9);
		assertThat(of(Stored.STORED, true, said, stream(TraceStep.REPLAYED)))
			.isEqualTo(new TraceVerdict(Outcome.ACKNOWLEDGED, null, PUBLISHED + 9));
	}

	@Test
	void withoutAStreamTheUserWasOffline() {
		assertThat(reason(Stored.STORED)).isEqualTo("offline");
		assertThat(reason(Stored.STORED, stream(TraceStep.BEFORE))).isEqualTo("offline");
		assertThat(reason(Stored.STORED, ended(TraceStep.MISSED, "takeover", PUBLISHED - 2000))).isEqualTo("offline");
		assertThat(reason(Stored.STORED, ended(TraceStep.MISSED, "broken", PUBLISHED))).isEqualTo("offline");
		assertThat(reason(Stored.ABSENT)).isEqualTo("ephemeral");
		assertThat(reason(Stored.TRIMMED)).isEqualTo("expired");
		assertThat(TraceVerdict.of(ID, Stored.STORED, false, true, List.of(), false).reason()).isEqualTo("expired");
		assertThat(TraceVerdict.of(ID, Stored.ABSENT, true, false, List.of(), false).reason()).isEqualTo("erased");
	}

	@Test
	void aStreamThatDidNotWriteItSaysWhy() {
		assertThat(reason(Stored.STORED, ended(TraceStep.MISSED, "takeover", PUBLISHED))).isEqualTo("superseded");
		assertThat(reason(Stored.STORED, ended(TraceStep.MISSED, "slow", PUBLISHED + 9))).isEqualTo("slow");
		assertThat(reason(Stored.STORED, stream(TraceStep.NO_RIGHT))).isEqualTo("no-right");
		assertThat(reason(Stored.STORED, stream(TraceStep.GAP))).isEqualTo("gap");
		assertThat(reason(Stored.ABSENT, stream(TraceStep.EPHEMERAL))).isEqualTo("ephemeral");
		assertThat(reason(Stored.ABSENT, stream(TraceStep.MISSED))).isEqualTo("ephemeral");
		assertThat(reason(Stored.STORED, stream(TraceStep.EXPIRED))).isEqualTo("expired");
	}

	@Test
	void whereAStreamMayBeMissingNothingIsSaidWhateverTheCursor() {
		assertThat(of(Stored.STORED, true).outcome()).isEqualTo(Outcome.UNKNOWN);
		assertThat(of(Stored.STORED, true, stream(TraceStep.MISSED)).outcome()).isEqualTo(Outcome.UNKNOWN);
		assertThat(of(Stored.STORED, true, stream(TraceStep.BEFORE)).outcome()).isEqualTo(Outcome.UNKNOWN);
		assertThat(of(Stored.STORED, true, resumed(TraceStep.BEFORE)).outcome()).isEqualTo(Outcome.UNKNOWN);
		assertThat(of(Stored.STORED, true, resumed(TraceStep.GAP)).outcome()).isEqualTo(Outcome.UNKNOWN);
		assertThat(of(Stored.STORED, false, stream(TraceStep.UNKNOWN)).outcome()).isEqualTo(Outcome.UNKNOWN);
	}

}
