package io.fanfare.api.auth;

import com.nimbusds.jose.proc.BadJWSException;
import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;

import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidatorResult;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtValidationException;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;

/**
 * A refusal of a caller that says its reason. The libraries pass these exceptions and
 * errors on as causes of their own, so the reason is the one that was given where the
 * refusal was decided.
 */
sealed interface CredentialRefusal {

	/** What is wrong with the credential. */
	RefusalReason reason();

	/**
	 * Why a caller is refused.
	 * @param ex how it was refused
	 * @return the reason
	 */
	static RefusalReason of(AuthenticationException ex) {
		if (ex instanceof CallerAuthenticator.ThrottledException) {
			return RefusalReason.THROTTLED;
		}
		if (!(ex instanceof OAuth2AuthenticationException)) {
			return RefusalReason.CREDENTIAL_MISSING;
		}
		for (Throwable cause = ex; cause != null; cause = cause.getCause()) {
			if (cause instanceof CredentialRefusal refusal) {
				return refusal.reason();
			}
			if (cause instanceof JwtValidationException invalid) {
				for (OAuth2Error error : invalid.getErrors()) {
					if (error instanceof CredentialRefusal refusal) {
						return refusal.reason();
					}
				}
			}
		}
		// What a library cannot read is refused by it.
		return RefusalReason.TOKEN_MALFORMED;
	}

	/**
	 * Gives the refusals of a library's rule their reason.
	 * @param reason the reason
	 * @param rule the rule
	 * @return the same rule
	 */
	static OAuth2TokenValidator<Jwt> because(RefusalReason reason, OAuth2TokenValidator<Jwt> rule) {
		return (token) -> {
			OAuth2TokenValidatorResult result = rule.validate(token);
			return !result.hasErrors() ? result
					: OAuth2TokenValidatorResult.failure(result.getErrors()
						.stream()
						.<OAuth2Error>map((error) -> new Rule(reason, error.getErrorCode(), error.getDescription()))
						.toList());
		};
	}

	/** What was sent cannot be read, or is no token. */
	@SuppressWarnings("serial")
	final class Unreadable extends BadJwtException implements CredentialRefusal {

		private final RefusalReason reason;

		Unreadable(RefusalReason reason, String message) {
			super(message);
			this.reason = reason;
		}

		@Override
		public RefusalReason reason() {
			return this.reason;
		}

	}

	/** A token is not signed as it should be. */
	@SuppressWarnings("serial")
	final class Signature extends BadJWSException implements CredentialRefusal {

		private final RefusalReason reason;

		Signature(RefusalReason reason, String message) {
			super(message);
			this.reason = reason;
		}

		@Override
		public RefusalReason reason() {
			return this.reason;
		}

	}

	/** A token breaks a rule. */
	@SuppressWarnings("serial")
	final class Rule extends OAuth2Error implements CredentialRefusal {

		private final RefusalReason reason;

		Rule(RefusalReason reason, String code, @Nullable String description) {
			super(code, description, null);
			this.reason = reason;
		}

		@Override
		public RefusalReason reason() {
			return this.reason;
		}

	}

	/** The header, or a claim of a token whose signature is right, is malformed. */
	@SuppressWarnings("serial")
	final class Malformed extends InvalidBearerTokenException implements CredentialRefusal {

		private final RefusalReason reason;

		Malformed(RefusalReason reason, String message) {
			super(message);
			this.reason = reason;
		}

		@Override
		public RefusalReason reason() {
			return this.reason;
		}

	}

}
