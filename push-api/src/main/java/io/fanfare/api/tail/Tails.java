package io.fanfare.api.tail;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.api.cluster.ClusterView;
import io.fanfare.api.cluster.NodeAsker;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.call.NotUnderstoodException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.cluster.NodeCalls;
import io.fanfare.redis.presence.Presence;
import jakarta.annotation.PreDestroy;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * The tails of this process. All nodes are asked to copy what a user is sent, so a stream
 * that begins on any of them is seen from its first block on; they are asked again as
 * long as the tail lasts, and stop by themselves if they are not.
 */
@Component
final class Tails implements SmartLifecycle {

	static final int MAX = 32;

	static final int MAX_PER_USER = 4;

	/** How long nodes copy without being asked again. */
	private static final Duration LIFE = Duration.ofSeconds(15);

	private static final Duration RENEWAL = Duration.ofSeconds(5);

	/**
	 * A stream that begins between the look at presence and the arrival of the first
	 * order is found by the second.
	 */
	private static final Duration SECOND = Duration.ofSeconds(1);

	private final NodeCalls calls;

	private final NodeAsker nodes;

	private final ClusterView view;

	private final Presence presence;

	private final RedisCalls redis;

	private final Errors errors;

	private final Worker worker;

	private final Ticker ticker;

	private final AtomicLong last = new AtomicLong();

	/** Tails to the time at which nodes are asked again. Guarded by itself. */
	private final Map<Tail, Long> open = new LinkedHashMap<>();

	private volatile boolean running;

	private volatile boolean stopped;

	Tails(NodeCalls calls, NodeAsker nodes, ClusterView view, Presence presence, RedisCalls redis, Scheduler scheduler,
			Errors errors) {
		this.calls = calls;
		this.nodes = nodes;
		this.view = view;
		this.presence = presence;
		this.redis = redis;
		this.errors = errors;
		this.ticker = scheduler.ticker();
		this.worker = scheduler.createWorker("tail");
	}

	/**
	 * Begins a tail.
	 * @param user the user
	 * @return the tail, to be {@linkplain #close closed}
	 * @throws ProblemException if there are too many
	 */
	Tail open(String user) {
		Tail tail = new Tail(Long.toString(this.last.incrementAndGet(), Character.MAX_RADIX), user);
		synchronized (this.open) {
			if (this.stopped) {
				throw ProblemException.of(ProblemType.OVERLOADED, "The API stops");
			}
			if (this.open.size() >= MAX) {
				throw ProblemException.of(ProblemType.OVERLOADED,
						"This process of the API serves " + MAX + " tails, and no more");
			}
			if (this.open.keySet().stream().filter((one) -> one.user().equals(user)).count() >= MAX_PER_USER) {
				throw ProblemException.of(ProblemType.OVERLOADED,
						"This process of the API serves " + MAX_PER_USER + " tails of one user, and no more");
			}
			this.open.put(tail, this.ticker.nanoTime() + SECOND.toNanos());
		}
		this.calls.receive(tail.id(), tail);
		this.worker.execute(() -> order(List.of(tail), LIFE));
		return tail;
	}

	/** Ends a tail. */
	void close(Tail tail) {
		this.calls.ignore(tail.id());
		synchronized (this.open) {
			this.open.remove(tail);
		}
		this.worker.execute(() -> order(List.of(tail), Duration.ZERO));
	}

	private void renew() {
		long now = this.ticker.nanoTime();
		List<Tail> due;
		synchronized (this.open) {
			due = this.open.entrySet()
				.stream()
				.filter((one) -> one.getValue() - now <= 0)
				.map(Map.Entry::getKey)
				.toList();
			due.forEach((tail) -> this.open.put(tail, now + RENEWAL.toNanos()));
		}
		if (!due.isEmpty()) {
			order(due, LIFE);
		}
	}

	/** Asks all nodes; does not wait for their answers. */
	private void order(Collection<Tail> tails, Duration life) {
		try {
			List<String> identities = this.view.identitiesWithStreams();
			for (Tail tail : tails) {
				Presence.Owner owner = life.isZero() ? null : this.redis.await(this.presence.find(tail.user()));
				String connection = (owner != null) ? owner.connection() : null;
				for (String node : identities) {
					order(tail, node, connection, life);
				}
			}
		}
		catch (RedisUnavailableException | ProblemException ex) {
			// The link has noted it, and the next renewal tries again.
			tails.forEach(Tail::lost);
		}
	}

	private void order(Tail tail, String node, @Nullable String connection, Duration life) {
		NodeAsker.Asked<CallResult.Tailed> asked = this.nodes.ask(node,
				new CallRequest.Tail(tail.user(), this.calls.asker(), tail.id(), connection, life.toMillis()));
		asked.answer()
			.whenComplete((answer, failure) -> this.errors.run("tail",
					() -> answered(tail, node, connection, asked.request(), answer)));
	}

	private static void answered(Tail tail, String node, @Nullable String connection,
			CallRequest<CallResult.Tailed> request, @Nullable CallAnswer answer) {
		CallResult.Tailed tailed = (answer instanceof CallAnswer.Done done) ? read(request, done) : null;
		tail.answered(node, tailed != null);
		if (tailed != null && tailed.connected() && connection != null) {
			tail.found(connection);
		}
	}

	private static CallResult.@Nullable Tailed read(CallRequest<CallResult.Tailed> request, CallAnswer.Done done) {
		try {
			return CallJson.readResult(request, done.body());
		}
		catch (NotUnderstoodException ex) {
			return null;
		}
	}

	@Override
	public void start() {
		this.running = true;
		this.worker.every(SECOND, SECOND, this::renew);
	}

	/** Before the web server, which would wait for requests that last. */
	@Override
	public void stop() {
		this.running = false;
		synchronized (this.open) {
			this.stopped = true;
			this.open.keySet().forEach((tail) -> tail.end(TailEnd.STOPPING));
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@PreDestroy
	void close() {
		this.worker.close();
	}

}
