package io.fanfare.bench.measure;

import java.time.Duration;

import io.fanfare.bench.load.Fleet;
import io.fanfare.bench.load.Tally;
import io.fanfare.bench.peer.Catalog;
import io.fanfare.bench.peer.Peer;
import io.fanfare.bench.process.Programs;
import io.fanfare.bench.publish.Outgoing.Kind;
import io.fanfare.bench.publish.Publishers;
import io.fanfare.bench.publish.Publishers.Audience;
import io.fanfare.bench.report.Row;

/**
 * Messages to all streams: at several rates, for long, with others beside them, with
 * readers that stop.
 */
final class Broadcasts {

	private static final int STALLED = 500;

	/** A second fleet's users begin so far behind the first one's. */
	private static final int OTHERS = 10_000;

	/** Streams with a user whose messages are timed while broadcasts run. */
	private static final int PROBES = 50;

	private static final int PROBE_MESSAGES_A_SECOND = 40;

	private static final int PROBE_OPENS_A_SECOND = 10;

	private final Bed bed;

	private final Plan plan;

	Broadcasts(Bed bed) {
		this.bed = bed;
		this.plan = bed.plan();
	}

	void rates(String system, Peer peer, Fleet fleet) {
		int streams = this.plan.streams();
		this.bed.warmPublishing(peer, fleet);
		Bed.open(peer, fleet, streams);
		this.bed.warm(peer, fleet, streams);
		boolean drained = true;
		for (int rate : this.plan.rates()) {
			if (!drained || fleet.tally(false).open < streams) {
				// What a system still owes would be counted against the next rate.
				fleet.closeStreams();
				Programs.pause(Duration.ofSeconds(5));
				Bed.open(peer, fleet, streams);
			}
			Row row = this.bed.broadcast(peer, fleet, rate, streams, system + " " + rate + "/s")
				.row("broadcast", system, streams, rate + "/s");
			drained = row.values().getOrDefault("lost", 0.0) == 0;
			this.bed.add(row);
		}
	}

	/**
	 * The highest rate for long, and what new streams and users' messages meet meanwhile.
	 */
	void busy(String system, Peer peer, Fleet fleet) {
		int streams = this.plan.streams();
		int rate = this.plan.rates().getLast();
		// The others fall behind in the first second.
		int seconds = system.equals(Catalog.FANFARE.title()) ? this.plan.hold() : this.plan.seconds();
		this.bed.warmPublishing(peer, fleet);
		Bed.open(peer, fleet, streams);
		this.bed.warm(peer, fleet, streams);
		try (Fleet probes = this.bed.fleet(streams + OTHERS)) {
			probes.open(peer.streams(), PROBES);
			Phase phase = new Phase(peer, this.bed.content(), system + " busy", fleet, probes);
			Bed.publish(phase, rate);
			Publishers users = new Publishers(peer.wire(), this.bed.content(), phase.letter());
			users.start(0, 1, new Audience(Kind.USER, streams + OTHERS, PROBES), PROBE_MESSAGES_A_SECOND, 1);
			int opens = Math.max(1, seconds - 1) * PROBE_OPENS_A_SECOND;
			Thread opener = Thread.ofPlatform()
				.start(() -> probes.open(peer.streams(), opens, Fleet.CONCURRENCY, PROBE_OPENS_A_SECOND));
			phase.run(seconds);
			users.stop();
			Row.Builder row = phase.finish(streams);
			join(opener);
			Tally seen = probes.tally(true);
			row.put("opened", (double) (seen.open - PROBES));
			row.put("refused", (double) (seen.refused + seen.errors));
			Phase.percentiles(row, "open ", seen.opens);
			Phase.percentiles(row, "user message ", seen.single);
			row.put("user messages", (double) seen.single.getTotalCount());
			row.put("user messages lost", (double) (users.published() - seen.single.getTotalCount()));
			this.bed.add(row.row("busy", system, streams, rate + "/s, " + seconds + " s"));
		}
	}

	private static void join(Thread thread) {
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	void stalled(String system, Peer peer, Fleet fleet) {
		int stalled = Math.min(STALLED, this.plan.streams() / 20);
		int reading = this.plan.streams() - stalled;
		int rate = this.plan.rates().getLast();
		Bed.open(peer, fleet, reading);
		try (Fleet slow = this.bed.fleet(reading + OTHERS)) {
			Bed.open(peer, slow, stalled);
			this.bed.warm(peer, fleet, reading);
			this.bed.add(this.bed.broadcast(peer, fleet, rate, reading, system + " all read")
				.row("stalled", system, reading, rate + "/s, all read"));
			Memory before = Memory.settled(peer);
			slow.reading(stalled, false);
			Phase phase = new Phase(peer, this.bed.content(), system + " stalled", fleet, slow);
			Bed.publish(phase, rate);
			phase.run(this.plan.seconds());
			Row.Builder row = phase.finish(reading);
			Memory during = Memory.settled(peer);
			long published = phase.publishers().published();
			slow.reading(stalled, true);
			Tally caughtUp = slow.tally(true);
			for (int i = 0; i < 400 && caughtUp.received < published * stalled; i++) {
				Programs.pause(Duration.ofMillis(50));
				caughtUp = slow.tally(true);
			}
			row.put("process KiB a stalled one", Memory.each(during.process(), before.process(), stalled));
			row.put("socket KiB a stalled one", Memory.each(during.sockets(), before.sockets(), stalled));
			row.put("lost by stalled", (double) (published * stalled - caughtUp.received));
			row.put("disordered by stalled", (double) caughtUp.disordered);
			row.put("stalled ended", (double) caughtUp.ended);
			this.bed.add(row.row("stalled", system, reading, rate + "/s, " + stalled + " stopped"));
		}
	}

}
