package io.fanfare.node.auth;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;

import com.nimbusds.jose.util.Base64URL;
import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.TokenPart;
import io.fanfare.boot.jwt.JwtKeys.Candidates;
import io.fanfare.boot.jwt.VerificationKey;
import io.fanfare.node.ratelimit.CheckLimits;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;

/**
 * Verifies stream tokens: JWTs (RFC 7519) that are signed with one of the keys of the
 * node. The signature comes first; nothing of the claims is looked at before. Any thread
 * may call.
 * <p>
 * An HMAC is checked on the calling thread, which takes microseconds. Any other signature
 * counts against the address of its client, and is then checked by
 * {@link SignatureChecks}.
 */
public final class TokenVerifier implements Authenticator {

	/** HS256 wants a key at least as long as its hash (RFC 7518, section 3.2). */
	public static final int MIN_SECRET_BYTES = 32;

	private final JwtKeys keys;

	private final TokenClaims claims;

	private final @Nullable CostlyChecks costly;

	/**
	 * That of the last good token: an issuer gives all of its tokens the same. No other
	 * is kept, so no other process can put one here.
	 */
	private volatile @Nullable Known known;

	/**
	 * Makes a verifier of tokens of HS256, by the default rules.
	 * @param secret the secret that is shared with the issuer
	 * @param skew how far the clock of the issuer may run ahead
	 * @param clock the wall clock
	 * @throws IllegalArgumentException if the secret is too short
	 */
	public TokenVerifier(String secret, Duration skew, InstantSource clock) {
		this(JwtKeys.of(List.of(JwtKeys.shortForm(secret))), TokenRules.within(skew), clock, null);
	}

	/**
	 * Makes a verifier.
	 * @param keys the keys
	 * @param rules what tokens must be
	 * @param clock the wall clock
	 * @param costly checks what is no HMAC; null where there are no such keys
	 */
	public TokenVerifier(JwtKeys keys, TokenRules rules, InstantSource clock, @Nullable CostlyChecks costly) {
		this.keys = keys;
		this.claims = new TokenClaims(rules, clock);
		this.costly = costly;
	}

	/**
	 * How signatures are checked that are no HMAC.
	 *
	 * @param limits counts them for their addresses
	 * @param checks checks them
	 */
	public record CostlyChecks(CheckLimits limits, SignatureChecks checks) {

	}

	/** A header, and the secrets that may have signed its tokens. */
	private record Known(TokenHeader header, List<VerificationKey> secrets) {

	}

	/** A token whose header was read. */
	private record Signed(Known known, String payload, byte[] text, Base64URL signature) {

		TokenHeader header() {
			return this.known.header();
		}

		boolean isBy(List<VerificationKey> keys) {
			for (VerificationKey key : keys) {
				if (key.verifies(this.text, this.signature)) {
					return true;
				}
			}
			return false;
		}

	}

	/**
	 * Verifies a token at once, by the keys that are known now.
	 * @param token the token in compact form
	 * @return what it grants
	 * @throws InvalidTokenException if it grants nothing
	 */
	public StreamToken verify(String token) throws InvalidTokenException {
		Signed signed = read(token);
		if (signed.header().algorithm().isHmac()) {
			return verifyMac(signed);
		}
		require(signed, this.keys.present(signed.header().kid(), signed.header().algorithm()).keys());
		return this.claims.read(signed.payload());
	}

	@Override
	public void authenticate(Credential credential, InetAddress address, Consumer<Authentication> then) {
		switch (credential) {
			case Credential.Token token -> authenticate(token.text(), address, then);
			case Credential.Ticket ticket -> then.accept(new Authentication.Refused(RefusalReason.TICKET_UNKNOWN, "A ticket is no token"));
		}
	}

	private void authenticate(String token, InetAddress address, Consumer<Authentication> then) {
		Authentication result;
		try {
			Signed signed = read(token);
			if (!signed.header().algorithm().isHmac()) {
				authenticateCostly(signed, address, then);
				return;
			}
			result = new Authentication.Granted(verifyMac(signed));
		}
		catch (InvalidTokenException ex) {
			result = refused(ex);
		}
		then.accept(result);
	}

