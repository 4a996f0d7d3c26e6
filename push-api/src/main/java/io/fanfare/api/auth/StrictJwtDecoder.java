package io.fanfare.api.auth;

import io.fanfare.boot.jwt.JoseHeader;
import io.fanfare.boot.jwt.RegisteredClaims;
import io.fanfare.boot.jwt.TokenPart;
import tools.jackson.databind.JsonNode;

import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;

/**
 * Refuses tokens that two readers could read in two ways, which libraries take: base64url
 * with padding, with other characters or with bits left over, text that is not UTF-8,
 * objects with a name twice, claims of another type, times that wrap around. The header
 * and the registered claims are read by the rules of stream tokens.
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
		if (parts.length != PARTS || !isStrict(parts)) {
			throw new BadJwtException("The token is malformed");
		}
		return this.decoder.decode(token);
	}

	private static boolean isStrict(String[] parts) {
		JoseHeader header = JoseHeader.read(parts[0]);
		JsonNode claims = TokenPart.read(parts[1]);
		return header != null && header.isOfToken() && claims != null && RegisteredClaims.areWellFormed(claims)
				&& TokenPart.isBase64Url(parts[2]);
	}

}
