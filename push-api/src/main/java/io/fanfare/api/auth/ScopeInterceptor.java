package io.fanfare.api.auth;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.http.HttpMethod;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Lets a caller through only with the scope that the handler names. {@code OPTIONS} is
 * answered by Spring MVC itself, to every caller that is known.
 */
final class ScopeInterceptor implements HandlerInterceptor {

	@Override
	public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
		if (handler instanceof HandlerMethod method) {
			RequiresScope required = method.getMethodAnnotation(RequiresScope.class);
			if (required == null && (HttpMethod.OPTIONS.matches(request.getMethod())
					|| method.hasMethodAnnotation(AnyCaller.class))) {
				return true;
			}
			if (required == null) {
				throw new IllegalStateException(method.getShortLogMessage() + " names no scope");
			}
			if (!(SecurityContextHolder.getContext().getAuthentication() instanceof CallerAuthentication caller)
					|| !holds(caller.getPrincipal(), required)) {
				throw Refusals.insufficient(required.value());
			}
		}
		return true;
	}

	private static boolean holds(Caller caller, RequiresScope required) {
		return required.patterns() ? caller.holdsSome(required.value()) : caller.holds(required.value());
	}

}
