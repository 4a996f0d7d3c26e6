package io.fanfare.node.cluster;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.Failures;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes exist, by what each says of itself in Redis. Any thread may call; nothing
 * blocks.
 * <p>
 * Redis is asked once per second at most, however many ask for nodes that do not exist:
 * who asks for one that is not known waits for the next list.
 */
public final class KnownNodes {

	/** Between two lists. */
	static final Duration INTERVAL = Duration.ofSeconds(1);

	/** After this time a list is asked for, although the node is known. */
	private static final Duration REFRESH = Duration.ofSeconds(5);

	/** For so long a node is known after it was listed last, as in the API. */
	private static final Duration KEPT = Duration.ofMinutes(1);

	private final Supplier<CompletableFuture<Set<String>>> list;

	private final Errors errors;

	private final Ticker ticker;

	/** Identity to when it was listed last. */
	private final Map<String, Long> listedAt = new ConcurrentHashMap<>();

	/** The list that is awaited, or null. */
	private @Nullable CompletableFuture<Void> next;

	/** When the last list was asked for. */
	private long askedAt;

	/**
	 * Knows none yet.
	 * @param list asks Redis
	 * @param errors notes a list that cannot be asked for or read
	 * @param ticker the monotonic clock
	 */
	public KnownNodes(Supplier<CompletableFuture<Set<String>>> list, Errors errors, Ticker ticker) {
		this.list = list;
		this.errors = errors;
		this.ticker = ticker;
		this.askedAt = ticker.nanoTime() - INTERVAL.toNanos();
	}

	/**
	 * Returns whether a node exists.
	 * @param node its identity
	 * @return whether it does; fails where Redis does not answer
	 */
	public CompletableFuture<Boolean> exists(String node) {
		Long listed = this.listedAt.get(node);
		long age = (listed != null) ? this.ticker.nanoTime() - listed : Long.MAX_VALUE;
		if (age < REFRESH.toNanos()) {
			return CompletableFuture.completedFuture(true);
		}
		CompletableFuture<Void> refreshed = next();
		return (age < KEPT.toNanos()) ? CompletableFuture.completedFuture(true)
				: refreshed.thenApply((done) -> this.listedAt.containsKey(node));
	}

	private synchronized CompletableFuture<Void> next() {
		CompletableFuture<Void> awaited = this.next;
		if (awaited != null) {
			return awaited;
		}
		CompletableFuture<Void> begun = new CompletableFuture<>();
		this.next = begun;
		long wait = this.askedAt + INTERVAL.toNanos() - this.ticker.nanoTime();
		if (wait <= 0) {
			ask(begun);
		}
		else {
			CompletableFuture.delayedExecutor(wait, TimeUnit.NANOSECONDS, Runnable::run).execute(() -> ask(begun));
		}
		return begun;
	}

	private void ask(CompletableFuture<Void> begun) {
		synchronized (this) {
			this.askedAt = this.ticker.nanoTime();
			// Who asks from now on may ask for a node that is not in this list.
			this.next = null;
		}
		asked().thenAccept(this::listed).whenComplete((done, failure) -> {
			if (failure != null) {
				begun.completeExceptionally(failure);
				noteUnexpected(failure);
			}
			else {
				begun.complete(null);
			}
		});
	}

	/** What Redis refuses or does not answer is noted by the link to it. */
	private void noteUnexpected(Throwable failure) {
		if (!Failures.isOfRedis(failure)) {
			this.errors.note("known-nodes", failure);
		}
	}

	/** A list that was never asked for must not be waited for. */
	@SuppressWarnings("CatchThrowable")
	private CompletableFuture<Set<String>> asked() {
		try {
			return this.list.get();
		}
		catch (Throwable ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	private void listed(Set<String> nodes) {
		long now = this.ticker.nanoTime();
		nodes.forEach((node) -> this.listedAt.put(node, now));
		this.listedAt.values().removeIf((at) -> now - at >= KEPT.toNanos());
	}

}
