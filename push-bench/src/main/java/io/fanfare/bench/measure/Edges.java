package io.fanfare.bench.measure;

import java.util.List;
import java.util.function.Supplier;

import io.fanfare.bench.load.Fleet;
import io.fanfare.bench.load.Payload.Content;
import io.fanfare.bench.peer.Edge;
import io.fanfare.bench.peer.Fanfare;
import io.fanfare.bench.peer.Peer;
import io.fanfare.bench.report.Row;

/** What stands before a node: nginx, nothing, and who compresses. */
final class Edges {

	private static final int GZIP_SIZE = 4096;

	/**
	 * Messages a second. The client, which decompresses 10 000 streams on one loop, could
	 * follow two or three; nginx, which compresses each, is late even so.
	 */
	private static final int GZIP_RATE = 1;

	private static final int GZIP_WARM_SECONDS = 8;

	private static final String GZIP = "--fanfare.stream.gzip=true";

	private final Bed bed;

	private final Plan plan;

	Edges(Bed bed) {
		this.bed = bed;
		this.plan = bed.plan();
	}

	private Supplier<Peer> node(String... settings) {
		return () -> new Fanfare(this.bed.site(), 1, List.of(settings));
	}

	private Supplier<Peer> behind(Edge.Mode mode, boolean gzip, Supplier<Peer> node) {
		return () -> new Edge(this.bed.site(), mode, gzip, node.get());
	}

	void edge(String system) {
		this.bed.with(node(), (peer, fleet) -> edge(system, "no proxy", peer, fleet));
		this.bed.with(behind(Edge.Mode.HTTP, false, node()), (peer, fleet) -> edge(system, "nginx", peer, fleet));
		if (Edge.hasStream()) {
			this.bed.with(behind(Edge.Mode.TCP, false, node()),
					(peer, fleet) -> edge(system, "nginx, TCP only", peer, fleet));
		}
	}

	private void edge(String system, String point, Peer peer, Fleet fleet) {
		int streams = this.plan.streams();
		Memory before = Memory.settled(peer);
		Memory proxyBefore = Memory.now(peer.edge());
		Bed.open(peer, fleet, streams);
		Memory now = Memory.settled(peer);
		Memory proxyNow = Memory.now(peer.edge());
		this.bed.warm(peer, fleet, streams);
		Row.Builder row = this.bed.broadcast(peer, fleet, 5, streams, system + " " + point);
		row.put("node KiB/stream, cold", Memory.each(now.process(), before.process(), streams));
		if (!peer.edge().isEmpty()) {
			row.put("nginx KiB/stream", Memory.each(proxyNow.process(), proxyBefore.process(), streams));
		}
		row.put("socket KiB/stream", Memory.each(now.sockets(), before.sockets(), streams));
		this.bed.add(row.row("edge", system, streams, point));
	}

	void gzip(String system) {
		this.bed.with(node(), (peer, fleet) -> gzip(system, "plain, no proxy", peer, fleet));
		this.bed.with(() -> new Fanfare(this.bed.site(), 1, List.of(GZIP)).compressed(),
				(peer, fleet) -> gzip(system, "node compresses, no proxy", peer, fleet));
		this.bed.with(behind(Edge.Mode.HTTP, true, node(GZIP)),
				(peer, fleet) -> gzip(system, "node compresses, nginx passes on", peer, fleet));
		this.bed.with(behind(Edge.Mode.HTTP_GZIP, true, node()),
				(peer, fleet) -> gzip(system, "nginx compresses", peer, fleet));
	}

	private void gzip(String system, String point, Peer peer, Fleet fleet) {
		int streams = this.plan.streams();
		Content content = new Content(GZIP_SIZE, true);
		Memory proxyBefore = Memory.now(peer.edge());
		Bed.open(peer, fleet, streams);
		Phase warm = new Phase(peer, content, "warming up", fleet);
		Bed.publish(warm, GZIP_RATE);
		warm.run(Math.min(GZIP_WARM_SECONDS, 2 * this.plan.seconds())).finish(streams);
		Phase phase = new Phase(peer, content, system + " " + point, fleet);
		Bed.publish(phase, GZIP_RATE);
		Row.Builder row = phase.run(this.plan.seconds()).finish(streams);
		if (!peer.edge().isEmpty()) {
			row.put("nginx KiB/stream", Memory.each(Memory.now(peer.edge()).process(), proxyBefore.process(), streams));
		}
		this.bed.add(row.row("gzip", system, streams, point));
	}

}
