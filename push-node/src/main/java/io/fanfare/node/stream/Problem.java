package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.util.Map;

import tools.jackson.core.io.JsonStringEncoder;

/**
 * Why a request is not granted, as a problem document (RFC 9457).
 *
 * @param status the HTTP status
 * @param type the kebab name at the end of the type
 * @param title what is wrong in general
 * @param detail what is wrong here, naming the field; never a token
 * @param headers what the answer carries besides
 */
record Problem(int status, String type, String title, String detail, Map<String, String> headers) {

	static Problem badRequest(String field, String detail) {
		return new Problem(400, "invalid-request", "The request is not valid", field + ": " + detail, Map.of());
	}

	static Problem malformed(String detail) {
		return new Problem(400, "malformed-request", "The request is not HTTP/1.1", detail, Map.of());
	}

	static Problem unauthorized(String detail, boolean tokenGiven) {
		return new Problem(401, "invalid-token", "A valid stream token is needed", detail, Map.of("WWW-Authenticate",
				tokenGiven ? "Bearer error=\"invalid_token\", error_description=\"" + detail + "\"" : "Bearer"));
	}

	static Problem forbidden(String detail) {
		return new Problem(403, "insufficient-scope", "The token does not cover this", detail,
				Map.of("WWW-Authenticate", "Bearer error=\"insufficient_scope\""));
	}

	static Problem notFound(String detail) {
		return new Problem(404, "not-found", "There is nothing here", detail, Map.of());
	}

	static Problem methodNotAllowed(String allow) {
		return new Problem(405, "method-not-allowed", "That method is not for this", "Allowed: " + allow,
				Map.of("Allow", allow));
	}

	static Problem notAcceptable() {
		return new Problem(406, "not-acceptable", "There is only text/event-stream",
				"Accept: excludes text/event-stream", Map.of());
	}

	static Problem timeout() {
		return new Problem(408, "request-timeout", "The request took too long", "The request did not arrive in time",
				Map.of());
	}

	static Problem tooLarge() {
		return new Problem(413, "content-too-large", "The body is too large", "A body may have 16 KiB", Map.of());
	}

	static Problem uriTooLong() {
		return new Problem(414, "uri-too-long", "The request line is too long", "A request line may have 8 KiB",
				Map.of());
	}

	static Problem headersTooLarge() {
		return new Problem(431, "header-fields-too-large", "The headers are too large", "Headers may have 16 KiB",
				Map.of());
	}

	static Problem versionNotSupported() {
		return new Problem(505, "http-version-not-supported", "HTTP/1.1 is needed",
				"An event stream needs HTTP/1.1 or a proxy that speaks it", Map.of());
	}

	static Problem unavailable(int status, String reason, long retrySeconds) {
		return new Problem(status, (status == 429) ? "too-many-requests" : "unavailable", "No stream now", reason,
				Map.of("Retry-After", Long.toString(retrySeconds)));
	}

	byte[] body() {
		return ("{\"type\":\"https://fanfare.io/problems/" + this.type + "\",\"title\":" + json(this.title)
				+ ",\"status\":" + this.status + ",\"detail\":" + json(this.detail) + "}")
			.getBytes(StandardCharsets.UTF_8);
	}

	private static String json(String text) {
		return "\"" + new String(JsonStringEncoder.getInstance().quoteAsCharArray(text)) + "\"";
	}

}
