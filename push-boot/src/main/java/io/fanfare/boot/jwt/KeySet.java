package io.fanfare.boot.jwt;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import com.nimbusds.jose.jwk.JWK;
import org.jspecify.annotations.Nullable;

/** Keys of one origin. Immutable. */
final class KeySet {

	static final KeySet EMPTY = new KeySet(List.of());

	/** How many signatures are checked for a token that names no key. */
	private static final int MAX_TRIED = 8;

	private final List<VerificationKey> keys;

	private KeySet(List<VerificationKey> keys) {
		this.keys = keys;
	}

	/** Keeps those that verify tokens. */
	static KeySet of(List<JWK> keys) {
		return new KeySet(keys.stream().map(VerificationKey::of).filter(Objects::nonNull).toList());
	}

	/** Without secrets: a set that is published can hold none. */
	static KeySet ofPublic(List<JWK> keys) {
		return new KeySet(of(keys).keys.stream().filter((key) -> !key.algorithm().isHmac()).toList());
	}

	int size() {
		return this.keys.size();
	}

	boolean has(String kid) {
		return this.keys.stream().anyMatch((key) -> kid.equals(key.kid()));
	}

	boolean hasAny(SignatureAlgorithm algorithm) {
		return this.keys.stream().anyMatch((key) -> key.algorithm() == algorithm);
	}

	/** Those with an id. */
	List<VerificationKey> named(String kid, SignatureAlgorithm algorithm) {
		return fitting(algorithm).filter((key) -> kid.equals(key.kid())).toList();
	}

	/** Those without an id. */
	List<VerificationKey> unnamed(SignatureAlgorithm algorithm) {
		return fitting(algorithm).filter((key) -> key.kid() == null).limit(MAX_TRIED).toList();
	}

	/** Those with and without an id. */
	List<VerificationKey> all(SignatureAlgorithm algorithm) {
		return fitting(algorithm).limit(MAX_TRIED).toList();
	}

	private Stream<VerificationKey> fitting(SignatureAlgorithm algorithm) {
		return this.keys.stream().filter((key) -> key.algorithm() == algorithm);
	}

	/** Those of a token, where an id names one, or else all that could have signed it. */
	List<VerificationKey> find(@Nullable String kid, SignatureAlgorithm algorithm) {
		if (kid == null) {
			return all(algorithm);
		}
		return has(kid) ? named(kid, algorithm) : unnamed(algorithm);
	}

}
