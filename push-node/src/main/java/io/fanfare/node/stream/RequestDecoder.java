package io.fanfare.node.stream;

import java.util.List;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;

/**
 * Decodes requests, and reports before each piece of one that it arrives. What a request
 * before it left unread counts as well, so no byte of a request is missed. Empty lines
 * between requests belong to none (RFC 9112, section 2.2).
 */
final class RequestDecoder extends HttpRequestDecoder {

	private final RequestHandler handler;

	RequestDecoder(HttpDecoderConfig config, RequestHandler handler) {
		super(config);
		this.handler = handler;
	}

	@Override
	protected void decode(ChannelHandlerContext context, ByteBuf bytes, List<Object> out) throws Exception {
		if (!this.handler.isAwaitingRest() && bytes.forEachByte((value) -> value >= 0 && value <= ' ') >= 0) {
			this.handler.requestBegins();
		}
		super.decode(context, bytes, out);
	}

}
