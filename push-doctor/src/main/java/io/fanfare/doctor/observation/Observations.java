package io.fanfare.doctor.observation;

import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * All that one run of the doctor saw. Times are milliseconds since the epoch by the clock
 * of the client, but for {@code at}, which is by that of the node. What is null was not
 * asked for, or there was no answer; an empty text is a header that was not there. The
 * form is that of the browser's doctor.
 *
 * @param url the address that was asked
 * @param client {@code cli}, or {@code browser}, which sees less
 * @param origin the origin of the page
 * @param crossOrigin whether that is another origin than that of the address
 * @param sent which headers went with the streams
 * @param streams by name: {@code pace}, {@code steady}, and {@code again}, which has the
 * address of the first
 * @param probes by the status that was asked for
 * @param preflight the answer to {@code OPTIONS}, or null where a browser sends none: to
 * the own origin
 */
public record Observations(String url, String client, @Nullable String origin, boolean crossOrigin, Sent sent,
		Map<String, StreamSeen> streams, Map<String, AnswerSeen> probes, @Nullable PreflightSeen preflight) {

	/** The stream that is silent for a while. */
	public static final String PACE = "pace";

	/** The stream that never is. */
	public static final String STEADY = "steady";

	/** The beginning of {@link #PACE}, asked for again once that has ended. */
	public static final String AGAIN = "again";

	/**
	 * Which headers went with the streams.
	 *
	 * @param authorization whether {@code Authorization} did
	 * @param lastEventId whether {@code Last-Event-ID} did
	 * @param cookie whether a cookie did
	 */
	public record Sent(boolean authorization, boolean lastEventId, boolean cookie) {

	}

	/**
	 * The answer where a status was asked for.
	 *
	 * @param nonce what the answer should repeat
	 * @param status its status
	 * @param contentType its type
	 * @param doctor its header {@code Fanfare-Doctor}
	 * @param end where there is no status: {@code timeout} or {@code refused}
	 */
	public record AnswerSeen(String nonce, @Nullable Integer status, @Nullable String contentType,
			@Nullable String doctor, @Nullable StreamEnd end) {

	}

	/**
	 * The answer to a preflight.
	 *
	 * @param status its status
	 * @param allowOrigin its {@code Access-Control-Allow-Origin}
	 * @param allowHeaders its {@code Access-Control-Allow-Headers}
	 */
	public record PreflightSeen(@Nullable Integer status, @Nullable String allowOrigin, @Nullable String allowHeaders) {

	}

}
