package io.fanfare.redis;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateAdapter;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.StatefulRedisConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to Redis, remade whenever it ends or stops answering: the one place that
 * connects, greets, checks, ends and, with back-off and jitter, remakes connections. A
 * {@link Worker} of its own makes the connection, so that one link that cannot connect
 * holds up no other; while the link is up nothing blocks that worker.
 * <p>
 * Guarantees: there is at most one connection at a time, and the one before it is closed.
 * Whatever a part of the {@link LinkLifecycle} throws ends at most the present
 * connection, and the link is remade: it never stops for good before {@link #close()}.
 * <p>
 * Any thread may call.
 *
 * @param <C> the kind of connection
 * @param <S> what is known of a connection once it can be used
 */
public final class SupervisedLink<C extends StatefulRedisConnection<byte[], byte[]>, S> implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(SupervisedLink.class);

	private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

	private static final Duration TIMEOUT = Duration.ofSeconds(2);

	/**
	 * One late answer is a slow moment; two are a connection over which nothing comes.
	 */
	private static final int CHECKS_UNANSWERED = 2;

	/** A link that held for so long is no failed attempt. */
	private static final Duration STEADY = Duration.ofSeconds(5);

	private final String kind;

	private final LinkLifecycle<C, S> lifecycle;

	private final RedisRefusals refusals;

	private final Errors errors;

	private final Worker worker;

	private final Ticker ticker;

	private volatile @Nullable Live<C, S> live;

	/** What was refused when the link was last tried, or ended, while it is down. */
	private volatile @Nullable RedisRefusal refusal;

	private volatile boolean closed;

	/** What follows belongs to the worker. */
	private final Backoff backoff;

	/** Whether an attempt is scheduled. */
	private boolean awaited;

	private String lastFailure = "";

	/**
	 * Makes the link; it connects once started.
	 * @param kind what the log and the metric of errors call it, one of a small set
	 * @param lifecycle what is particular to it
	 * @param refusals records what Redis refuses
	 * @param scheduler runs what the link does
	 * @param errors notes what the lifecycle throws
	 * @param random spreads the attempts of many processes
	 */
	public SupervisedLink(String kind, LinkLifecycle<C, S> lifecycle, RedisRefusals refusals, Scheduler scheduler,
			Errors errors, RandomGenerator random) {
		this.kind = kind;
		this.lifecycle = lifecycle;
		this.refusals = refusals;
		this.errors = errors;
		this.backoff = new Backoff(random);
		this.worker = scheduler.createWorker("link-" + kind);
		this.ticker = scheduler.ticker();
	}

	/** A connection that is there; what is not final belongs to the link's worker. */
	private static final class Live<C, S> {

		private final C connection;

		private final S session;

		private final long since;

		private boolean checking;

		private int unanswered;

		private Live(C connection, S session, long since) {
			this.connection = connection;
			this.session = session;
			this.since = since;
		}

	}

	/** Starts the link; it connects by itself. */
	public void start() {
		this.worker.execute(this::attempt);
		this.worker.every(CHECK_INTERVAL, CHECK_INTERVAL, this::look);
	}

	/**
	 * Runs something on the link's worker, in order with what happens to the link.
	 * @param task what does not block
	 */
	public void execute(Runnable task) {
		this.worker.execute(task);
	}

	/**
	 * What is known of the connection.
	 * @return it, or null where there is none that answered lately
	 */
	public @Nullable S session() {
		Live<C, S> current = this.live;
		return (current != null) ? current.session : null;
	}

	/** Why Redis refuses the link, while it is down; null where it does not answer. */
	@Nullable RedisRefusal refusal() {
		return this.refusal;
	}

	/** Waits for a reply, for a greeting. */
	public static <T> T await(RedisFuture<T> reply) throws ExecutionException, TimeoutException, InterruptedException {
		return reply.toCompletableFuture().get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
	}

	// ---- the link's worker

	@SuppressWarnings("CatchThrowable")
	private void attempt() {
		this.awaited = false;
		if (this.closed || this.live != null) {
			return;
		}
		try {
			connect();
		}
		catch (InterruptedException ex) {
			// The link is closed.
			Thread.currentThread().interrupt();
		}
		catch (Throwable ex) {
			attemptLater();
			failed(ex);
		}
	}

	private void connect() throws ExecutionException, TimeoutException, InterruptedException {
		C connection = this.lifecycle.connect();
		Live<C, S> made = null;
		try {
			made = new Live<>(connection, this.lifecycle.greet(connection), this.ticker.nanoTime());
			Live<C, S> listened = made;
			connection.addListener(new RedisConnectionStateAdapter() {
				@Override
				public void onRedisDisconnected(RedisChannelHandler<?, ?> disconnected) {
					end(listened, "the connection ended", null);
				}
			});
		}
		finally {
			if (made == null || this.closed) {
				connection.closeAsync();
			}
		}
		if (this.closed) {
			connection.closeAsync();
			return;
		}
		this.live = made;
		this.lastFailure = "";
		log.info("redis=up link={}", this.kind);
		Live<C, S> begun = made;
		if (!this.errors.run(where(), () -> this.lifecycle.began(begun.session))) {
			end(begun, "it could not begin", null);
		}
		else if (!connection.isOpen() || this.closed) {
			// Before the listener was there, or while the connection was not watched.
			end(begun, "the connection ended at once", null);
		}
	}

	private void failed(Throwable failure) {
		String reason = Failures.describe(failure);
		RedisRefusal refused = RedisRefusal.of(failure);
		this.refusal = refused;
		if (refused != null) {
			this.refusals.note(refused, this.kind, reason);
		}
		if (!reason.equals(this.lastFailure) && !this.closed) {
			this.lastFailure = reason;
			log.warn("redis=down link={} reason=\"{}\"", this.kind, reason);
		}
		noteUnexpected(failure);
	}

	private void noteUnexpected(Throwable failure) {
		if (!Failures.isOfRedis(failure) && !this.closed) {
			this.errors.note(where(), failure);
		}
	}

	private String where() {
		return "link-" + this.kind;
	}

	/** Waits with jitter. */
	private void attemptLater() {
		if (!this.awaited) {
			this.awaited = true;
			this.worker.schedule(this.backoff.next(), this::attempt);
		}
	}

	private void look() {
		Live<C, S> current = this.live;
		if (current == null) {
			if (!this.awaited) {
				attemptLater();
			}
			return;
		}
		if (isSteady(current)) {
			this.backoff.reset();
		}
		if (!current.checking) {
			current.checking = true;
			check(current);
		}
	}

	private boolean isSteady(Live<C, S> one) {
		return this.ticker.nanoTime() - one.since >= STEADY.toNanos() && this.lifecycle.isServing(one.session);
	}

	@SuppressWarnings("CatchThrowable")
	private void check(Live<C, S> current) {
		try {
			this.lifecycle.check(current.connection, current.session)
				.toCompletableFuture()
				.copy()
				.orTimeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
				.whenComplete((answer, failure) -> execute(() -> checked(current, failure)));
		}
		catch (Throwable ex) {
			checked(current, ex);
		}
	}

	private void checked(Live<C, S> current, @Nullable Throwable failure) {
		current.checking = false;
		if (failure == null) {
			current.unanswered = 0;
			return;
		}
		noteUnexpected(failure);
		RedisRefusal refused = RedisRefusal.of(failure);
		String reason = Failures.describe(failure);
		if (refused != null) {
			this.refusals.note(refused, this.kind, reason);
		}
		if (refused != null && !refused.endsLink() || refused == null && this.lifecycle.hasReceived(current.session)) {
			// It answered.
			current.unanswered = 0;
		}
		else if (refused != null || ++current.unanswered >= CHECKS_UNANSWERED) {
			end(current, reason, refused);
		}
	}

	private void afterEnd(Live<C, S> ended) {
		boolean steady = isSteady(ended);
		this.errors.run(where(), () -> this.lifecycle.ended(ended.session));
		if (steady) {
			this.backoff.reset();
			attempt();
		}
		else {
			// It broke as soon as it was there: so may the next one.
			attemptLater();
		}
	}

	// ---- any thread

	/**
	 * Ends a connection; another one may be better.
	 * @param session the connection's, which may have ended meanwhile
	 * @param reason why
	 */
	public void end(S session, String reason) {
		end(session, reason, null);
	}

	/**
	 * Ends a connection; another one may be better.
	 * @param session the connection's, which may have ended meanwhile
	 * @param reason why
	 * @param refused what Redis refused, or null where it refused nothing
	 */
	void end(S session, @Nullable String reason, @Nullable RedisRefusal refused) {
		Live<C, S> current = this.live;
		if (current != null && current.session == session) {
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
		this.errors.run(where(), ended.connection::closeAsync);
		execute(() -> afterEnd(ended));
	}

	@Override
	public void close() {
		this.closed = true;
		Live<C, S> current = this.live;
		if (current != null) {
			end(current, null, null);
		}
		this.worker.close();
	}

}
