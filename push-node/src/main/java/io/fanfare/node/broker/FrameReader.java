package io.fanfare.node.broker;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import org.jspecify.annotations.Nullable;

/**
 * Reads the frames that arrive over pub/sub and hands each to the sink. Runs on the event
 * loop of Lettuce, and never throws.
 */
final class FrameReader {

	private final byte[] nodeChannel;

	/** How long the part of a topic's pub/sub channel is that all have in common. */
	private final int topicPrefix;

	private final CommandLink commands;

	private final MessageSink sink;

	private final Probe probe;

	private final Errors errors;

	FrameReader(RedisKeys keys, byte[] nodeChannel, CommandLink commands, MessageSink sink, Probe probe,
			Errors errors) {
		this.nodeChannel = nodeChannel;
		this.topicPrefix = keys.topicChannel(new ChannelName("")).length;
		this.commands = commands;
		this.sink = sink;
		this.probe = probe;
		this.errors = errors;
	}

	/** A frame that cannot be read, or that nothing takes, leaves no hole. */
	@SuppressWarnings("CatchThrowable")
	void receive(byte[] channel, byte[] bytes) {
		try {
			dispatch(bytes);
		}
		catch (Throwable ex) {
			this.errors.note("frame", ex);
			this.errors.run("frame", () -> this.sink.unreadable(topicOf(channel)));
		}
	}

	/** The topic of a pub/sub channel, or null for the node's own. */
	private @Nullable ChannelName topicOf(byte[] channel) {
		return (Arrays.equals(channel, this.nodeChannel) || channel.length < this.topicPrefix) ? null : new ChannelName(
				new String(channel, this.topicPrefix, channel.length - this.topicPrefix, StandardCharsets.UTF_8));
	}

	private void dispatch(byte[] bytes) {
		Frame frame = Frame.decode(bytes);
		switch (frame) {
			case Frame.Published published -> {
				this.commands.observe(published.id());
				DeliverySpan span = this.sink.arrived(published);
				Message message = Message.render(published.id(), published.channel(), published.envelope());
				if (published.connection() != null) {
					this.sink.deliver(published.connection(), message);
				}
				else {
					this.sink.broadcast(message);
				}
				if (span != null) {
					this.sink.traced(published.connection(), published.channel(), span);
				}
			}
			case Frame.Kick kick -> this.sink.kick(kick);
			case Frame.Displacement displacement -> this.sink.displace(displacement);
			case Frame.Restored restored -> this.sink.restored(restored);
			case Frame.Hidden hidden -> this.sink.hidden(hidden);
			case Frame.Unacknowledged written -> this.sink.unacknowledged(written);
			case Frame.Close close -> this.sink.close(close.connection());
			case Frame.Acknowledgement said -> this.sink.acknowledge(said);
			case Frame.Call call -> this.sink.call(call);
			case Frame.Probe arrived -> {
				this.commands.observe(arrived.id());
				this.probe.arrived(arrived.nonce());
				this.sink.pass(arrived.id());
			}
			case null -> this.errors.note("frame-unknown",
					new IllegalArgumentException("A frame of a kind that this version does not know"));
		}
	}

}
