package io.fanfare.test.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * What Linux reports of processes and of the machine under {@code /proc}. A process that
 * has ended counts 0.
 */
public final class ProcFs {

	private static final long TICK_MILLIS = 10;

	private static final long PAGE = 4096;

	private ProcFs() {
	}

	/**
	 * CPU time, user and system, that processes have used.
	 * @param pids the processes
	 * @return the time, to a hundredth of a second
	 */
	public static Duration cpuTime(Collection<Long> pids) {
		long ticks = 0;
		for (long pid : pids) {
			String[] fields = stat(pid);
			if (fields.length > 0) {
				ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
			}
		}
		return Duration.ofMillis(ticks * TICK_MILLIS);
	}

	/**
	 * CPU time, user and system, that processes have used.
	 * @param pids the processes
	 * @return seconds
	 */
	public static double cpuSeconds(Collection<Long> pids) {
		return cpuTime(pids).toMillis() / 1000.0;
	}

	/**
	 * Whether a process was stopped by a signal. Where there is no /proc it is believed.
	 */
	static boolean isStopped(long pid) {
		if (!Files.exists(Path.of("/proc"))) {
			return true;
		}
		String[] fields = stat(pid);
		return fields.length > 0 && fields[0].equalsIgnoreCase("T");
	}

	/** The fields after the name, of which the first is the state. */
	private static String[] stat(long pid) {
		String stat = read("/proc/" + pid + "/stat");
		return stat.isEmpty() ? new String[0] : stat.substring(stat.lastIndexOf(')') + 2).split(" ");
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
