package io.fanfare.node.recorder;

import io.fanfare.node.catchup.Gap;
import io.fanfare.node.recorder.Change.Kind;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallRequest.Trace.Stored;
import io.fanfare.protocol.call.CallResult.StreamTrace;
import io.fanfare.protocol.call.TraceStep;
import org.jspecify.annotations.Nullable;

/**
 * What became of one message on one stream, by its journal. A message lies within a
 * stretch of ids during which the stream was live or read history, or above its position.
 *
 * @param id the message
 * @param channel its channel
 * @param stored what the history of the channel says of it
 * @param expiresAt when it was of no use any more, in milliseconds since the epoch; 0 for
 * never
 * @param came how the node was handed it, or null if it was not, as far as is known
 * @param routesKnown whether it would be known if the node had been
 * @param nowMillis now
 */
public record Inquiry(long id, ChannelName channel, Stored stored, long expiresAt, @Nullable Came came,
		boolean routesKnown, long nowMillis) {

	/** A step, what is said of it, and the latest time at which it was. */
	private record Verdict(TraceStep step, @Nullable String reason, long by) {

		private Verdict(TraceStep step) {
			this(step, null, 0);
		}

	}

	/**
	 * Asks one stream.
	 * @param stream the stream
	 * @return what it did
	 */
	public StreamTrace ask(PastStream stream) {
		Verdict verdict = verdict(stream);
		Long at = null;
		Long acknowledged = null;
		if (verdict.step() == TraceStep.WRITTEN || verdict.step() == TraceStep.REPLAYED) {
			long end = end(stream);
			at = Math.min(verdict.by(), end);
			if (stream.position() == this.id && stream.lastMessageAt() != 0) {
				at = Math.min(at, stream.lastMessageAt());
			}
			if (stream.isAcknowledged(this.id)) {
				Long by = stream.journal().acknowledgedBy(this.id);
				acknowledged = (by != null) ? by : end;
				at = Math.min(at, acknowledged);
			}
		}
		return new StreamTrace(stream.connection(), stream.openedAt(), stream.endedAt(), stream.ending(),
				MessageId.format(stream.journal().from()), stream.journal().isResumed(), verdict.step().wireName(),
				verdict.reason(), at, acknowledged);
	}

	private long end(PastStream stream) {
		Long endedAt = stream.endedAt();
		return (endedAt != null) ? endedAt : this.nowMillis;
	}

	private Verdict verdict(PastStream stream) {
		StreamJournal journal = stream.journal();
		long hash = StreamJournal.hash(this.channel);
		if (!stream.has(hash) || isLeft(journal, hash)) {
			return new Verdict(TraceStep.NO_RIGHT);
		}
		if (this.id <= journal.from() || this.id <= journal.startOf(hash)) {
			Change gap = gap(journal, hash);
			return (gap != null) ? gap(gap) : new Verdict(TraceStep.BEFORE);
		}
		if (this.stored == Stored.STORED && journal.isGivenTwice(this.id) || this.id <= journal.forgottenUpTo()
				|| journal.isTopicForgotten() && !this.channel.isUser()) {
			return new Verdict(TraceStep.UNKNOWN);
		}
		return inStretch(stream, journal, hash);
	}

	/** Finds the stretch of the stream's life in which the message lies. */
	private Verdict inStretch(PastStream stream, StreamJournal journal, long hash) {
		boolean live = journal.beginsLive();
		long began = stream.openedAt();
		StreamJournal.Why why = StreamJournal.Why.RESUME;
		for (int i = 0; i < journal.size(); i++) {
			Change change = journal.change(i);
			if (change.kind() == Kind.LIVE && !live) {
				if (this.id <= change.first()) {
					return replayed(journal, hash, began, change.millis());
				}
				live = true;
				began = change.millis();
			}
			else if (change.kind() == Kind.BEHIND && live) {
				if (this.id <= change.first()) {
					return written(stream, hash, change.millis());
				}
				live = false;
				began = change.millis();
				why = change.why();
			}
		}
		if (this.id <= stream.position()) {
			return live ? written(stream, hash, end(stream)) : replayed(journal, hash, began, end(stream));
		}
		return notYet(stream, live, why, this.came != null && this.came.isFor(stream.connection()));
	}

	private Verdict notYet(PastStream stream, boolean live, StreamJournal.Why why, boolean arrived) {
		if (isEphemeral() && !live) {
			return new Verdict(TraceStep.EPHEMERAL, text(why), 0);
		}
		if (this.stored != Stored.STORED && !arrived) {
			// Nothing is on its way.
			return new Verdict(this.routesKnown ? TraceStep.MISSED : TraceStep.UNKNOWN);
		}
		if (this.expiresAt != 0 && this.expiresAt <= end(stream) && !live) {
			return new Verdict(TraceStep.EXPIRED);
		}
		return new Verdict((stream.endedAt() != null) ? TraceStep.MISSED : TraceStep.OWED, live ? null : text(why), 0);
	}

	private boolean isEphemeral() {
		return this.came != null && this.came.route().ephemeral();
	}

	private static @Nullable String text(StreamJournal.Why why) {
		return switch (why) {
			case RESUME -> "catching-up";
			case SLOW -> "slow";
			case LINK -> "link";
			case UNPROVEN -> "unproven";
		};
	}

	private boolean isLeft(StreamJournal journal, long hash) {
		for (int i = 0; i < journal.size(); i++) {
			Change change = journal.change(i);
			if (change.kind() == Kind.LEFT && change.channel() == hash && this.id > change.first()) {
				return true;
			}
		}
		return false;
	}

	private @Nullable Change gap(StreamJournal journal, long hash) {
		for (int i = 0; i < journal.size(); i++) {
			Change change = journal.change(i);
			if (change.isGapOf(this.id, hash)) {
				return change;
			}
		}
		return null;
	}

	private static Verdict gap(Change gap) {
		return new Verdict(TraceStep.GAP, gap.gap().wireName(), gap.millis());
	}

	private boolean isErased(StreamJournal journal, long hash) {
		for (int i = 0; i < journal.size(); i++) {
			if (journal.change(i).isErasureOf(this.id, hash)) {
				return true;
			}
		}
		return false;
	}

	/** The stream was live, and its position has passed the message. */
	private Verdict written(PastStream stream, long hash, long by) {
		boolean arrived = this.came != null && this.came.isFor(stream.connection());
		if (isErased(stream.journal(), hash)) {
			return new Verdict(TraceStep.ERASED);
		}
		Change gap = gap(stream.journal(), hash);
		if (gap != null && !arrived) {
			return this.routesKnown ? gap(gap) : new Verdict(TraceStep.UNKNOWN);
		}
		if (arrived || this.stored == Stored.STORED && (!this.channel.isUser() || this.id <= stream.ownUpTo())) {
			return new Verdict(TraceStep.WRITTEN, null, by);
		}
		if (this.stored == Stored.STORED) {
			// Presence did not name the stream when it was published, and the stream does
			// not know yet.
			return !this.routesKnown ? new Verdict(TraceStep.UNKNOWN)
					: new Verdict((stream.endedAt() != null) ? TraceStep.MISSED : TraceStep.OWED, "hidden", 0);
		}
		// What is neither stored nor came was not for this stream.
		return new Verdict(this.routesKnown ? TraceStep.MISSED : TraceStep.UNKNOWN);
	}

	/** The stream read history, and its position has passed the message. */
	private Verdict replayed(StreamJournal journal, long hash, long began, long by) {
		if (isErased(journal, hash)) {
			return new Verdict(TraceStep.ERASED);
		}
		boolean isThere = this.stored == Stored.STORED;
		Change gap = gap(journal, hash);
		if (gap != null && gap.gap() != Gap.Reason.CURSOR_UNKNOWN && !(isThere && gap.gap() == Gap.Reason.DATA_LOSS)) {
			return gap(gap);
		}
		if (isEphemeral()) {
			return new Verdict(TraceStep.EPHEMERAL);
		}
		if (isThere && this.expiresAt != 0 && this.expiresAt <= by) {
			return new Verdict((this.expiresAt <= began) ? TraceStep.EXPIRED : TraceStep.UNKNOWN);
		}
		// Of what is not there any more it is not known whether it still was then.
		return isThere ? new Verdict(TraceStep.REPLAYED, null, by) : new Verdict(TraceStep.UNKNOWN);
	}

}
