package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;

import io.fanfare.node.encoding.Blocks;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import org.jspecify.annotations.Nullable;

/**
 * Writes the heads of HTTP/1.1 answers. Values are the node's own, or an origin that the
 * HTTP decoder let through. Any thread may call.
 */
final class Answers {

	/** No browser guesses what it is, or says elsewhere what address it had. */
	private static final String SAFETY = """
			X-Content-Type-Options: nosniff\r
			Referrer-Policy: no-referrer\r
			""";

	private static final byte[] STREAM_HEAD = ascii("""
			HTTP/1.1 200 OK\r
			Content-Type: text/event-stream;charset=utf-8\r
			Cache-Control: no-cache, no-store, no-transform\r
			X-Accel-Buffering: no\r
			Connection: close\r
			Transfer-Encoding: chunked\r
			""" + SAFETY);

	private static final byte[] LAST_CHUNK = ascii("\r\n0\r\n\r\n");

	private final HttpDate date;

	Answers(InstantSource clock) {
		this.date = new HttpDate(clock);
	}

	/**
	 * The head of an event stream, whose coding may depend on the request. The connection
	 * ends with the stream.
	 */
	byte[] stream(String cors, boolean varies, boolean gzip) {
		byte[] now = this.date.bytes();
		byte[] rest = ascii((gzip ? "Content-Encoding: gzip\r\n" : "") + (varies ? "Vary: Accept-Encoding\r\n" : "")
				+ cors + "\r\n");
		byte[] head = Arrays.copyOf(STREAM_HEAD, STREAM_HEAD.length + now.length + rest.length);
		System.arraycopy(now, 0, head, STREAM_HEAD.length, now.length);
		System.arraycopy(rest, 0, head, STREAM_HEAD.length + now.length, rest.length);
		return head;
	}

	/** An answer without a body: 204. */
	ByteBuf empty(String headers, boolean close) {
		return Unpooled.wrappedBuffer(ascii("HTTP/1.1 204 No Content\r\n" + this.date.line() + SAFETY + headers
				+ (close ? "Connection: close\r\n" : "") + "\r\n"));
	}

	/** What was made for the client alone: 201. */
	ByteBuf created(byte[] json, String cors, boolean close) {
		byte[] head = ascii("HTTP/1.1 201 Created\r\n" + this.date.line()
				+ "Content-Type: application/json\r\nContent-Length: " + json.length + "\r\nCache-Control: no-store\r\n"
				+ SAFETY + cors + (close ? "Connection: close\r\n" : "") + "\r\n");
		return Unpooled.wrappedBuffer(head, json);
	}

	/** A problem document. */
	ByteBuf problem(Problem problem, String cors, boolean close, boolean withBody) {
		byte[] body = problem.body();
		StringBuilder head = new StringBuilder("HTTP/1.1 ").append(HttpResponseStatus.valueOf(problem.status()))
			.append("\r\n")
			.append(this.date.line())
			.append("Content-Type: application/problem+json\r\nContent-Length: ")
			.append(body.length)
			.append("\r\nCache-Control: no-store\r\n")
			.append(SAFETY);
		for (Map.Entry<String, String> header : problem.headers().entrySet()) {
			head.append(header.getKey()).append(": ").append(header.getValue()).append("\r\n");
		}
		boolean saysWhen = problem.headers().containsKey("Retry-After");
		head.append(saysWhen ? Cors.exposing(cors) : cors).append(close ? "Connection: close\r\n" : "").append("\r\n");
		byte[] bytes = ascii(head.toString());
		return withBody ? Unpooled.wrappedBuffer(bytes, body) : Unpooled.wrappedBuffer(bytes);
	}

	/**
	 * A refusal that a page can read: a stream of one block. With the id of that block
	 * the browser's own reconnect gets 204, after which it stops.
	 */
	ByteBuf refused(Problem problem, @Nullable String cursor, String cors) {
		byte[] block = Blocks.refused(problem.status(), problem.type().uri(), problem.detail(), cursor);
		byte[] length = ascii(Integer.toHexString(block.length) + "\r\n");
		return Unpooled.wrappedBuffer(stream(cors, false, false), length, block, LAST_CHUNK);
	}

	private static byte[] ascii(String text) {
		return text.getBytes(StandardCharsets.ISO_8859_1);
	}

}
