package io.fanfare.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.Set;

/** What the product is to reach, and whether it does in a run. */
final class Targets {

	private static final String OWN = "fanfare";

	/** What C does is a floor, not a choice. */
	private static final Set<String> NO_PEERS = Set.of(OWN, "raw");

	private final Run run;

	private final List<Target> all = new ArrayList<>();

	/**
	 * One of them.
	 *
	 * @param what in words
	 * @param value what was measured, NaN if it was not
	 * @param limit the limit
	 * @param most whether the value may not be above it; otherwise not below
	 */
	record Target(String what, double value, double limit, boolean most) {

		boolean isMet() {
			return this.most ? this.value <= this.limit : this.value >= this.limit;
		}

		String verdict() {
			return Double.isNaN(this.value) ? "not measured" : isMet() ? "met" : "**missed**";
		}

	}

	private Targets(Run run) {
		this.run = run;
	}

	static List<Target> of(Run run) {
		Targets targets = new Targets(run);
		targets.broadcasts();
		targets.busy();
		targets.others();
		return targets.all;
	}

	private void most(String what, double value, double limit) {
		this.all.add(new Target(what, value, limit, true));
	}

	private void least(String what, double value, double limit) {
		this.all.add(new Target(what, value, limit, false));
	}

	private double share(String point, String name, String peer) {
		return this.run.value("broadcast", OWN, point, name) / this.run.value("broadcast", peer, point, name);
	}

	private void broadcasts() {
		most("5 broadcasts/s: CPU an event, times that of raw", share("5/s", "us/event", "raw"), 1.3);
		most("the same, of centrifugo", share("5/s", "us/event", "centrifugo"), 0.6);
		most("the same, of mercure", share("5/s", "us/event", "mercure"), 0.7);
		most("the same, of naive", share("5/s", "us/event", "naive"), 0.5);
		most("5 broadcasts/s: p99, times that of raw", share("5/s", "p99 ms", "raw"), 1.3);
	}

	private double busy(String name) {
		return this.run.value("busy", OWN, "200/s, 60 s", name);
	}

	private void busy() {
		double best = this.run.of("broadcast")
			.stream()
			.filter((row) -> !NO_PEERS.contains(row.system()))
			.mapToDouble((row) -> row.value("delivered/s"))
			.filter(Double::isFinite)
			.max()
			.orElse(Double.NaN);
		least("200 broadcasts/s for 60 s: delivered a second (2 000 000 less what is on its way when time is up)",
				busy("delivered/s"), 1_980_000);
		most("the same: lost or out of order", busy("lost") + busy("disordered"), 0);
		most("the same: p99, ms", busy("p99 ms"), 300);
		most("the same: CPU an event, times that of raw at 5/s",
				busy("us/event") / this.run.value("broadcast", "raw", "5/s", "us/event"), 0.15);
		least("the same: delivered, times what the best peer delivers at any rate", busy("delivered/s") / best, 10);
		most("the same: a new stream's first byte, p99, ms", busy("open p99 ms"), 50);
		most("the same: a user's message, p99, ms", busy("user message p99 ms"), 30);
	}

	private double own(String measure, String point, String name) {
		return this.run.value(measure, OWN, point, name);
	}

	private double lastOpens(String system) {
		return IntStream.rangeClosed(7, 10)
			.mapToDouble((round) -> this.run.value("opens", system, "round " + round, "opens/s"))
			.average()
			.orElseThrow();
	}

	private void others() {
		least("1 000 topics, 30 subscribers each: messages delivered a second (20 000 less what is on its way)",
				own("topics", "20000/s", "delivered/s") / 30, 19_800);
		most("the same: lost or out of order",
				own("topics", "20000/s", "lost") + own("topics", "20000/s", "disordered"), 0);
		most("process memory an idle stream at 19 000, KiB",
				this.run.of("growth")
					.stream()
					.filter((row) -> row.system().equals(OWN) && row.streams() == 19_000)
					.mapToDouble((row) -> row.value("KiB/stream"))
					.findFirst()
					.orElse(Double.NaN),
				6);
		least("opens a second, mean of the last four rounds", lastOpens(OWN), 8_000);
		least("the same, times that of the fastest peer that checks tokens",
				lastOpens(OWN) / Math.max(lastOpens("mercure"), lastOpens("centrifugo")), 1);
		least("users' messages a second in batches", own("publish", "batches", "delivered/s"), 25_000);
		most("a single message to its user, p99, ms", own("publish", "100/s single", "p99 ms"), 5);
		most("500 stopped readers: p99 of the others, times that without them",
				own("stalled", "200/s, 500 stopped", "p99 ms") / own("stalled", "200/s, all read", "p99 ms"), 1.2);
		most("the same: process memory for each, KiB",
				own("stalled", "200/s, 500 stopped", "process KiB a stalled one"), 16);
		most("the same: kernel memory for each, KiB", own("stalled", "200/s, 500 stopped", "socket KiB a stalled one"),
				512);
		most("the same: lost, out of order or ended",
				own("stalled", "200/s, 500 stopped", "lost by stalled")
						+ own("stalled", "200/s, 500 stopped", "disordered by stalled")
						+ own("stalled", "200/s, 500 stopped", "stalled ended"),
				0);
		least("streams over six nodes", own("cluster", "broadcast 1", "open"), 100_000);
		most("the same: lost or out of order of a broadcast",
				own("cluster", "broadcast 1", "lost") + own("cluster", "broadcast 1", "disordered"), 0);
		least("4 KiB of JSON: CPU where nginx compresses, times that where the node does",
				own("gzip", "nginx compresses", "us/event") / own("gzip", "node compresses, no proxy", "us/event"), 5);
	}

}
