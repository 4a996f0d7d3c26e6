package io.fanfare.api.revocation;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.LinkFollower;
import io.fanfare.redis.RedisServer;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.revocation.Revocation;
import io.fanfare.redis.revocation.Revocation.Target;
import io.fanfare.redis.revocation.Revocations;
import io.fanfare.redis.revocation.Revocations.Outcome;
import io.fanfare.redis.revocation.Revocations.Restored;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.annotation.PreDestroy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.stereotype.Component;

/**
 * The revocations in Redis. Those that this process stored, the newest of them, it also
 * remembers: where Redis has lost data it writes them back, in pieces. Any thread may
 * call.
 */
@Component
public final class StoredRevocations implements LinkFollower {

	private static final Logger log = LoggerFactory.getLogger(StoredRevocations.class);

	/** Some 30 MB. */
	static final int REMEMBERED = 100_000;

	/** Written back at once: some 5 ms of Redis. */
	private static final int PIECE = 200;

	private static final Duration PAUSE = Duration.ofMillis(50);

	private static final Duration RETRY = Duration.ofSeconds(1);

	/** How often it looks whether Redis lost data while the connection lived. */
	private static final Duration LOOK = Duration.ofSeconds(2);

	private final Revocations revocations;

	private final Nodes nodes;

	private final RedisCalls calls;

	private final Clock clock;

	private final Errors errors;

	private final Worker worker;

	private final MeterRegistry registry;

	/** The newest last. Guarded by itself. */
	private final Map<Target, Revocation> remembered = new LinkedHashMap<>();

	/** What is still to be written back. Belongs to the worker. */
	private final Deque<Target> lost = new ArrayDeque<>();

	private boolean restoring;

	/** How many were written back since the last loss. Belongs to the worker. */
	private int restored;

	/** The data-loss floor that was seen last. Guarded by this object. */
	private @Nullable Long floor;

	StoredRevocations(CommandLink link, Revocations revocations, Nodes nodes, RedisCalls calls, Clock clock,
			Errors errors, Scheduler scheduler, MeterRegistry registry) {
		this.nodes = nodes;
		this.errors = errors;
		this.revocations = revocations;
		this.calls = calls;
		this.clock = clock;
		this.worker = scheduler.createWorker("revocations");
		this.registry = registry;
		Gauge.builder("fanfare.revocations.remembered", this, StoredRevocations::size)
			.description("Revocations that this process writes back after a data loss")
			.register(registry);
		link.follow(this);
		this.worker.every(LOOK, LOOK, this::look);
	}

	private int size() {
		synchronized (this.remembered) {
			return this.remembered.size();
		}
	}

	/**
	 * Takes a right away.
	 * @param target what
	 * @param issuedBefore of which tokens, in milliseconds since the epoch; null for
	 * those that were issued up to now
	 * @param reason why
	 * @return what is in force then
	 * @throws ProblemException if the user has too many revoked topics
	 */
	Outcome.Stored put(Target target, @Nullable Long issuedBefore, String reason) {
		return stored(this.calls.await(this.revocations.put(target, issuedBefore, reason)));
	}

	/**
	 * Refuses every token of some users for a time, and ends their streams. Then it is
	 * logged: a stream whose node did not learn of its end is ended by its renewal, and
	 * those that are notified already keep their delay.
	 * @param <T> what came of ending the streams
	 * @param users the users
	 * @param time how long
	 * @param reason why
	 * @param end ends the streams
	 * @return what came of it
	 */
	public <T> T block(List<String> users, Duration time, String reason, Supplier<T> end) {
		List<Revocation> blocked = each(users, (user) -> this.revocations.block(user, time, reason)).stream()
			.map((outcome) -> stored(outcome).revocation())
			.toList();
		T ended = end.get();
		each(blocked, this.revocations::log);
		return ended;
	}

	/** All are on their way before the first answer is waited for. */
	private <A> List<Outcome> each(List<A> all, Function<A, CompletableFuture<Outcome>> send) {
		List<CompletableFuture<Outcome>> sent = all.stream().map(send).toList();
		long deadline = this.calls.deadline();
		return sent.stream().map((one) -> this.calls.await(one, deadline)).toList();
	}

