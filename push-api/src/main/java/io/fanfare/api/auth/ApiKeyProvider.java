package io.fanfare.api.auth;

import org.jspecify.annotations.Nullable;

import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;

/** Takes what a caller sends for an API key; where it is none, it leaves it to others. */
final class ApiKeyProvider implements AuthenticationProvider {

	private final ApiKeys keys;

	ApiKeyProvider(ApiKeys keys) {
		this.keys = keys;
	}

	@Override
	public @Nullable Authentication authenticate(Authentication authentication) {
		Caller caller = this.keys.find(((BearerTokenAuthenticationToken) authentication).getToken());
		return (caller != null) ? new CallerAuthentication(caller) : null;
	}

	@Override
	public boolean supports(Class<?> authentication) {
		return BearerTokenAuthenticationToken.class.isAssignableFrom(authentication);
	}

}
