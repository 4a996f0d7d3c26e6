package io.fanfare.faults;

import java.time.Duration;

import io.fanfare.faults.deployment.Deployment;
import io.fanfare.faults.deployment.Store;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Clients behind nginx that are gone or as good as gone: nginx takes what is written for
 * them, so no write fails.
 */
class ZombiesIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final Duration SOON = Duration.ofSeconds(10);

	private static Deployment deployment;

	private static ApiClient api;

	@BeforeAll
	static void start() {
		Assume.installed(RequiredTool.NGINX);
		deployment = LONG ? Deployment.start(Store.SNAPSHOTS, Timing.SHIPPED) : Deployment.start(Store.SNAPSHOTS,
				Timing.SHORT, "--fanfare.connections.ack-timeout=4s", "--fanfare.connections.probe-timeout=2s");
		api = new ApiClient("http://127.0.0.1:" + deployment.api().port(), Deployment.API_KEY);
	}

	@AfterAll
	static void stop() {
		if (deployment != null) {
			deployment.close();
		}
	}

	private static double streams() {
		return deployment.nodes().stream().mapToDouble((node) -> node.metric("sse_active_connections", "")).sum();
	}

	private static double ended(String reason) {
		return deployment.nodes()
			.stream()
			.mapToDouble((node) -> node.metric("sse_connections_closed_total", "reason=\"" + reason + "\""))
			.sum();
	}

	@Test
	void aClientThatGoesIsGoneAtTheNodeAtOnce() {
		double before = ended("client");
		SseClient client = deployment.nginx().stream(api.token("goes")).open();
		client.awaitBlock((block) -> block.fires("push.connected"), SOON);
		assertThat(api.connectionOf("goes")).isNotNull();
		client.abort();
		await().atMost(SOON).until(() -> ended("client") == before + 1 && streams() == 0);
		assertThat(api.connectionOf("goes")).isNull();
	}

	@Test
	void aClientThatStoppedAndPromisedToAcknowledgeIsFoundOut() {
		double before = ended("zombie");
		SseClient client = deployment.nginx().stream(api.token("stops")).query("ack", "1").open();
		try {
			client.awaitBlock((block) -> block.fires("push.connected"), SOON);
			long stopped = System.nanoTime();
			await().atMost(LONG ? Duration.ofSeconds(105) : SOON).until(() -> ended("zombie") == before + 1);
			System.out.printf("A client that stopped behind nginx was gone after %.1f s%n",
					(System.nanoTime() - stopped) / 1e9);
			assertThat(api.connectionOf("stops")).isNull();
			assertThat(streams()).isZero();
		}
		finally {
			client.close();
		}
	}

}
