package io.fanfare.bench.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * What Linux says about processes, under {@code /proc}. A process that is gone counts 0.
 */
public final class Proc {

	private static final double TICKS_A_SECOND = 100;

	private static final long PAGE = 4096;

	private Proc() {
	}

	/**
	 * CPU time, user and system, that processes have used.
	 * @param pids the processes
	 * @return seconds
	 */
	public static double cpuSeconds(Collection<Long> pids) {
		long ticks = 0;
		for (long pid : pids) {
			String stat = read("/proc/" + pid + "/stat");
			if (!stat.isEmpty()) {
				String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
				ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
			}
		}
		return ticks / TICKS_A_SECOND;
	}

	/**
	 * Memory that processes hold, shared pages by their share.
	 * @param pids the processes
	 * @return bytes
	 */
	public static long residentBytes(Collection<Long> pids) {
		long bytes = 0;
		for (long pid : pids) {
			String rollup = read("/proc/" + pid + "/smaps_rollup");
			bytes += kilobytes(rollup.isEmpty() ? read("/proc/" + pid + "/status") : rollup,
					rollup.isEmpty() ? "VmRSS:" : "Pss:") * 1024;
		}
		return bytes;
	}

	/**
	 * What the kernel holds in TCP sockets, of all processes.
	 * @return bytes
	 */
	public static long socketBytes() {
		for (String line : read("/proc/net/sockstat").lines().toList()) {
			if (line.startsWith("TCP:")) {
				return Long.parseLong(line.substring(line.indexOf(" mem ") + 5).trim()) * PAGE;
			}
		}
		return 0;
	}

	/**
	 * What the kernel holds in slabs, where sockets and their buffers' heads lie.
	 * @return bytes
	 */
	public static long slabBytes() {
		return kilobytes(read("/proc/meminfo"), "Slab:") * 1024;
	}

	/**
	 * What the processors call themselves.
	 * @return the name, or empty
	 */
	public static String processor() {
		return read("/proc/cpuinfo").lines()
			.filter((line) -> line.startsWith("model name"))
			.map((line) -> line.substring(line.indexOf(':') + 1).trim())
			.findFirst()
			.orElse("");
	}

	/**
	 * The memory of the machine.
	 * @return bytes
	 */
	public static long memoryBytes() {
		return kilobytes(read("/proc/meminfo"), "MemTotal:") * 1024;
	}

	private static long kilobytes(String text, String name) {
		List<String> lines = text.lines().filter((line) -> line.startsWith(name)).toList();
		return lines.isEmpty() ? 0 : Long.parseLong(lines.getFirst().replaceAll("\\D", ""));
	}

	private static String read(String path) {
		try {
			return Files.readString(Path.of(path));
		}
		catch (IOException ex) {
			return "";
		}
	}

}
