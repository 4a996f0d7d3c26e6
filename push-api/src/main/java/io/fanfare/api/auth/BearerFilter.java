package io.fanfare.api.auth;

import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Learns from {@code Authorization: Bearer} who calls (RFC 6750). A key or token that is
 * wrong ends the request; without one the request goes on without a caller.
 */
final class BearerFilter extends OncePerRequestFilter {

	private static final String SCHEME = "Bearer";

	private final ApiKeys keys;

	private final ApiTokens tokens;

	private final CredentialThrottle throttle;

	private final Refusals refusals;

	BearerFilter(ApiKeys keys, ApiTokens tokens, CredentialThrottle throttle, Refusals refusals) {
		this.keys = keys;
		this.tokens = tokens;
		this.throttle = throttle;
		this.refusals = refusals;
	}

	@Override
	protected boolean shouldNotFilter(HttpServletRequest request) {
		String path = request.getRequestURI();
		return !path.startsWith("/v1/") && !path.equals("/v1");
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		List<String> headers = Collections.list(request.getHeaders(HttpHeaders.AUTHORIZATION));
		if (!headers.isEmpty() && isBearer(headers.getFirst())) {
			String credentials = headers.getFirst().substring(SCHEME.length()).strip();
			Caller caller = (headers.size() == 1) ? this.keys.find(credentials) : null;
			if (caller == null) {
				Duration wait = this.throttle.refusal(request, credentials);
				if (wait != null) {
					this.refusals.throttle(response, this.throttle.limit(), wait);
					return;
				}
				caller = (headers.size() == 1) ? read(credentials) : null;
			}
			if (caller == null) {
				this.throttle.refused(request);
				this.refusals.commence(request, response, new BadCredentialsException("Unknown key or token"));
				return;
			}
			SecurityContext context = SecurityContextHolder.createEmptyContext();
			context.setAuthentication(new CallerAuthentication(caller));
			SecurityContextHolder.setContext(context);
		}
		chain.doFilter(request, response);
	}

	private static boolean isBearer(String header) {
		return header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
				&& (header.length() == SCHEME.length() || header.charAt(SCHEME.length()) == ' ');
	}

	private @Nullable Caller read(String token) {
		Caller caller = this.tokens.read(token);
		if (caller != null) {
			this.throttle.accepted(token);
		}
		return caller;
	}

}
