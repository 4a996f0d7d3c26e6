package io.fanfare.node.auth;

import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.fanfare.boot.jwt.SignatureAlgorithm;
import io.fanfare.boot.jwt.TokenPart;
import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The header of a token. It chooses among the keys that are configured; no key and no
 * address is taken from it ({@code jwk}, {@code jku}, {@code x5c}, {@code x5u}).
 *
 * @param text the header as it was sent
 * @param kid the id of the key, or null
 * @param algorithm how the token is signed
 */
record TokenHeader(String text, @Nullable String kid, SignatureAlgorithm algorithm) {

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
	 * @param text the encoded header
	 * @return the header
	 * @throws InvalidTokenException if no token with it is valid
	 */
	static TokenHeader read(String text) throws InvalidTokenException {
		JsonNode header = (text.length() <= MAX_LENGTH) ? TokenPart.read(text) : null;
		if (header == null || NOT_UNDERSTOOD.stream().anyMatch(header::has)) {
			throw InvalidTokenException.malformed();
		}
		String kid = text(header, "kid");
		String type = text(header, "typ");
		String name = text(header, "alg");
		if (kid != null && kid.length() > MAX_KID) {
			throw InvalidTokenException.malformed();
		}
		if (type != null && !isType(type.toLowerCase(Locale.ROOT))) {
			throw new InvalidTokenException(RefusalReason.TOKEN_TYPE, "The token's typ is none of JWT, at+jwt");
		}
		SignatureAlgorithm algorithm = (name != null) ? SignatureAlgorithm.find(name) : null;
		if (algorithm == null) {
			throw InvalidTokenException.signature(RefusalReason.TOKEN_ALGORITHM);
		}
		return new TokenHeader(text, kid, algorithm);
	}

	private static boolean isType(String type) {
		return TYPES.contains(type.startsWith(MEDIA) ? type.substring(MEDIA.length()) : type);
	}

	private static @Nullable String text(JsonNode header, String name) throws InvalidTokenException {
		JsonNode value = header.get(name);
		if (value == null) {
			return null;
		}
		if (!value.isString()) {
			throw InvalidTokenException.malformed();
		}
		return value.stringValue();
	}

}
