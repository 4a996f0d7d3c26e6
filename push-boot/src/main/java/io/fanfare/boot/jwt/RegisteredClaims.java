package io.fanfare.boot.jwt;

import java.time.Instant;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The types of the registered claims of a token (RFC 7519, section 4.1). A claim that is
 * {@code null} counts as absent. Libraries take more: they wrap around at a time that is
 * too large, and make a text of any number. Any thread may call.
 */
public final class RegisteredClaims {

	/** Seconds that fit into milliseconds. */
	private static final long MAX_SECONDS = Long.MAX_VALUE / 1000;

	private RegisteredClaims() {
	}

	/**
	 * Returns whether each registered claim that is present has its type: {@code iss} and
	 * {@code jti} are strings, {@code exp}, {@code iat} and {@code nbf} numbers of
	 * seconds, {@code sub} is a string or a whole number of 64 bits, {@code aud} a string
	 * or a list of strings.
	 * @param claims the claims
	 * @return whether they have
	 */
	public static boolean areWellFormed(JsonNode claims) {
		return isText(claims, "iss") && isText(claims, "jti") && isTime(claims, "exp") && isTime(claims, "iat")
				&& isTime(claims, "nbf") && isSubject(claims) && isAudience(claims);
	}

	/**
	 * Finds a claim.
	 * @param claims the claims
	 * @param name its name
	 * @return its value, or null where it is absent
	 */
	public static @Nullable JsonNode find(JsonNode claims, String name) {
		JsonNode value = claims.get(name);
		return (value == null || value.isNull()) ? null : value;
	}

	/**
	 * Reads a time; what stands behind the point does not count.
	 * @param claims claims that are well formed
	 * @param name the name of the claim
	 * @return the time, or null where it is absent
	 */
	public static @Nullable Instant time(JsonNode claims, String name) {
		JsonNode value = find(claims, name);
		return (value == null) ? null
				: Instant.ofEpochSecond(value.isIntegralNumber() ? value.longValue() : (long) value.doubleValue());
	}

	private static boolean isText(JsonNode claims, String name) {
		JsonNode value = find(claims, name);
		return value == null || value.isString();
	}

	private static boolean isTime(JsonNode claims, String name) {
		JsonNode value = find(claims, name);
		if (value == null) {
			return true;
		}
		if (value.isIntegralNumber()) {
			return value.canConvertToLong() && value.longValue() > -MAX_SECONDS && value.longValue() < MAX_SECONDS;
		}
		return value.isNumber() && Math.abs(value.doubleValue()) < (double) MAX_SECONDS;
	}

	private static boolean isSubject(JsonNode claims) {
		JsonNode value = find(claims, "sub");
		return value == null || value.isString() || value.isIntegralNumber() && value.canConvertToLong();
	}

	private static boolean isAudience(JsonNode claims) {
		JsonNode value = find(claims, "aud");
		return value == null || value.isString() || value.isArray() && value.valueStream().allMatch(JsonNode::isString);
	}

}
