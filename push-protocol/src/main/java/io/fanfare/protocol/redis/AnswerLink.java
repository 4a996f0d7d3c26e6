package io.fanfare.protocol.redis;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionStateAdapter;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that listens to one channel, remade and subscribed again whenever it ends
 * or stops answering.
 */
final class AnswerLink implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(AnswerLink.class);

	private static final Duration PING_INTERVAL = Duration.ofSeconds(1);

	private static final Duration PING_TIMEOUT = Duration.ofSeconds(2);

	/** One late answer is a slow moment. */
	private static final int PINGS_UNANSWERED = 2;

	private static final Duration MIN_BACKOFF = Duration.ofMillis(50);

	private static final Duration MAX_BACKOFF = Duration.ofSeconds(1);

	private final RedisClient client;

	private final byte[] channel;

	private final Consumer<byte[]> heard;

	private final Runnable lost;

	private final RandomGenerator random = RandomGenerator.getDefault();

	private final Thread supervisor;

	private volatile @Nullable StatefulRedisPubSubConnection<byte[], byte[]> connection;

	private volatile boolean closed;

	/**
	 * Starts the link; it connects by itself.
	 * @param client the client
	 * @param channel what it listens to
	 * @param heard is told what comes, on Lettuce's event loop
	 * @param lost is told that a connection is gone, once it does not count as up
	 * @param name what the link's thread is called after
	 */
	AnswerLink(RedisClient client, byte[] channel, Consumer<byte[]> heard, Runnable lost, String name) {
		this.client = client;
		this.channel = channel;
		this.heard = heard;
		this.lost = lost;
		this.supervisor = Thread.ofPlatform().daemon().name("fanfare-answers-" + name).start(this::supervise);
	}

	/** Whether the channel is listened to. */
	boolean isUp() {
		return this.connection != null;
	}

	private void supervise() {
		Duration backoff = MIN_BACKOFF;
		String lastFailure = "";
		int unanswered = 0;
		while (!this.closed) {
			StatefulRedisPubSubConnection<byte[], byte[]> current = this.connection;
			try {
				if (current == null) {
					connect();
					backoff = MIN_BACKOFF;
					lastFailure = "";
				}
				else {
					current.async().ping().toCompletableFuture().get(PING_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
				}
				unanswered = 0;
				LockSupport.parkNanos(this, PING_INTERVAL.toNanos());
			}
			catch (InterruptedException ex) {
				return;
			}
			catch (Exception ex) {
				String failure = String.valueOf((ex.getCause() != null) ? ex.getCause() : ex);
				if (current != null) {
					if (++unanswered >= PINGS_UNANSWERED) {
						end(current, failure);
						unanswered = 0;
					}
				}
				else {
					if (!failure.equals(lastFailure)) {
						log.warn("redis=down link=answers reason=\"{}\"", failure);
						lastFailure = failure;
					}
					LockSupport.parkNanos(this, backoff.plusMillis(this.random.nextLong(backoff.toMillis())).toNanos());
					backoff = (backoff.multipliedBy(2).compareTo(MAX_BACKOFF) < 0) ? backoff.multipliedBy(2)
							: MAX_BACKOFF;
				}
			}
		}
	}

	private void connect() throws Exception {
		StatefulRedisPubSubConnection<byte[], byte[]> made = this.client.connectPubSub(ByteArrayCodec.INSTANCE);
		try {
			made.addListener(new RedisPubSubAdapter<byte[], byte[]>() {
				@Override
				public void message(byte[] from, byte[] message) {
					AnswerLink.this.heard.accept(message);
				}
			});
			made.async()
				.subscribe(this.channel)
				.toCompletableFuture()
				.get(PING_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
			made.addListener(new RedisConnectionStateAdapter() {
				@Override
				public void onRedisDisconnected(RedisChannelHandler<?, ?> disconnected) {
					end(made, "the connection ended");
				}
			});
			this.connection = made;
			if (!made.isOpen()) {
				throw new IllegalStateException("The connection ended at once");
			}
			log.info("redis=up link=answers");
		}
		catch (Exception ex) {
			this.connection = null;
			made.closeAsync();
			throw ex;
		}
	}

	private void end(StatefulRedisPubSubConnection<byte[], byte[]> ended, String reason) {
		synchronized (this) {
			if (this.connection != ended) {
				return;
			}
			this.connection = null;
		}
		if (!this.closed) {
			log.warn("redis=down link=answers reason=\"{}\"", reason);
		}
		ended.closeAsync();
		this.lost.run();
		LockSupport.unpark(this.supervisor);
	}

	@Override
	public void close() {
		this.closed = true;
		StatefulRedisPubSubConnection<byte[], byte[]> current = this.connection;
		if (current != null) {
			end(current, "closed");
		}
		this.supervisor.interrupt();
	}

}
