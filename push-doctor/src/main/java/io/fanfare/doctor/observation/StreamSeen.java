package io.fanfare.doctor.observation;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What came of one stream.
 *
 * @param nonce what its request said
 * @param requested when it was asked for
 * @param status the status
 * @param contentType the type
 * @param contentEncoding how it is encoded
 * @param protocol as ALPN names it: {@code h2} or {@code http/1.1}
 * @param allowOrigin its {@code Access-Control-Allow-Origin}
 * @param problem the last part of the type of a problem document
 * @param retry the last {@code retry} of an event stream
 * @param opened when its head came
 * @param hello what the node said first
 * @param blocks what came when
 * @param end how it ended
 * @param ended when it ended
 * @param error why there was no answer
 */
public record StreamSeen(String nonce, long requested, @Nullable Integer status, @Nullable String contentType,
		@Nullable String contentEncoding, @Nullable String protocol, @Nullable String allowOrigin,
		@Nullable String problem, @Nullable Long retry, @Nullable Long opened, @Nullable Hello hello,
		List<Arrival> blocks, StreamEnd end, long ended, @Nullable String error) {

	/**
	 * One block.
	 *
	 * @param event its event
	 * @param n its number in the stream
	 * @param at when the node wrote it
	 * @param sent the bytes of the body before it
	 * @param arrived when it arrived
	 */
	public record Arrival(String event, int n, long at, long sent, long arrived) {

	}

	/**
	 * What the node says first.
	 *
	 * @param nonce the nonce of the request that it answers
	 * @param at when it wrote that
	 * @param node its name
	 * @param heartbeatMs the milliseconds between two heartbeats
	 * @param silenceMs how long it will be silent
	 * @param request what reached it of the request
	 */
	public record Hello(@Nullable String nonce, long at, @Nullable String node, long heartbeatMs, long silenceMs,
			Request request) {

		/**
		 * What reached the node of the request.
		 *
		 * @param protocol the version of HTTP, such as {@code HTTP/1.1}
		 * @param authorization whether {@code Authorization} did
		 * @param lastEventId {@code Last-Event-ID}
		 * @param cookie whether the doctor's cookie did
		 */
		public record Request(String protocol, boolean authorization, @Nullable String lastEventId, boolean cookie) {

		}

	}

	/**
	 * Whether it has the type of an event stream.
	 * @return whether it does
	 */
	public boolean isEventStream() {
		return isEventStream(this.contentType);
	}

	/**
	 * Whether this is the type of an event stream.
	 * @param contentType a type, perhaps with parameters
	 * @return whether it is
	 */
	public static boolean isEventStream(@Nullable String contentType) {
		if (contentType == null) {
			return false;
		}
		int semicolon = contentType.indexOf(';');
		String type = (semicolon < 0) ? contentType : contentType.substring(0, semicolon);
		return type.strip().equalsIgnoreCase("text/event-stream");
	}

}
