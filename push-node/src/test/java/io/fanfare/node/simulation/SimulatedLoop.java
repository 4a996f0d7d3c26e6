package io.fanfare.node.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

import io.fanfare.node.connection.LoopExecutor;

/**
 * The thread of a loop under virtual time: tasks in their order, what the sockets have to
 * tell in its order, and no order between the two.
 */
final class SimulatedLoop implements LoopExecutor {

	private final SimulatedNode node;

	private final Queue<Runnable> tasks = new ArrayDeque<>();

	private final Queue<Runnable> io = new ArrayDeque<>();

	private final Timers timers = new Timers();

	SimulatedLoop(SimulatedNode node) {
		this.node = node;
	}

	@Override
	public void execute(Runnable task) {
		this.tasks.add(task);
	}

	@Override
	public void executeAfterIo(Runnable task) {
		this.tasks.add(task);
	}

	@Override
	public void schedule(Runnable task, Duration delay) {
		this.timers.add(this.node.monotonic() + delay.toMillis(), task);
	}

	@Override
	public long nanoTime() {
		return this.node.nanoTime();
	}

	@Override
	public long millis() {
		return this.node.millis();
	}

	/** What a socket has to tell. */
	void socket(Runnable event) {
		this.io.add(event);
	}

	boolean isIdle() {
		return this.tasks.isEmpty();
	}

	/** When the next timer is due, by the node's monotonic clock. */
	long next() {
		return this.timers.next();
	}

	void offer(Choices choices) {
		if (!this.tasks.isEmpty()) {
			choices.add(14, () -> this.node.guarded(this.tasks.remove()));
		}
		if (!this.io.isEmpty()) {
			choices.add(10, () -> this.node.guarded(this.io.remove()));
		}
		if (this.timers.next() <= this.node.monotonic()) {
			choices.add(10, () -> this.node.guarded(this.timers::run));
		}
	}

}
