package io.fanfare.redis;

import java.io.IOException;

import io.fanfare.protocol.guard.Errors;
import io.lettuce.core.protocol.CommandHandler;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.util.internal.PlatformDependent;

/**
 * Sets up the channels of a Lettuce client, so that the links of this package can be
 * trusted when direct memory is exhausted.
 * <ul>
 * <li>They have direct memory of their own, which no other channel of the process can
 * take: {@link #MAX_RESERVE}, or an eighth of what there is.
 * <li>A channel in which something throws is closed, and its link remade. Lettuce goes
 * on, although bytes may be missing by then: replies would be handed to the wrong
 * commands, and messages lost.
 * </ul>
 * Any thread may call.
 */
public final class LinkChannels implements NettyCustomizer, AutoCloseable {

	/** Enough for the largest replies on all links at once, with room to grow buffers. */
	private static final int MAX_RESERVE = 8 << 20;

	private static final int PAGE = 8 << 10;

	private final Errors errors;

	private final PooledByteBufAllocator memory;

	/** What keeps the allocator from giving its only chunk back. */
	private final ByteBuf kept;

	/**
	 * Reserves the memory.
	 * @param errors notes what channels throw
	 */
	public LinkChannels(Errors errors) {
		this.errors = errors;
		this.memory = allocator((int) Math.min(MAX_RESERVE, PlatformDependent.maxDirectMemory() / 8));
		this.kept = this.memory.directBuffer(PAGE, PAGE);
	}

	/** One arena, whose chunk is the largest that the reserve has room for. */
	private static PooledByteBufAllocator allocator(int reserve) {
		int order = 0;
		while ((long) PAGE << (order + 1) <= reserve) {
			order++;
		}
		return new PooledByteBufAllocator(true, 0, 1, PAGE, order, PooledByteBufAllocator.defaultSmallCacheSize(),
				PooledByteBufAllocator.defaultNormalCacheSize(), PooledByteBufAllocator.defaultUseCacheForAllThreads());
	}

	@Override
	public void afterBootstrapInitialized(Bootstrap bootstrap) {
		bootstrap.option(ChannelOption.ALLOCATOR, this.memory);
	}

	@Override
	public void afterChannelInitialized(Channel channel) {
		ChannelPipeline pipeline = channel.pipeline();
		ChannelHandlerContext handler = pipeline.context(CommandHandler.class);
		pipeline.addBefore(handler.name(), "guard", new Guard(this.errors, handler));
		pipeline.addAfter(handler.name(), "rear-guard", new RearGuard(this.errors));
	}

	/** Gives the memory back that no channel uses. */
	@Override
	public void close() {
		this.kept.release();
	}

	/** Stands before Lettuce's handler and closes the channel where that failed. */
	static final class Guard extends ChannelInboundHandlerAdapter {

		private final Errors errors;

		private final ChannelHandlerContext next;

		Guard(Errors errors, ChannelHandlerContext next) {
			this.errors = errors;
			this.next = next;
		}

		/**
		 * Lettuce takes all bytes, or threw and lost them. Its handler is called without
		 * Netty, which would report what it throws to that handler alone.
		 */
		@Override
		@SuppressWarnings("CatchThrowable")
		public void channelRead(ChannelHandlerContext context, Object message) {
			ByteBuf bytes = (ByteBuf) message;
			bytes.retain();
			try {
				((CommandHandler) this.next.handler()).channelRead(this.next, bytes);
				if (bytes.isReadable()) {
					this.errors.note("redis-channel",
							new IOException("What Redis sent was not taken: the connection is closed"));
					context.close();
				}
			}
			catch (Throwable ex) {
				exceptionCaught(context, ex);
			}
			finally {
				bytes.release();
			}
		}

		/** For this, Lettuce fails one command, whose reply may still come. */
		@Override
		public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
			if (!(cause instanceof IOException)) {
				this.errors.note("redis-channel", cause);
			}
			context.close();
			context.fireExceptionCaught(cause);
		}

	}

	/**
	 * Stands behind Lettuce's handler, which reports to it what parts of a push threw.
	 */
	static final class RearGuard extends ChannelInboundHandlerAdapter {

		private final Errors errors;

		RearGuard(Errors errors) {
			this.errors = errors;
		}

		/** What the handler passes on from before was noted there. */
		@Override
		public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
			if (context.channel().isActive()) {
				this.errors.note("redis-channel", cause);
				context.close();
			}
		}

	}

}
