package io.fanfare.node.connection;

/** Tasks on the loops of a node, and their pulses, for tests of other packages. */
public final class LoopTasks {

	private LoopTasks() {
	}

	/** Runs a task on a loop, in order with what else arrives. */
	public static void run(Connections connections, int loop, Runnable task) {
		connections.loops().get(loop).submit(task);
	}

	/** The pulse of a loop that was started and has not ticked. */
	public static LoopPulse started(long nowNanos) {
		LoopPulse pulse = new LoopPulse();
		pulse.begun(nowNanos);
		return pulse;
	}

	/** The loop ticks. */
	public static void tick(LoopPulse pulse, long nowNanos) {
		pulse.ticked(nowNanos);
	}

	/** A renewal that the loop sent then was answered. */
	public static void renewed(LoopPulse pulse, long sentNanos) {
		pulse.renewed(sentNanos);
	}

}