	private Outcome.Stored stored(Outcome outcome) {
		if (!(outcome instanceof Outcome.Stored stored)) {
			throw ProblemException.of(ProblemType.TOO_MANY_REVOCATIONS,
					List.of(FieldError.at("#/channel", "the user has " + Revocation.MAX_TOPICS
							+ " revoked topics: revoke all that the user's tokens grant, or lift some")));
		}
		Revocation revocation = stored.revocation();
		synchronized (this.remembered) {
			this.remembered.remove(revocation.target());
			this.remembered.put(revocation.target(), revocation);
			if (this.remembered.size() > REMEMBERED) {
				this.remembered.remove(this.remembered.keySet().iterator().next());
			}
		}
		Counter.builder("fanfare.revocations.stored")
			.description("Revocations that were stored, by what was taken away")
			.tag("of", switch (revocation.target()) {
				case Revocation.OfUser user -> "user";
				case Revocation.OfTopic topic -> "topic";
				case Revocation.OfToken token -> "token";
			})
			.register(this.registry)
			.increment();
		return stored;
	}

	/**
	 * Lifts a revocation.
	 * @param target what was taken away
	 * @return whether it was
	 */
	boolean lift(Target target) {
		Revocation known;
		synchronized (this.remembered) {
			known = this.remembered.get(target);
		}
		boolean lifted = this.calls.await(this.revocations.lift(target));
		// One that is to be written back was in force.
		return forget(target, known) || lifted;
	}

	/** Not one that was stored meanwhile. */
	private boolean forget(Target target, @Nullable Revocation known) {
		synchronized (this.remembered) {
			return known != null && this.remembered.remove(target, known);
		}
	}

	List<Revocation> ofUser(String user) {
		return this.calls.await(this.revocations.ofUser(user));
	}

	List<Revocation> ofToken(String hash) {
		return this.calls.await(this.revocations.ofToken(hash));
	}

	// ---- after a data loss

	@Override
	public void reached(RedisServer reached) {
		saw(reached.dataLossFloor());
	}

	/**
	 * A connection may outlive the data: FLUSHALL, or a node that was first to notice.
	 */
	private void look() {
		try {
			saw(this.calls.await(this.nodes.dataLossFloor()));
		}
		catch (RedisUnavailableException | ProblemException ex) {
			// The link has noted it.
		}
	}

	private synchronized void saw(long present) {
		Long before = this.floor;
		this.floor = present;
		if (before != null && before != present) {
			this.worker.execute(this::beginRestore);
		}
	}

	@Override
	public void left() {
		// What is written then fails, and is tried again.
	}

	private void beginRestore() {
		this.restored = 0;
		long oldest = this.clock.millis() - this.revocations.life().toMillis();
		synchronized (this.remembered) {
			this.remembered.values().removeIf((one) -> one.stored() < oldest && one.until() < this.clock.millis());
			this.lost.clear();
			// The newest first.
			new ArrayList<>(this.remembered.keySet()).forEach(this.lost::addFirst);
		}
		if (!this.lost.isEmpty()) {
			log.info("revocations=restoring count={}", this.lost.size());
		}
		if (!this.restoring) {
			this.restoring = true;
			restore();
		}
	}

	private void restore() {
		Map<Revocation, CompletableFuture<Restored>> sent = new LinkedHashMap<>();
		while (sent.size() < PIECE && !this.lost.isEmpty()) {
			Target target = this.lost.poll();
			Revocation known;
			synchronized (this.remembered) {
				known = this.remembered.get(target);
			}
			if (known != null) {
				sent.put(known, this.revocations.restore(known));
			}
		}
		boolean failed = false;
		for (Map.Entry<Revocation, CompletableFuture<Restored>> one : sent.entrySet()) {
			Revocation known = one.getKey();
			try {
				switch (this.calls.await(one.getValue())) {
					case WRITTEN -> this.restored++;
					case LIFTED -> forget(known.target(), known);
					case HELD, FULL -> {
						// Nothing is to be done, or can be.
					}
				}
			}
			catch (RedisUnavailableException | ProblemException ex) {
				// The link has noted it.
				failed = true;
				this.lost.addFirst(known.target());
			}
			catch (RuntimeException ex) {
				this.errors.note("revocations", ex);
				failed = true;
				this.lost.addFirst(known.target());
			}
		}
		this.restoring = !this.lost.isEmpty();
		if (this.restoring) {
			this.worker.schedule(failed ? RETRY : PAUSE, this::restore);
		}
		else if (!sent.isEmpty()) {
			log.info("revocations=restored count={}", this.restored);
		}
	}

	@PreDestroy
	void close() {
		this.worker.close();
	}

}
