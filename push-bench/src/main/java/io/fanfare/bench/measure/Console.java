package io.fanfare.bench.measure;

import java.util.Optional;

/** What is said while a run goes on. */
final class Console {

	private static final boolean TERMINAL = Optional.ofNullable(System.console())
		.filter(java.io.Console::isTerminal)
		.isPresent();

	private Console() {
	}

	/** A line that the next one replaces, on a terminal. */
	static void progress(String text) {
		System.err.print(TERMINAL ? "\r\033[K" + text : text + "\n");
		System.err.flush();
	}

	/** A line that stays. */
	static void say(String text) {
		System.out.println((TERMINAL ? "\r\033[K" : "") + text);
	}

}
