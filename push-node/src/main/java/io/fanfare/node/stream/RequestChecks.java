package io.fanfare.node.stream;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;

/**
 * What holds of every request on the stream port, before it is known what it asks for.
 */
final class RequestChecks {

	private static final List<String> SCHEMES = List.of("http://", "https://");

	private RequestChecks() {
	}

	/**
	 * Refuses what cannot be answered as HTTP/1.1.
	 * @param request the request
	 * @param maxRequestLine how long its first line may be
	 * @throws ProblemException if it is malformed
	 */
	static void check(FullHttpRequest request, int maxRequestLine) throws ProblemException {
		if (request.decoderResult().isFailure()) {
			Throwable cause = request.decoderResult().cause();
			throw new ProblemException((cause instanceof TooLongHttpLineException) ? Problem.uriTooLong(maxRequestLine)
					: (cause instanceof TooLongHttpHeaderException) ? Problem.headersTooLarge()
							: Problem.malformed("The request cannot be parsed"));
		}
		if (!request.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
			throw new ProblemException(Problem.versionNotSupported());
		}
		if (request.headers().getAll(HttpHeaderNames.HOST).size() != 1) {
			throw new ProblemException(Problem.malformed("Host: exactly one is needed"));
		}
	}

	/** A server accepts the absolute form as well (RFC 9112, section 3.2.2). */
	static String target(String uri) {
		for (String scheme : SCHEMES) {
			if (uri.regionMatches(true, 0, scheme, 0, scheme.length())) {
				int end = scheme.length();
				while (end < uri.length() && "/?#".indexOf(uri.charAt(end)) < 0) {
					end++;
				}
				return uri.substring(end);
			}
		}
		return uri;
	}

	/** The parameters of a request. */
	static Map<String, List<String>> query(QueryStringDecoder uri) throws ProblemException {
		try {
			return uri.parameters();
		}
		catch (IllegalArgumentException ex) {
			throw new ProblemException(Problem.badRequest("query", "has a malformed percent-encoding"));
		}
	}

	/** The address of the socket's other end. */
	static InetAddress peer(ChannelHandlerContext context) {
		return (context.channel().remoteAddress() instanceof InetSocketAddress peer) ? peer.getAddress()
				: InetAddress.getLoopbackAddress();
	}

	/** The body of a request, which is UTF-8. */
	static String body(FullHttpRequest request) {
		return request.content().toString(StandardCharsets.UTF_8);
	}

	/** Whether a stream is asked for, as far as can be said before it is checked. */
	static boolean isStream(FullHttpRequest request) {
		return request.method().equals(HttpMethod.GET) && !request.decoderResult().isFailure()
				&& (request.uri().startsWith("/events") || request.uri().startsWith("/sse"));
	}

}
