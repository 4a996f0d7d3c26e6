package io.fanfare.boot.jwt;

import java.util.List;
import java.util.Locale;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The header of a token (RFC 7515, section 4). It chooses among the keys that are
 * configured; no key and no address is taken from it ({@code jwk}, {@code jku},
 * {@code x5c}, {@code x5u}). Any thread may call.
 *
 * @param kid the id of the key, or null
 * @param algorithm how the token is signed, or null
 * @param type what kind of token it is, or null
 */
public record JoseHeader(@Nullable String kid, @Nullable String algorithm, @Nullable String type) {

	/** Longer ones are not read. */
	private static final int MAX_LENGTH = 4096;

	private static final int MAX_KID = 256;

	/** JWT (RFC 7519, section 5.1) and access token (RFC 9068, section 2.1). */
	private static final Set<String> TYPES = Set.of("jwt", "at+jwt");

	private static final String MEDIA = "application/";

	/** No extension is understood; a payload that is not encoded is none of a JWT. */
	private static final List<String> NOT_UNDERSTOOD = List.of("crit", "b64");

	/**
	 * Reads a header.
	 * @param part the encoded header
	 * @return the header, or null where it is malformed
	 */
	public static @Nullable JoseHeader read(String part) {
		JsonNode header = (part.length() <= MAX_LENGTH) ? TokenPart.read(part) : null;
		if (header == null || NOT_UNDERSTOOD.stream().anyMatch(header::has) || !isText(header, "kid")
				|| !isText(header, "alg") || !isText(header, "typ")) {
			return null;
		}
		String kid = text(header, "kid");
		return (kid == null || kid.length() <= MAX_KID) ? new JoseHeader(kid, text(header, "alg"), text(header, "typ"))
				: null;
	}

	private static boolean isText(JsonNode header, String name) {
		JsonNode value = header.get(name);
		return value == null || value.isString();
	}

	private static @Nullable String text(JsonNode header, String name) {
		JsonNode value = header.get(name);
		return (value != null) ? value.stringValue() : null;
	}

	/**
	 * Returns whether the token is a JWT and none for something else.
	 * @return whether {@code typ} is absent, {@code JWT} or {@code at+jwt}
	 */
	public boolean isOfToken() {
		if (this.type == null) {
			return true;
		}
		String lower = this.type.toLowerCase(Locale.ROOT);
		return TYPES.contains(lower.startsWith(MEDIA) ? lower.substring(MEDIA.length()) : lower);
	}

}
