package io.fanfare.node.observability;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.boot.tracing.Tracing;
import io.fanfare.node.connection.CatchUpEvents;
import io.fanfare.node.connection.Connection;

/**
 * A span for each time that a stream reads history, from its beginning until the stream
 * has all that there is. It is a trace of its own: what is read belongs to many
 * publishes. Any thread may call.
 */
public final class CatchUpSpans implements CatchUpEvents {

	/** Spans that are open at once; further streams have none. */
	static final int LIMIT = 4_096;

	private final Tracing tracing;

	private final Map<Connection, Reading> open = new ConcurrentHashMap<>();

	/**
	 * Makes it.
	 * @param tracing records the spans
	 */
	public CatchUpSpans(Tracing tracing) {
		this.tracing = tracing;
	}

	/** A span that is open. Belongs to its connection's loop. */
	private static final class Reading {

		private final Tracing.Span span;

		private long rounds;

		private long messages;

		private Reading(Tracing.Span span) {
			this.span = span;
		}

	}

	@Override
	public void began(Connection connection) {
		Tracing.Span span = (this.open.size() < LIMIT) ? this.tracing.begin("catch-up", Tracing.Role.INTERNAL, null)
				: null;
		if (span != null) {
			span.note("fanfare.connection", connection.id());
			this.open.put(connection, new Reading(span));
		}
	}

	@Override
	public void read(Connection connection, int messages) {
		Reading reading = this.open.get(connection);
		if (reading != null) {
			reading.rounds++;
			reading.messages += messages;
		}
	}

	@Override
	public void ended(Connection connection, boolean live) {
		Reading reading = this.open.remove(connection);
		if (reading != null) {
			reading.span.note("fanfare.rounds", reading.rounds);
			reading.span.note("fanfare.messages", reading.messages);
			if (!live) {
				reading.span.failed("stream-ended");
			}
			reading.span.end();
		}
	}

}
