package io.fanfare.api.trace;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallRequest.Trace.Stored;
import io.fanfare.protocol.call.CallResult.StreamTrace;
import io.fanfare.protocol.call.TraceStep;
import org.jspecify.annotations.Nullable;

/**
 * What became of a message, by what all streams of its user did with it.
 *
 * @param outcome what became of it
 * @param reason why it was not written, or what is said besides, or null
 * @param at when it was written or acknowledged at the latest, or null
 */
record TraceVerdict(Outcome outcome, @Nullable String reason, @Nullable Long at) {

	/** Clocks of nodes and of Redis differ by less. */
	private static final Duration SKEW = Duration.ofSeconds(1);

	/** Ends of streams that a newer one caused. */
	private static final Set<String> SUPERSEDED = Set.of("takeover", "replaced", "preempted");

	/** Ends of streams whose clients did not read. */
	private static final Set<String> SLOW = Set.of("slow", "zombie", "memory");

	/** What became of a message. */
	enum Outcome {

		ACKNOWLEDGED, WRITTEN, REPLAYED, OWED, NOT_DELIVERED, UNKNOWN;

		String wireName() {
			return name().toLowerCase(Locale.ROOT).replace('_', '-');
		}

	}

	private TraceVerdict(Outcome outcome, @Nullable String reason) {
		this(outcome, reason, null);
	}

	/**
	 * Decides.
	 * @param id the message
	 * @param stored what its history says
	 * @param wasStored whether a node was handed it as one that is stored
	 * @param expired whether it is past its own time to live
	 * @param streams the streams of the user, in the order of their opening
	 * @param missing whether a stream may be missing
	 * @return what became of it
	 */
	static TraceVerdict of(long id, Stored stored, boolean wasStored, boolean expired, List<StreamTrace> streams,
			boolean missing) {
		TraceVerdict delivered = null;
		boolean unknown = false;
		StreamTrace owed = null;
		for (StreamTrace stream : streams) {
			switch (TraceStep.of(stream.step())) {
				case WRITTEN -> delivered = delivered(delivered, Outcome.WRITTEN, stream);
				case REPLAYED -> delivered = delivered(delivered, Outcome.REPLAYED, stream);
				case OWED -> owed = stream;
				case UNKNOWN -> unknown = true;
				default -> {
					// Says that this stream did not write it.
				}
			}
		}
		if (delivered != null) {
			return delivered;
		}
		if (owed != null) {
			return new TraceVerdict(Outcome.OWED, owed.reason());
		}
		if (unknown || missing) {
			// A cursor proves nothing: a page may have it from elsewhere, and gaps, times
			// to
			// live and retractions pass beneath one.
			return new TraceVerdict(Outcome.UNKNOWN, null);
		}
		long published = MessageId.timestamp(id);
		List<StreamTrace> concerned = streams.stream()
			.filter((stream) -> !is(stream, TraceStep.BEFORE) && (is(stream, TraceStep.GAP) || stream.endedAt() == null
					|| stream.endedAt() + SKEW.toMillis() >= published))
			.toList();
		return new TraceVerdict(Outcome.NOT_DELIVERED, reason(stored, wasStored, expired, concerned));
	}

	/** What was acknowledged once is; else the last write counts. */
	private static TraceVerdict delivered(@Nullable TraceVerdict before, Outcome how, StreamTrace stream) {
		if (before != null && before.outcome() == Outcome.ACKNOWLEDGED) {
			return before;
		}
		Long said = stream.acknowledgedAt();
		return (said != null) ? new TraceVerdict(Outcome.ACKNOWLEDGED, null, said)
				: new TraceVerdict(how, null, stream.at());
	}

	private static String reason(Stored stored, boolean wasStored, boolean expired, List<StreamTrace> concerned) {
		for (TraceStep step : List.of(TraceStep.GAP, TraceStep.EXPIRED, TraceStep.ERASED, TraceStep.EPHEMERAL)) {
			if (concerned.stream().anyMatch((stream) -> is(stream, step))) {
				return step.wireName();
			}
		}
		if (stored == Stored.ABSENT) {
			return wasStored ? "erased" : "ephemeral";
		}
		StreamTrace last = concerned.isEmpty() ? null : concerned.getLast();
		if (last != null && is(last, TraceStep.NO_RIGHT)) {
			return "no-right";
		}
		if (expired || stored == Stored.TRIMMED) {
			return "expired";
		}
		String ending = (last != null) ? last.ending() : null;
		if (ending != null && SUPERSEDED.contains(ending)) {
			return "superseded";
		}
		return (last != null && (ending != null && SLOW.contains(ending) || "slow".equals(last.reason()))) ? "slow"
				: "offline";
	}

	private static boolean is(StreamTrace stream, TraceStep step) {
		return TraceStep.of(stream.step()) == step;
	}

}
