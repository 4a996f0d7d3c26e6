package io.fanfare.api.auth;

import io.fanfare.boot.jwt.TokenPart;
import io.fanfare.protocol.audit.RefusalReason;
import tools.jackson.databind.JsonNode;

import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;

/**
 * Refuses tokens that two readers could read in two ways, which libraries take: base64url
 * with padding, with other characters or with bits left over, text that is not UTF-8,
 * objects with a name twice, and a subject that is a broken number.
 */
final class StrictJwtDecoder implements JwtDecoder {

	private static final int PARTS = 3;

	private final JwtDecoder decoder;

	StrictJwtDecoder(JwtDecoder decoder) {
		this.decoder = decoder;
	}

	@Override
	public Jwt decode(String token) {
		String[] parts = token.split("\\.", PARTS + 1);
		if (parts.length != PARTS) {
			throw new CredentialRefusal.Unreadable(RefusalReason.KEY_WRONG, "It is neither an API key nor a token");
		}
		if (!isStrict(parts)) {
			throw new CredentialRefusal.Unreadable(RefusalReason.TOKEN_MALFORMED, "The token is malformed");
		}
		return this.decoder.decode(token);
	}

	private static boolean isStrict(String[] parts) {
		JsonNode claims = TokenPart.read(parts[1]);
		return TokenPart.read(parts[0]) != null && claims != null && hasStrictSubject(claims)
				&& TokenPart.isBase64Url(parts[2]);
	}

	/** The library makes a text of a number of any kind. */
	private static boolean hasStrictSubject(JsonNode claims) {
		JsonNode subject = claims.path("sub");
		return !subject.isNumber() || subject.isIntegralNumber();
	}

}
