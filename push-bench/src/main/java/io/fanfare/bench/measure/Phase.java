package io.fanfare.bench.measure;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

import io.fanfare.bench.load.Fleet;
import io.fanfare.bench.load.Payload.Content;
import io.fanfare.bench.load.Tally;
import io.fanfare.bench.peer.Peer;
import io.fanfare.bench.process.Programs;
import io.fanfare.bench.publish.Publishers;
import io.fanfare.bench.report.Row;
import io.fanfare.test.process.ProcFs;
import org.HdrHistogram.Histogram;

/**
 * A time in which something is published and counted: begin, let it run, drain, look.
 */
final class Phase {

	private static final Duration DRAIN = Duration.ofSeconds(40);

	/** A system that delivers nothing for so long has nothing left. */
	private static final Duration QUIET = Duration.ofSeconds(3);

	private static final List<String> PARTS = List.of("node", "API", "store", "nginx", "client");

	/** The last part, which is none of the system. */
	private static final int CLIENT = 4;

	private static char last = 'A';

	private final Peer peer;

	private final Fleet fleet;

	private final Publishers publishers;

	private final String title;

	private final double[] cpu;

	private final char letter;

	private final long began = System.nanoTime();

	private long inTime;

	private double ran;

	/** Several fleets may take part; the first is the one that is counted. */
	Phase(Peer peer, Content content, String title, Fleet fleet, Fleet... others) {
		this.peer = peer;
		this.fleet = fleet;
		this.title = title;
		this.letter = nextLetter();
		fleet.begin(this.letter);
		for (Fleet other : others) {
			other.begin(this.letter);
		}
		this.publishers = new Publishers(peer.wire(), content, this.letter);
		this.cpu = cpu();
	}

	private static char nextLetter() {
		last = (last == 'Z') ? 'A' : (char) (last + 1);
		return last;
	}

	private double[] cpu() {
		return new double[] { ProcFs.cpuSeconds(this.peer.servers()), ProcFs.cpuSeconds(this.peer.front()),
				ProcFs.cpuSeconds(this.peer.store()), ProcFs.cpuSeconds(this.peer.edge()),
				ProcFs.cpuSeconds(this.fleet.pids()) };
	}

	/** What messages of this phase carry. */
	char letter() {
		return this.letter;
	}

	Publishers publishers() {
		return this.publishers;
	}

	/** How long it runs by now. */
	double seconds() {
		return (System.nanoTime() - this.began) / 1e9;
	}

	/** Lets time pass and says how it goes. */
	Phase run(int seconds) {
		long before = 0;
		for (int i = 1; i <= seconds; i++) {
			Programs.pause(Duration.ofNanos(Math.max(0, this.began + i * 1_000_000_000L - System.nanoTime())));
			Tally tally = this.fleet.tally(false);
			Console.progress(String.format(Locale.ROOT,
					"%s  %d/%d s  published %d  received %d (%d/s)  open %d  flaws %d", this.title, i, seconds,
					this.publishers.published(), tally.received, tally.received - before, tally.open, tally.flaws()));
			before = tally.received;
		}
		this.inTime = before;
		this.ran = (System.nanoTime() - this.began) / 1e9;
		return this;
	}

	/** Ends publishing and waits for what is still on its way. */
	Row.Builder finish(int audience) {
		this.publishers.stop();
		long expected = this.publishers.published() * audience;
		long deadline = System.nanoTime() + DRAIN.toNanos();
		long quietSince = System.nanoTime();
		long before = -1;
		while (System.nanoTime() < deadline) {
			long received = this.fleet.tally(false).received;
			if (received == expected) {
				break;
			}
			if (received != before) {
				quietSince = System.nanoTime();
				before = received;
			}
			if (System.nanoTime() - quietSince > QUIET.toNanos()) {
				break;
			}
			Programs.pause(Duration.ofMillis(20));
		}
		double[] after = cpu();
		return figures(this.fleet.tally(true), expected, after);
	}

	private Row.Builder figures(Tally tally, long expected, double[] after) {
		Row.Builder row = new Row.Builder();
		row.put("published/s", this.publishers.published() / this.ran);
		row.put("delivered/s", this.inTime / this.ran);
		double all = 0;
		double[] each = new double[PARTS.size()];
		for (int i = 0; i < each.length; i++) {
			each[i] = (after[i] - this.cpu[i]) * 1e6 / tally.received;
			all += (i == CLIENT) ? 0 : each[i];
		}
		row.put("us/event", all);
		for (int i = 0; i < each.length; i++) {
			// A system of one process has no parts.
			if (each[i] > 0 && (i == CLIENT || each[i] < all)) {
				row.put(PARTS.get(i) + " us/event", each[i]);
			}
		}
		Histogram latency = (tally.shared.getTotalCount() > 0) ? tally.shared : tally.single;
		percentiles(row, "", latency);
		row.put("bytes/event", (double) tally.bytes / tally.received);
		row.put("lost", (double) Math.max(0, expected - tally.received));
		row.put("disordered", (double) tally.disordered);
		if (tally.ended + tally.errors + tally.refused + tally.unreadable > 0) {
			row.note("ended " + tally.ended + ", errors " + tally.errors + ", refused " + tally.refused
					+ ", unreadable " + tally.unreadable);
		}
		if (this.publishers.refused() > 0) {
			row.note("publishes refused " + this.publishers.refused());
		}
		return row.note(this.publishers.failure());
	}

	static void percentiles(Row.Builder row, String prefix, Histogram micros) {
		if (micros.getTotalCount() > 0) {
			row.put(prefix + "p50 ms", micros.getValueAtPercentile(50) / 1e3);
			row.put(prefix + "p99 ms", micros.getValueAtPercentile(99) / 1e3);
		}
	}

}
