package io.fanfare.boot.tracing;

import io.fanfare.protocol.Traceparent;
import org.jspecify.annotations.Nullable;

/**
 * Records spans, where the process does so and the trace is sampled. Nothing here blocks:
 * what ended goes into a bounded queue, and is dropped where that is full. Any thread may
 * call.
 */
@FunctionalInterface
public interface Tracing {

	/** Records nothing. */
	Tracing OFF = (name, role, parent) -> null;

	/**
	 * Begins a span.
	 * @param name what is done, one of a small closed set
	 * @param role how it stands to what calls it, or is called
	 * @param parent what it is part of; null for a trace of its own
	 * @return the span, to be ended by its caller; null where it is not recorded
	 */
	@Nullable Span begin(String name, Role role, @Nullable Traceparent parent);

	/** How a span stands to others. */
	enum Role {

		/** Hands something over that is received later. */
		PRODUCER,
		/** Receives what was handed over. */
		CONSUMER,
		/** Asks another process, and waits for its answer. */
		CLIENT,
		/** Neither. */
		INTERNAL

	}

	/**
	 * A span that is recorded. Any thread may call; what is called after its end is
	 * ignored.
	 */
	interface Span {

		/**
		 * Names it, for what becomes part of it elsewhere.
		 * @return its trace and its id, sampled
		 */
		Traceparent traceparent();

		/**
		 * Adds what is known of it. Never a user, a token or a payload.
		 * @param name the attribute
		 * @param value its value
		 */
		void note(String name, String value);

		/**
		 * Adds what is known of it.
		 * @param name the attribute
		 * @param value its value
		 */
		void note(String name, long value);

		/**
		 * What it is about did not succeed.
		 * @param why one of a small closed set
		 */
		void failed(String why);

		/** Ends it. */
		void end();

	}

}
