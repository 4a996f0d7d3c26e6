package io.fanfare.bench.load;

import io.fanfare.bench.process.Programs;
import io.fanfare.test.process.ChildProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * The load processes of one measurement, which hold streams together. For one thread.
 */
public final class Fleet implements AutoCloseable {

	/** Streams a process: below 20 000 descriptors. */
	private static final int STREAMS_A_PROCESS = 19_200;

	/** Opens that may be on their way at once, in all processes together. */
	public static final int CONCURRENCY = 256;

	private static final Duration END = Duration.ofSeconds(10);

	private final List<Member> members = new ArrayList<>();

	private final Path log;

	private char phase = 'A';

	private final int first;

	private int streams;

	/**
	 * Makes a fleet without processes.
	 * @param log where their errors go
	 * @param first the number of its first stream, which names its user
	 */
	public Fleet(Path log, int first) {
		this.log = log;
		this.first = first;
	}

	private static final class Member {

		private final ChildProcess child;

		private final Writer to;

		private final BufferedReader from;

		private int streams;

		private Member(ChildProcess child) {
			this.child = child;
			this.to = new OutputStreamWriter(child.input(), StandardCharsets.UTF_8);
			this.from = new BufferedReader(new InputStreamReader(child.stdout(), StandardCharsets.UTF_8));
		}

		private void tell(String command) {
			try {
				this.to.write(command + "\n");
				this.to.flush();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		private String hear() {
			try {
				String line = this.from.readLine();
				if (line == null) {
					throw new IllegalStateException("A load process ended");
				}
				return line;
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

	/**
	 * Opens more streams as fast as they can be.
	 * @param target where
	 * @param count how many
	 * @return how long it took
	 */
	public Duration open(StreamTarget target, int count) {
		return open(target, count, CONCURRENCY, 0);
	}

	/**
	 * Opens more streams, spread over as many processes as they need. Waits until each is
	 * open, refused or failed.
	 * @param target where
	 * @param count how many
	 * @param concurrency how many may be on their way at once
	 * @param rate opens a second, 0 for as many as there can be
	 * @return how long it took
	 */
	public Duration open(StreamTarget target, int count, int concurrency, double rate) {
		List<Member> asked = new ArrayList<>();
		List<Integer> shares = new ArrayList<>();
		int left = count;
		for (int i = 0; left > 0; i++) {
			if (i == this.members.size()) {
				this.members.add(start());
			}
			Member member = this.members.get(i);
			int share = Math.min(left, STREAMS_A_PROCESS - member.streams);
			if (share > 0) {
				asked.add(member);
				shares.add(share);
				left -= share;
			}
		}
		BiFunction<Integer, Integer, String> command = (index, first) -> String.join("\t", "open",
				Integer.toString(first), Integer.toString(shares.get(index)),
				Integer.toString(Math.max(1, concurrency / asked.size())), Double.toString(rate / asked.size()),
				target.write());
		for (int i = 0; i < asked.size(); i++) {
			asked.get(i).tell(command.apply(i, this.first + this.streams));
			asked.get(i).streams += shares.get(i);
			this.streams += shares.get(i);
		}
		long longest = 0;
		for (Member member : asked) {
			longest = Math.max(longest, Long.parseLong(member.hear()));
		}
		return Duration.ofNanos(longest);
	}

	private Member start() {
		List<String> command = Programs.java(
				List.of("-Xmx768m", "-XX:+UseSerialGC", "-Dio.netty.noPreferDirect=false",
						"-Dio.netty.buffer.checkBounds=false", "-Dio.netty.buffer.checkAccessible=false"),
				List.of("load"));
		Member member = new Member(ChildProcess.command(command).piped().appendTo(this.log).killedAfter(END).start());
		member.tell("phase\t" + this.phase);
		member.hear();
		return member;
	}

	/**
	 * Begins a phase: counters and lanes start anew, what is still on its way counts as
	 * late.
	 * @param next the phase, A to Z, which messages carry
	 */
	public void begin(char next) {
		this.phase = next;
		all("phase\t" + next);
	}

	private List<String> all(String command) {
		this.members.forEach((member) -> member.tell(command));
		return this.members.stream().map(Member::hear).toList();
	}

	/**
	 * What all processes have seen in this phase.
	 * @param histograms whether with latencies, which take longer to get
	 * @return the sum
	 */
	public Tally tally(boolean histograms) {
		Tally sum = new Tally();
		all("report\t" + (histograms ? "full" : "short")).forEach((line) -> sum.add(Tally.read(line)));
		return sum;
	}

	/**
	 * Lets streams stop or go on reading.
	 * @param count how many, in the first process
	 * @param on whether they read
	 */
	public void reading(int count, boolean on) {
		Member first = this.members.getFirst();
		first.tell("reading\t" + count + "\t" + (on ? "on" : "off"));
		first.hear();
	}

	/** Closes all streams. */
	public void closeStreams() {
		all("close");
		this.members.forEach((member) -> member.streams = 0);
		this.streams = 0;
	}

	/**
	 * The processes.
	 * @return their ids
	 */
	public List<Long> pids() {
		return this.members.stream().map((member) -> member.child.pid()).toList();
	}

	@Override
	public void close() {
		this.members.forEach((member) -> member.child.close());
	}

}
