package io.fanfare.api.audit;

import java.io.IOException;
import java.util.UUID;
import java.util.regex.Pattern;

import io.fanfare.api.problem.RequestId;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Gives each request the id that its proxy or caller gave it, or one of its own, and
 * answers with it. What is logged meanwhile has it as a field of structured logs.
 */
final class RequestIdFilter extends OncePerRequestFilter {

	private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		String id = id(request.getHeader(RequestId.HEADER));
		response.setHeader(RequestId.HEADER, id);
		MDC.put(RequestId.FIELD, id);
		try {
			chain.doFilter(request, response);
		}
		finally {
			MDC.remove(RequestId.FIELD);
		}
	}

	/** What is not an id could be taken for another line of the log. */
	private static String id(@Nullable String sent) {
		return (sent != null && ID.matcher(sent).matches()) ? sent : UUID.randomUUID().toString().replace("-", "");
	}

}
