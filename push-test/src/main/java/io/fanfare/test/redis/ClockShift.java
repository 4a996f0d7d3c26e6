package io.fanfare.test.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

import io.fanfare.test.process.RequiredTool;
import org.junit.jupiter.api.Assumptions;

/**
 * What shifts the clock of one Redis server: a library that is preloaded into it
 * ({@code clock-shift.c}, compiled once a JVM), and the file in which the library finds
 * the shift.
 */
final class ClockShift implements AutoCloseable {

	private final Path server;

	private final Path file;

	private long shiftMs;

	private ClockShift(Path server, Path file) {
		this.server = server;
		this.file = file;
	}

	/**
	 * Prepares a server's clock, not shifted yet. Skips the test where that is
	 * impossible.
	 */
	static ClockShift prepare() {
		Assumptions.assumeTrue(isLinux(), "A clock is shifted on Linux only");
		Path server = RequiredTool.REDIS_SERVER.require();
		RequiredTool.GCC.require();
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
			Process gcc = new ProcessBuilder(RequiredTool.GCC.require().toString(), "-shared", "-fPIC", "-O2", "-Wall",
					"-Werror", "-x", "c", "-o", library.toString(), "-")
				.redirectErrorStream(true)
				.start();
			try (var input = gcc.getOutputStream()) {
				source.transferTo(input);
			}
			String output = new String(gcc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			if (gcc.waitFor() != 0) {
				throw new IllegalStateException("clock-shift.c does not compile:\n" + output);
			}
			directory.toFile().deleteOnExit();
			library.toFile().deleteOnExit();
			return library;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static final class Holder {

		static final Path library = compile();

	}

}
