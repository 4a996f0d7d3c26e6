package io.fanfare.node.memory;

/**
 * How much memory is in use. A limit of 0 is none.
 *
 * @param collections how many collections there were; the heap is that of the last one
 * @param heap bytes of heap in use after the last collection
 * @param heapLimit the largest heap
 * @param direct bytes of direct memory in use
 * @param directLimit the largest direct memory
 * @param process resident bytes of the process
 * @param processLimit how much it may have
 */
record MemoryReading(long collections, long heap, long heapLimit, long direct, long directLimit, long process,
		long processLimit) {

	static double share(long used, long limit) {
		return (limit > 0) ? (double) used / limit : 0;
	}

}
