package io.fanfare.node;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.fanfare.boot.tracing.Tracing;
import io.fanfare.protocol.Traceparent;
import org.jspecify.annotations.Nullable;

/** Spans, as they are recorded. Belongs to one thread. */
public final class RecordedTracing implements Tracing {

	private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

	/** All that were begun, in that order. */
	public final List<Recorded> spans = new ArrayList<>();

	/** Whether spans without a parent are recorded. */
	public boolean sampling = true;

	@Override
	public @Nullable Span begin(String name, Role role, @Nullable Traceparent parent) {
		if ((parent != null) ? !parent.isSampled() : !this.sampling) {
			return null;
		}
		Recorded span = new Recorded(name, role, parent, this.spans.size() + 1);
		this.spans.add(span);
		return span;
	}

	/** The only one. */
	public Recorded only() {
		if (this.spans.size() != 1) {
			throw new AssertionError("Spans: " + this.spans.stream().map(Recorded::name).toList());
		}
		return this.spans.getFirst();
	}

	/** A span. */
	public static final class Recorded implements Span {

		private final String name;

		private final Role role;

		private final @Nullable Traceparent parent;

		private final long id;

		/** Its attributes; numbers as texts. */
		public final Map<String, String> notes = new TreeMap<>();

		/** Why it failed, or null. */
		public @Nullable String failure;

		/** How often it was ended. */
		public int ended;

		private Recorded(String name, Role role, @Nullable Traceparent parent, long id) {
			this.name = name;
			this.role = role;
			this.parent = parent;
			this.id = id;
		}

		public String name() {
			return this.name;
		}

		public Role role() {
			return this.role;
		}

		public @Nullable Traceparent parent() {
			return this.parent;
		}

		@Override
		public Traceparent traceparent() {
			return new Traceparent((this.parent != null) ? this.parent.traceId() : TRACE,
					HexFormat.of().toHexDigits(this.id), (byte) 1);
		}

		@Override
		public void note(String attribute, String value) {
			this.notes.put(attribute, value);
		}

		@Override
		public void note(String attribute, long value) {
			this.notes.put(attribute, Long.toString(value));
		}

		@Override
		public void failed(String why) {
			this.failure = why;
		}

		@Override
		public void end() {
			this.ended++;
		}

	}

}
