package io.fanfare.api.ratelimit;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.CallerObserver;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.core.MethodParameter;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyAdvice;

/**
 * Sets the RateLimit fields of each answer to a caller that has a quota: as soon as the
 * caller is known, so that refusals have them too, and again before the body is written,
 * since a publish changes them.
 */
@ControllerAdvice
final class RateLimitAdvice implements CallerObserver, ResponseBodyAdvice<Object> {

	private final CallerLimits limits;

	RateLimitAdvice(CallerLimits limits) {
		this.limits = limits;
	}

	@Override
	public void known(Caller caller, HttpServletResponse response) {
		RateLimitFields fields = this.limits.account(caller.id()).fields();
		if (fields != null) {
			response.setHeader(RateLimitFields.POLICY, fields.policy());
			response.setHeader(RateLimitFields.LIMIT, fields.limit());
		}
	}

	@Override
	public boolean supports(MethodParameter returnType, Class<? extends HttpMessageConverter<?>> converter) {
		return true;
	}

	@Override
	public @Nullable Object beforeBodyWrite(@Nullable Object body, MethodParameter returnType, MediaType type,
			Class<? extends HttpMessageConverter<?>> converter, ServerHttpRequest request,
			ServerHttpResponse response) {
		Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
		if (authentication != null && authentication.getPrincipal() instanceof Caller caller
				&& response instanceof ServletServerHttpResponse servlet) {
			known(caller, servlet.getServletResponse());
		}
		return body;
	}

}
