package io.fanfare.bench.measure;

import io.fanfare.bench.load.Fleet;
import io.fanfare.bench.load.StreamTarget;
import io.fanfare.bench.peer.Fanfare;
import io.fanfare.bench.peer.Peer;
import io.fanfare.bench.publish.Outgoing.Kind;
import io.fanfare.bench.publish.Publishers.Audience;
import io.fanfare.bench.report.Row;

/** Messages to users and topics, through the HTTP API to the streams. */
final class Publishing {

	private static final int USERS = 1_000;

	private static final int TOPICS = 1_000;

	private static final int TOPICS_A_STREAM = 3;

	private static final int TOPIC_RATE = 20_000;

	private static final int BATCH = 500;

	/**
	 * A hundredth of few messages would be what the slowest of them met, and what is on
	 * its way when time is up must not count for more than the rate that is held.
	 */
	private static final int LONGER = 5;

	private final Bed bed;

	private final Plan plan;

	Publishing(Bed bed) {
		this.bed = bed;
		this.plan = bed.plan();
	}

	/** How backends publish: how many, messages per second each (0: at once), batch. */
	private record Pace(int backends, double rate, int batch) {

	}

	void users(String system, Peer peer, Fleet fleet) {
		int streams = Math.min(this.plan.streams(), USERS);
		fleet.open(peer.streams(), streams);
		Audience users = new Audience(Kind.USER, 0, streams);
		Pace batches = new Pace(Bed.BACKENDS, 0, BATCH);
		warm(peer, fleet, users, batches);
		warm(peer, fleet, users, new Pace(8, 0, 1));
		single(system, peer, fleet, users, streams);
		this.bed.add(run(peer, fleet, users, new Pace(16, 0, 1), system + " single").row("publish", system, streams,
				"single, 16 callers"));
		this.bed.add(run(peer, fleet, users, batches, system + " batch").row("publish", system, streams,
				"batches of 500, 4 callers"));
	}

	/**
	 * The same to the one stream of a system without users: what this machine itself
	 * takes for it.
	 */
	void floor(String system, Peer peer, Fleet fleet) {
		fleet.open(peer.streams(), 1);
		single(system, peer, fleet, Audience.ALL, 1);
	}

	private void single(String system, Peer peer, Fleet fleet, Audience audience, int streams) {
		int seconds = LONGER * this.plan.seconds();
		this.bed.add(run(peer, fleet, audience, new Pace(1, 100, 1), system + " single", seconds).row("publish", system,
				streams, "100/s single"));
	}

	/** Until a JVM has compiled, on half of a processor, what this takes. */
	private void warm(Peer peer, Fleet fleet, Audience audience, Pace pace) {
		run(peer, fleet, audience, pace, "warming up", (peer.isJava() ? 4 : 1) * this.plan.seconds());
	}

	private Row.Builder run(Peer peer, Fleet fleet, Audience audience, Pace pace, String title) {
		return run(peer, fleet, audience, pace, title, this.plan.seconds());
	}

	private Row.Builder run(Peer peer, Fleet fleet, Audience audience, Pace pace, String title, int seconds) {
		double before = (peer instanceof Fanfare fanfare) ? fanfare.scriptMicros() : 0;
		Phase phase = new Phase(peer, this.bed.content(), title, fleet);
		for (int i = 0; i < pace.backends(); i++) {
			phase.publishers().start(i, pace.backends(), audience, pace.rate(), pace.batch());
		}
		phase.run(seconds);
		Row.Builder row = phase
			.finish((audience.kind() == Kind.TOPIC) ? this.plan.streams() * TOPICS_A_STREAM / audience.count() : 1);
		Phase.percentiles(row, "answer ", phase.publishers().answers());
		if (peer instanceof Fanfare fanfare) {
			row.put("script us/event", (fanfare.scriptMicros() - before) / phase.publishers().published());
		}
		return row;
	}

	void topics(String system, Peer peer, Fleet fleet) {
		StreamTarget target = peer.topicStreams(TOPICS);
		if (target == null) {
			return;
		}
		fleet.open(target, this.plan.streams());
		Audience audience = new Audience(Kind.TOPIC, 0, TOPICS);
		int rate = (int) Math.min(TOPIC_RATE, this.plan.streams() * 2L);
		Pace pace = new Pace(Bed.BACKENDS, (double) rate / Bed.BACKENDS, BATCH);
		warm(peer, fleet, audience, pace);
		this.bed.add(run(peer, fleet, audience, pace, system + " topics", LONGER * this.plan.seconds()).row("topics",
				system, this.plan.streams(), rate + "/s to " + TOPICS + " topics"));
	}

}
