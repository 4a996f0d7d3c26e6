package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * Why a request is not granted, as a problem document (RFC 9457).
 *
 * @param status the HTTP status
 * @param type the type, a URI
 * @param title what is wrong in general
 * @param detail what is wrong here, naming the field; never a token
 * @param headers what the answer carries besides
 * @param violated the policy whose quota is used up, or null
 */
record Problem(int status, String type, String title, String detail, Map<String, String> headers,
		@Nullable String violated) {

	private static final String TYPES = "https://fanfare.io/problems/";

	/** One of the problems of Fanfare, by the name at the end of its type. */
	private Problem(int status, String name, String title, String detail, Map<String, String> headers) {
		this(status, TYPES + name, title, detail, headers, null);
	}

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
		return new Problem(404, "not-found", "Not Found", detail, Map.of());
	}

	static Problem notOpen() {
		return notFound("key: belongs to no open stream");
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
		return new Problem(413, "content-too-large", "The body is too large", "The request body exceeds 16 KiB",
				Map.of());
	}

	static Problem uriTooLong(int max) {
		return new Problem(414, "uri-too-long", "The request line is too long",
				"A request line may have " + max + " bytes", Map.of());
	}

	/** Says which codings are understood (RFC 9110, section 15.5.16): none. */
	static Problem unsupportedCoding() {
		return new Problem(415, "unsupported-media-type", "The body must be JSON as it is",
				"Content-Encoding: only identity is understood", Map.of("Accept-Encoding", "identity"));
	}

	static Problem headersTooLarge() {
		return new Problem(431, "header-fields-too-large", "The headers are too large",
				"Headers may have " + StreamSettings.MAX_HEADERS + " bytes", Map.of());
	}

	static Problem tooManyHeaders(int max) {
		return new Problem(431, "header-fields-too-large", "The headers are too large",
				"Headers may have " + max + " lines", Map.of());
	}

	static Problem versionNotSupported() {
		return new Problem(505, "http-version-not-supported", "HTTP/1.1 is needed",
				"An event stream needs HTTP/1.1 or a proxy that speaks it", Map.of());
	}

	static Problem unavailable(String reason, Duration retry) {
		return unavailable(503, reason, retry);
	}

	/** With the status that a proxy asked for. */
	static Problem unavailable(int status, String reason, Duration retry) {
		return new Problem(status, "unavailable", (status == 404) ? "Not Found" : "Service Unavailable", reason,
				Map.of("Retry-After", seconds(retry)));
	}

	/** Type and headers of draft-ietf-httpapi-ratelimit-headers-10. */
	static Problem quotaExceeded(Quota quota, Duration retry) {
		Duration window = quota.window();
		Duration reset = quota.reset();
		String name = "\"" + quota.policy() + "\"";
		return new Problem(429, "https://iana.org/assignments/http-problem-types#quota-exceeded",
				"Request cannot be satisfied as assigned quota has been exceeded", CloseReason.RATE_LIMITED.wireName(),
				Map.of("Retry-After", seconds(retry), "RateLimit-Policy",
						name + ";q=" + quota.limit()
								+ ((window != null) ? ";w=" + seconds(window) : ";qu=\"concurrent-requests\""),
						"RateLimit", name + ";r=0" + ((reset != null) ? ";t=" + seconds(reset) : "")),
				quota.policy());
	}

	private static String seconds(Duration duration) {
		return Long.toString(Math.ceilDiv(duration.toMillis(), 1000L));
	}

	byte[] body() {
		return ("{\"type\":" + json(this.type) + ",\"title\":" + json(this.title) + ",\"status\":" + this.status
				+ ",\"detail\":" + json(this.detail)
				+ ((this.violated != null) ? ",\"violated-policies\":[" + json(this.violated) + "]" : "") + "}")
			.getBytes(StandardCharsets.UTF_8);
	}

	private static String json(String text) {
		return "\"" + new String(JsonStringEncoder.getInstance().quoteAsCharArray(text)) + "\"";
	}

}
