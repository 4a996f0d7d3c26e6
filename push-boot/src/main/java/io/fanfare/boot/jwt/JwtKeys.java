package io.fanfare.boot.jwt;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

import com.nimbusds.jose.jwk.JWK;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.protocol.settings.SigningSecret;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;

/**
 * The keys that verify one kind of tokens: those of the settings, and those of the JWKS
 * address. Any thread may call; nothing blocks.
 */
public final class JwtKeys implements AutoCloseable {

	private final KeySet fixed;

	private final @Nullable JwksKeys jwks;

	private JwtKeys(KeySet fixed, @Nullable JwksKeys jwks) {
		this.fixed = fixed;
		this.jwks = jwks;
	}

	/**
	 * Keys of settings alone.
	 * @param keys the keys, each with its algorithm
	 * @return the keys
	 */
	public static JwtKeys of(List<JWK> keys) {
		return new JwtKeys(KeySet.of(keys), null);
	}

	/**
	 * Makes the keys; a JWKS address is fetched for the first time by {@link #start()}.
	 * @param tokens which tokens they are for, as a label of metrics: {@code stream} or
	 * {@code api}
	 * @param keys the keys of the settings
	 * @param settings the rest of the settings, which were checked
	 * @param scheduler fetches the JWKS address
	 * @param registry has the meters
	 * @return the keys
	 */
	public static JwtKeys of(String tokens, List<JWK> keys, JwtSettings settings, Scheduler scheduler,
			MeterRegistry registry) {
		return of(tokens, keys, settings, List.of(), scheduler, registry);
	}

	/**
	 * Makes the keys, none of which verifies tokens of the other kind.
	 * @param tokens which tokens they are for
	 * @param keys the keys of the settings
	 * @param settings the rest of the settings, which were checked
	 * @param foreign keys of the other kind of tokens: those of the JWKS address that are
	 * among them are left out
	 * @param scheduler fetches the JWKS address
	 * @param registry has the meters
	 * @return the keys
	 */
	public static JwtKeys of(String tokens, List<JWK> keys, JwtSettings settings, List<JWK> foreign,
			Scheduler scheduler, MeterRegistry registry) {
		URI address = settings.jwks();
		return new JwtKeys(KeySet.of(keys), (address == null) ? null : new JwksKeys(tokens, address,
				settings.jwksRefresh(), settings.jwksOutageTolerance(), foreign, scheduler, registry));
	}

	/**
	 * The secret of the short form {@code fanfare.jwt.secret}, as a key of HS256 without
	 * an id.
	 * @param secret the secret
	 * @return the key
	 * @throws InvalidSettingException if it is too short
	 */
	public static JWK shortForm(String secret) {
		return KeyReader.secret(SigningSecret.PROPERTY, null, SignatureAlgorithm.HS256, secret);
	}

	/**
	 * Refuses keys that verify stream tokens and API tokens: a token of one kind would
	 * need nothing but another {@code aud} to be one of the other.
	 * @param stream the keys of stream tokens, that of {@code fanfare.jwt.secret} among
	 * them
	 * @param streamSettings the settings of stream tokens
	 * @param api the keys of API tokens
	 * @param apiSettings the settings of API tokens
	 * @throws InvalidSettingException if one is in both
	 */
	public static void requireDistinct(List<JWK> stream, JwtSettings streamSettings, List<JWK> api,
			JwtSettings apiSettings) {
		Set<String> prints = new HashSet<>(stream.stream().map(KeyReader::print).toList());
		for (int i = 0; i < api.size(); i++) {
			InvalidSettingException.require(!prints.contains(KeyReader.print(api.get(i))),
					"fanfare.api.jwt.keys[" + i + "]",
					"is a key of stream tokens as well (fanfare.stream.jwt.keys or fanfare.jwt.secret):"
							+ " the two never share a key");
		}
		URI streamAddress = streamSettings.jwks();
		URI apiAddress = apiSettings.jwks();
		InvalidSettingException.require(
				streamAddress == null || apiAddress == null
						|| !JwksRetriever.resource(streamAddress).equals(JwksRetriever.resource(apiAddress)),
				"fanfare.api.jwt.jwks-uri",
				"is fanfare.stream.jwt.jwks-uri as well: stream tokens and API tokens never share a key");
	}

	/** Begins to fetch the JWKS address, where there is one. Does not wait for it. */
	public void start() {
		if (this.jwks != null) {
			this.jwks.start();
		}
	}

	/**
	 * Keys that may have signed a token.
	 *
	 * @param keys the keys; one of them did, or none that is known
	 * @param complete whether no others can have: false where the keys of the JWKS
	 * address are not known, or may have changed since they were fetched
	 */
	public record Candidates(List<VerificationKey> keys, boolean complete) {

	}

	/**
	 * Finds the keys that may have signed a token, without a fetch: those with its
	 * {@code kid} and its algorithm. Without a {@code kid} it is all of that algorithm;
	 * those that have no id themselves may have signed any.
	 * @param kid the {@code kid} of its header, or null
	 * @param algorithm the {@code alg} of its header
	 * @return the keys
	 */
	public Candidates present(@Nullable String kid, SignatureAlgorithm algorithm) {
		if (this.jwks == null || algorithm.isHmac() || kid != null && this.fixed.has(kid)) {
			return new Candidates(this.fixed.find(kid, algorithm), true);
		}
		KeySet set = this.jwks.present();
		if (set == null) {
			return new Candidates(this.fixed.find(kid, algorithm), false);
		}
		List<VerificationKey> keys = new ArrayList<>(this.fixed.find(kid, algorithm));
		keys.addAll(set.find(kid, algorithm));
		return new Candidates(keys, (kid != null) ? set.has(kid) : set.hasAny(algorithm));
	}

	/**
	 * Finds the keys that may have signed a token; the JWKS address is fetched anew where
	 * it may have others, and may be fetched again.
	 * @param kid the {@code kid} of its header, or null
	 * @param algorithm the {@code alg} of its header
	 * @param then is given the keys, once: on the calling thread where nothing is
	 * fetched, else on another
	 */
	public void find(@Nullable String kid, SignatureAlgorithm algorithm, Consumer<Candidates> then) {
		Candidates present = present(kid, algorithm);
		if (present.complete() || this.jwks == null) {
			then.accept(present);
			return;
		}
		this.jwks.refresh((certain) -> {
			Candidates fetched = present(kid, algorithm);
			then.accept(certain ? new Candidates(fetched.keys(), true) : fetched);
		});
	}

	@Override
	public void close() {
		if (this.jwks != null) {
			this.jwks.close();
		}
	}

}
