package io.fanfare.node.broker;

import java.time.InstantSource;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Retraction;
import io.fanfare.protocol.sse.SseBlock;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way through the node: rendered once, the same bytes go to every
 * connection. Immutable, but for the compressed form of its block, which is kept once it
 * was made; its bytes must not be changed. Any thread may call.
 */
public final class Message {

	private final long id;

	private final ChannelName channel;

	private final byte[] block;

	private final long expiresAt;

	private final @Nullable Retraction retraction;

	private final boolean ephemeral;

	private final boolean receipt;

	private volatile byte @Nullable [] deflated;

	private Message(long id, ChannelName channel, byte[] block, long expiresAt, @Nullable Retraction retraction,
			boolean ephemeral, boolean receipt) {
		this.id = id;
		this.channel = channel;
		this.block = block;
		this.expiresAt = expiresAt;
		this.retraction = retraction;
		this.ephemeral = ephemeral;
		this.receipt = receipt;
	}

	/**
	 * Renders a message.
	 * @param id its id
	 * @param channel its channel
	 * @param envelope what was published
	 * @return the message
	 */
	public static Message render(long id, ChannelName channel, Envelope envelope) {
		String topic = ChannelName.isTopic(channel.value()) ? channel.value() : null;
		return new Message(id, channel,
				SseBlock.message(MessageId.format(id), topic, envelope.event(), envelope.data()), envelope.expiresAt(),
				Retraction.of(channel, envelope), envelope.ephemeral(), envelope.receipt() && channel.isUser());
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
	 * What it retracts.
	 * @return what was erased, or null where it is a message of a publisher
	 */
	public @Nullable Retraction retraction() {
		return this.retraction;
	}

	/**
	 * Its block on the stream.
	 * @return the bytes, not to be changed
	 */
	public byte[] block() {
		return this.block;
	}

	/**
	 * Its block, compressed.
	 * @return what was kept, or null where nothing was yet
	 */
	public byte @Nullable [] deflated() {
		return this.deflated;
	}

	/**
	 * Keeps its block, compressed. Who makes it at the same time makes the same.
	 * @param bytes the bytes, not to be changed
	 */
	public void keepDeflated(byte[] bytes) {
		this.deflated = bytes;
	}

	/**
	 * Returns whether it is of no use any more.
	 * @param clock the wall clock
	 * @return whether its own time to live has passed
	 */
	public boolean isExpired(InstantSource clock) {
		return this.expiresAt != 0 && isExpired(clock.millis());
	}

	/**
	 * Returns whether it is past its own time to live.
	 * @param now milliseconds since the epoch
	 * @return whether it is
	 */
	public boolean isExpired(long now) {
		return this.expiresAt != 0 && this.expiresAt <= now;
	}

	/**
	 * Returns whether it is not stored.
	 * @return whether it is not
	 */
	public boolean isEphemeral() {
		return this.ephemeral;
	}

	/**
	 * Returns whether a verdict is awaited of its user.
	 * @return whether one is
	 */
	public boolean hasReceipt() {
		return this.receipt;
	}

	@Override
	public String toString() {
		return MessageId.format(this.id) + "/" + this.channel;
	}

}
