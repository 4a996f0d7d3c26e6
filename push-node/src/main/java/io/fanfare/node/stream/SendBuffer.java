package io.fanfare.node.stream;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.RawUnixChannelOption;

/** The send buffer of a socket, as the kernel reports it. Linux only. */
final class SendBuffer {

	/** Linux' {@code SO_MEMINFO}: what the memory of a socket holds, in words. */
	private static final RawUnixChannelOption MEMORY = new RawUnixChannelOption("SO_MEMINFO", 1, 55, 9 * Integer.BYTES);

	/** Where it says how large the send buffer is. */
	private static final int SEND_BUFFER_INDEX = 3;

	/** Where it says how much waits there. */
	private static final int QUEUED_INDEX = 5;

	private SendBuffer() {
	}

	/** How much of the next bytes the kernel takes at once. */
	enum Room {

		/** All of them. */
		ALL,

		/** As much as it ever does: its buffer is too small for them, and half empty. */
		SOME,

		/** Less than it will when the client has read. */
		NONE

	}

	/**
	 * Asks the kernel of a socket to which nothing waits to be written.
	 * @param channel the socket
	 * @param bytes how many bytes are to be written
	 * @return how much of them it takes
	 */
	static Room room(Channel channel, int bytes) {
		if (!(channel instanceof EpollSocketChannel socket)) {
			return Room.SOME;
		}
		try {
			ByteBuffer memory = socket.config().getOption(MEMORY).order(ByteOrder.nativeOrder());
			int sendBuffer = memory.getInt(SEND_BUFFER_INDEX * Integer.BYTES);
			int queued = memory.getInt(QUEUED_INDEX * Integer.BYTES);
			// The kernel counts what it needs besides the bytes, too: 40 % more where the
			// client's receive buffer has 4 KiB.
			int needed = bytes + bytes / 2;
			if (sendBuffer - queued >= needed) {
				return Room.ALL;
			}
			return (needed > sendBuffer && queued <= sendBuffer / 2) ? Room.SOME : Room.NONE;
		}
		catch (ChannelException ex) {
			// It is gone, and its end is on the way.
			return Room.NONE;
		}
	}

	/** How much of what was flushed to a channel is not in the kernel yet. */
	static long flushed(Channel channel) {
		ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
		if (buffer == null || buffer.isEmpty()) {
			return 0;
		}
		long[] pending = { 0 };
		try {
			buffer.forEachFlushedMessage((message) -> {
				pending[0] += ((ByteBuf) message).readableBytes();
				return true;
			});
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
		return pending[0];
	}

}
