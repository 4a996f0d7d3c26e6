package io.fanfare.api.problem;

import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** The id of a request, by which what is logged of it is found. */
public final class RequestId {

	/** The header, of requests and of answers. */
	public static final String HEADER = "X-Request-Id";

	/** The field of structured logs: that of the Elastic Common Schema. */
	public static final String FIELD = "http.request.id";

	private RequestId() {
	}

	/**
	 * The id of the request that this thread answers.
	 * @return the id, or null outside of a request
	 */
	public static @Nullable String present() {
		return MDC.get(FIELD);
	}

}