	private void authenticateCostly(Signed signed, InetAddress address, Consumer<Authentication> then)
			throws InvalidTokenException {
		Candidates present = this.keys.present(signed.header().kid(), signed.header().algorithm());
		if (this.costly == null || present.complete() && present.keys().isEmpty()) {
			throw notSignedBy(List.of());
		}
		Quota exceeded = this.costly.limits().take(address);
		if (exceeded != null) {
			then.accept(new Authentication.Limited(exceeded));
		}
		else {
			check(this.costly.checks(), signed, present, true, then);
		}
	}

	/** Fetches keys anew only for a token that none of the present ones has signed. */
	private void check(SignatureChecks checks, Signed signed, Candidates candidates, boolean mayFetch,
			Consumer<Authentication> then) {
		boolean runs = checks.submit(() -> {
			if (signed.isBy(candidates.keys())) {
				then.accept(granted(signed));
			}
			else if (candidates.complete()) {
				then.accept(refused(notSignedBy(candidates.keys())));
			}
			else if (mayFetch) {
				this.keys.find(signed.header().kid(), signed.header().algorithm(),
						(fetched) -> check(checks, signed, fetched, false, then));
			}
			else {
				then.accept(new Authentication.Unavailable(CloseReason.KEYS_UNAVAILABLE));
			}
		}, () -> then.accept(new Authentication.Unavailable(CloseReason.ERROR)));
		if (!runs) {
			then.accept(new Authentication.Unavailable(CloseReason.FULL));
		}
	}

	private Authentication granted(Signed signed) {
		try {
			return new Authentication.Granted(this.claims.read(signed.payload()));
		}
		catch (InvalidTokenException ex) {
			return refused(ex);
		}
	}

	private static Authentication refused(InvalidTokenException ex) {
		return new Authentication.Refused(ex.reason(), String.valueOf(ex.getMessage()));
	}

	private Signed read(String token) throws InvalidTokenException {
		int payload = token.indexOf('.') + 1;
		int signature = token.lastIndexOf('.') + 1;
		if (payload == 0 || payload == signature || token.indexOf('.', payload) != signature - 1) {
			throw InvalidTokenException.malformed();
		}
		Known header = header(token.substring(0, payload - 1));
		String encoded = token.substring(signature);
		int mac = header.header().algorithm().macBytes();
		if (!(mac > 0 ? TokenPart.isBase64Url(encoded, mac) : TokenPart.isBase64Url(encoded))) {
			throw InvalidTokenException.malformed();
		}
		return new Signed(header, token.substring(payload, signature - 1),
				token.substring(0, signature - 1).getBytes(StandardCharsets.US_ASCII), new Base64URL(encoded));
	}

	private Known header(String text) throws InvalidTokenException {
		Known present = this.known;
		if (present != null && present.header().text().equals(text)) {
			return present;
		}
		TokenHeader header = TokenHeader.read(text);
		return new Known(header,
				header.algorithm().isHmac() ? this.keys.present(header.kid(), header.algorithm()).keys() : List.of());
	}

	private StreamToken verifyMac(Signed signed) throws InvalidTokenException {
		require(signed, signed.known().secrets());
		this.known = signed.known();
		return this.claims.read(signed.payload());
	}

	private static void require(Signed signed, List<VerificationKey> keys) throws InvalidTokenException {
		if (!signed.isBy(keys)) {
			throw notSignedBy(keys);
		}
	}

	/** None of the keys that could be has signed it. */
	private static InvalidTokenException notSignedBy(List<VerificationKey> keys) {
		return InvalidTokenException
			.signature(keys.isEmpty() ? RefusalReason.TOKEN_KEY_UNKNOWN : RefusalReason.TOKEN_SIGNATURE);
	}

}
