package io.fanfare.node.catchup;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * Lets a few calls be on their way at once; the others wait, in the order in which they
 * came. Any thread may call.
 */
final class Turns {

	private final Queue<Runnable> waiting = new ArrayDeque<>();

	/** Turns whose time has come; the thread that finds no other at it runs them. */
	private final Queue<Runnable> ready = new ConcurrentLinkedQueue<>();

	/** How many are ready or running. */
	private final AtomicInteger atIt = new AtomicInteger();

	private int free;

	Turns(int most) {
		this.free = most;
	}

	/** Calls when it is its turn. */
	<T> CompletableFuture<T> take(Supplier<CompletableFuture<T>> call) {
		CompletableFuture<T> result = new CompletableFuture<>();
		Runnable turn = () -> begin(call, result);
		synchronized (this) {
			if (this.free == 0) {
				this.waiting.add(turn);
				return result;
			}
			this.free--;
		}
		start(turn);
		return result;
	}

	/**
	 * Runs a turn, unless one that runs now leads to it: calls that fail at once would
	 * nest as deep as others wait.
	 */
	private void start(Runnable turn) {
		this.ready.add(turn);
		if (this.atIt.getAndIncrement() == 0) {
			do {
				this.ready.remove().run();
			}
			while (this.atIt.decrementAndGet() != 0);
		}
	}

	private <T> void begin(Supplier<CompletableFuture<T>> call, CompletableFuture<T> result) {
		CompletableFuture<T> begun;
		try {
			begun = Objects.requireNonNull(call.get());
		}
		catch (RuntimeException | Error ex) {
			// A turn that was never begun must be given back.
			begun = CompletableFuture.failedFuture(ex);
		}
		begun.whenComplete((value, failure) -> {
			Runnable next = next();
			if (next != null) {
				start(next);
			}
			if (failure != null) {
				result.completeExceptionally(failure);
			}
			else {
				result.complete(value);
			}
		});
	}

	private synchronized @Nullable Runnable next() {
		Runnable next = this.waiting.poll();
		if (next == null) {
			this.free++;
		}
		return next;
	}

}
