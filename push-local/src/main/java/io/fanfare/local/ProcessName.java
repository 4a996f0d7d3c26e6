package io.fanfare.local;

import java.util.function.Supplier;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/**
 * Which of the processes in this JVM logs: a thread belongs to the one that started it.
 */
public final class ProcessName extends ClassicConverter {

	private static final String NONE = "fanfare";

	private static final InheritableThreadLocal<String> NAME = new InheritableThreadLocal<>();

	/**
	 * Does something as a process: with what it logs, and all threads that it starts,
	 * under its name.
	 */
	static <T> T as(String name, Supplier<T> task) {
		NAME.set(name);
		try {
			return task.get();
		}
		finally {
			NAME.remove();
		}
	}

	static void run(String name, Runnable task) {
		as(name, () -> {
			task.run();
			return name;
		});
	}

	@Override
	public String convert(ILoggingEvent event) {
		String name = NAME.get();
		return (name != null) ? name : NONE;
	}

}
