package io.fanfare.bench.load;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;

/**
 * Makes bytes of a decoded answer: its first line and its body, which is all that
 * {@link StreamHandler} looks at.
 */
final class Unframed extends ChannelInboundHandlerAdapter {

	@Override
	public void channelRead(ChannelHandlerContext context, Object message) {
		if (message instanceof HttpResponse response) {
			context.fireChannelRead(Unpooled.copiedBuffer(
					response.protocolVersion() + " " + response.status() + "\r\n\r\n", StandardCharsets.US_ASCII));
		}
		if (message instanceof HttpContent content) {
			context.fireChannelRead(content.content());
		}
	}

}
