package io.fanfare.api.audit;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.ClientAddress;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.RequestId;
import io.fanfare.protocol.audit.AuditLog;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;

/**
 * Logs each call that changes something, except publishing: who, from where, what, whom,
 * and the outcome. It stands before what checks scopes, so a call that is refused for its
 * scope is logged as well.
 */
final class AuditInterceptor implements HandlerInterceptor {

	private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");

	private final AuditLog audit;

	private final ClientAddress addresses;

	AuditInterceptor(AuditLog audit, ClientAddress addresses) {
		this.audit = audit;
		this.addresses = addresses;
	}

	@Override
	public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
		Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
		if (authentication != null && authentication.getPrincipal() instanceof Caller caller) {
			AuditedRequest.of(request).put("caller", caller.id());
		}
		return true;
	}

	@Override
	public void afterCompletion(HttpServletRequest request, HttpServletResponse response, Object handler,
			@Nullable Exception failure) {
		RequiresScope scope = (handler instanceof HandlerMethod method)
				? method.getMethodAnnotation(RequiresScope.class) : null;
		if (!isAudited(scope) || isSafe(request)) {
			return;
		}
		Map<String, Object> known = AuditedRequest.of(request).values();
		Map<String, Object> values = new LinkedHashMap<>();
		values.put("operation", operation((HandlerMethod) handler));
		values.put("caller", known.getOrDefault("caller", ""));
		values.put("address", this.addresses.of(request).getHostAddress());
		values.put("request", String.valueOf(RequestId.present()));
		if (request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE) instanceof Map<?, ?> variables) {
			variables.forEach((name, value) -> values.put(String.valueOf(name), String.valueOf(value)));
		}
		known.forEach(values::putIfAbsent);
		values.put("status", response.getStatus());
		this.audit.act(values);
	}

	/** Whether a call with this scope is one of an administrator. */
	static boolean isAudited(@Nullable RequiresScope scope) {
		return scope != null && scope.value() != Scope.PUBLISH && scope.value() != Scope.READ;
	}

	static boolean isSafe(HttpServletRequest request) {
		return SAFE.contains(request.getMethod());
	}

	private static String operation(HandlerMethod handler) {
		Operation described = handler.getMethodAnnotation(Operation.class);
		return (described != null && !described.operationId().isEmpty()) ? described.operationId()
				: handler.getMethod().getName();
	}

}
