package io.fanfare.api.auth;

import io.fanfare.protocol.audit.RefusalReason;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/** Why the caller of a request is refused, in an attribute of the request. */
public final class RefusedRequest {

	private static final String ATTRIBUTE = RefusedRequest.class.getName();

	private RefusedRequest() {
	}

	static void note(HttpServletRequest request, RefusalReason reason) {
		request.setAttribute(ATTRIBUTE, reason);
	}

	/**
	 * Why the caller is refused.
	 * @param request the request
	 * @return the reason, or null where its credential was not refused
	 */
	public static @Nullable RefusalReason reason(HttpServletRequest request) {
		return (request.getAttribute(ATTRIBUTE) instanceof RefusalReason reason) ? reason : null;
	}

}
