package io.fanfare.node.auth;

import io.fanfare.boot.jwt.JoseHeader;
import io.fanfare.boot.jwt.SignatureAlgorithm;
import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;

/**
 * The header of a stream token.
 *
 * @param text the header as it was sent
 * @param kid the id of the key, or null
 * @param algorithm how the token is signed
 */
record TokenHeader(String text, @Nullable String kid, SignatureAlgorithm algorithm) {

	/**
	 * Reads a header.
	 * @param text the encoded header
	 * @return the header
	 * @throws InvalidTokenException if no token with it is valid
	 */
	static TokenHeader read(String text) throws InvalidTokenException {
		JoseHeader header = JoseHeader.read(text);
		if (header == null) {
			throw InvalidTokenException.malformed();
		}
		if (!header.isOfToken()) {
			throw new InvalidTokenException(RefusalReason.TOKEN_TYPE, "The token's typ is none of JWT, at+jwt");
		}
		String name = header.algorithm();
		SignatureAlgorithm algorithm = (name != null) ? SignatureAlgorithm.find(name) : null;
		if (algorithm == null) {
			throw InvalidTokenException.signature(RefusalReason.TOKEN_ALGORITHM);
		}
		return new TokenHeader(text, header.kid(), algorithm);
	}

}
