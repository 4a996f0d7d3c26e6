package io.fanfare.node.connection;

/** Tasks on the loops of a node, for tests of other packages. */
public final class LoopTasks {

	private LoopTasks() {
	}

	/** Runs a task on a loop, in order with what else arrives. */
	public static void run(Connections connections, int loop, Runnable task) {
		connections.loops().get(loop).submit(task);
	}

}
