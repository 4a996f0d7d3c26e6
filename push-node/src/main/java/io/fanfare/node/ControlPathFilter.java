package io.fanfare.node;

import java.io.IOException;
import java.util.List;

import io.fanfare.protocol.ProblemType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.stereotype.Component;

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
				&& AMBIGUOUS.stream().anyMatch(http.getRequestURI()::contains)) {
			ControlPortErrors.write(answer, ProblemType.INVALID_REQUEST.status(), ProblemType.INVALID_REQUEST);
			return;
		}
		chain.doFilter(request, response);
	}

}
