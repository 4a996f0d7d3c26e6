package io.fanfare.node.catchup;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * Lets a few calls be on their way at once; the others wait, in the order in which they
 * came. Any thread may call.
 */
final class Turns {

	private final Queue<Runnable> waiting = new ArrayDeque<>();

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
		turn.run();
		return result;
	}

	private <T> void begin(Supplier<CompletableFuture<T>> call, CompletableFuture<T> result) {
		CompletableFuture<T> begun;
		try {
			begun = call.get();
		}
		catch (RuntimeException ex) {
			begun = CompletableFuture.failedFuture(ex);
		}
		begun.whenComplete((value, failure) -> {
			Runnable next = next();
			if (failure != null) {
				result.completeExceptionally(failure);
			}
			else {
				result.complete(value);
			}
			if (next != null) {
				next.run();
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
