package io.fanfare.doctor.diagnosis;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

import io.fanfare.doctor.observation.Observations;
import io.fanfare.doctor.observation.Observations.AnswerSeen;
import io.fanfare.doctor.observation.Observations.PreflightSeen;
import io.fanfare.doctor.observation.StreamEnd;
import io.fanfare.doctor.observation.StreamSeen;
import org.jspecify.annotations.Nullable;

/**
 * What the answers beside the streams mean: to a preflight, and where a status was asked
 * for.
 */
final class Answers {

	private static final List<String> HEADERS = List.of("Authorization", "Last-Event-ID");

	private Answers() {
	}

	static void addTo(List<Finding> found, Observations seen, List<StreamSeen> begun) {
		Finding cors = cors(seen, begun);
		if (cors != null) {
			found.add(cors);
		}
		seen.probes()
			.forEach((asked, answer) -> Stream.ofNullable(replaced(asked, answer, seen.client())).forEach(found::add));
	}

	private static @Nullable Finding replaced(String asked, AnswerSeen answer, String client) {
		Integer status = answer.status();
		if (status == null) {
			return (client.equals("browser") && answer.end() != StreamEnd.TIMEOUT)
					? new Finding("cors-refused", "The answer " + asked + " could not be read.")
					: new Finding("status-replaced", "Instead of " + asked + " no answer came.");
		}
		if (status == 429) {
			return new Finding("limited", "The answer is 429 where " + asked + " was asked for.");
		}
		boolean isAsked = asked.equals(status.toString());
		// 503 may be a stream that says when to come back, as the shipped nginx makes of
		// it.
		if (asked.equals("503") && (isAsked || status == 200 && StreamSeen.isEventStream(answer.contentType()))) {
			return null;
		}
		if (isAsked) {
			return isOfTheNode(answer) ? null
					: new Finding("status-replaced", "The answer " + asked + " is not the node's.");
		}
		String type = answer.contentType();
		return new Finding("status-replaced", "Instead of " + asked + " came " + status
				+ ((type != null && !type.isEmpty()) ? ", " + Finding.shown(type) : "") + ".");
	}

	/** A browser does not see the mark on answers of another origin. */
	private static boolean isOfTheNode(AnswerSeen answer) {
		String type = Objects.requireNonNullElse(answer.contentType(), "").toLowerCase(Locale.ROOT);
		return (answer.doctor() != null) ? answer.doctor().equals(answer.nonce())
				: type.startsWith("application/problem+json");
	}

	private static @Nullable Finding cors(Observations seen, List<StreamSeen> begun) {
		for (StreamSeen stream : begun) {
			if (!allows(stream.allowOrigin(), seen)) {
				return new Finding("cors-refused", allowed(stream.allowOrigin()));
			}
		}
		PreflightSeen preflight = seen.preflight();
		// Browsers send none to the own origin.
		if (preflight == null || !seen.crossOrigin()) {
			return null;
		}
		Integer status = preflight.status();
		if (status == null || status < 200 || status > 299) {
			return new Finding("preflight-refused",
					(status != null) ? "OPTIONS is answered " + status + "." : "OPTIONS is not answered.");
		}
		List<String> names = Stream.of(Objects.requireNonNullElse(preflight.allowHeaders(), "").split(",", -1))
			.map((name) -> name.strip().toLowerCase(Locale.ROOT))
			.toList();
		List<String> missing = HEADERS.stream()
			.filter((name) -> !names.contains(name.toLowerCase(Locale.ROOT)))
			.toList();
		if (!missing.isEmpty()) {
			return new Finding("preflight-refused",
					"Access-Control-Allow-Headers has no " + String.join(", no ", missing) + ".");
		}
		return allows(preflight.allowOrigin(), seen) ? null
				: new Finding("preflight-refused", allowed(preflight.allowOrigin()));
	}

	private static boolean allows(@Nullable String allowOrigin, Observations seen) {
		return !seen.crossOrigin() || allowOrigin == null || allowOrigin.equals("*")
				|| allowOrigin.equals(seen.origin());
	}

	private static String allowed(@Nullable String allowOrigin) {
		return "Access-Control-Allow-Origin is "
				+ ((allowOrigin != null && !allowOrigin.isEmpty()) ? Finding.shown(allowOrigin) : "not there") + ".";
	}

}
