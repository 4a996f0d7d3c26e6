package io.fanfare.faults.scenario;

import java.time.Duration;
import java.util.List;
import java.util.Set;

import io.fanfare.faults.traffic.Libraries;
import io.fanfare.faults.traffic.Library;
import io.fanfare.faults.traffic.StreamClient;
import io.fanfare.faults.traffic.Visitors;
import io.fanfare.faults.traffic.Visitors.Visit;

/** What happens before the nodes: nginx, the API, and clients that misbehave. */
final class EdgeFaults {

	/** A restless page may just have come or gone. */
	private static final Set<String> FULL = Set.of("push.busy", "push.waiting", "push.connected");

	private EdgeFaults() {
	}

	static void nginxReloaded(Stage stage) {
		stage.calm();
		stage.cluster().nginx().reload();
		stage.last(stage.timing().shutdown());
		stage.healed();
		stage.calm();
		stage.calm();
	}

	static void edgeAbused(Stage stage) {
		stage.calm();
		Visitors visitors = stage.visitors();
		int enough = 3 * Visitors.ABUSES + 1;
		try (visitors) {
			visitors.abuse();
			long outage = stage.timing().outage().toNanos();
			long start = System.nanoTime();
			// A slow machine needs longer for all of it.
			while (System.nanoTime() - start < ((visitors.answered() < enough) ? 4 * outage : outage)) {
				Visit visit = visitors.open();
				stage.check("an open beside the abuse is served", visit.event().equals("push.connected"), visit);
				int closed = visitors.close(visit.key());
				stage.check("a call beside the abuse is served", closed == 204, closed);
			}
		}
		stage.check("the abuse was answered often", visitors.answered() >= enough, visitors.answered());
		stage.healed();
		stage.calm();
	}

	static void clusterFull(Stage stage) {
		stage.calm();
		try (Visitors visitors = stage.visitors()) {
			Visit visit = visitors.open();
			while (visit.event().equals("push.connected")) {
				visit = visitors.open();
			}
			long end = System.nanoTime() + stage.timing().outage().toNanos();
			while (System.nanoTime() < end) {
				visit = visitors.open();
				stage.check("a client hears that the cluster is full, or how long it waits",
						visit.status() == 200 && FULL.contains(visit.event()), visit);
				int closed = visitors.close("gone.12345678.x");
				stage.check("a call is served while the cluster is full", closed == 204, closed);
			}
			visitors.leave();
			stage.healed();
			stage.calm();
			Visit next = visitors.open();
			stage.check("the next client is taken in at once", next.event().equals("push.connected"), next);
		}
		stage.calm();
	}

	static void apiKilled(Stage stage) {
		stage.calm();
		stage.cluster().api().kill();
		stage.cluster().api().start();
		stage.healed();
		stage.calm();
	}

	static void readersStalled(Stage stage) {
		stage.calm();
		List<StreamClient> stalled = stage.crowd().steady().subList(0, 6);
		stalled.forEach(StreamClient::stall);
		stage.flood(0, 300);
		stage.flood(1, 300);
		stage.outage();
		stalled.forEach(StreamClient::readOn);
		stage.healed();
		stage.calm();
	}

	/**
	 * In the short form time passes in Redis: each try finds that the tombstone has a
	 * minute less to live, so that without being lengthened it is gone within the
	 * scenario.
	 */
	static void twins(Stage stage) {
		stage.calm();
		Libraries libraries = stage.libraries();
		Duration retry = stage.timing().patience();
		boolean real = stage.timing().siege().compareTo(Duration.ofMinutes(5)) > 0;
		Library displaced = libraries.open("displaced", "a", null, retry.dividedBy(2), false);
		stage.expect("the first client has its stream", Duration.ofSeconds(10), displaced::isLive);
		Library owner = libraries.open("displaced", "b", null, retry, true);
		stage.expect("the first client is told", Duration.ofSeconds(10), displaced::isTold);
		List<Library> plain = List.of(libraries.open("plain", "twin", null, retry, true),
				libraries.open("plain", "twin", null, retry, true));
		List<Library> paged = List.of(libraries.open("paged", "twin", "p", retry, false),
				libraries.open("paged", "twin", "q", retry, false));
		Library reloaded = libraries.open("reloaded", "kept", "r0", retry, true);
		boolean told = false;
		long end = System.nanoTime() + stage.timing().siege().toNanos();
		for (int i = 1; System.nanoTime() - end < 0; i++) {
			stage.last(retry);
			if (!real) {
				libraries.ageTombstone("displaced", "a", Duration.ofMinutes(1));
			}
			Library before = reloaded;
			reloaded = libraries.open("reloaded", "kept", "r" + i, retry, true);
			stage.expect("a page that is loaded again has its stream", Duration.ofSeconds(10), reloaded::isLive);
			before.close();
			told |= before.isTold();
		}
		stage.healed();
		boolean toldForNothing = told;
		stage.expect("no page is told that was loaded again", Duration.ofSeconds(1), () -> !toldForNothing);
		stage.expect("who took over has its stream, who was displaced has none", Duration.ofSeconds(1),
				() -> owner.isLive() && !owner.isTold() && !displaced.isLive() && displaced.tries() > 10);
		stage.expect("of two tabs with one client id one is told, and the other stays", Duration.ofSeconds(5),
				() -> isSettled(plain) && isSettled(paged));
		stage.calm();
		stage.expect("and stays", Duration.ofSeconds(1), () -> isSettled(plain) && isSettled(paged));
	}

	private static boolean isSettled(List<Library> twins) {
		return twins.stream().filter(Library::isTold).noneMatch(Library::isLive)
				&& twins.stream().filter((one) -> !one.isTold()).filter(Library::isLive).count() == 1
				&& twins.stream().filter(Library::isTold).count() == 1;
	}

}
