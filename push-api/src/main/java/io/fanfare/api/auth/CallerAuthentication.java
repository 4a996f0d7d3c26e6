package io.fanfare.api.auth;

import java.util.List;

import org.springframework.security.authentication.AbstractAuthenticationToken;

/** A caller, as Spring Security holds it. Keeps no secret. */
@SuppressWarnings("serial")
final class CallerAuthentication extends AbstractAuthenticationToken {

	private final transient Caller caller;

	CallerAuthentication(Caller caller) {
		super(List.of());
		this.caller = caller;
		setAuthenticated(true);
	}

	@Override
	public Object getCredentials() {
		return "";
	}

	@Override
	public Caller getPrincipal() {
		return this.caller;
	}

}
