package io.fanfare.protocol.redis;

import java.util.function.Consumer;

import io.lettuce.core.RedisClient;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;

/**
 * A connection that listens to one channel, remade and subscribed again whenever it ends
 * or stops answering.
 */
final class AnswerLink implements AutoCloseable {

	private final SupervisedLink<StatefulRedisPubSubConnection<byte[], byte[]>, Boolean> link;

	/**
	 * Starts the link; it connects by itself.
	 * @param client the client
	 * @param channel what it listens to
	 * @param heard is told what comes, on Lettuce's event loop
	 * @param refusals is told what Redis refuses
	 * @param lost is told that a connection is gone, once it does not count as up
	 * @param name what the link's thread is called after
	 */
	AnswerLink(RedisClient client, byte[] channel, Consumer<byte[]> heard, RedisRefusals refusals, Runnable lost,
			String name) {
		this.link = new SupervisedLink<>("answers", name, () -> client.connectPubSub(ByteArrayCodec.INSTANCE),
				(connection) -> {
					connection.addListener(new RedisPubSubAdapter<byte[], byte[]>() {
						@Override
						public void message(byte[] from, byte[] message) {
							heard.accept(message);
						}
					});
					SupervisedLink.await(connection.async().subscribe(channel));
					return true;
				}, (connection) -> SupervisedLink.await(connection.async().ping()), refusals, lost);
	}

	/** Whether the channel is listened to. */
	boolean isUp() {
		return this.link.session() != null;
	}

	@Override
	public void close() {
		this.link.close();
	}

}
