package io.fanfare.faults.scenario;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.fanfare.faults.traffic.Entry;
import io.fanfare.faults.traffic.StreamClient;
import io.fanfare.test.injection.Injector;
import io.fanfare.test.process.ServiceProcess;
import tools.jackson.databind.JsonNode;

/**
 * Errors and standstills inside a node, injected into methods that are named here. A name
 * that is gone fails the scenario: name what has taken its place.
 */
final class InnerFaults {

	private static final Duration SOON = Duration.ofSeconds(10);

	/** How long a process may fail to say that it lives until it is restarted. */
	private static final Duration LIVENESS = Duration.ofSeconds(30);

	private static final String NODE = "io.fanfare.node.";

	private static final String TICK = Scenarios.LOOP_TICK;

	/** Methods, and at which of their calls they fail. */
	private static final Map<String, Integer> SEAMS = new LinkedHashMap<>();

	static {
		// On an event loop, of one connection.
		SEAMS.put(NODE + "connection.Delivery#visit", 60);
		SEAMS.put(NODE + "connection.Delivery#append", 60);
		SEAMS.put(NODE + "connection.StreamTimers#tick", 4);
		// On an event loop, of all its connections.
		SEAMS.put(NODE + "connection.StreamLoop#dispatch", 60);
		SEAMS.put(TICK, 12);
		// On other threads.
		// Each call: what ends the streams of revoked users is a renewal.
		SEAMS.put(NODE + "admin.RevokeStreams#run", 1);
		SEAMS.put("io.fanfare.protocol.Frame#decode", 150);
		SEAMS.put(NODE + "broker.Probe#send", 1);
		SEAMS.put(NODE + "cluster.NodeReporter#look", 3);
		SEAMS.put(NODE + "presence.Suspects#held", 2);
	}

	private InnerFaults() {
	}

	static void loopError(Stage stage) {
		stage.calm();
		List<ServiceProcess> nodes = stage.cluster().nodes();
		List<Injector> injectors = nodes.stream().map(ServiceProcess::injector).toList();
		injectors.forEach((injector) -> SEAMS.forEach(injector::failAt));
		stage.outage();
		injectors.forEach(Injector::clear);
		stage.healed();
		for (String seam : SEAMS.keySet()) {
			long injected = injectors.stream().mapToLong((injector) -> injector.injected(seam)).sum();
			stage.check("errors were injected into " + seam, injected > 0, injected);
		}
		for (ServiceProcess node : nodes) {
			stage.expect(node.name() + " is ready", SOON, node::isReady);
			double errors = node.metric("fanfare_errors_total", "");
			stage.check(node.name() + " counts the errors", errors > 0, errors);
		}
		long ended = stage.crowd()
			.pages()
			.stream()
			.flatMap((page) -> page.notes().journal().stream())
			.filter((entry) -> entry instanceof Entry.Ended end && end.why().endsWith(" error"))
			.count();
		stage.check("streams end by an error, and say so", ended > 0, ended);
		stage.measured("streams that ended by an error: " + ended);
		stage.calm();
	}

	/** Users whose stream is on the loop go elsewhere meanwhile. */
	static void loopBlocked(Stage stage) {
		stage.calm();
		ServiceProcess node = stage.cluster().node(0);
		Injector injector = node.injector();
		List<StreamClient> moving = stage.pagesOn(0).stream().limit(3).toList();
		long since = System.nanoTime();
		Duration time = stage.timing().standstill();
		injector.standStillAt(TICK, time);
		stage.expect("a loop stands still", Duration.ofSeconds(2), () -> injector.injected(TICK) == 1);
		moving.forEach((page) -> stage.crowd().open(page));
		stage.expect("the node is not ready", left(since, (time.compareTo(SOON) < 0) ? time : SOON),
				() -> !node.isReady());
		stage.measured("not ready after", since);
		stage.expect("the list of nodes tells the loop", left(since, time), () -> blockedLoops(stage, node) == 1);
		if (time.compareTo(LIVENESS) > 0) {
			stage.check("the node need not be restarted yet", node.isLive(), "it must");
			stage.expect("the node must be restarted", left(since, time), () -> !node.isLive());
		}
		stage.last(left(since, time));
		injector.clear();
		stage.healed();
		stage.expect("the node is ready", SOON, node::isReady);
		stage.expect("the pages that were taken over know", stage.timing().lease(),
				() -> moving.stream().allMatch(StreamClient::isStopped));
		stage.calm();
	}

	private static long blockedLoops(Stage stage, ServiceProcess node) {
		for (JsonNode one : Objects.requireNonNull(stage.apiPort().get("/v1/nodes").body()).required("nodes")) {
			if (one.required("name").asString().equals(node.name())) {
				return one.required("loops")
					.valueStream()
					.filter((loop) -> loop.required("blocked").asBoolean())
					.count();
			}
		}
		return 0;
	}

	private static Duration left(long since, Duration time) {
		Duration left = time.minusNanos(System.nanoTime() - since);
		return left.isPositive() ? left : Duration.ofMillis(1);
	}

}
