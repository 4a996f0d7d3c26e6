package io.fanfare.node.connection;

import java.util.List;
import java.util.stream.LongStream;

import io.fanfare.protocol.MessageId;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AcknowledgedTests {

	private static final long WRITTEN = 1_000;

	@Test
	void itSaysNothingAtFirstAndNothingIsSharedByAll() {
		assertThat(Acknowledged.NOTHING.shownCursor()).isNull();
		assertThat(Acknowledged.NOTHING.shownAbove()).isNull();
		assertThat(Acknowledged.NOTHING.and(MessageId.ZERO, List.of(), WRITTEN)).isSameAs(Acknowledged.NOTHING);
	}

	@Test
	void itsCursorRisesAndTakesOverWhatLiesBelow() {
		Acknowledged some = Acknowledged.NOTHING.and(100, List.of(150L, 120L, 150L, 90L), WRITTEN);
		assertThat(some.shownCursor()).isEqualTo(MessageId.format(100));
		assertThat(some.shownAbove()).isEqualTo(2);
		assertThat(some.contains(90)).isTrue();
		assertThat(some.contains(101)).isFalse();
		assertThat(some.contains(150)).isTrue();
		Acknowledged more = some.and(130, List.of(), WRITTEN);
		assertThat(more.shownAbove()).isEqualTo(1);
		assertThat(more.contains(130)).isTrue();
		Acknowledged stale = more.and(50, List.of(60L), WRITTEN);
		assertThat(stale.shownCursor()).isEqualTo(MessageId.format(130));
		assertThat(stale.shownAbove()).isEqualTo(1);
	}

	@Test
	void whatWasNotWrittenCannotBeReceived() {
		Acknowledged ahead = Acknowledged.NOTHING.and(MessageId.MAX, List.of(WRITTEN + 1), WRITTEN);
		assertThat(ahead.shownCursor()).isEqualTo(MessageId.format(WRITTEN));
		assertThat(ahead.shownAbove()).isNull();
		assertThat(Acknowledged.NOTHING.and(0, List.of(WRITTEN + 1), WRITTEN).shownAbove()).isNull();
	}

	@Test
	void theNewestOfTooManyAreKept() {
		Acknowledged many = Acknowledged.NOTHING;
		for (long from = 1; from < 301; from += 100) {
			many = many.and(0, LongStream.range(from, from + 100).boxed().toList(), WRITTEN);
		}
		assertThat(many.shownAbove()).isEqualTo(Acknowledged.MAX_ABOVE);
		assertThat(many.contains(200)).isFalse();
		assertThat(many.contains(201)).isTrue();
		assertThat(many.contains(300)).isTrue();
	}

	@Test
	void whatTheStoreForgotIsNotReceivedAnyMore() {
		Acknowledged back = Acknowledged.NOTHING.and(100, List.of(110L, 150L), WRITTEN).setBack(120);
		assertThat(back.shownCursor()).isEqualTo(MessageId.format(100));
		assertThat(back.shownAbove()).isEqualTo(1);
		Acknowledged further = back.setBack(80);
		assertThat(further.shownCursor()).isEqualTo(MessageId.format(80));
		assertThat(further.shownAbove()).isNull();
	}

}
