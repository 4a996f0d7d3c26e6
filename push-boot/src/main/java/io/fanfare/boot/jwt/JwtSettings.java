package io.fanfare.boot.jwt;

import java.net.URI;
import java.time.Duration;
import java.util.List;

import com.nimbusds.jose.jwk.JWK;
import io.fanfare.protocol.settings.InvalidSettingException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Which tokens are accepted: {@code fanfare.stream.jwt} of nodes, {@code fanfare.api.jwt}
 * of the API. Keys and a JWKS address may stand side by side.
 *
 * @param keys the keys
 * @param jwksUri the address of a JWK set (RFC 7517), https or of this machine
 * @param jwksRefresh how often it is fetched
 * @param jwksOutageTolerance how long the last set that was fetched is used while the
 * address does not answer
 * @param issuer what {@code iss} must be; null for any
 * @param maxLife the most that {@code exp} may be after {@code iat}
 * @param clockSkew how far {@code nbf} may be ahead; null for the default
 */
public record JwtSettings(@DefaultValue List<KeySettings> keys, @Nullable String jwksUri,
		@DefaultValue("5m") Duration jwksRefresh, @DefaultValue("4h") Duration jwksOutageTolerance,
		@Nullable String issuer, @DefaultValue("24h") Duration maxLife, @Nullable Duration clockSkew) {

	/** More keys would make tokens without a {@code kid} dear. */
	private static final int MAX_KEYS = 16;

	private static final int MAX_ISSUER = 512;

	private static final Duration LONGEST_SKEW = Duration.ofMinutes(10);

	/** None: no token is accepted. */
	public static final JwtSettings NONE = new JwtSettings(List.of(), null, Duration.ofMinutes(5), Duration.ofHours(4),
			null, Duration.ofHours(24), null);

	/**
	 * Whether there is neither a key nor an address.
	 * @return whether no token can be verified
	 */
	public boolean isEmpty() {
		return this.keys.isEmpty() && jwks() == null;
	}

	/**
	 * How far {@code nbf} may be ahead.
	 * @param otherwise the default
	 * @return the skew
	 */
	public Duration clockSkew(Duration otherwise) {
		return (this.clockSkew != null) ? this.clockSkew : otherwise;
	}

	/**
	 * The issuer.
	 * @return what {@code iss} must be, or null where it does not matter
	 */
	@Override
	public @Nullable String issuer() {
		return (this.issuer == null || this.issuer.isEmpty()) ? null : this.issuer;
	}

	/** The address, or null where there is none. */
	@Nullable URI jwks() {
		return (this.jwksUri == null || this.jwksUri.isBlank()) ? null : URI.create(this.jwksUri.strip());
	}

	/**
	 * Fails where a setting is wrong; no key is repeated.
	 * @param prefix what the names of the settings begin with, such as
	 * {@code fanfare.stream.jwt}
	 * @throws InvalidSettingException if one is wrong
	 */
	public void check(String prefix) {
		String address = prefix + ".jwks-uri";
		if (this.jwksUri != null && !this.jwksUri.isBlank()) {
			JwksRetriever.check(address, this.jwksUri.strip());
		}
		within(prefix + ".jwks-refresh", this.jwksRefresh, Duration.ofSeconds(30), Duration.ofHours(24), "30s to 24h");
		within(prefix + ".jwks-outage-tolerance", this.jwksOutageTolerance, Duration.ZERO, Duration.ofDays(7),
				"0 to 7d");
		within(prefix + ".max-life", this.maxLife, Duration.ofSeconds(1), Duration.ofDays(3650), "1s to 3650d");
		if (this.clockSkew != null) {
			within(prefix + ".clock-skew", this.clockSkew, Duration.ZERO, LONGEST_SKEW, "0 to 10m");
		}
		InvalidSettingException.require(this.issuer == null || this.issuer.length() <= MAX_ISSUER, prefix + ".issuer",
				"must have at most " + MAX_ISSUER + " characters");
		jwks(prefix);
	}

	private static void within(String property, Duration value, Duration least, Duration most, String bounds) {
		InvalidSettingException.require(value.compareTo(least) >= 0 && value.compareTo(most) <= 0, property,
				"must be from " + bounds + ", is " + value);
	}

	/**
	 * The keys as JWKs, each with its algorithm.
	 * @param prefix what the names of the settings begin with
	 * @return the keys, in the order of the settings
	 * @throws InvalidSettingException if one is wrong
	 */
	public List<JWK> jwks(String prefix) {
		String property = prefix + ".keys";
		InvalidSettingException.require(this.keys.size() <= MAX_KEYS, property,
				"has " + this.keys.size() + " keys, at most " + MAX_KEYS + " are allowed");
		return KeyReader.read(property, this.keys);
	}

	@Override
	public String toString() {
		return "JwtSettings[" + this.keys.size() + " keys]";
	}

}
