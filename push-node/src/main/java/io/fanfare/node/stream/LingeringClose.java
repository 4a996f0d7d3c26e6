package io.fanfare.node.stream;

import java.util.concurrent.TimeUnit;

import io.fanfare.protocol.guard.Errors;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a connection whose request is refused before all of it has arrived. A socket that
 * is closed with unread bytes is reset, and the peer may lose the answer; a proxy would
 * take that for a failure of the node. So the node sends the answer, then its FIN, and
 * drops what still arrives until the peer closes, for a short time at most (RFC 9112,
 * section 9.6).
 */
final class LingeringClose extends ChannelInboundHandlerAdapter {

	private static final Logger log = LoggerFactory.getLogger(LingeringClose.class);

	private static final long LINGER_SECONDS = 2;

	LingeringClose() {
	}

	/** Writes the last answer and closes. */
	static void answer(Channel channel, ByteBuf answer) {
		ChannelPipeline pipeline = channel.pipeline();
		pipeline.addLast(new LingeringClose());
		pipeline.remove(RequestHandler.class);
		pipeline.remove(StreamPort.AGGREGATOR);
		// What it has read already passes to the handler above.
		pipeline.remove(StreamPort.DECODER);
		channel.config().setAutoRead(true);
		closeAfter(channel, LINGER_SECONDS);
		channel.writeAndFlush(answer).addListener((written) -> {
			if (written.isSuccess() && channel instanceof DuplexChannel socket) {
				socket.shutdownOutput();
			}
			else {
				channel.close();
			}
		});
	}

	/**
	 * Closes a channel after a time, unless it has closed by then; nothing is left of it
	 * from then on.
	 */
	static void closeAfter(Channel channel, long seconds) {
		Future<?> timer = channel.eventLoop().schedule(() -> channel.close(), seconds, TimeUnit.SECONDS);
		channel.closeFuture().addListener((closed) -> timer.cancel(false));
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object message) {
		ReferenceCountUtil.release(message);
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
		if (Errors.isFatal(cause)) {
			// The process ends where such an error is logged
			log.error("request=broken", cause);
		}
		log.debug("request=broken reason=\"{}\"", cause.toString());
		context.close();
	}

}
