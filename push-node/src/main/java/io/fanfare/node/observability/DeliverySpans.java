package io.fanfare.node.observability;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.boot.tracing.Tracing;
import io.fanfare.node.broker.ArrivalTraces;
import io.fanfare.node.broker.DeliverySpan;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Traceparent;
import org.jspecify.annotations.Nullable;

/**
 * A span for each message of a sampled trace that arrives, as part of its publish. It
 * ends when the last loop has written the message.
 */
public final class DeliverySpans implements ArrivalTraces {

	private final Tracing tracing;

	/**
	 * Makes it.
	 * @param tracing records the spans
	 */
	public DeliverySpans(Tracing tracing) {
		this.tracing = tracing;
	}

	@Override
	public @Nullable DeliverySpan arrived(Frame.Published published) {
		Traceparent publish = Traceparent.parse(published.envelope().traceparent());
		if (publish == null || !publish.isSampled()) {
			return null;
		}
		Tracing.Span span = this.tracing.begin("deliver", Tracing.Role.CONSUMER, publish);
		if (span == null) {
			return null;
		}
		span.note("fanfare.message.id", MessageId.format(published.id()));
		return new Counted(span);
	}

	/** Counts the loops that have yet to write. */
	private static final class Counted implements DeliverySpan {

		private final Tracing.Span span;

		private final AtomicInteger left = new AtomicInteger();

		private final AtomicLong streams = new AtomicLong();

		private Counted(Tracing.Span span) {
			this.span = span;
		}

		@Override
		public void expect(int loops) {
			this.left.set(loops);
			if (loops == 0) {
				end();
			}
		}

		@Override
		public void written(int count) {
			this.streams.addAndGet(count);
			if (this.left.decrementAndGet() == 0) {
				end();
			}
		}

		private void end() {
			this.span.note("fanfare.streams", this.streams.get());
			this.span.end();
		}

	}

}
