package io.fanfare.node.broker;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Frame;
import org.jspecify.annotations.Nullable;

/**
 * Where what comes over pub/sub goes. Called by the thread that reads Redis, in the order
 * of arrival, which is id order; implementations hand over and return, they never block.
 * Link events come from the link's own thread: {@link #linkDown()} after the last message
 * of the old link, {@link #linkUp} before anything is claimed on the new one.
 */
public interface MessageSink {

	/**
	 * A message for everyone who receives its channel.
	 * @param message the message
	 */
	void broadcast(Message message);

	/**
	 * A message for one connection.
	 * @param connection the connection that heard the user when it was published
	 * @param message the message
	 */
	void deliver(String connection, Message message);

	/**
	 * A message arrived, and is handed over next. Called by the thread that reads Redis;
	 * must not block.
	 * @param published the message
	 * @return its span, or null where none is recorded
	 */
	default @Nullable DeliverySpan arrived(Frame.Published published) {
		return null;
	}

	/**
	 * The message that came just before is part of a trace. Called after it was handed
	 * over, by the same thread.
	 * @param connection the connection that it was for, or null where it was for everyone
	 * @param channel its channel
	 * @param span its span
	 */
	default void traced(@Nullable String connection, ChannelName channel, DeliverySpan span) {
		span.expect(0);
	}

	/**
	 * A connection was displaced.
	 * @param kick by what, and why
	 */
	void kick(Frame.Kick kick);

	/**
	 * A connection receives a user's messages from now on; whichever other one did is
	 * displaced.
	 * @param displacement by what
	 */
	void displace(Frame.Displacement displacement);

	/**
	 * Presence names a connection again, after it did not.
	 * @param restored which one, and where the user's channel stood then
	 */
	void restored(Frame.Restored restored);

	/**
	 * A stream ended that did not receive all of its user's channel.
	 * @param hidden which connection may continue it, and what was hidden
	 */
	void hidden(Frame.Hidden hidden);

	/**
	 * A stream ended that a newer one of the same client had replaced, and was written
	 * messages that the client may acknowledge on the newer one.
	 * @param written which connection that is, and which messages
	 */
	void unacknowledged(Frame.Unacknowledged written);

	/**
	 * A client asks for the end of its own stream.
	 * @param connection the connection
	 */
	void close(String connection);

	/**
	 * A client says that it receives its stream.
	 * @param said of which connection, and what it received
	 */
	void acknowledge(Frame.Acknowledgement said);

	/**
	 * Something is asked of the node.
	 * @param call what, and by whom
	 */
	void call(Frame.Call call);

	/**
	 * An id passed that belongs to no message: whatever was published before it has
	 * arrived.
	 * @param id the id
	 */
	void pass(long id);

	/**
	 * A frame came that could not be read, or was not taken: what it carried is in
	 * history alone. In order with the messages.
	 * @param channel the topic on whose pub/sub channel it came, or null for the node's
	 * own
	 */
	void unreadable(@Nullable ChannelName channel);

	/**
	 * The link is lost; messages may be missed from here on.
	 */
	void linkDown();

	/**
	 * The next link reaches another server. Called between {@link #linkDown()} and
	 * {@link #linkUp}.
	 * @param since above it that server gave ids that the one before did not give
	 */
	void serverChanged(long since);

	/**
	 * A new link is there, with all subscriptions confirmed by Redis that were wanted
	 * when it began.
	 * @param link its number
	 */
	void linkUp(long link);

}
