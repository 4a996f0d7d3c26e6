package io.fanfare.node.cluster;

import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.Failures;

/**
 * Which nodes were listed and are no more, for a day: what they knew of messages is gone
 * with them. Any thread may call.
 */
public final class DepartedNodes implements AutoCloseable {

	private static final Duration INTERVAL = Duration.ofSeconds(5);

	private static final Duration KEPT = CallResult.Traced.DEPARTED_FOR;

	private final Supplier<CompletableFuture<Set<String>>> list;

	private final InstantSource clock;

	private final Errors errors;

	private final Worker worker;

	/** Identity to when it was listed last. Guarded by itself. */
	private final Map<String, Long> listedAt = new HashMap<>();

	/** When the last list came. Guarded by the map. */
	private long last;

	/**
	 * Knows none yet.
	 * @param list asks Redis for the identities of all nodes
	 * @param clock the wall clock
	 * @param scheduler asks now and then
	 * @param errors notes what is thrown
	 */
	public DepartedNodes(Supplier<CompletableFuture<Set<String>>> list, InstantSource clock, Scheduler scheduler,
			Errors errors) {
		this.list = list;
		this.clock = clock;
		this.errors = errors;
		this.worker = scheduler.createWorker("departed");
	}

	/** Begins to ask. */
	public void start() {
		this.worker.every(Duration.ZERO, INTERVAL, this::look);
	}

	private void look() {
		this.list.get().whenComplete((nodes, failure) -> {
			if (failure == null) {
				listed(nodes);
			}
			else if (!Failures.isOfRedis(failure)) {
				this.errors.note("departed-nodes", failure);
			}
		});
	}

	void listed(Set<String> nodes) {
		long now = this.clock.millis();
		synchronized (this.listedAt) {
			this.last = now;
			nodes.forEach((node) -> this.listedAt.put(node, now));
			this.listedAt.values().removeIf((at) -> now - at > KEPT.toMillis());
		}
	}

	/**
	 * Those that are listed no more.
	 * @return each with when it was listed last, in milliseconds since the epoch
	 */
	public Map<String, Long> departed() {
		synchronized (this.listedAt) {
			Map<String, Long> departed = new HashMap<>(this.listedAt);
			departed.values().removeIf((at) -> at >= this.last);
			return departed;
		}
	}

	/**
	 * All that were listed.
	 * @return each with when it was listed last, in milliseconds since the epoch
	 */
	public Map<String, Long> listed() {
		synchronized (this.listedAt) {
			return Map.copyOf(this.listedAt);
		}
	}

	@Override
	public void close() {
		this.worker.close();
	}

}
