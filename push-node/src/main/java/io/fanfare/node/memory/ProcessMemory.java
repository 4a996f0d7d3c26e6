package io.fanfare.node.memory;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;

import com.sun.management.GarbageCollectorMXBean;
import com.sun.management.GcInfo;
import com.sun.management.HotSpotDiagnosticMXBean;
import io.netty.util.internal.PlatformDependent;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the JVM and Linux say of this process. The heap is what the last collection
 * left.
 */
final class ProcessMemory implements MemorySource {

	/**
	 * G1 runs a concurrent cycle when nothing was collected for so many milliseconds; 0
	 * for never. May be changed in a running JVM. Other collectors have no such option.
	 */
	private static final String IDLE_COLLECTION = "G1PeriodicGCInterval";

	private static final Path STATUS = Path.of("/proc/self/status");

	/** Version 2 of control groups, then version 1. */
	private static final Set<Path> CONTAINER_LIMITS = Set.of(Path.of("/sys/fs/cgroup/memory.max"),
			Path.of("/sys/fs/cgroup/memory/memory.limit_in_bytes"));

	/** What version 1 says where there is no limit is more than this. */
	private static final long NO_LIMIT = 1L << 50;

	private final Set<String> heapPools = ManagementFactory.getMemoryPoolMXBeans()
		.stream()
		.filter((pool) -> pool.getType() == MemoryType.HEAP)
		.map(MemoryPoolMXBean::getName)
		.collect(Collectors.toUnmodifiableSet());

	private final long processLimit;

	private final @Nullable HotSpotDiagnosticMXBean options = ManagementFactory
		.getPlatformMXBean(HotSpotDiagnosticMXBean.class);

	/** What the operator set. */
	private final @Nullable String idleCollection = option();

	/**
	 * Makes a reader.
	 * @param processLimit how much the process may have; 0 for the limit of its container
	 */
	ProcessMemory(long processLimit) {
		this.processLimit = (processLimit > 0) ? processLimit : containerLimit();
	}

	@Override
	public MemoryReading get() {
		long collections = 0;
		GcInfo last = null;
		for (GarbageCollectorMXBean collector : ManagementFactory.getPlatformMXBeans(GarbageCollectorMXBean.class)) {
			collections += Math.max(0, collector.getCollectionCount());
			GcInfo info = collector.getLastGcInfo();
			if (info != null && (last == null || info.getEndTime() > last.getEndTime())) {
				last = info;
			}
		}
		return new MemoryReading(collections, (last != null) ? heapAfter(last) : 0, Runtime.getRuntime().maxMemory(),
				direct(), PlatformDependent.maxDirectMemory(), resident(), this.processLimit);
	}

	@Override
	public void collectWhenIdleFor(Duration time) {
		if (this.options != null && "0".equals(this.idleCollection)) {
			this.options.setVMOption(IDLE_COLLECTION, Long.toString(time.toMillis()));
		}
	}

	private @Nullable String option() {
		try {
			return (this.options != null) ? this.options.getVMOption(IDLE_COLLECTION).getValue() : null;
		}
		catch (IllegalArgumentException ex) {
			// Not HotSpot's G1.
			return null;
		}
	}

	private long heapAfter(GcInfo collection) {
		return collection.getMemoryUsageAfterGc()
			.entrySet()
			.stream()
			.filter((pool) -> this.heapPools.contains(pool.getKey()))
			.mapToLong((pool) -> pool.getValue().getUsed())
			.sum();
	}

	/** Netty counts what it takes around the JDK's buffers; the JDK counts the rest. */
	private static long direct() {
		long ofJdk = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)
			.stream()
			.filter((pool) -> pool.getName().equals("direct"))
			.mapToLong(BufferPoolMXBean::getMemoryUsed)
			.sum();
		return Math.max(PlatformDependent.usedDirectMemory(), ofJdk);
	}

	/** Zero where the system does not say. */
	private static long resident() {
		String line = firstLine(STATUS, "VmRSS:");
		return (line != null) ? Long.parseLong(line.replaceAll("\\D", "")) * 1024 : 0;
	}

	private static long containerLimit() {
		for (Path file : CONTAINER_LIMITS) {
			String line = firstLine(file, "");
			if (line != null && line.matches("\\d{1,18}")) {
				long limit = Long.parseLong(line);
				return (limit < NO_LIMIT) ? limit : 0;
			}
		}
		return 0;
	}

	private static @Nullable String firstLine(Path file, String prefix) {
		if (!Files.isReadable(file)) {
			return null;
		}
		try (var lines = Files.lines(file)) {
			return lines.filter((line) -> line.startsWith(prefix)).findFirst().orElse(null);
		}
		catch (IOException ex) {
			return null;
		}
	}

}
