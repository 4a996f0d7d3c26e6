package io.fanfare.api.publish;

import java.util.regex.Pattern;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/** The trace that a request belongs to (W3C Trace Context, section 3.2). */
final class TraceContext {

	private static final Pattern TRACEPARENT = Pattern
		.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

	private TraceContext() {
	}

	static @Nullable String of(HttpServletRequest request) {
		String header = request.getHeader("traceparent");
		return (header != null && TRACEPARENT.matcher(header).matches()) ? header : null;
	}

}
