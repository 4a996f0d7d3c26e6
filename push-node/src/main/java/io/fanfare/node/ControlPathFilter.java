package io.fanfare.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

import io.fanfare.protocol.ProblemType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;
import org.springframework.web.util.UriUtils;

/**
 * Refuses paths on the control port that Tomcat and Spring MVC understand in two ways, so
 * that neither throws: no path there has such characters.
 */
@Component
final class ControlPathFilter implements Filter {

	private static final List<String> AMBIGUOUS = List.of("/.", "//", "%", ";", "\\");

	@Override
	public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
			throws IOException, ServletException {
		if (request instanceof HttpServletRequest http && response instanceof HttpServletResponse answer
				&& (AMBIGUOUS.stream().anyMatch(http.getRequestURI()::contains) || !isEncoded(http.getQueryString()))) {
			ControlPortErrors.write(answer, ProblemType.REFUSED.status(), ProblemType.REFUSED);
			return;
		}
		chain.doFilter(request, response);
	}

	/** Tomcat throws where a parameter is first looked at. */
	private static boolean isEncoded(@Nullable String query) {
		try {
			if (query != null) {
				UriUtils.decode(query, StandardCharsets.UTF_8);
			}
			return true;
		}
		catch (IllegalArgumentException ex) {
			return false;
		}
	}

}
