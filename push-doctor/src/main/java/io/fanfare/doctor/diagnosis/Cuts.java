package io.fanfare.doctor.diagnosis;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import io.fanfare.doctor.observation.StreamEnd;
import io.fanfare.doctor.observation.StreamSeen;
import io.fanfare.doctor.observation.StreamSeen.Arrival;
import org.jspecify.annotations.Nullable;

/**
 * What was cut, and why: in its silence, or at some age or size. Where the stream that is
 * never silent ends at the same age, silence was not the reason.
 *
 * @param findings what was found
 * @param afterSilenceMs how long the stream had been silent, or null
 * @param afterMs how old the stream was, or null
 */
record Cuts(List<Finding> findings, @Nullable Long afterSilenceMs, @Nullable Long afterMs) {

	/** Blocks come more often, but in the silence. */
	private static final long SILENT_MS = 900;

	/** Two streams ended at about the same age. */
	private static final long ABOUT_MS = 1_500;

	/** How often the stream says something that is never silent. */
	private static final long TICK_MS = 1_000;

	static Cuts of(@Nullable StreamSeen pace, @Nullable StreamSeen steady) {
		long delay = Delays.least(Stream.of(pace, steady).filter(Objects::nonNull));
		StreamSeen silenced = (pace != null && isCut(pace, delay, silence(pace))) ? pace : null;
		StreamSeen aged = (steady != null && isCut(steady, delay, TICK_MS)) ? steady : null;
		boolean silent = silenced != null
				&& (silenced.end() == StreamEnd.TIMEOUT || silenced.ended() - heard(silenced, delay) > SILENT_MS);
		List<Finding> findings = new ArrayList<>();
		Long afterSilence = null;
		if (silenced != null && silent
				&& (aged == null || Math.abs(life(silenced, delay) - life(aged, delay)) > ABOUT_MS)) {
			afterSilence = (silenced.end() != StreamEnd.TIMEOUT) ? silenced.ended() - heard(silenced, delay) : null;
			findings.add(idle(silenced, afterSilence));
		}
		boolean outlived = silenced != null && (aged == null || life(silenced, delay) > life(aged, delay) + ABOUT_MS);
		StreamSeen cut = (aged != null && !outlived) ? aged : silent ? null : silenced;
		if (cut == null) {
			return new Cuts(findings, afterSilence, null);
		}
		Arrival last = Diagnosis.last(cut);
		findings.add(new Finding("age-limit", "It was cut after " + Diagnosis.seconds(life(cut, delay)) + " and "
				+ ((last != null) ? last.sent() : 0) + " bytes."));
		return new Cuts(findings, afterSilence, life(cut, delay));
	}

	private static long silence(StreamSeen pace) {
		return Objects.requireNonNull(pace.hello()).silenceMs();
	}

	/**
	 * Whether it ended before the node ended it, or was silent for longer than the node
	 * was. The doctor gives up what began late.
	 */
	private static boolean isCut(StreamSeen stream, long delay, long silence) {
		return switch (stream.end()) {
			case END, DRAIN -> false;
			case EOF, RESET, REFUSED -> true;
			case TIMEOUT -> stream.ended() - heard(stream, delay) > silence + ABOUT_MS;
		};
	}

	/** When its last block came, or would have come if nothing had held it back. */
	private static long heard(StreamSeen stream, long delay) {
		Arrival last = Diagnosis.last(stream);
		if (last == null) {
			return Objects.requireNonNullElse(stream.opened(), 0L);
		}
		long due = last.at() + delay;
		return (last.arrived() - due > Delays.HELD_MS) ? due : last.arrived();
	}

	/** How long something came through: until its end, or as long as it was heard. */
	private static long life(StreamSeen stream, long delay) {
		return ((stream.end() == StreamEnd.TIMEOUT) ? heard(stream, delay) : stream.ended())
				- Objects.requireNonNullElse(stream.opened(), 0L);
	}

	/** Heartbeats prevent a cut that comes later than they do. */
	private static Finding idle(StreamSeen stream, @Nullable Long afterSilence) {
		long heartbeat = Objects.requireNonNull(stream.hello()).heartbeatMs();
		boolean prevented = afterSilence != null && afterSilence > heartbeat + Delays.HELD_MS;
		return new Finding(prevented ? "idle-margin" : "idle-timeout",
				((afterSilence != null) ? "It was cut after " + Diagnosis.seconds(afterSilence) + " of silence"
						: "After the silence nothing came any more") + "; the node sends a heartbeat each "
						+ Diagnosis.seconds(heartbeat) + ".");
	}

}
