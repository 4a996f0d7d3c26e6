package io.fanfare.node.connection;

import java.util.List;

import io.fanfare.node.encoding.Owed;

/**
 * What messages take of memory now, and may take, on all loops. Up to a tick old.
 *
 * @param owed bytes of heap owed to connections
 * @param owedLimit how many may be
 * @param dropped backlogs dropped to history since the start
 * @param inbox bytes of messages in the inboxes
 * @param unflushed bytes of direct memory that wait for sockets
 * @param unflushedLimit above how many sockets get only what their kernels take
 */
public record MemoryUse(long owed, long owedLimit, long dropped, long inbox, long unflushed, long unflushedLimit) {

	/** The sum of loops. */
	static MemoryUse of(List<StreamLoop> loops) {
		MemoryUse sum = new MemoryUse(0, 0, 0, 0, 0, 0);
		for (StreamLoop loop : loops) {
			Owed owed = loop.owed();
			Unflushed unflushed = loop.unflushed();
			sum = new MemoryUse(sum.owed() + owed.shown(), sum.owedLimit() + owed.limit(),
					sum.dropped() + owed.dropped(), sum.inbox() + loop.inboxBytes(),
					sum.unflushed() + unflushed.shown(), sum.unflushedLimit() + unflushed.limit());
		}
		return sum;
	}

}
