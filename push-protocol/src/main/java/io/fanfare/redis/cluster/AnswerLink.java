package io.fanfare.redis.cluster;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.LinkFollower;
import io.fanfare.redis.LinkLifecycle;
import io.fanfare.redis.RedisServer;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.SupervisedLink;
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

	private final RedisClient client;

	private final byte[] channel;

	private final Consumer<byte[]> receiver;

	private final CommandLink commands;

	private final Runnable lost;

	private final Errors errors;

	private final SupervisedLink<StatefulRedisPubSubConnection<byte[], byte[]>, String> link;

	private volatile @Nullable RedisServer followed;

	/**
	 * Starts the link; it connects by itself.
	 * @param client the client
	 * @param channel what it listens to
	 * @param receiver receives what comes, on Lettuce's event loop
	 * @param commands the link whose server it follows
	 * @param lost is notified that a connection is gone, once it does not count as up
	 * @param scheduler runs what the link does
	 * @param errors notes what nothing else handles
	 */
	AnswerLink(RedisClient client, byte[] channel, Consumer<byte[]> receiver, CommandLink commands, Runnable lost,
			Scheduler scheduler, Errors errors) {
		this.client = client;
		this.channel = channel;
		this.receiver = receiver;
		this.commands = commands;
		this.lost = lost;
		this.errors = errors;
		this.link = new SupervisedLink<>("answers", new Supervision(), commands.refusals(), scheduler, errors,
				RandomGenerator.getDefault());
		this.link.start();
		commands.follow(new LinkFollower() {
			@Override
			public void reached(RedisServer server) {
				AnswerLink.this.followed = server;
				String present = AnswerLink.this.link.session();
				if (present != null && !present.equals(server.run())) {
					AnswerLink.this.link.end(present, "the command link reached another server");
				}
			}

			@Override
			public void left() {
				String present = AnswerLink.this.link.session();
				if (present != null) {
					AnswerLink.this.link.end(present, "there is another master");
				}
			}
		});
	}

	/**
	 * What is known of a connection is the run id of its server, an object of its own for
	 * each.
	 */
	private final class Supervision implements LinkLifecycle<StatefulRedisPubSubConnection<byte[], byte[]>, String> {

		@Override
		public StatefulRedisPubSubConnection<byte[], byte[]> connect() {
			return AnswerLink.this.client.connectPubSub(ByteArrayCodec.INSTANCE);
		}

		@Override
		public String greet(StatefulRedisPubSubConnection<byte[], byte[]> connection)
				throws ExecutionException, TimeoutException, InterruptedException {
			connection.addListener(new RedisPubSubAdapter<byte[], byte[]>() {
				@Override
				public void message(byte[] from, byte[] message) {
					// What is thrown here would end Lettuce's reading.
					AnswerLink.this.errors.run("answer-frame", () -> AnswerLink.this.receiver.accept(message));
				}
			});
			String run = RedisServer.runOf(connection);
			AnswerLink.this.commands.followerReached(run);
			SupervisedLink.await(connection.async().subscribe(AnswerLink.this.channel));
			return run;
		}

		@Override
		public CompletionStage<?> check(StatefulRedisPubSubConnection<byte[], byte[]> connection, String run) {
			RedisServer server = AnswerLink.this.followed;
			if (server != null && !server.run().equals(run)) {
				return CompletableFuture
					.failedFuture(new RedisUnavailableException("the command link is on another server", null));
			}
			return connection.async().ping();
		}

		@Override
		public void ended(String run) {
			AnswerLink.this.lost.run();
		}

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
