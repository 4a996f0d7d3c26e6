package io.fanfare.bench.measure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import io.fanfare.bench.load.Fleet;
import io.fanfare.bench.load.StreamTarget;
import io.fanfare.bench.load.Tally;
import io.fanfare.bench.peer.Catalog;
import io.fanfare.bench.peer.Fanfare;
import io.fanfare.bench.peer.Peer;
import io.fanfare.bench.peer.Site;
import io.fanfare.bench.process.Child;
import io.fanfare.bench.process.Proc;
import io.fanfare.bench.publish.Outgoing.Kind;
import io.fanfare.bench.publish.Publishers.Audience;
import io.fanfare.bench.report.Report;
import io.fanfare.bench.report.Row;

/**
 * Runs a plan. Every measure of every system begins with processes of its own, so none
 * inherits another's heap, queues or luck.
 */
public final class Measures {

	private static final int WARM_SECONDS = 4;

	private static final int WARM_RATE = 100;

	private static final int WARM_STREAMS = 1_000;

	/** From this rate on, four backends publish. */
	private static final int SHARED_RATE = 50;

	private static final int BACKENDS = 4;

	private static final int TOPICS = 1_000;

	private static final int TOPIC_RATE = 20_000;

	private static final int NODES = 6;

	/** Opens a second, so that six cold nodes can follow. */
	private static final int CLUSTER_OPENS = 1_500;

	private static final int STALLED = 500;

	private static final int OPEN_ROUNDS = 4;

	private final Plan plan;

	private final Site site;

	private final List<Row> rows = new ArrayList<>();

	private final List<String> missing = new ArrayList<>();

	/**
	 * Makes them.
	 * @param plan what is measured
	 * @param site where things are
	 */
	public Measures(Plan plan, Site site) {
		this.plan = plan;
		this.site = site;
	}

	/**
	 * What was measured so far.
	 * @return the points
	 */
	public List<Row> rows() {
		return this.rows;
	}

	/**
	 * What could not be measured.
	 * @return systems and reasons
	 */
	public List<String> missing() {
		return this.missing;
	}

	/**
	 * Runs the plan. A system that fails is said to and does not stop the others.
	 * @param after is run after each system of each measure
	 */
	public void run(Runnable after) {
		List<Catalog> present = new ArrayList<>();
		for (Catalog system : this.plan.systems()) {
			String why = system.missing(this.site);
			if (why == null) {
				present.add(system);
			}
			else {
				this.missing.add(system.title() + ": " + why);
				Console.say("not measured: " + system.title() + ": " + why);
			}
		}
		for (String measure : this.plan.measures()) {
			for (Catalog system : present) {
				try {
					measure(measure, system);
				}
				catch (RuntimeException ex) {
					add(new Row.Builder().note("failed: " + ex).row(measure, system.title(), 0, "-"));
				}
				after.run();
			}
		}
	}

	private void measure(String measure, Catalog system) {
		boolean own = system == Catalog.FANFARE;
		switch (measure) {
			case "broadcast" -> with(system, (peer, fleet) -> broadcast(system.title(), peer, fleet));
			case "growth" -> with(system, (peer, fleet) -> growth(system.title(), peer, fleet));
			case "opens" -> with(system, (peer, fleet) -> opens(system.title(), peer, fleet));
			case "publish" ->
				withUsers(system, () -> with(system, (peer, fleet) -> publish(system.title(), peer, fleet)));
			case "topics" ->
				withUsers(system, () -> with(system, (peer, fleet) -> topics(system.title(), peer, fleet)));
			case "busy" -> withUsers(system, () -> with(system, (peer, fleet) -> busy(system.title(), peer, fleet)));
			case "stalled" -> {
				if (own) {
					with(system, (peer, fleet) -> stalled(system.title(), peer, fleet));
				}
			}
			case "cluster" -> {
				if (own) {
					with(() -> new Fanfare(this.site, NODES), (peer, fleet) -> cluster(system.title(), peer, fleet));
				}
			}
			default -> throw new IllegalArgumentException(measure);
		}
	}

	private interface Measure {

		void run(Peer peer, Fleet fleet);

	}

