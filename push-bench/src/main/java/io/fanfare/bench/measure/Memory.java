package io.fanfare.bench.measure;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.fanfare.bench.peer.Peer;
import io.fanfare.bench.process.Child;
import io.fanfare.bench.process.Proc;

/**
 * Memory at one moment, once it has settled. JVMs are asked to collect first, so that
 * garbage of opening is not taken for streams.
 *
 * @param process of the servers
 * @param sockets of all sockets in the kernel
 * @param slab of the kernel's slabs, sockets' heads among them
 */
record Memory(long process, long sockets, long slab) {

	static Memory settled(Peer peer) {
		Child.pause(Duration.ofSeconds(2));
		if (peer.isJava()) {
			for (long pid : peer.servers()) {
				collect(pid);
			}
			Child.pause(Duration.ofSeconds(1));
		}
		return now(peer.servers());
	}

	static Memory now(List<Long> pids) {
		return new Memory(Proc.residentBytes(pids), Proc.socketBytes(), Proc.slabBytes());
	}

	private static void collect(long pid) {
		try {
			new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid),
					"GC.run")
				.redirectErrorStream(true)
				.redirectOutput(Redirect.DISCARD)
				.start()
				.waitFor();
		}
		catch (IOException ex) {
			Console.say("no jcmd: " + ex.getMessage());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/** KiB a stream more than before. */
	static double each(long now, long before, int streams) {
		return (now - before) / 1024.0 / streams;
	}

}
