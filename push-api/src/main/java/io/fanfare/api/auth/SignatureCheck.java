package io.fanfare.api.auth;

import java.text.ParseException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.RemoteKeySourceException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.BadJWSException;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.EncryptedJWT;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.JWTProcessor;
import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.SignatureAlgorithm;
import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;

/**
 * Verifies the signatures of API tokens: a token must be signed, by a key that may sign
 * it and by that key's algorithm. Blocks while keys are fetched.
 */
final class SignatureCheck implements JWTProcessor<SecurityContext> {

	/** A fetch takes 2 s at most, and may wait for the one before it. */
	private static final Duration MAX_WAIT = Duration.ofSeconds(4);

	private final JwtKeys keys;

	SignatureCheck(JwtKeys keys) {
		this.keys = keys;
	}

	/** Signatures were checked in vain, and a key that is not known may be the one. */
	@SuppressWarnings("serial")
	static final class UndecidedException extends RemoteKeySourceException {

		UndecidedException() {
			super("The keys of tokens are not known", null);
		}

		static boolean isCauseOf(Throwable failure) {
			Throwable cause = failure;
			while (cause != null && !(cause instanceof UndecidedException)) {
				cause = cause.getCause();
			}
			return cause != null;
		}

	}

	@Override
	public JWTClaimsSet process(String token, @Nullable SecurityContext context)
			throws ParseException, BadJOSEException, RemoteKeySourceException {
		return process(JWTParser.parse(token), context);
	}

	@Override
	public JWTClaimsSet process(JWT token, @Nullable SecurityContext context)
			throws BadJOSEException, RemoteKeySourceException {
		if (token instanceof SignedJWT signed) {
			return process(signed, context);
		}
		throw new CredentialRefusal.Signature(RefusalReason.TOKEN_ALGORITHM, "The token is not signed");
	}

	@Override
	public JWTClaimsSet process(PlainJWT token, @Nullable SecurityContext context) throws BadJOSEException {
		throw new CredentialRefusal.Signature(RefusalReason.TOKEN_ALGORITHM, "The token is not signed");
	}

	@Override
	public JWTClaimsSet process(EncryptedJWT token, @Nullable SecurityContext context) throws BadJOSEException {
		throw new CredentialRefusal.Signature(RefusalReason.TOKEN_ALGORITHM, "The token is encrypted");
	}

	@Override
	public JWTClaimsSet process(SignedJWT token, @Nullable SecurityContext context)
			throws BadJOSEException, RemoteKeySourceException {
		verify(token);
		try {
			return token.getJWTClaimsSet();
		}
		catch (ParseException ex) {
			throw new BadJOSEException("The token is malformed", ex);
		}
	}

	private void verify(SignedJWT token) throws BadJWSException, RemoteKeySourceException {
		JWSHeader header = token.getHeader();
		SignatureAlgorithm algorithm = SignatureAlgorithm.find(header.getAlgorithm().getName());
		// A JWT's payload is always encoded (RFC 7797, section 7), and no extension is
		// understood.
		if (algorithm == null || !header.isBase64URLEncodePayload() || header.getCriticalParams() != null) {
			throw new CredentialRefusal.Signature(RefusalReason.TOKEN_ALGORITHM,
					"The token is signed in a way that is not accepted");
		}
		JwtKeys.Candidates candidates = find(header.getKeyID(), algorithm);
		byte[] signed = token.getSigningInput();
		if (candidates.keys().stream().anyMatch((key) -> key.verifies(signed, token.getSignature()))) {
			return;
		}
		if (!candidates.complete()) {
			throw candidates.keys().isEmpty() ? new RemoteKeySourceException("The keys of tokens are not known", null)
					: new UndecidedException();
		}
		throw new CredentialRefusal.Signature(
				candidates.keys().isEmpty() ? RefusalReason.TOKEN_KEY_UNKNOWN : RefusalReason.TOKEN_SIGNATURE,
				"The token's signature is not valid");
	}

	private JwtKeys.Candidates find(@Nullable String kid, SignatureAlgorithm algorithm)
			throws RemoteKeySourceException {
		CompletableFuture<JwtKeys.Candidates> found = new CompletableFuture<>();
		this.keys.find(kid, algorithm, found::complete);
		try {
			return found.get(MAX_WAIT.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new RemoteKeySourceException("The keys of tokens are not known", ex);
		}
		catch (ExecutionException | TimeoutException ex) {
			throw new RemoteKeySourceException("The keys of tokens are not known", ex);
		}
	}

}
