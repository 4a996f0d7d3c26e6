package io.fanfare.bench.measure;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.bench.peer.Catalog;
import io.fanfare.bench.peer.Fanfare;
import io.fanfare.bench.peer.Site;
import io.fanfare.bench.report.Row;

/** Runs a plan, one measure after the other, each over all systems. */
public final class Measures {

	private static final int NODES = 6;

	private final Plan plan;

	private final Site site;

	private final List<Row> rows = new ArrayList<>();

	private final List<String> missing = new ArrayList<>();

	private Runnable after = () -> {
	};

	private final Bed bed;

	private final Broadcasts broadcasts;

	private final Holding holding;

	private final Publishing publishing;

	private final Edges edges;

	/**
	 * Makes them.
	 * @param plan what is measured
	 * @param site where things are
	 */
	public Measures(Plan plan, Site site) {
		this.plan = plan;
		this.site = site;
		this.bed = new Bed(plan, site, this::take);
		this.broadcasts = new Broadcasts(this.bed);
		this.holding = new Holding(this.bed);
		this.publishing = new Publishing(this.bed);
		this.edges = new Edges(this.bed);
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
	 * @param each is run after each point
	 */
	public void run(Runnable each) {
		this.after = each;
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
					this.bed.add(new Row.Builder().note("failed: " + ex).row(measure, system.title(), 0, Row.FAILED));
				}
			}
		}
	}

	private void take(Row row) {
		this.rows.add(row);
		this.after.run();
	}

	private void measure(String measure, Catalog system) {
		String name = system.title();
		boolean own = system == Catalog.FANFARE;
		boolean users = own || system == Catalog.CENTRIFUGO;
		switch (measure) {
			case "broadcast" -> this.bed.with(system, (peer, fleet) -> this.broadcasts.rates(name, peer, fleet));
			case "growth" -> this.bed.with(system, (peer, fleet) -> this.holding.growth(name, peer, fleet));
			case "opens" -> this.bed.with(system, (peer, fleet) -> this.holding.opens(name, peer, fleet));
			case "publish" -> {
				if (users) {
					this.bed.with(system, (peer, fleet) -> this.publishing.users(name, peer, fleet));
				}
				else if (system == Catalog.RAW) {
					this.bed.with(system, (peer, fleet) -> this.publishing.floor(name, peer, fleet));
				}
			}
			case "topics" -> {
				if (users) {
					this.bed.with(system, (peer, fleet) -> this.publishing.topics(name, peer, fleet));
				}
			}
			case "busy" -> {
				if (users) {
					this.bed.with(system, (peer, fleet) -> this.broadcasts.busy(name, peer, fleet));
				}
			}
			default -> {
				if (own) {
					alone(measure, system);
				}
			}
		}
	}

	/** What is measured of the product only. */
	private void alone(String measure, Catalog system) {
		String name = system.title();
		switch (measure) {
			case "stalled" -> this.bed.with(system, (peer, fleet) -> this.broadcasts.stalled(name, peer, fleet));
			case "cluster" -> this.bed.with(() -> new Fanfare(this.site, NODES, List.of()),
					(peer, fleet) -> this.holding.cluster(name, peer, fleet));
			case "edge" -> this.edges.edge(name);
			case "gzip" -> this.edges.gzip(name);
			default -> throw new IllegalArgumentException(measure);
		}
	}

}
