package io.fanfare.node.stream;

import java.util.List;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a request whose length two servers could read differently (RFC 9112, section
 * 6): a proxy in front would take for the next request what this one holds, or the other
 * way round. It is refused by its head, before a byte of its body is read.
 */
final class RequestHead {

	private RequestHead() {
	}

	/** What is wrong with the framing of a request, or null. */
	static @Nullable Problem problem(HttpRequest request) {
		HttpHeaders headers = request.headers();
		List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
		List<String> lengths = headers.getAll(HttpHeaderNames.CONTENT_LENGTH);
		if (codings.isEmpty() && lengths.isEmpty()) {
			return null;
		}
		if (!codings.isEmpty()) {
			if (codings.size() > 1 || !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(codings.getFirst())) {
				return Problem.malformed("Transfer-Encoding: only one field, chunked, is understood");
			}
			if (!lengths.isEmpty()) {
				return Problem.malformed("Transfer-Encoding: excludes Content-Length");
			}
			if (!request.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
				return Problem.malformed("Transfer-Encoding: needs HTTP/1.1");
			}
		}
		if (lengths.size() > 1) {
			return Problem.malformed("Content-Length: occurs more than once");
		}
		boolean empty = codings.isEmpty() && lengths.getFirst().equals("0");
		if (!empty && (request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD))) {
			return Problem.malformed(request.method() + " has no body");
		}
		return null;
	}

}
