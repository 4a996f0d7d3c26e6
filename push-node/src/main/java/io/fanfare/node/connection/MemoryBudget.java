package io.fanfare.node.connection;

/**
 * How much memory messages may take: on the node, or on one loop of it.
 *
 * @param owed bytes of heap that may be owed to connections
 * @param inbox bytes of messages that may wait in an inbox
 * @param catchUp bytes of history that may be on their way to connections that catch up
 * @param sharedReads bytes of history that are kept for others who read the same
 * @param unflushed bytes of direct memory that may wait for sockets
 */
public record MemoryBudget(long owed, long inbox, long catchUp, long sharedReads, long unflushed) {

	/** The share of the heap that messages may take in all inboxes. */
	private static final double INBOX = 0.08;

	/** The share of the heap that history may take on its way to connections. */
	private static final double CATCH_UP = 0.08;

	/** The share of the heap that history may take that is kept for others. */
	private static final double SHARED_READS = 0.08;

	/** The share of direct memory that may wait for sockets. */
	private static final double UNFLUSHED = 0.5;

	/**
	 * The budget of a node.
	 * @param owed bytes that may be owed to connections
	 * @param heap the largest heap
	 * @param direct the largest direct memory
	 * @return the budget
	 */
	public static MemoryBudget ofNode(long owed, long heap, long direct) {
		return new MemoryBudget(owed, (long) (heap * INBOX), (long) (heap * CATCH_UP), (long) (heap * SHARED_READS),
				(long) (direct * UNFLUSHED));
	}

	/**
	 * The part of one loop.
	 * @param loops how many loops there are
	 * @return its budget
	 */
	public MemoryBudget split(int loops) {
		return new MemoryBudget(this.owed / loops, this.inbox / loops, this.catchUp / loops, this.sharedReads / loops,
				this.unflushed / loops);
	}

}