	private static void withUsers(Catalog system, Runnable measure) {
		if (system == Catalog.FANFARE || system == Catalog.CENTRIFUGO) {
			measure.run();
		}
	}

	private void with(Catalog system, Measure measure) {
		with(() -> system.start(this.site), measure);
	}

	private void with(Supplier<Peer> start, Measure measure) {
		Console.progress("starting");
		try (Peer peer = start.get(); Fleet fleet = fleet(0)) {
			measure.run(peer, fleet);
		}
	}

	private Fleet fleet(int first) {
		return new Fleet(this.site.log("load"), first);
	}

	private void add(Row row) {
		this.rows.add(row);
		Console.say(Report.line(row));
	}

	/** Compilers and pools get their work before anything counts. */
	private void warm(Peer peer, Fleet fleet, int streams) {
		Phase phase = new Phase(peer, this.plan.size(), "warming up", fleet);
		phase.publishers().start(0, 1, Audience.ALL, WARM_RATE, Integer.MAX_VALUE);
		phase.run(Math.min(WARM_SECONDS, this.plan.seconds())).finish(streams);
	}

	private Row.Builder broadcast(Peer peer, Fleet fleet, int rate, int streams, String title) {
		Phase phase = new Phase(peer, this.plan.size(), title, fleet);
		int backends = (rate >= SHARED_RATE) ? BACKENDS : 1;
		for (int i = 0; i < backends; i++) {
			phase.publishers().start(i, backends, Audience.ALL, (double) rate / backends, Integer.MAX_VALUE);
		}
		return phase.run(this.plan.seconds()).finish(streams);
	}

	private void broadcast(String system, Peer peer, Fleet fleet) {
		int streams = this.plan.streams();
		fleet.open(peer.streams(), streams, 0);
		warm(peer, fleet, streams);
		boolean drained = true;
		for (int rate : this.plan.rates()) {
			if (!drained || fleet.tally(false).open < streams) {
				// What a system still owes would be counted against the next rate.
				fleet.closeStreams();
				Child.pause(Duration.ofSeconds(5));
				fleet.open(peer.streams(), streams, 0);
			}
			Row row = broadcast(peer, fleet, rate, streams, system + " " + rate + "/s").row("broadcast", system,
					streams, rate + "/s");
			drained = row.values().getOrDefault("lost", 0.0) == 0;
			add(row);
		}
	}

	/** New streams and users' messages while the highest rate of broadcasts runs. */
	private void busy(String system, Peer peer, Fleet fleet) {
		int streams = this.plan.streams();
		int rate = this.plan.rates().getLast();
		fleet.open(peer.streams(), streams, 0);
		warm(peer, fleet, streams);
		try (Fleet probes = fleet(streams + 10_000)) {
			int held = 50;
			probes.open(peer.streams(), held, 0);
			Phase phase = new Phase(peer, this.plan.size(), system + " busy", fleet, probes);
			for (int i = 0; i < BACKENDS; i++) {
				phase.publishers().start(i, BACKENDS, Audience.ALL, (double) rate / BACKENDS, Integer.MAX_VALUE);
			}
			phase.run(1);
			phase.publishers().start(0, 1, new Audience(Kind.USER, streams + 10_000, held), 40, 1);
			probes.open(peer.streams(), this.plan.seconds() * 20, 20);
			Tally seen = probes.tally(true);
			Row.Builder row = new Row.Builder();
			row.put("delivered/s", fleet.tally(false).received / phase.seconds());
			row.put("opened", seen.open - held);
			row.put("refused", seen.refused + seen.errors);
			Phase.percentiles(row, "open ", seen.opens);
			Phase.percentiles(row, "user message ", seen.single);
			row.put("user messages", seen.single.getTotalCount());
			add(row.row("busy", system, streams, rate + "/s"));
			phase.publishers().stop();
		}
	}

