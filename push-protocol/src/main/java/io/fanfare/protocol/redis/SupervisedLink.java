package io.fanfare.protocol.redis;

import java.time.Duration;
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

	/** A link that held for so long is no failed attempt. */
	private static final Duration STEADY = Duration.ofSeconds(5);

	private final String kind;

	private final Supplier<C> connect;

	private final Greeting<C, S> greeting;

	private final Check<C> check;

	private final RedisRefusals refusals;

	private final Runnable lost;

	private final RandomGenerator random = RandomGenerator.getDefault();

	private final Thread supervisor;

	private volatile @Nullable Live<C, S> live;

	/** What was refused when the link was last tried, or ended, while it is down. */
	private volatile @Nullable RedisRefusal refusal;

	private volatile boolean closed;

	/**
	 * Starts the link; it connects by itself.
	 * @param kind what the log calls it
	 * @param name what its thread is called after
	 * @param connect makes a connection
	 * @param greeting makes it fit for use
	 * @param check asks whether it still answers
	 * @param refusals is told what Redis refuses
	 * @param lost is told that a connection is gone, once it does not count as up
	 */
	SupervisedLink(String kind, String name, Supplier<C> connect, Greeting<C, S> greeting, Check<C> check,
			RedisRefusals refusals, Runnable lost) {
		this.kind = kind;
		this.connect = connect;
		this.greeting = greeting;
		this.check = check;
		this.refusals = refusals;
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

	/** Asks a connection whether it still answers. */
	@FunctionalInterface
	interface Check<C> {

		/**
		 * Asks, and waits for the answer.
		 * @param connection the connection
		 */
		void check(C connection) throws ExecutionException, TimeoutException, InterruptedException;

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

	/** Why Redis refuses the link, while it is down; null where it does not answer. */
	@Nullable RedisRefusal refusal() {
		return this.refusal;
	}

	/** Waits for a reply, for a greeting. */
	static <T> T await(RedisFuture<T> reply) throws ExecutionException, TimeoutException, InterruptedException {
		return reply.toCompletableFuture().get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
	}

	private void supervise() {
		Duration backoff = MIN_BACKOFF;
		String lastFailure = "";
		int unanswered = 0;
		boolean wasUp = false;
		long upSince = 0;
		while (!this.closed) {
			Live<C, S> current = this.live;
			if (current == null && wasUp) {
				wasUp = false;
				if (System.nanoTime() - upSince < STEADY.toNanos()) {
					// It broke as soon as it was there: so may the next one.
					backoff = pauseBetweenAttempts(backoff);
				}
			}
			try {
				if (current == null) {
					connect();
					wasUp = true;
					upSince = System.nanoTime();
					lastFailure = "";
				}
				else {
					this.check.check(current.connection());
				}
				unanswered = 0;
				if (wasUp && System.nanoTime() - upSince >= STEADY.toNanos()) {
					backoff = MIN_BACKOFF;
				}
				pause(PING_INTERVAL);
			}
			catch (InterruptedException ex) {
				return;
			}
			catch (ExecutionException | TimeoutException | RuntimeException ex) {
				RedisRefusal refusal = RedisRefusal.of(ex);
				String failure = Failures.describe(ex);
				if (refusal != null) {
					this.refusals.note(refusal, this.kind, failure);
				}
				if (current == null) {
					this.refusal = refusal;
					if (!failure.equals(lastFailure) && !this.closed) {
						log.warn("redis=down link={} reason=\"{}\"", this.kind, failure);
						lastFailure = failure;
					}
					backoff = pauseBetweenAttempts(backoff);
				}
				else if (refusal != null && !refusal.endsLink()) {
					// It answered.
					unanswered = 0;
					pause(PING_INTERVAL);
				}
				else if (refusal != null || ++unanswered >= PINGS_UNANSWERED) {
					end(current, failure, refusal);
					unanswered = 0;
				}
			}
		}
	}

	/** Waits with jitter. Returns how long to wait the next time. */
	private Duration pauseBetweenAttempts(Duration backoff) {
		long until = System.nanoTime() + backoff.plusMillis(this.random.nextLong(backoff.toMillis())).toNanos();
		long left;
		while ((left = until - System.nanoTime()) > 0 && !this.closed) {
			LockSupport.parkNanos(this, left);
		}
		Duration doubled = backoff.multipliedBy(2);
		return (doubled.compareTo(MAX_BACKOFF) < 0) ? doubled : MAX_BACKOFF;
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
					end(made, "the connection ended", null);
				}
			});
			this.live = made;
			if (!connection.isOpen() || this.closed) {
				// Before the listener was there, or while nobody saw the connection.
				end(made, "the connection ended at once", null);
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
	 * @param refused what Redis refused, or null where it refused nothing
	 */
	void end(S session, @Nullable String reason, @Nullable RedisRefusal refused) {
		Live<C, S> current = this.live;
		if (current != null && current.session() == session) {
			end(current, reason, refused);
		}
	}

	private void end(Live<C, S> ended, @Nullable String reason, @Nullable RedisRefusal refused) {
		synchronized (this) {
			if (this.live != ended) {
				return;
			}
			this.refusal = refused;
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
			end(current, null, null);
		}
		this.supervisor.interrupt();
	}

}
