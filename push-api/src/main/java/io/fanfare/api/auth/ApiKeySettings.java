package io.fanfare.api.auth;

import java.util.List;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code fanfare.api}: who may call.
 *
 * @param keys the API keys, each {@code name:secret:scope+scope}: a name of letters,
 * digits and {@code _ . -}, a secret of visible ASCII without colon and comma or
 * {@code sha256$} and the hex digest of it, and scopes, which may hold colons
 * ({@code publish:user:*}). None by default: calls are possible by token only then
 */
@ConfigurationProperties("fanfare.api")
record ApiKeySettings(@DefaultValue List<String> keys) {

	@Override
	public String toString() {
		return "ApiKeySettings[" + this.keys.size() + " keys]";
	}

}
