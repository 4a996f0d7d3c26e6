package io.fanfare.api.trace;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether, since a message was published, there always was a node that noted which other
 * nodes there were, and that tells of it. A node lists all others when it begins, so one
 * that began before another ended continues it.
 */
final class Witnesses {

	private record Span(long since, long until) {

	}

	private final List<Span> spans = new ArrayList<>();

	/** A node that is there. */
	void add(long since) {
		add(since, Long.MAX_VALUE);
	}

	/** A node that ended, and left what it noted. */
	void add(long since, long until) {
		this.spans.add(new Span(since, until));
	}

	boolean reachBackTo(long published) {
		long reached = Long.MAX_VALUE;
		long before;
		do {
			before = reached;
			for (Span span : this.spans) {
				if (span.until() >= reached) {
					reached = Math.min(reached, span.since());
				}
			}
		}
		while (reached < before);
		return reached <= published;
	}

}
