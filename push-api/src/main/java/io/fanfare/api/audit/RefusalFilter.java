package io.fanfare.api.audit;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

import io.fanfare.api.auth.ClientAddress;
import io.fanfare.api.auth.RefusedRequest;
import io.fanfare.protocol.audit.AuditLog;
import io.fanfare.protocol.audit.RefusalReason;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.web.filter.OncePerRequestFilter;

/** Counts and logs callers that are refused, whatever refuses them. */
final class RefusalFilter extends OncePerRequestFilter {

	private final AuditLog audit;

	private final ClientAddress addresses;

	RefusalFilter(AuditLog audit, ClientAddress addresses) {
		this.audit = audit;
		this.addresses = addresses;
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		try {
			chain.doFilter(request, response);
		}
		finally {
			RefusalReason reason = reason(request, response.getStatus());
			if (reason != null) {
				Map<String, Object> values = new LinkedHashMap<>();
				Object caller = AuditedRequest.of(request).values().get("caller");
				if (caller != null) {
					values.put("caller", caller);
				}
				values.put("status", response.getStatus());
				this.audit.refused(reason, this.addresses.of(request).getHostAddress(), values);
			}
		}
	}

	/**
	 * The kind of a refusal, or null where it is none of a caller. Of callers that are
	 * known the status says it.
	 */
	private static @Nullable RefusalReason reason(HttpServletRequest request, int status) {
		RefusalReason ofCredential = RefusedRequest.reason(request);
		return (ofCredential != null) ? ofCredential : switch (HttpStatus.resolve(status)) {
			case FORBIDDEN -> RefusalReason.SCOPE;
			case TOO_MANY_REQUESTS -> RefusalReason.QUOTA;
			case null, default -> null;
		};
	}

}
