package io.fanfare.api.console;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.security.web.header.HeaderWriter;
import org.springframework.stereotype.Component;

/**
 * What pages may do (Content Security Policy, level 3): run the scripts of this origin,
 * none that stands in the page, and connect to this origin and to the streams that are
 * set.
 */
@Component
final class PagePolicy implements HeaderWriter {

	private static final String HEADER = "Content-Security-Policy";

	private static final String COMMON = "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none';"
			+ " frame-ancestors 'none'; connect-src 'self'";

	/** Swagger UI sets styles from scripts and has its icons in data URLs. */
	private static final String SWAGGER = COMMON + "; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

	private final String console;

	PagePolicy(ConsoleSettings settings) {
		StringBuilder policy = new StringBuilder(COMMON);
		settings.origins().forEach((origin) -> policy.append(' ').append(origin));
		this.console = policy.append("; style-src 'self'; img-src 'self'").toString();
	}

	@Override
	public void writeHeaders(HttpServletRequest request, HttpServletResponse response) {
		response.setHeader(HEADER, request.getRequestURI().startsWith("/swagger-ui") ? SWAGGER : this.console);
	}

}
