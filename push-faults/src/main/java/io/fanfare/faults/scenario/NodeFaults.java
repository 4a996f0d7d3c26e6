package io.fanfare.faults.scenario;

import java.time.Duration;
import java.util.List;

import io.fanfare.faults.traffic.StreamClient;

/** Nodes that end, stand still, or are cut off. */
final class NodeFaults {

	private NodeFaults() {
	}

	static void nodeKilled(Stage stage) {
		stage.calm();
		List<StreamClient> gone = stage.pagesOn(0).stream().limit(2).toList();
		gone.forEach(StreamClient::forsake);
		stage.cluster().node(0).kill();
		stage.healed();
		for (StreamClient page : gone) {
			stage.expect("who was on the node is offline", stage.timing().lease().plusSeconds(5),
					() -> stage.api().connectionOf(page.user()) == null);
		}
		stage.cluster().node(0).start();
		stage.calm();
	}

	static void nodeFrozen(Stage stage) {
		freeze(stage, stage.timing().beyondLease());
	}

	static void nodeSilent(Stage stage) {
		freeze(stage, stage.timing().beyondSilence());
	}

	private static void freeze(Stage stage, Duration time) {
		stage.calm();
		List<StreamClient> moving = stage.pagesOn(0).stream().limit(3).toList();
		stage.cluster().node(0).freeze();
		stage.calm();
		moving.forEach((page) -> stage.crowd().open(page));
		stage.last(time);
		stage.cluster().node(0).thaw();
		stage.healed();
		stage.expect("the pages that were taken over know", stage.timing().lease(),
				() -> moving.stream().allMatch(StreamClient::isStopped));
		stage.calm();
	}

	static void nodeCutOff(Stage stage) {
		stage.calm();
		List<StreamClient> moving = stage.pagesOn(0).stream().limit(3).toList();
		stage.cluster().wire(0).blackHole();
		stage.expect("the node is not ready", Duration.ofSeconds(10), () -> !stage.cluster().node(0).isReady());
		moving.forEach((page) -> stage.crowd().open(page));
		stage.last(stage.timing().beyondLease());
		stage.cluster().wire(0).restore();
		stage.healed();
		stage.expect("the pages that were taken over know", stage.timing().lease(),
				() -> moving.stream().allMatch(StreamClient::isStopped));
		stage.expect("the node is ready", Duration.ofSeconds(10), () -> stage.cluster().node(0).isReady());
		stage.calm();
	}

	static void rollingRestart(Stage stage) {
		stage.calm();
		for (int i = 0; i < stage.cluster().nodes().size(); i++) {
			stage.cluster().node(i).stop();
			stage.cluster().node(i).start();
			stage.calm();
		}
		stage.healed();
		stage.calm();
	}

}
