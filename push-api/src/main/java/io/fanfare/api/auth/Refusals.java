package io.fanfare.api.auth;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.problem.ProblemWriter;
import io.fanfare.protocol.ProblemType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.http.HttpHeaders;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.stereotype.Component;

/** Refuses callers as RFC 6750, section 3, says. */
@Component
class Refusals implements AuthenticationEntryPoint, RequestRejectedHandler {

	private static final String CHALLENGE = "Bearer realm=\"fanfare\"";

	/** Seconds: keys are not fetched more often. */
	private static final String KEYS_RETRY_AFTER = "30";

	private final ProblemWriter writer;

	Refusals(ProblemWriter writer) {
		this.writer = writer;
	}

	@Override
	public void commence(HttpServletRequest request, HttpServletResponse response, AuthenticationException ex)
			throws IOException {
		if (ex instanceof AuthenticationServiceException) {
			response.setHeader(HttpHeaders.RETRY_AFTER, KEYS_RETRY_AFTER);
			this.writer.write(response, Problem.of(ProblemType.KEYS_UNAVAILABLE,
					"The keys by which tokens are signed cannot be fetched at the moment"));
			return;
		}
		RefusedRequest.note(request, CredentialRefusal.of(ex));
		if (ex instanceof CallerAuthenticator.ThrottledException throttled) {
			throttle(response, throttled.limit(), throttled.remaining());
			return;
		}
		boolean wrong = ex instanceof OAuth2AuthenticationException;
		response.setHeader(HttpHeaders.WWW_AUTHENTICATE, wrong ? CHALLENGE + ", error=\"invalid_token\"" : CHALLENGE);
		// A client without credentials must not hold a connection
		response.setHeader(HttpHeaders.CONNECTION, "close");
		this.writer.write(response, Problem.of(ProblemType.UNAUTHORIZED,
				wrong ? "The key or token is unknown, or no longer valid" : "Send Authorization: Bearer <api key>"));
	}

	/** Refuses a key or token unchecked: its address sent too many that were wrong. */
	private void throttle(HttpServletResponse response, int limit, Duration wait) throws IOException {
		String seconds = Long.toString(Math.max(1, Math.ceilDiv(wait.toMillis(), 1_000L)));
		String policy = "\"" + CredentialThrottle.POLICY + "\"";
		response.setHeader(HttpHeaders.RETRY_AFTER, seconds);
		response.setHeader("RateLimit-Policy", policy + ";q=" + limit + ";w=" + CredentialThrottle.WINDOW.toSeconds());
		response.setHeader("RateLimit", policy + ";r=0;t=" + seconds);
		response.setHeader(HttpHeaders.CONNECTION, "close");
		this.writer.write(response, Problem.quotaExceeded(CredentialThrottle.POLICY,
				"Too many wrong keys or tokens came from this address"));
	}

	@Override
	public void handle(HttpServletRequest request, HttpServletResponse response, RequestRejectedException ex)
			throws IOException {
		this.writer.write(response,
				Problem.of(ProblemType.REFUSED, "The request target or a header holds what is never legal"));
	}

	/** The refusal of a caller that is known. */
	static ProblemException insufficient(Scope scope) {
		return challenged(
				ProblemException.of(ProblemType.INSUFFICIENT_SCOPE, "This needs the scope " + scope.wireName()), scope);
	}

	/** The refusal of a caller that holds a scope, and not for this. */
	static ProblemException insufficient(Scope scope, List<FieldError> errors) {
		return challenged(ProblemException.of(ProblemType.INSUFFICIENT_SCOPE, errors), scope);
	}

	private static ProblemException challenged(ProblemException problem, Scope scope) {
		return problem.with(HttpHeaders.WWW_AUTHENTICATE,
				CHALLENGE + ", error=\"insufficient_scope\", scope=\"" + scope.wireName() + "\"");
	}

}
