package io.fanfare.doctor.diagnosis;

import java.util.Collection;

import io.fanfare.doctor.observation.Observations.AnswerSeen;
import io.fanfare.doctor.observation.StreamEnd;
import io.fanfare.doctor.observation.StreamSeen;

/** Why a stream did not begin as the node begins it. */
final class Refusal {

	/** The node begins at once. */
	private static final long WAITED_MS = 3_000;

	private Refusal() {
	}

	static Finding of(StreamSeen stream, Collection<AnswerSeen> probes) {
		Integer status = stream.status();
		long waited = stream.ended() - stream.requested();
		if (waited > WAITED_MS && isNothing(stream) && isReached(probes)) {
			return new Finding("buffered", "Nothing of the stream came for " + Diagnosis.seconds(waited) + ".");
		}
		if (status == null) {
			return new Finding("unreachable", noAnswer(stream));
		}
		if (status == 200 && stream.isEventStream()) {
			return otherStream(stream);
		}
		String answer = "The answer is " + answer(status, stream) + ".";
		if (status == 401 && stream.problem() != null) {
			return new Finding("query-lost", answer);
		}
		if ("origin-not-allowed".equals(stream.problem())) {
			return new Finding("cors-refused", answer);
		}
		return new Finding(switch (status) {
			case 429 -> "limited";
			case 505 -> "http-1.0";
			case 502, 503, 504 -> "unavailable";
			default -> "not-fanfare";
		}, answer);
	}

	/** What is left of a stream that is kept back until something gives up. */
	private static boolean isNothing(StreamSeen stream) {
		Integer status = stream.status();
		return status == null || status == 502 || status == 504
				|| status == 200 && stream.isEventStream() && stream.blocks().isEmpty() && stream.retry() == null;
	}

	/** Whether a probe was answered by the node itself. */
	private static boolean isReached(Collection<AnswerSeen> probes) {
		return probes.stream().anyMatch((probe) -> probe.nonce().equals(probe.doctor()));
	}

	private static String noAnswer(StreamSeen stream) {
		if (stream.end() == StreamEnd.TIMEOUT) {
			return "No answer came.";
		}
		return (stream.error() != null) ? "There was no answer: " + Finding.shown(stream.error()) + "."
				: "There was no connection, or no answer of HTTP.";
	}

	private static Finding otherStream(StreamSeen stream) {
		if (stream.blocks().stream().anyMatch((block) -> block.event().startsWith("push."))) {
			return new Finding("query-lost", "The node opened a stream of events.");
		}
		if (stream.blocks().isEmpty() && stream.retry() != null) {
			return new Finding("unavailable", "The answer is a stream with nothing but retry: " + stream.retry() + ".");
		}
		if (stream.blocks().isEmpty() && stream.end() == StreamEnd.TIMEOUT) {
			return new Finding("buffered", "Nothing came until the doctor gave up.");
		}
		return new Finding("not-fanfare", "The stream does not begin with doctor.hello.");
	}

	private static String answer(int status, StreamSeen stream) {
		StringBuilder text = new StringBuilder().append(status);
		if (stream.contentType() != null && !stream.contentType().isEmpty()) {
			text.append(", ").append(Finding.shown(stream.contentType()));
		}
		if (stream.problem() != null) {
			text.append(", ").append(Finding.shown(stream.problem()));
		}
		return text.toString();
	}

}
