package io.fanfare.node.stream;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * What the node sends to a doctor, and when. The doctor knows the script, so what arrives
 * otherwise was changed on the way. Blocks are numbered; the first is the hello.
 */
enum DoctorScript {

	/**
	 * Small blocks, then so many bytes that most buffers overflow, then a silence that is
	 * longer than that between two heartbeats.
	 */
	PACE("pace") {

		@Override
		Step step(int number, Duration silence) {
			if (number <= TICKS) {
				return new Step(TICK, number * TICK_MS, 0);
			}
			int fill = number - TICKS;
			long filled = TICKS * TICK_MS + Math.min(fill, FILLS) * FILL_MS;
			return (fill <= FILLS) ? new Step("doctor.fill", filled, FILL_BYTES)
					: new Step(END, filled + silence.toMillis(), 0);
		}

	},

	/** A small block each second, for longer than the other script is silent. */
	STEADY("steady") {

		@Override
		Step step(int number, Duration silence) {
			long end = silence.plus(MARGIN).toMillis();
			long due = number * SECOND_MS;
			return (due < end) ? new Step(TICK, due, 0) : new Step(END, end, 0);
		}

	};

	/** The last block of each script. */
	static final String END = "doctor.end";

	/** By how much the silence is longer than the time between two heartbeats. */
	static final Duration MARGIN = Duration.ofSeconds(5);

	/** However rare heartbeats are: a doctor has 40 seconds. */
	static final Duration LONGEST_SILENCE = Duration.ofSeconds(25);

	private static final String TICK = "doctor.tick";

	private static final int TICKS = 12;

	private static final long TICK_MS = 250;

	private static final int FILLS = 16;

	private static final long FILL_MS = 100;

	private static final int FILL_BYTES = 4096;

	private static final long SECOND_MS = 1000;

	private final String wireName;

	DoctorScript(String wireName) {
		this.wireName = wireName;
	}

	/**
	 * One block of a script.
	 *
	 * @param event its name
	 * @param atMs when it is due, in milliseconds after the hello
	 * @param bytes how long it is, or 0 for as long as its data
	 */
	record Step(String event, long atMs, int bytes) {

		/** Whether it is the last of its script. */
		boolean isLast() {
			return this.event.equals(END);
		}

	}

	/**
	 * A block after the hello.
	 * @param number its number, from 1 on, no higher than that of the last
	 * @param silence how long the node is silent
	 */
	abstract Step step(int number, Duration silence);

	/** The name in requests and in the hello. */
	String wireName() {
		return this.wireName;
	}

	/** The script of a name, or null. */
	static @Nullable DoctorScript of(String name) {
		for (DoctorScript script : values()) {
			if (script.wireName.equals(name)) {
				return script;
			}
		}
		return null;
	}

	/** How long the node is silent if it sends heartbeats so often. */
	static Duration silence(Duration heartbeat) {
		Duration silence = heartbeat.plus(MARGIN);
		return (silence.compareTo(LONGEST_SILENCE) < 0) ? silence : LONGEST_SILENCE;
	}

}
