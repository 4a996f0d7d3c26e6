package io.fanfare.test.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.RequiredTool;

/**
 * What shifts the clock of one Redis server: a library that is preloaded into it
 * ({@code clock-shift.c}, compiled once a JVM), and the file in which the library finds
 * the shift.
 */
final class ClockShift implements AutoCloseable {

	private static final Duration COMPILATION = Duration.ofMinutes(1);

	private final Path server;

	private final Path file;

	private long shiftMs;

	private ClockShift(Path server, Path file) {
		this.server = server;
		this.file = file;
	}

	/**
	 * Prepares a server's clock, not shifted yet.
	 */
	static ClockShift prepare() {
		if (!isLinux()) {
			throw new IllegalStateException("A clock is shifted on Linux only");
		}
		Path server = RequiredTool.REDIS_SERVER.path();
		RequiredTool.GCC.path();
		try {
			ClockShift shift = new ClockShift(server, Files.createTempFile("fanfare-clock", ".shift"));
			shift.write();
			return shift;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Whether {@link #prepare()} would succeed.
	 */
	static boolean isPossible() {
		return isLinux() && RequiredTool.REDIS_SERVER.isInstalled() && RequiredTool.GCC.isInstalled();
	}

	private static boolean isLinux() {
		return "Linux".equals(System.getProperty("os.name"));
	}

	/**
	 * What starts the server, up to its configuration.
	 */
	List<String> program() {
		return List.of("env", "LD_PRELOAD=" + Holder.library, "CLOCK_SHIFT_FILE=" + this.file, this.server.toString());
	}

	void shift(Duration step) {
		this.shiftMs += step.toMillis();
		write();
	}

	/** In one piece, for the server reads it at any time. */
	private void write() {
		ByteBuffer value = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(0, this.shiftMs);
		try (FileChannel channel = FileChannel.open(this.file, StandardOpenOption.WRITE)) {
			channel.write(value, 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() {
		try {
			Files.deleteIfExists(this.file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Path compile() {
		try (InputStream source = Objects.requireNonNull(ClockShift.class.getResourceAsStream("clock-shift.c"))) {
			Path directory = Files.createTempDirectory("fanfare-clock");
			Path library = directory.resolve("clock-shift.so");
			Path code = directory.resolve("clock-shift.c");
			Files.copy(source, code);
			ChildProcess
				.command(RequiredTool.GCC.path().toString(), "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o",
						library.toString(), code.toString())
				.run(COMPILATION)
				.orThrow();
			directory.toFile().deleteOnExit();
			code.toFile().deleteOnExit();
			library.toFile().deleteOnExit();
			return library;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static final class Holder {

		static final Path library = compile();

	}

}
