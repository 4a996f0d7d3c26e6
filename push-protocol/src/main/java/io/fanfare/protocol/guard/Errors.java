package io.fanfare.protocol.guard;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of every error that no caller handles: each is counted, and logged at most once
 * per second and place. What runs behind {@link #guard a barrier} never ends the thread,
 * the loop or the schedule that runs it.
 * <p>
 * A {@link VirtualMachineError}, such as an exhausted heap, ends the process: nothing
 * that it leaves behind can be trusted. An exhausted direct memory does not, for nothing
 * but the buffer asked for is missing.
 * <p>
 * Any thread may call.
 */
public final class Errors {

	/** The status of a process that an error of the virtual machine ended. */
	public static final int STATUS = 70;

	private static final Logger log = LoggerFactory.getLogger(Errors.class);

	/** Between two lines of one place. */
	private static final Duration LOG_INTERVAL = Duration.ofSeconds(1);

	private static final byte[] LAST_WORDS = ("fanfare: an error of the virtual machine ends the process, status "
			+ STATUS + "\n")
		.getBytes(StandardCharsets.US_ASCII);

	private final Ticker ticker;

	private final Consumer<String> counter;

	private final Consumer<Throwable> fatal;

	private final Map<String, Place> places = new ConcurrentHashMap<>();

	/**
	 * Creates the sink.
	 * @param ticker the monotonic clock
	 * @param counter counts an error of a place, such as
	 * {@code fanfare_errors_total{where}}
	 * @param fatal ends the process, as {@link #halt} does
	 */
	public Errors(Ticker ticker, Consumer<String> counter, Consumer<Throwable> fatal) {
		this.ticker = ticker;
		this.counter = counter;
		this.fatal = fatal;
	}

	/** What is logged of one place; guarded by itself. */
	private static final class Place {

		private boolean logged;

		private long loggedAt;

		private long unlogged;

	}

	/**
	 * Counts and logs an error. Never throws; does not return where the error ends the
	 * process.
	 * @param where the place, one of a small closed set: it is a label of the metric
	 * @param error the error
	 */
	public void note(String where, Throwable error) {
		if (isFatal(error)) {
			this.fatal.accept(error);
		}
		this.counter.accept(where);
		Place place = this.places.computeIfAbsent(where, (name) -> new Place());
		long unlogged;
		synchronized (place) {
			long now = this.ticker.nanoTime();
			if (place.logged && now - place.loggedAt < LOG_INTERVAL.toNanos()) {
				place.unlogged++;
				return;
			}
			place.logged = true;
			place.loggedAt = now;
			unlogged = place.unlogged;
			place.unlogged = 0;
		}
		log.error("error where={} unlogged={}", where, unlogged, error);
	}

	/**
	 * Runs a task behind a barrier: what it throws is noted and goes no further.
	 * @param where the place
	 * @param task the task
	 * @return whether it ended without an error
	 */
	@SuppressWarnings("CatchThrowable")
	public boolean run(String where, Runnable task) {
		try {
			task.run();
			return true;
		}
		catch (Throwable ex) {
			note(where, ex);
			return false;
		}
	}

	/**
	 * Puts a task behind a barrier.
	 * @param where the place
	 * @param task the task
	 * @return the task, which no longer throws
	 */
	public Runnable guard(String where, Runnable task) {
		return () -> run(where, task);
	}

	/**
	 * Returns whether an error leaves a process in a state that cannot be trusted.
	 * @param error the error
	 * @return whether it, or what caused it, is an error of the virtual machine other
	 * than exhausted direct memory
	 */
	public static boolean isFatal(Throwable error) {
		Throwable cause = error;
		for (int depth = 0; cause != null && depth < 16; depth++) {
			if (cause instanceof VirtualMachineError && !isDirectMemory(cause)) {
				return true;
			}
			cause = cause.getCause();
		}
		return false;
	}

	/**
	 * Returns whether direct memory is exhausted: Netty's own limit, or that of the
	 * virtual machine, which has no type of its own.
	 * @param error the error
	 * @return whether it is
	 */
	public static boolean isDirectMemory(Throwable error) {
		return error instanceof OutOfMemoryError
				&& (error.getClass().getName().equals("io.netty.util.internal.OutOfDirectMemoryError")
						|| String.valueOf(error.getMessage()).contains("direct buffer memory"));
	}

	/**
	 * Ends the process at once, with {@link #STATUS} and a line on the standard error
	 * stream: no shutdown hook runs, for it may hang.
	 * @param error why
	 */
	public static void halt(Throwable error) {
		try (FileOutputStream stderr = new FileOutputStream(FileDescriptor.err)) {
			// Prepared, for there may be no heap left to log with.
			stderr.write(LAST_WORDS);
			log.error("process=ended status={}", STATUS, error);
		}
		catch (IOException ex) {
			log.error("process=ended status={}", STATUS, ex);
		}
		finally {
			Runtime.getRuntime().halt(STATUS);
		}
	}

}
