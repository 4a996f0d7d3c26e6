package io.fanfare.api.publish;

import java.util.Collections;
import java.util.List;

import io.fanfare.protocol.Traceparent;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/** The trace that a request belongs to (W3C Trace Context, section 3.2). */
final class TraceContext {

	private static final String HEADER = "traceparent";

	private TraceContext() {
	}

	/** More than one header is as good as none: none of them is known to be right. */
	static @Nullable String of(HttpServletRequest request) {
		List<String> values = Collections.list(request.getHeaders(HEADER));
		Traceparent read = (values.size() == 1) ? Traceparent.parse(values.getFirst()) : null;
		return (read != null) ? read.toString() : null;
	}

}
