package io.fanfare.node.stream;

import java.time.Duration;

import io.fanfare.protocol.sse.SseBlock;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.cookie.Cookie;
import io.netty.handler.codec.http.cookie.ServerCookieDecoder;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * The blocks of a doctor's stream. The hello shows what reached the node of the request:
 * of credentials and cookies only whether there were any, of other headers the beginning.
 */
final class DoctorBlocks {

	/** Characters that are shown of a header. */
	static final int MAX_SHOWN = 100;

	private static final String COOKIE = "fanfare-doctor";

	private DoctorBlocks() {
	}

	/**
	 * Where a block stands in its stream.
	 *
	 * @param number its number
	 * @param atMs when it is written, in milliseconds since the epoch
	 * @param sent the bytes of the body before it
	 */
	record Position(int number, long atMs, long sent) {

		private String members() {
			return "\"n\":" + this.number + ",\"at\":" + this.atMs + ",\"sent\":" + this.sent;
		}

	}

	/**
	 * The first block.
	 * @param position where it stands
	 * @param asked what the doctor asks for
	 * @param request its request
	 * @param node the name of the node
	 * @param heartbeat how often the node sends heartbeats to clients
	 */
	static byte[] hello(Position position, DoctorRequest asked, HttpRequest request, String node, Duration heartbeat) {
		HttpHeaders headers = request.headers();
		StringBuilder json = new StringBuilder(512).append('{').append(position.members());
		quote(",\"nonce\":", asked.nonce(), json);
		quote(",\"script\":", asked.script().wireName(), json);
		quote(",\"node\":", node, json);
		json.append(",\"heartbeatMs\":").append(heartbeat.toMillis());
		json.append(",\"silenceMs\":").append(DoctorScript.silence(heartbeat).toMillis());
		quote(",\"request\":{\"protocol\":", request.protocolVersion().text(), json);
		json.append(",\"authorization\":").append(hasAuthorization(headers));
		quote(",\"lastEventId\":", headers.get("Last-Event-ID"), json);
		json.append(",\"cookie\":").append(hasCookie(headers));
		quote(",\"acceptEncoding\":", headers.get(HttpHeaderNames.ACCEPT_ENCODING), json);
		quote(",\"origin\":", headers.get(HttpHeaderNames.ORIGIN), json);
		quote(",\"host\":", headers.get(HttpHeaderNames.HOST), json);
		return SseBlock.platform("doctor.hello", null, json.append("}}").toString(), 0);
	}

	private static void quote(String before, @Nullable String text, StringBuilder json) {
		json.append(before);
		if (text == null) {
			json.append("null");
			return;
		}
		String shown = text.substring(0, Math.min(MAX_SHOWN, text.length()));
		JsonStringEncoder.getInstance().quoteAsString(shown, json.append('"'));
		json.append('"');
	}

	/** A proxy that takes the value away may leave the name. */
	private static boolean hasAuthorization(HttpHeaders headers) {
		return headers.getAll(HttpHeaderNames.AUTHORIZATION).stream().anyMatch((value) -> !value.isBlank());
	}

	private static boolean hasCookie(HttpHeaders headers) {
		for (String header : headers.getAll(HttpHeaderNames.COOKIE)) {
			for (Cookie cookie : ServerCookieDecoder.LAX.decodeAll(header)) {
				if (cookie.name().equals(COOKIE)) {
					return true;
				}
			}
		}
		return false;
	}

	/**
	 * A block of a script that is not its last.
	 * @param position where it stands
	 * @param step what it is
	 */
	static byte[] block(Position position, DoctorScript.Step step) {
		if (step.bytes() == 0) {
			return SseBlock.platform(step.event(), null, "{" + position.members() + "}", 0);
		}
		String head = "{" + position.members() + ",\"pad\":\"";
		int others = SseBlock.platform(step.event(), null, head + "\"}", 0).length;
		return SseBlock.platform(step.event(), null, head + "x".repeat(step.bytes() - others) + "\"}", 0);
	}

	/**
	 * The last block.
	 * @param position where it stands
	 * @param reason why it is the last
	 */
	static byte[] end(Position position, String reason) {
		return SseBlock.platform(DoctorScript.END, null, "{" + position.members() + ",\"reason\":\"" + reason + "\"}",
				0);
	}

}
