package io.fanfare.api.auth;

import io.fanfare.boot.jwt.JoseHeader;
import io.fanfare.boot.jwt.RegisteredClaims;
import io.fanfare.boot.jwt.SignatureAlgorithm;
import io.fanfare.boot.jwt.TokenPart;
import io.fanfare.protocol.audit.RefusalReason;
import tools.jackson.databind.JsonNode;

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
		if (parts.length != PARTS) {
			throw new CredentialRefusal.Unreadable(RefusalReason.KEY_WRONG, "It is neither an API key nor a token");
		}
		JoseHeader header = JoseHeader.read(parts[0]);
		JsonNode claims = TokenPart.read(parts[1]);
		if (header == null || claims == null || !RegisteredClaims.areWellFormed(claims)
				|| !TokenPart.isBase64Url(parts[2])) {
			throw new CredentialRefusal.Unreadable(RefusalReason.TOKEN_MALFORMED, "The token is malformed");
		}
		if (!header.isOfToken()) {
			throw new CredentialRefusal.Unreadable(RefusalReason.TOKEN_TYPE, "The token's typ is none of JWT, at+jwt");
		}
		String algorithm = header.algorithm();
		if (algorithm == null || SignatureAlgorithm.find(algorithm) == null) {
			throw new CredentialRefusal.Unreadable(RefusalReason.TOKEN_ALGORITHM,
					"The token is not signed by an algorithm that is accepted");
		}
		return this.decoder.decode(token);
	}

}
