package io.fanfare.protocol.redis;

import java.util.function.Consumer;

import io.lettuce.core.RedisClient;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import org.jspecify.annotations.Nullable;

/**
 * A connection that listens to one channel, remade and subscribed again whenever it ends
 * or stops answering.
 */
final class AnswerLink implements AutoCloseable {

	private final SupervisedLink<StatefulRedisPubSubConnection<byte[], byte[]>, String> link;

	private volatile @Nullable RedisServer followed;

	/** The run id of the server that the last greeting reached. */
	private volatile String reached = "";

	/**
	 * Starts the link; it connects by itself.
	 * @param client the client
	 * @param channel what it listens to
	 * @param heard is told what comes, on Lettuce's event loop
	 * @param commands the link whose server it follows
	 * @param lost is told that a connection is gone, once it does not count as up
	 * @param name what the link's thread is called after
	 */
	AnswerLink(RedisClient client, byte[] channel, Consumer<byte[]> heard, CommandLink commands, Runnable lost,
			String name) {
		this.link = new SupervisedLink<>("answers", name, () -> client.connectPubSub(ByteArrayCodec.INSTANCE),
				(connection) -> {
					connection.addListener(new RedisPubSubAdapter<byte[], byte[]>() {
						@Override
						public void message(byte[] from, byte[] message) {
							heard.accept(message);
						}
					});
					String run = RedisServer.runOf(connection);
					this.reached = run;
					commands.followerReached(run);
					SupervisedLink.await(connection.async().subscribe(channel));
					return run;
				}, (connection) -> {
					RedisServer server = this.followed;
					if (server != null && !server.run().equals(this.reached)) {
						throw new IllegalStateException("the command link is on another server");
					}
					SupervisedLink.await(connection.async().ping());
				}, commands.refusals(), lost);
		commands.follow(new CommandLink.Follower() {
			@Override
			public void reached(RedisServer server) {
				AnswerLink.this.followed = server;
				String present = AnswerLink.this.link.session();
				if (present != null && !present.equals(server.run())) {
					AnswerLink.this.link.end(present, "the command link reached another server", null);
				}
			}

			@Override
			public void left() {
				String present = AnswerLink.this.link.session();
				if (present != null) {
					AnswerLink.this.link.end(present, "there is another master", null);
				}
			}
		});
	}

	/** Whether the channel is listened to. */
	boolean isUp() {
		String present = this.link.session();
		RedisServer server = this.followed;
		return present != null && server != null && present.equals(server.run());
	}

	@Override
	public void close() {
		this.link.close();
	}

}
