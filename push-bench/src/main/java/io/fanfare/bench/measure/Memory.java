package io.fanfare.bench.measure;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;

import io.fanfare.bench.peer.Peer;
import io.fanfare.bench.process.Programs;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.ProcFs;

/**
 * Memory at one moment, once it has settled. JVMs are asked to collect first, so that
 * garbage of opening is not taken for streams.
 *
 * @param process of the servers
 * @param sockets of all sockets in the kernel
 * @param slab of the kernel's slabs, sockets' heads among them
 */
record Memory(long process, long sockets, long slab) {

	private static final Duration COLLECTION = Duration.ofMinutes(2);

	static Memory settled(Peer peer) {
		Programs.pause(Duration.ofSeconds(2));
		if (peer.isJava()) {
			for (long pid : peer.servers()) {
				collect(pid);
			}
			Programs.pause(Duration.ofSeconds(1));
		}
		return now(peer.servers());
	}

	static Memory now(List<Long> pids) {
		return new Memory(ProcFs.residentBytes(pids), ProcFs.socketBytes(), ProcFs.slabBytes());
	}

	private static void collect(long pid) {
		try {
			ChildProcess.command(ChildProcess.jdk("jcmd"), Long.toString(pid), "GC.run").run(COLLECTION).orThrow();
		}
		catch (UncheckedIOException ex) {
			Console.say("no jcmd: " + ex.getMessage());
		}
	}

	/** KiB per stream more than before. */
	static double each(long now, long before, int streams) {
		return (now - before) / 1024.0 / streams;
	}

}
