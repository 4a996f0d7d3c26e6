package io.fanfare.node.broker;

import java.time.InstantSource;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.sse.SseBlock;

/**
 * A message on its way through the node: rendered once, the same bytes go to every
 * connection. Immutable; its block must not be changed.
 */
public final class Message {

	private final long id;

	private final ChannelName channel;

	private final byte[] block;

	private final long expiresAt;

	private Message(long id, ChannelName channel, byte[] block, long expiresAt) {
		this.id = id;
		this.channel = channel;
		this.block = block;
		this.expiresAt = expiresAt;
	}

	/**
	 * Renders a message.
	 * @param id its id
	 * @param channel its channel
	 * @param envelope what was published
	 * @return the message
	 */
	public static Message render(long id, ChannelName channel, Envelope envelope) {
		return new Message(id, channel, SseBlock.message(MessageId.format(id), envelope.event(), envelope.data()),
				envelope.expiresAt());
	}

	/**
	 * Its id.
	 * @return the id
	 */
	public long id() {
		return this.id;
	}

	/**
	 * Its channel.
	 * @return the channel
	 */
	public ChannelName channel() {
		return this.channel;
	}

	/**
	 * Its block on the stream.
	 * @return the bytes, not to be changed
	 */
	public byte[] block() {
		return this.block;
	}

	/**
	 * Tells whether it is of no use any more.
	 * @param clock the wall clock
	 * @return whether its own time to live has passed
	 */
	public boolean isExpired(InstantSource clock) {
		return this.expiresAt != 0 && this.expiresAt <= clock.millis();
	}

	@Override
	public String toString() {
		return MessageId.format(this.id) + "/" + this.channel;
	}

}
