package io.fanfare.faults;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

import io.fanfare.faults.check.Score;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.scenario.Scenario;

/**
 * Plays scenarios side by side, as they wait most of their time: a share of them on each
 * lane, in their order. Those that measure come last, one after the other, when nothing
 * else runs any more.
 */
final class Lanes implements AutoCloseable {

	private final List<Lane> lanes;

	private final Map<String, CompletableFuture<Score>> scores = new HashMap<>();

	private Thread playing;

	Lanes(Timing timing, int count) {
		this.lanes = Stream.generate(() -> new Lane(timing)).limit(count).toList();
	}

	/** The first lane, which nothing uses until scenarios begin. */
	Lane first() {
		return this.lanes.getFirst();
	}

	/** Begins to play, unless it was begun, and does not wait. */
	void begin(List<Scenario> scenarios) {
		if (this.playing != null) {
			return;
		}
		scenarios.forEach((scenario) -> this.scores.put(scenario.name(), new CompletableFuture<>()));
		boolean several = this.lanes.size() > 1;
		List<Scenario> besides = scenarios.stream().filter((scenario) -> !several || !scenario.measures()).toList();
		List<Scenario> alone = scenarios.stream().filter((scenario) -> !besides.contains(scenario)).toList();
		this.playing = Thread.ofPlatform().name("lanes").start(() -> {
			playSideBySide(besides);
			alone.forEach((scenario) -> play(first(), scenario));
		});
	}

	private void playSideBySide(List<Scenario> scenarios) {
		int share = Math.ceilDiv(scenarios.size(), this.lanes.size());
		List<Thread> others = new ArrayList<>();
		for (int i = 1; i < this.lanes.size(); i++) {
			Lane lane = this.lanes.get(i);
			List<Scenario> mine = share(scenarios, i, share);
			others.add(Thread.ofPlatform().name("lane-" + i).start(() -> {
				mine.forEach((scenario) -> play(lane, scenario));
				lane.close();
			}));
		}
		share(scenarios, 0, share).forEach((scenario) -> play(first(), scenario));
		others.forEach(Lanes::join);
	}

	private static List<Scenario> share(List<Scenario> scenarios, int index, int share) {
		int end = Math.min(scenarios.size(), (index + 1) * share);
		return scenarios.subList(Math.min(end, index * share), end);
	}

	private void play(Lane lane, Scenario scenario) {
		CompletableFuture<Score> score = this.scores.get(scenario.name());
		try {
			score.complete(lane.play(scenario));
		}
		catch (RuntimeException | Error ex) {
			score.completeExceptionally(ex);
		}
	}

	/** Waits until a scenario was played. What ended it early is the cause. */
	Score score(Scenario scenario) throws InterruptedException, ExecutionException {
		return this.scores.get(scenario.name()).get();
	}

	private static void join(Thread thread) {
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/** Waits until all is played. */
	@Override
	public void close() {
		if (this.playing != null) {
			join(this.playing);
		}
		this.lanes.forEach(Lane::close);
	}

}
