package io.fanfare.bench.load;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Counts what comes in, framing included and before it is decompressed. */
@Sharable
final class WireBytes extends ChannelInboundHandlerAdapter {

	private final Tally tally;

	WireBytes(Tally tally) {
		this.tally = tally;
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object message) {
		this.tally.bytes += ((ByteBuf) message).readableBytes();
		context.fireChannelRead(message);
	}

}
