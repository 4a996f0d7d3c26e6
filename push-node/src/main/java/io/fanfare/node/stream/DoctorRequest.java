package io.fanfare.node.stream;

import java.util.List;
import java.util.Map;

import io.fanfare.protocol.ProblemType;
import org.jspecify.annotations.Nullable;

/**
 * What a doctor asks for, by the query of its request.
 *
 * @param script the script of the stream
 * @param nonce what distinguishes its run from others, or null
 * @param status the status that is asked for instead of a stream, or null
 */
record DoctorRequest(DoctorScript script, @Nullable String nonce, @Nullable Status status) {

	/** Has the nonce, or {@code -}: whether an answer is the node's own. */
	static final String HEADER = "Fanfare-Doctor";

	private static final String EXPOSED = "Access-Control-Expose-Headers: Content-Encoding, " + HEADER + "\r\n";

	private static final int MAX_NONCE = 32;

	/** Statuses that a proxy may replace. */
	enum Status {

		UNAUTHORIZED("401", ProblemType.INVALID_TOKEN, "WWW-Authenticate", "Bearer"),
		FORBIDDEN("403", ProblemType.INSUFFICIENT_SCOPE, "WWW-Authenticate", "Bearer error=\"insufficient_scope\""),
		UNAVAILABLE("503", ProblemType.UNAVAILABLE, "Retry-After", "2");

		private final String value;

		private final ProblemType type;

		/** What every answer of that status has. */
		private final String header;

		private final String content;

		Status(String value, ProblemType type, String header, String content) {
			this.value = value;
			this.type = type;
			this.header = header;
			this.content = content;
		}

		private static Status of(String value) throws ProblemException {
			for (Status status : values()) {
				if (status.value.equals(value)) {
					return status;
				}
			}
			throw new ProblemException(Problem.badRequest("status", "is 401, 403 or 503"));
		}

	}

	/**
	 * Reads the query of a request.
	 * @param query the query
	 * @return what is asked for, or null if no doctor asks
	 * @throws ProblemException if a parameter is wrong
	 */
	static @Nullable DoctorRequest of(Map<String, List<String>> query) throws ProblemException {
		String doctor = first(query, "doctor");
		if (doctor == null) {
			return null;
		}
		if (!doctor.equals("1")) {
			throw new ProblemException(Problem.badRequest("doctor", "is 1"));
		}
		String script = first(query, "script");
		DoctorScript named = (script != null) ? DoctorScript.of(script) : DoctorScript.PACE;
		if (named == null) {
			throw new ProblemException(Problem.badRequest("script", "is pace or steady"));
		}
		String nonce = first(query, "nonce");
		if (nonce != null && !isNonce(nonce)) {
			throw new ProblemException(
					Problem.badRequest("nonce", "has 1 to " + MAX_NONCE + " letters, digits or _ -"));
		}
		String status = first(query, "status");
		return new DoctorRequest(named, nonce, (status != null) ? Status.of(status) : null);
	}

	/** An empty value is as good as none. */
	private static @Nullable String first(Map<String, List<String>> query, String name) {
		List<String> values = query.get(name);
		return (values != null && !values.getFirst().isEmpty()) ? values.getFirst() : null;
	}

	private static boolean isNonce(String nonce) {
		for (int i = 0; i < nonce.length(); i++) {
			char c = nonce.charAt(i);
			if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-')) {
				return false;
			}
		}
		return nonce.length() <= MAX_NONCE;
	}

	/** The CORS headers of its answer, with what a page reads of it. */
	static String exposing(String cors) {
		return cors.startsWith("Access-Control-Allow-Origin:") ? cors + EXPOSED : cors;
	}

	/** What the head of its stream has besides that of others. */
	String streamHeaders(String cors) {
		return exposing(cors) + HEADER + ": " + mark() + "\r\n";
	}

	private String mark() {
		return (this.nonce != null) ? this.nonce : "-";
	}

	/** The answer with the status that is asked for, or null for a stream. */
	@Nullable Problem problem() {
		Status asked = this.status;
		return (asked != null) ? Problem.asked(asked.type, Map.of(asked.header, asked.content, HEADER, mark())) : null;
	}

}