	private void growth(String system, Peer peer, Fleet fleet) {
		if (peer.isJava()) {
			fleet.open(peer.streams(), Math.min(WARM_STREAMS, this.plan.streams()), 0);
			warm(peer, fleet, WARM_STREAMS);
			fleet.closeStreams();
		}
		else {
			fleet.open(peer.streams(), 1, 0);
			fleet.closeStreams();
		}
		Memory before = Memory.settled(peer);
		long clientSockets = before.sockets();
		int held = 0;
		for (int stage : this.plan.growth()) {
			double cpu = Proc.cpuSeconds(peer.servers());
			Duration took = fleet.open(peer.streams(), stage - held, 0);
			double opening = Proc.cpuSeconds(peer.servers()) - cpu;
			Memory raw = Memory.now(peer.servers());
			Memory now = Memory.settled(peer);
			Row.Builder row = new Row.Builder();
			row.put("KiB/stream", Memory.each(now.process(), before.process(), stage));
			row.put("uncollected KiB/stream", Memory.each(raw.process(), before.process(), stage));
			row.put("kernel slab KiB/stream, both ends", Memory.each(now.slab(), before.slab(), stage));
			row.put("socket KiB/stream", Memory.each(now.sockets(), clientSockets, stage));
			row.put("opens/s", (stage - held) / (took.toNanos() / 1e9));
			row.put("us/open", opening * 1e6 / (stage - held));
			held = stage;
			Tally tally = fleet.tally(false);
			if (tally.open < stage) {
				row.note("open " + tally.open);
			}
			Row.Builder events = broadcast(peer, fleet, 5, stage, system + " growth " + stage);
			Row five = events.row("", "", 0, "");
			five.values().forEach((name, value) -> {
				if (name.equals("us/event") || name.endsWith(" ms")) {
					row.put(name, value);
				}
			});
			row.put("lost", five.values().getOrDefault("lost", 0.0));
			add(row.note(five.note()).row("growth", system, stage, "5/s"));
		}
	}

	private void opens(String system, Peer peer, Fleet fleet) {
		int streams = this.plan.streams();
		for (int round = 1; round <= OPEN_ROUNDS; round++) {
			new Phase(peer, this.plan.size(), "opens", fleet);
			double servers = Proc.cpuSeconds(peer.servers());
			double store = Proc.cpuSeconds(peer.store());
			Duration took = fleet.open(peer.streams(), streams, 0);
			Row.Builder row = new Row.Builder();
			row.put("opens/s", streams / (took.toNanos() / 1e9));
			row.put("us/open", (Proc.cpuSeconds(peer.servers()) - servers) * 1e6 / streams);
			row.put("store us/open", (Proc.cpuSeconds(peer.store()) - store) * 1e6 / streams);
			Tally tally = fleet.tally(true);
			Phase.percentiles(row, "", tally.opens);
			if (tally.open < streams) {
				row.note("open " + tally.open + ", refused " + tally.refused + ", errors " + tally.errors);
			}
			add(row.row("opens", system, streams, "round " + round));
			fleet.closeStreams();
			Child.pause(Duration.ofSeconds(2));
		}
	}

	private void publish(String system, Peer peer, Fleet fleet) {
		int streams = Math.min(this.plan.streams(), 1_000);
		fleet.open(peer.streams(), streams, 0);
		Audience users = new Audience(Kind.USER, 0, streams);
		publish(peer, fleet, users, new Pace(BACKENDS, 0, 500), "warming up");
		publish(peer, fleet, users, new Pace(8, 0, 1), "warming up");
		add(publish(peer, fleet, users, new Pace(1, 100, 1), system + " single").row("publish", system, streams,
				"100/s single"));
		add(publish(peer, fleet, users, new Pace(16, 0, 1), system + " single").row("publish", system, streams,
				"single, 16 callers"));
		add(publish(peer, fleet, users, new Pace(BACKENDS, 0, 500), system + " batch").row("publish", system, streams,
				"batches of 500, 4 callers"));
	}

	/** How backends publish: how many, messages a second each (0: at once), batch. */
	private record Pace(int backends, double rate, int batch) {

	}

	private Row.Builder publish(Peer peer, Fleet fleet, Audience audience, Pace pace, String title) {
		double[] before = (peer instanceof Fanfare fanfare) ? fanfare.scripts() : new double[2];
		Phase phase = new Phase(peer, this.plan.size(), title, fleet);
		for (int i = 0; i < pace.backends(); i++) {
			phase.publishers().start(i, pace.backends(), audience, pace.rate(), pace.batch());
		}
		phase.run(Math.min(this.plan.seconds(), 8));
		Row.Builder row = phase
			.finish((audience.kind() == Kind.TOPIC) ? this.plan.streams() * 3 / audience.count() : 1);
		Phase.percentiles(row, "answer ", phase.publishers().answers());
		if (peer instanceof Fanfare fanfare) {
			double[] after = fanfare.scripts();
			row.put("script us/event", (after[0] - before[0]) / phase.publishers().published());
		}
		return row;
	}

