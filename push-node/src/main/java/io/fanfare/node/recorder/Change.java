package io.fanfare.node.recorder;

import java.util.List;

import io.fanfare.node.catchup.Gap;
import io.fanfare.node.recorder.StreamJournal.Why;

/**
 * A change of the position of a stream, or of what it says.
 *
 * @param kind its kind
 * @param detail more of it
 * @param millis when it was
 * @param first an id
 * @param second another
 * @param channel the hash of a channel
 */
record Change(Kind kind, int detail, long millis, long first, long second, long channel) {

	/** What numbers in a change stand for. */
	static final List<Kind> KINDS = List.of(Kind.values());

	static final List<Why> WHYS = List.of(Why.values());

	static final List<Gap.Reason> REASONS = List.of(Gap.Reason.values());

	/** Kinds of changes. */
	enum Kind {

		/** Live from an id on. */
		LIVE,
		/** What lies above an id is read from history. */
		BEHIND,
		/** A gap from an id to another was announced for a channel. */
		GAP,
		/** A topic was lost, at a position. */
		LEFT,
		/** One message of a channel was erased while it was owed, at a position. */
		ERASED,
		/** All messages of a channel up to an id were, at a position. */
		ERASED_ALL

	}

	boolean isGapOf(long id, long of) {
		return this.kind == Kind.GAP && this.channel == of && id > this.first && id <= this.second;
	}

	Gap.Reason gap() {
		return REASONS.get(this.detail);
	}

	boolean isErasureOf(long id, long of) {
		return (this.kind == Kind.ERASED && id == this.first || this.kind == Kind.ERASED_ALL && id <= this.first)
				&& this.channel == of && id > this.second;
	}

	Why why() {
		return WHYS.get(this.detail);
	}

}
