package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * Why a request is not granted, as a problem document (RFC 9457).
 *
 * @param status the HTTP status
 * @param type the type, which has the title
 * @param detail what is wrong here, naming the field; never a token
 * @param headers what the answer carries besides
 * @param violated the policy whose quota is used up, or null
 * @param refusal as what the client is counted; null where it may not be at fault
 */
record Problem(int status, ProblemType type, String detail, Map<String, String> headers, @Nullable String violated,
		@Nullable RefusalReason refusal) {

	private Problem(ProblemType type, String detail, Map<String, String> headers) {
		this(type, detail, headers, null);
	}

	private Problem(ProblemType type, String detail, Map<String, String> headers, @Nullable RefusalReason refusal) {
		this(type.status(), type, detail, headers, null, refusal);
	}

	static Problem badRequest(String field, String detail) {
		return new Problem(ProblemType.INVALID_REQUEST, field + ": " + detail, Map.of());
	}

	static Problem malformed(String detail) {
		return new Problem(ProblemType.MALFORMED_REQUEST, detail, Map.of());
	}

	static Problem credentialMissing(String detail) {
		return new Problem(ProblemType.INVALID_TOKEN, detail, Map.of("WWW-Authenticate", "Bearer"),
				RefusalReason.CREDENTIAL_MISSING);
	}

	/** A token or a ticket was sent, and opens no stream. */
	static Problem invalidToken(RefusalReason reason, String detail) {
		return new Problem(ProblemType.INVALID_TOKEN, detail,
				Map.of("WWW-Authenticate", "Bearer error=\"invalid_token\", error_description=\"" + detail + "\""),
				reason);
	}

	static Problem revoked() {
		return invalidToken(RefusalReason.TOKEN_REVOKED, "The token was revoked");
	}

	static Problem forbidden(String detail) {
		return new Problem(ProblemType.INSUFFICIENT_SCOPE, detail,
				Map.of("WWW-Authenticate", "Bearer error=\"insufficient_scope\""), RefusalReason.SCOPE);
	}

	static Problem foreignOrigin(String detail) {
		return new Problem(ProblemType.ORIGIN_NOT_ALLOWED, detail, Map.of(), RefusalReason.ORIGIN_NOT_ALLOWED);
	}

	static Problem notFound(String detail) {
		return new Problem(ProblemType.NOT_FOUND, detail, Map.of());
	}

	static Problem notOpen() {
		return notFound("key: belongs to no open stream");
	}

	static Problem methodNotAllowed(String allow) {
		return new Problem(ProblemType.METHOD_NOT_ALLOWED, "Allowed: " + allow, Map.of("Allow", allow));
	}

	static Problem notAcceptable() {
		return new Problem(ProblemType.NOT_ACCEPTABLE, "Accept: excludes text/event-stream", Map.of());
	}

	static Problem timeout() {
		return new Problem(ProblemType.REQUEST_TIMEOUT, "The request did not arrive in time", Map.of());
	}

	static Problem tooLarge() {
		return new Problem(ProblemType.CONTENT_TOO_LARGE, "The request body exceeds 16 KiB", Map.of());
	}

	static Problem uriTooLong(int max) {
		return new Problem(ProblemType.URI_TOO_LONG, "A request line may have " + max + " bytes", Map.of());
	}

	/** Says which codings are understood (RFC 9110, section 15.5.16): none. */
	static Problem unsupportedCoding() {
		return new Problem(ProblemType.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding: only identity is understood",
				Map.of("Accept-Encoding", "identity"));
	}

	static Problem headersTooLarge() {
		return new Problem(ProblemType.HEADER_FIELDS_TOO_LARGE,
				"Headers may have " + StreamSettings.MAX_HEADERS + " bytes", Map.of());
	}

	static Problem tooManyHeaders(int max) {
		return new Problem(ProblemType.HEADER_FIELDS_TOO_LARGE, "Headers may have " + max + " lines", Map.of());
	}

	static Problem versionNotSupported() {
		return new Problem(ProblemType.HTTP_VERSION_NOT_SUPPORTED,
				"An event stream needs HTTP/1.1 or a proxy that speaks it", Map.of());
	}

	/** The other requests that have not arrived as a whole hold all that may be held. */
	static Problem tooMuchArriving() {
		return unavailable("Too many requests are arriving", Duration.ofSeconds(10));
	}

	static Problem unavailable(String reason, Duration retry) {
		return unavailable(ProblemType.UNAVAILABLE.status(), reason, retry);
	}

	/** With the status that a proxy asked for. */
	static Problem unavailable(int status, String reason, Duration retry) {
		return new Problem(status, ProblemType.UNAVAILABLE, reason,
				Map.of("Retry-After", RateLimitFields.seconds(retry)), null, null);
	}

	/** Type and headers of draft-ietf-httpapi-ratelimit-headers-10. */
	static Problem quotaExceeded(Quota quota, Duration retry) {
		return new Problem(ProblemType.QUOTA_EXCEEDED.status(), ProblemType.QUOTA_EXCEEDED,
				CloseReason.RATE_LIMITED.wireName(),
				Map.of("Retry-After", RateLimitFields.seconds(retry), RateLimitFields.POLICY,
						RateLimitFields.policy(quota), RateLimitFields.LIMIT, RateLimitFields.limit(quota, 0)),
				quota.policy(), quota.refusal());
	}

	/** What a doctor asked for, to see whether it arrives: no client is at fault. */
	static Problem asked(ProblemType type, Map<String, String> headers) {
		return new Problem(type, "status: as was asked for", headers);
	}

	byte[] body() {
		return ("{\"type\":" + json(this.type.uri()) + ",\"title\":" + json(this.type.title()) + ",\"status\":"
				+ this.status + ",\"detail\":" + json(this.detail)
				+ ((this.violated != null) ? ",\"violated-policies\":[" + json(this.violated) + "]" : "") + "}")
			.getBytes(StandardCharsets.UTF_8);
	}

	private static String json(String text) {
		return "\"" + new String(JsonStringEncoder.getInstance().quoteAsCharArray(text)) + "\"";
	}

}