	private void topics(String system, Peer peer, Fleet fleet) {
		StreamTarget target = peer.topicStreams(TOPICS);
		if (target == null) {
			return;
		}
		fleet.open(target, this.plan.streams(), 0);
		Audience audience = new Audience(Kind.TOPIC, 0, TOPICS);
		int rate = (int) Math.min(TOPIC_RATE, this.plan.streams() * 2L);
		Pace pace = new Pace(BACKENDS, (double) rate / BACKENDS, 500);
		publish(peer, fleet, audience, pace, "warming up");
		add(publish(peer, fleet, audience, pace, system + " topics").row("topics", system, this.plan.streams(),
				rate + "/s, " + TOPICS + " topics"));
	}

	private void cluster(String system, Peer peer, Fleet fleet) {
		int streams = this.plan.cluster();
		Memory before = Memory.settled(peer);
		Duration took = fleet.open(peer.streams(), streams, CLUSTER_OPENS);
		long open = fleet.tally(false).open;
		// Who was refused comes back, as a client would.
		for (int i = 0; i < 5 && open < streams; i++) {
			Console.progress(system + " cluster  open " + open);
			fleet.open(peer.streams(), (int) (streams - open), CLUSTER_OPENS);
			open = fleet.tally(false).open;
		}
		Memory now = Memory.settled(peer);
		for (int i = 1; i <= 3; i++) {
			Phase phase = new Phase(peer, this.plan.size(), system + " cluster", fleet);
			phase.publishers().start(0, 1, Audience.ALL, 0.5, 1);
			Row.Builder row = phase.run(1).finish(streams);
			row.put("opens/s", streams / (took.toNanos() / 1e9));
			row.put("KiB/stream", Memory.each(now.process(), before.process(), streams));
			row.put("open", fleet.tally(false).open);
			add(row.row("cluster", system, streams, "broadcast " + i));
		}
	}

	private void stalled(String system, Peer peer, Fleet fleet) {
		int stalled = Math.min(STALLED, this.plan.streams() / 20);
		int reading = this.plan.streams() - stalled;
		int rate = this.plan.rates().getLast();
		fleet.open(peer.streams(), reading, 0);
		try (Fleet slow = fleet(reading)) {
			slow.open(peer.streams(), stalled, 0);
			warm(peer, fleet, reading);
			add(broadcast(peer, fleet, rate, reading, system + " all read").row("stalled", system, reading,
					rate + "/s, all read"));
			Memory before = Memory.now(peer.servers());
			slow.reading(stalled, false);
			Phase phase = new Phase(peer, this.plan.size(), system + " stalled", fleet, slow);
			for (int i = 0; i < BACKENDS; i++) {
				phase.publishers().start(i, BACKENDS, Audience.ALL, (double) rate / BACKENDS, Integer.MAX_VALUE);
			}
			phase.run(this.plan.seconds());
			Memory during = Memory.now(peer.servers());
			Row.Builder row = phase.finish(reading);
			long published = phase.publishers().published();
			slow.reading(stalled, true);
			Tally caughtUp = slow.tally(true);
			for (int i = 0; i < 200 && caughtUp.received < published * stalled; i++) {
				Child.pause(Duration.ofMillis(50));
				caughtUp = slow.tally(true);
			}
			row.put("process KiB a stalled one", Memory.each(during.process(), before.process(), stalled));
			row.put("socket KiB a stalled one", Memory.each(during.sockets(), before.sockets(), stalled));
			row.put("lost by stalled", published * stalled - caughtUp.received);
			row.put("disordered by stalled", caughtUp.disordered);
			row.put("stalled ended", caughtUp.ended);
			add(row.row("stalled", system, reading, rate + "/s, " + stalled + " stopped"));
		}
	}

}
