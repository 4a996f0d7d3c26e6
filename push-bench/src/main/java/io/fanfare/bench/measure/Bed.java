package io.fanfare.bench.measure;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.fanfare.bench.load.Fleet;
import io.fanfare.bench.load.Payload.Content;
import io.fanfare.bench.peer.Catalog;
import io.fanfare.bench.peer.Peer;
import io.fanfare.bench.peer.Site;
import io.fanfare.bench.process.Programs;
import io.fanfare.bench.publish.Publishers.Audience;
import io.fanfare.bench.report.Report;
import io.fanfare.bench.report.Row;

/**
 * What measures share: starting systems, warming them up, broadcasting, writing down.
 *
 * @param plan what is measured
 * @param site where things are
 * @param rows takes each point
 */
record Bed(Plan plan, Site site, Consumer<Row> rows) {

	/** How many backends publish where one would be held up by answers. */
	static final int BACKENDS = 4;

	/** From this rate on, all of them broadcast. */
	private static final int SHARED_RATE = 50;

	private static final int RETURNS = 5;

	private static final int WARM_SECONDS = 4;

	/** JVMs compile for longer, and on the processors that are measured. */
	private static final int WARM_JAVA_SECONDS = 12;

	private static final int WARM_JAVA_RATE = 100;

	/** What is compiled needs no more, and must not begin with a queue. */
	private static final int WARM_RATE = 5;

	private static final int WARM_PUBLISHING_SECONDS = 16;

	private static final int WARM_CALLERS = 16;

	/** A measure of a running system. */
	interface Measure {

		void run(Peer peer, Fleet fleet);

	}

	Content content() {
		return new Content(this.plan.size(), false);
	}

	void with(Catalog system, Measure measure) {
		with(() -> system.start(this.site), measure);
	}

	/**
	 * Every measure of every system has processes of its own, so none inherits another's
	 * heap, queues or luck.
	 */
	void with(Supplier<? extends Peer> start, Measure measure) {
		Console.progress("starting");
		try (Peer peer = start.get(); Fleet fleet = fleet(0)) {
			measure.run(peer, fleet);
		}
	}

	Fleet fleet(int first) {
		return new Fleet(this.site.log("load"), first);
	}

	void add(Row row) {
		this.rows.accept(row);
		Console.say(Report.line(row));
	}

	/** Opens streams; who is refused comes back, as a client would. */
	static void open(Peer peer, Fleet fleet, int streams) {
		fleet.open(peer.streams(), streams);
		for (int i = 0; i < RETURNS; i++) {
			// Some are sent away only after their head has come.
			Programs.pause(Duration.ofMillis(200));
			int left = streams - (int) fleet.tally(false).open;
			if (left <= 0) {
				return;
			}
			fleet.open(peer.streams(), left);
		}
	}

	/**
	 * Publishes before there are streams, so that what takes publishes is compiled: at
	 * the rates of broadcasts alone a JVM would take minutes.
	 */
	void warmPublishing(Peer peer, Fleet fleet) {
		if (!peer.isJava()) {
			return;
		}
		Phase phase = new Phase(peer, content(), "warming up", fleet);
		for (int i = 0; i < WARM_CALLERS; i++) {
			phase.publishers().start(i, WARM_CALLERS, Audience.ALL, 0, 1);
		}
		phase.run(Math.min(WARM_PUBLISHING_SECONDS, 3 * this.plan.seconds())).finish(0);
	}

	/** Compilers and pools get their work before anything counts. */
	void warm(Peer peer, Fleet fleet, int streams) {
		Phase phase = new Phase(peer, content(), "warming up", fleet);
		int rate = peer.isJava() ? WARM_JAVA_RATE : WARM_RATE;
		phase.publishers().start(0, 1, Audience.ALL, rate, Integer.MAX_VALUE);
		int seconds = peer.isJava() ? WARM_JAVA_SECONDS : WARM_SECONDS;
		phase.run(Math.min(seconds, 2 * this.plan.seconds())).finish(streams);
	}

	/** Starts backends that broadcast together at a rate. */
	static void publish(Phase phase, double rate) {
		int backends = (rate >= SHARED_RATE) ? BACKENDS : 1;
		for (int i = 0; i < backends; i++) {
			phase.publishers().start(i, backends, Audience.ALL, rate / backends, Integer.MAX_VALUE);
		}
	}

	Row.Builder broadcast(Peer peer, Fleet fleet, double rate, int streams, String title) {
		Phase phase = new Phase(peer, content(), title, fleet);
		publish(phase, rate);
		return phase.run(this.plan.seconds()).finish(streams);
	}

}
