package io.fanfare.api.auth;

import java.util.Collections;
import java.util.List;

import io.fanfare.protocol.audit.RefusalReason;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.security.oauth2.server.resource.web.BearerTokenResolver;

/**
 * Finds a caller's key or token in {@code Authorization: Bearer} (RFC 6750) of a call
 * under {@code /v1}. An API key may have characters that a token there has not.
 */
final class BearerHeader implements BearerTokenResolver {

	private static final String SCHEME = "Bearer";

	@Override
	public @Nullable String resolve(HttpServletRequest request) {
		String path = request.getRequestURI();
		if (!path.startsWith("/v1/") && !path.equals("/v1")) {
			return null;
		}
		List<String> headers = Collections.list(request.getHeaders(HttpHeaders.AUTHORIZATION));
		if (headers.isEmpty() || !isBearer(headers.getFirst())) {
			return null;
		}
		String credentials = headers.getFirst().substring(SCHEME.length()).strip();
		if (headers.size() > 1 || credentials.isEmpty()) {
			throw new CredentialRefusal.Malformed(RefusalReason.CREDENTIAL_MALFORMED, "One key or token is needed");
		}
		return credentials;
	}

	private static boolean isBearer(String header) {
		return header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
				&& (header.length() == SCHEME.length() || header.charAt(SCHEME.length()) == ' ');
	}

}
