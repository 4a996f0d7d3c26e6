package io.fanfare.api.auth;

import java.time.Clock;
import java.time.Instant;

import io.fanfare.boot.jwt.RegisteredClaims;
import io.fanfare.boot.jwt.TokenPart;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;

/**
 * Looks again at the caller of a request that lasts: the key may be withdrawn, the token
 * may have expired. Any thread may call.
 */
public final class CallerCheck {

	private final BearerHeader header = new BearerHeader();

	private final ApiKeys keys;

	private final AuthenticationProvider tokens;

	private final Clock clock;

	CallerCheck(ApiKeys keys, AuthenticationProvider tokens, Clock clock) {
		this.keys = keys;
		this.tokens = tokens;
		this.clock = clock;
	}

	/**
	 * Returns whether the caller still holds a scope for everything.
	 * @param request a request that was let in
	 * @param scope the scope
	 * @return whether it does; where the keys of tokens are unavailable, until its token
	 * expires
	 */
	public boolean holds(HttpServletRequest request, Scope scope) {
		@Nullable String credentials = null;
		try {
			credentials = this.header.resolve(request);
			if (credentials == null) {
				return false;
			}
			Caller caller = this.keys.find(credentials);
			if (caller != null) {
				return caller.holds(scope);
			}
			Authentication known = this.tokens.authenticate(new BearerTokenAuthenticationToken(credentials));
			return known != null && known.getPrincipal() instanceof Caller found && found.holds(scope);
		}
		catch (AuthenticationServiceException ex) {
			return credentials != null && !isExpired(credentials);
		}
		catch (AuthenticationException ex) {
			return false;
		}
	}

	/** The token was good when the request was let in, so its claims can be read. */
	private boolean isExpired(String token) {
		String[] parts = token.split("\\.", 4);
		JsonNode claims = (parts.length == 3) ? TokenPart.read(parts[1]) : null;
		Instant expires = (claims != null) ? RegisteredClaims.time(claims, "exp") : null;
		return expires == null || !this.clock.instant().isBefore(expires);
	}

}
