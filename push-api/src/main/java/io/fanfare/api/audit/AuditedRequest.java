package io.fanfare.api.audit;

import java.util.LinkedHashMap;
import java.util.Map;

import jakarta.servlet.http.HttpServletRequest;

/** What is known of a request for the audit log, in an attribute of the request. */
final class AuditedRequest {

	private static final String ATTRIBUTE = AuditedRequest.class.getName();

	private final Map<String, Object> values = new LinkedHashMap<>();

	/** What is known of a request so far. */
	static AuditedRequest of(HttpServletRequest request) {
		if (request.getAttribute(ATTRIBUTE) instanceof AuditedRequest known) {
			return known;
		}
		AuditedRequest audited = new AuditedRequest();
		request.setAttribute(ATTRIBUTE, audited);
		return audited;
	}

	void put(String name, Object value) {
		this.values.put(name, value);
	}

	Map<String, Object> values() {
		return this.values;
	}

}
