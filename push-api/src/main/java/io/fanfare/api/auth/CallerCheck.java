package io.fanfare.api.auth;

import jakarta.servlet.http.HttpServletRequest;

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

	CallerCheck(ApiKeys keys, AuthenticationProvider tokens) {
		this.keys = keys;
		this.tokens = tokens;
	}

	/**
	 * Returns whether the caller still holds a scope for everything.
	 * @param request a request that was let in
	 * @param scope the scope
	 * @return whether it does; where the keys of tokens are unavailable, it did
	 */
	public boolean holds(HttpServletRequest request, Scope scope) {
		try {
			String credentials = this.header.resolve(request);
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
			return true;
		}
		catch (AuthenticationException ex) {
			return false;
		}
	}

}
