package io.fanfare.node.observability;

import java.util.Objects;

import io.fanfare.boot.tracing.Tracing.Role;
import io.fanfare.node.RecordedTracing;
import io.fanfare.node.broker.DeliverySpan;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Traceparent;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class DeliverySpansTests {

	private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

	private static final long ID = MessageId.of(1_785_000_000_000L, 3);

	private final RecordedTracing tracing = new RecordedTracing();

	private final DeliverySpans spans = new DeliverySpans(this.tracing);

	private @Nullable DeliverySpan arrived(@Nullable String traceparent) {
		return this.spans.arrived(new Frame.Published(ID, null, ChannelName.ALL,
				new Envelope("message", new byte[0], 0, 0, false, traceparent)));
	}

	@Test
	void itIsPartOfThePublishAndEndsWithTheLastLoop() {
		DeliverySpan span = Objects.requireNonNull(arrived(TRACE));
		RecordedTracing.Recorded recorded = this.tracing.only();
		assertThat(recorded.name()).isEqualTo("deliver");
		assertThat(recorded.role()).isEqualTo(Role.CONSUMER);
		assertThat(recorded.parent()).isEqualTo(Traceparent.parse(TRACE));
		span.expect(3);
		span.written(4);
		span.written(0);
		assertThat(recorded.ended).isZero();
		span.written(7);
		assertThat(recorded.ended).isOne();
		assertThat(recorded.notes).containsEntry("fanfare.message.id", "1785000000000-3")
			.containsEntry("fanfare.streams", "11");
	}

	@Test
	void aMessageForWhichTheNodeHasNoStreamEndsAtOnce() {
		Objects.requireNonNull(arrived(TRACE)).expect(0);
		assertThat(this.tracing.only().ended).isOne();
		assertThat(this.tracing.only().notes).containsEntry("fanfare.streams", "0");
	}

	/** What lies in Redis may be of an older version, or of something else. */
	@ParameterizedTest
	@NullSource
	@ValueSource(strings = { "", "t", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
			"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" })
	void whatIsNoSampledTraceHasNoSpan(String traceparent) {
		assertThat(arrived(traceparent)).isNull();
		assertThat(this.tracing.spans).isEmpty();
	}

}
