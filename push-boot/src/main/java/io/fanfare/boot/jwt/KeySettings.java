package io.fanfare.boot.jwt;

import org.jspecify.annotations.Nullable;

/**
 * A key that verifies tokens.
 *
 * @param kid its id, which the header of its tokens may name; null for none
 * @param algorithm the one algorithm that it is used with
 * @param secret the secret of an HMAC key, at least as long as its hash
 * @param publicKey the public key of any other: PEM, or the path of a PEM file
 */
public record KeySettings(@Nullable String kid, @Nullable SignatureAlgorithm algorithm, @Nullable String secret,
		@Nullable String publicKey) {

	@Override
	public String toString() {
		return "KeySettings[" + this.algorithm + "]";
	}

}
