package io.fanfare.protocol.redis;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateAdapter;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.StatefulRedisConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to Redis, remade whenever it ends or stops answering. A thread of its
 * own makes it and asks every second whether it answers.
 *
 * @param <C> the kind of connection
 * @param <S> what is known of a connection once it can be used
 */
final class SupervisedLink<C extends StatefulRedisConnection<byte[], byte[]>, S> implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(SupervisedLink.class);

	private static final Duration PING_INTERVAL = Duration.ofSeconds(1);

	private static final Duration TIMEOUT = Duration.ofSeconds(2);

	/**
	 * One late answer is a slow moment; two are a connection over which nothing comes.
	 */
	private static final int PINGS_UNANSWERED = 2;

	private static final Duration MIN_BACKOFF = Duration.ofMillis(50);

	private static final Duration MAX_BACKOFF = Duration.ofSeconds(1);

	private final String kind;

	private final Supplier<C> connect;

	private final Greeting<C, S> greeting;

	private final Runnable lost;

	private final RandomGenerator random = RandomGenerator.getDefault();

	private final Thread supervisor;

	private volatile @Nullable Live<C, S> live;

	private volatile boolean closed;

	/**
	 * Starts the link; it connects by itself.
	 * @param kind what the log calls it
	 * @param name what its thread is called after
	 * @param connect makes a connection
	 * @param greeting makes it fit for use
	 * @param lost is told that a connection is gone, once it does not count as up
	 */
	SupervisedLink(String kind, String name, Supplier<C> connect, Greeting<C, S> greeting, Runnable lost) {
		this.kind = kind;
		this.connect = connect;
		this.greeting = greeting;
		this.lost = lost;
		this.supervisor = Thread.ofPlatform()
			.daemon()
			.name("fanfare-redis-" + kind + "-" + name)
			.start(this::supervise);
	}

	/** Makes a new connection fit for use. */
	@FunctionalInterface
	interface Greeting<C, S> {

		/**
		 * Asks what has to be known. A connection that fails here is closed.
		 * @param connection the connection
		 * @return what is known of it
		 */
		S greet(C connection) throws ExecutionException, TimeoutException, InterruptedException;

	}

	private record Live<C, S>(C connection, S session) {

	}

	/**
	 * What is known of the connection, or null where there is none that answered lately.
	 */
	@Nullable S session() {
		Live<C, S> current = this.live;
		return (current != null) ? current.session() : null;
	}

	/** Waits for a reply, for a greeting. */
	static <T> T await(RedisFuture<T> reply) throws ExecutionException, TimeoutException, InterruptedException {
		return reply.toCompletableFuture().get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
	}

	private void supervise() {
		Duration backoff = MIN_BACKOFF;
		String lastFailure = "";
		int unanswered = 0;
		while (!this.closed) {
			Live<C, S> current = this.live;
			try {
				if (current == null) {
					connect();
					backoff = MIN_BACKOFF;
					lastFailure = "";
				}
				else {
					await(current.connection().async().ping());
				}
				unanswered = 0;
				pause(PING_INTERVAL);
			}
			catch (InterruptedException ex) {
				return;
			}
			catch (ExecutionException | TimeoutException | RuntimeException ex) {
				String failure = String.valueOf(unwrap(ex));
				if (current != null) {
					if (++unanswered >= PINGS_UNANSWERED) {
						end(current, failure);
						unanswered = 0;
					}
				}
				else {
					if (!failure.equals(lastFailure)) {
						log.warn("redis=down link={} reason=\"{}\"", this.kind, failure);
						lastFailure = failure;
					}
					pause(backoff.plusMillis(this.random.nextLong(backoff.toMillis())));
					backoff = (backoff.multipliedBy(2).compareTo(MAX_BACKOFF) < 0) ? backoff.multipliedBy(2)
							: MAX_BACKOFF;
				}
			}
		}
	}

	private static Throwable unwrap(Exception failure) {
		boolean wrapped = failure instanceof ExecutionException || failure instanceof CompletionException;
		return (wrapped && failure.getCause() != null) ? failure.getCause() : failure;
	}

	private void pause(Duration duration) {
		LockSupport.parkNanos(this, duration.toNanos());
	}

	private void connect() throws ExecutionException, TimeoutException, InterruptedException {
		C connection = this.connect.get();
		boolean fit = false;
		try {
			Live<C, S> made = new Live<>(connection, this.greeting.greet(connection));
			connection.addListener(new RedisConnectionStateAdapter() {
				@Override
				public void onRedisDisconnected(RedisChannelHandler<?, ?> disconnected) {
					end(made, "the connection ended");
				}
			});
			this.live = made;
			if (!connection.isOpen() || this.closed) {
				// Before the listener was there, or while nobody saw the connection.
				end(made, "the connection ended at once");
				throw new IllegalStateException("The connection ended at once");
			}
			log.info("redis=up link={}", this.kind);
			fit = true;
		}
		finally {
			if (!fit) {
				connection.closeAsync();
			}
		}
	}

	/**
	 * Ends a connection; another one may be better.
	 * @param session the connection's, which may have ended meanwhile
	 * @param reason why
	 */
	void end(S session, @Nullable String reason) {
		Live<C, S> current = this.live;
		if (current != null && current.session() == session) {
			end(current, reason);
		}
	}

	private void end(Live<C, S> ended, @Nullable String reason) {
		synchronized (this) {
			if (this.live != ended) {
				return;
			}
			this.live = null;
		}
		if (!this.closed) {
			log.warn("redis=down link={} reason=\"{}\"", this.kind, reason);
		}
		ended.connection().closeAsync();
		this.lost.run();
		LockSupport.unpark(this.supervisor);
	}

	@Override
	public void close() {
		this.closed = true;
		Live<C, S> current = this.live;
		if (current != null) {
			end(current, null);
		}
		this.supervisor.interrupt();
	}

}
