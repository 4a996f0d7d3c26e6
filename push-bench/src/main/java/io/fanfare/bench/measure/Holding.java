package io.fanfare.bench.measure;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.fanfare.bench.load.Fleet;
import io.fanfare.bench.load.Tally;
import io.fanfare.bench.peer.Peer;
import io.fanfare.bench.process.Programs;
import io.fanfare.bench.report.Row;
import io.fanfare.test.process.ProcFs;

/** Streams themselves: opening them, their memory, many of them. */
final class Holding {

	private static final int WARM_STREAMS = 1_000;

	private static final int OPEN_ROUNDS = 10;

	/**
	 * Opens on their way at once while a cluster fills up. Six JVMs compile on the same
	 * processors at first, and an open may wait for 2 s at most; so few at once set their
	 * own pace, from some hundreds a second to thousands.
	 */
	private static final int CLUSTER_CONCURRENCY = 96;

	private static final int CLUSTER_STEP = 10_000;

	private final Bed bed;

	private final Plan plan;

	Holding(Bed bed) {
		this.bed = bed;
		this.plan = bed.plan();
	}

	void growth(String system, Peer peer, Fleet fleet) {
		if (peer.isJava()) {
			fleet.open(peer.streams(), Math.min(WARM_STREAMS, this.plan.streams()));
			this.bed.warm(peer, fleet, Math.min(WARM_STREAMS, this.plan.streams()));
		}
		else {
			fleet.open(peer.streams(), 1);
		}
		fleet.closeStreams();
		Memory before = Memory.settled(peer);
		int held = 0;
		for (int stage : this.plan.growth()) {
			double cpu = ProcFs.cpuSeconds(peer.servers());
			Duration took = fleet.open(peer.streams(), stage - held);
			double opening = ProcFs.cpuSeconds(peer.servers()) - cpu;
			Memory raw = Memory.now(peer.servers());
			Memory now = Memory.settled(peer);
			Row.Builder row = new Row.Builder();
			memory(row, before, now, stage);
			row.put("uncollected KiB/stream", Memory.each(raw.process(), before.process(), stage));
			row.put("opens/s", (stage - held) / (took.toNanos() / 1e9));
			row.put("us/open", opening * 1e6 / (stage - held));
			held = stage;
			Tally tally = fleet.tally(false);
			if (tally.open < stage) {
				row.note("open " + tally.open);
			}
			Row five = this.bed.broadcast(peer, fleet, 5, (int) tally.open, system + " growth " + stage)
				.row("", "", 0, "");
			five.values().forEach((name, value) -> {
				if (name.equals("us/event") || name.endsWith(" ms")) {
					row.put(name, value);
				}
			});
			row.put("lost", five.values().getOrDefault("lost", 0.0));
			this.bed.add(row.note(five.note()).row("growth", system, stage, "5/s"));
		}
	}

	static void memory(Row.Builder row, Memory before, Memory now, int streams) {
		row.put("KiB/stream", Memory.each(now.process(), before.process(), streams));
		row.put("kernel slab KiB/stream, both ends", Memory.each(now.slab(), before.slab(), streams));
		row.put("socket KiB/stream", Memory.each(now.sockets(), before.sockets(), streams));
	}

	/** Some systems notice only when they write that a stream is gone. */
	private void noticeEnds(Peer peer, Fleet fleet) {
		Phase phase = new Phase(peer, this.bed.content(), "closing", fleet);
		Bed.publish(phase, 2);
		phase.run(2).finish(0);
	}

	void opens(String system, Peer peer, Fleet fleet) {
		int streams = this.plan.streams();
		for (int round = 1; round <= OPEN_ROUNDS; round++) {
			new Phase(peer, this.bed.content(), "opens", fleet);
			double servers = ProcFs.cpuSeconds(peer.servers());
			double store = ProcFs.cpuSeconds(peer.store());
			Duration took = fleet.open(peer.streams(), streams);
			Row.Builder row = new Row.Builder();
			row.put("opens/s", streams / (took.toNanos() / 1e9));
			row.put("us/open", (ProcFs.cpuSeconds(peer.servers()) - servers) * 1e6 / streams);
			row.put("store us/open", (ProcFs.cpuSeconds(peer.store()) - store) * 1e6 / streams);
			Tally tally = fleet.tally(true);
			Phase.percentiles(row, "", tally.opens);
			if (tally.open < streams) {
				row.note("open " + tally.open + ", refused " + tally.refused + ", errors " + tally.errors);
			}
			this.bed.add(row.row("opens", system, streams, "round " + round));
			fleet.closeStreams();
			noticeEnds(peer, fleet);
		}
	}

	/** Many streams over several nodes, then a broadcast that must reach all. */
	void cluster(String system, Peer peer, Fleet fleet) {
		int streams = this.plan.cluster();
		// Nodes that have never delivered anything would compile while the first
		// broadcast goes out.
		fleet.open(peer.streams(), Math.min(streams, WARM_STREAMS), CLUSTER_CONCURRENCY, 0);
		this.bed.warm(peer, fleet, Math.min(streams, WARM_STREAMS));
		fleet.closeStreams();
		Memory before = Memory.settled(peer);
		double cpu = ProcFs.cpuSeconds(peer.servers());
		double took = 0;
		long open = 0;
		// Who was refused comes back, as a client would.
		for (int left = streams, tries = 0; left > 0 && tries < 2 * streams / CLUSTER_STEP + 5; tries++) {
			took += fleet.open(peer.streams(), Math.min(left, CLUSTER_STEP), CLUSTER_CONCURRENCY, 0).toNanos() / 1e9;
			open = fleet.tally(false).open;
			left = (int) (streams - open);
			Console.progress(system + " cluster  open " + open + " in " + Math.round(took) + " s");
		}
		double opening = ProcFs.cpuSeconds(peer.servers()) - cpu;
		Memory now = Memory.settled(peer);
		double idle = idle(peer, fleet);
		for (int i = 1; i <= 3; i++) {
			Phase phase = new Phase(peer, this.bed.content(), system + " cluster", fleet);
			Bed.publish(phase, 0.5);
			Row.Builder row = phase.run(1).finish(streams);
			row.put("opens/s", open / took);
			row.put("us/open", opening * 1e6 / streams);
			memory(row, before, now, streams);
			row.put("open", (double) fleet.tally(false).open);
			row.put("CPUs while idle", idle);
			this.bed.add(row.row("cluster", system, streams, "broadcast " + i));
		}
	}

	/** Processors that heartbeats, renewals and the like keep busy, clients included. */
	private double idle(Peer peer, Fleet fleet) {
		List<Long> pids = Stream.of(peer.servers(), peer.front(), peer.store(), fleet.pids())
			.flatMap(List::stream)
			.toList();
		double before = ProcFs.cpuSeconds(pids);
		Programs.pause(Duration.ofSeconds(this.plan.seconds()));
		return (ProcFs.cpuSeconds(pids) - before) / this.plan.seconds();
	}

}
