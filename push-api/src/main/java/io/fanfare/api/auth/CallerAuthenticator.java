package io.fanfare.api.auth;

import java.time.Duration;
import java.util.Objects;

import jakarta.servlet.http.HttpServletRequest;

import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.AuthenticationManagerResolver;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;

/**
 * Takes what a caller sends for an API key and, where it is none, for a JWT, unless its
 * address sent too many that were wrong.
 */
final class CallerAuthenticator implements AuthenticationManagerResolver<HttpServletRequest> {

	private final ApiKeys keys;

	private final AuthenticationProvider tokens;

	private final CredentialThrottle throttle;

	CallerAuthenticator(ApiKeys keys, AuthenticationProvider tokens, CredentialThrottle throttle) {
		this.keys = keys;
		this.tokens = tokens;
		this.throttle = throttle;
	}

	/** The address sent too many keys and tokens that were wrong. */
	@SuppressWarnings("serial")
	static final class ThrottledException extends AuthenticationException {

		private final int limit;

		private final Duration remaining;

		ThrottledException(int limit, Duration remaining) {
			super("Too many wrong keys or tokens came from this address");
			this.limit = limit;
			this.remaining = remaining;
		}

		int limit() {
			return this.limit;
		}

		Duration remaining() {
			return this.remaining;
		}

	}

	@Override
	public AuthenticationManager resolve(HttpServletRequest request) {
		return (credentials) -> authenticate(request, (BearerTokenAuthenticationToken) credentials);
	}

	private Authentication authenticate(HttpServletRequest request, BearerTokenAuthenticationToken credentials) {
		String text = credentials.getToken();
		Caller caller = this.keys.find(text);
		if (caller != null) {
			return new CallerAuthentication(caller);
		}
		Duration wait = this.throttle.refusal(request, text);
		if (wait != null) {
			throw new ThrottledException(this.throttle.limit(), wait);
		}
		try {
			Authentication known = Objects.requireNonNull(this.tokens.authenticate(credentials));
			this.throttle.accepted(text);
			return known;
		}
		catch (OAuth2AuthenticationException ex) {
			this.throttle.refused(request);
			throw ex;
		}
		catch (AuthenticationServiceException ex) {
			if (SignatureCheck.UndecidedException.isCauseOf(ex)) {
				this.throttle.checkedInVain(request);
			}
			throw ex;
		}
	}

}
