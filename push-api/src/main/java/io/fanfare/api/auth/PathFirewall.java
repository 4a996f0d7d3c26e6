package io.fanfare.api.auth;

import jakarta.servlet.http.HttpServletRequest;

import org.springframework.security.web.firewall.FirewalledRequest;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.security.web.firewall.StrictHttpFirewall;

/**
 * Refuses a bare {@code ;} in a path. What follows one is a parameter of the segment (RFC
 * 3986, section 3.3) and would be dropped: a user id whose {@code ;} a caller forgot to
 * encode would be taken for another user's.
 */
final class PathFirewall extends StrictHttpFirewall {

	@Override
	public FirewalledRequest getFirewalledRequest(HttpServletRequest request) {
		if (request.getRequestURI().indexOf(';') >= 0) {
			throw new RequestRejectedException("A bare semicolon in the path");
		}
		return super.getFirewalledRequest(request);
	}

}
