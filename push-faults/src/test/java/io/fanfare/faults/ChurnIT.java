package io.fanfare.faults;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.fanfare.faults.deployment.Deployment;
import io.fanfare.faults.deployment.Store;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.traffic.Churn;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.process.ServiceProcess;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * After any mix of opens, kicks, cuts, timeouts and refusals everything is as it was.
 */
class ChurnIT {

	private static final int ROUND = Boolean.getBoolean("fanfare.long") ? 200_000 : 20_000;

	/** Until classes are loaded and buffers have their size. */
	private static final int FIRST = 10_000;

	@BeforeAll
	static void requireNginx() {
		Assume.installed(RequiredTool.NGINX);
	}

	@Test
	void nothingIsLeftOfThoseWhoCameAndWent() {
		try (Deployment deployment = Deployment.start(Store.DURABLE, Timing.SHORT, "--fanfare.connections.max=20",
				"--fanfare.admission.waiting-room=15", "--fanfare.admission.keep-place=2s",
				"--fanfare.connections.lifetime=2s", "--fanfare.limits.takeovers-per-minute=0",
				"--fanfare.stream.idle-timeout=2s", "--fanfare.stream.request-timeout=2s")) {
			ApiClient api = new ApiClient("http://127.0.0.1:" + deployment.api().port(), Deployment.API_KEY);
			Churn churn = new Churn(api, 60, deployment.nodes().stream().map(ServiceProcess::port).toList());
			churn.run(FIRST, 1);
			awaitEmpty(deployment);
			List<Usage> before = usage(deployment);
			long began = System.nanoTime();
			churn.run(ROUND, 2);
			double seconds = (System.nanoTime() - began) / 1e9;
			awaitEmpty(deployment);
			List<Usage> after = usage(deployment);
			System.out.printf("%d came and went in %.0f s: %s; before %s, after %s%n", ROUND, seconds, churn.gone(),
					before, after);
			assertThat(churn.gone()).containsOnlyKeys(Churn.Way.values());
			assertThat(sum(deployment, "sse_kicks_total")).isPositive();
			assertThat(sum(deployment, "fanfare_admission_wait_seconds_count")).isPositive();
			assertThat(sum(deployment, "fanfare_streams_refused_total")).isPositive();
			assertThat(sum(deployment, "sse_connection_duration_seconds_count")).isPositive();
			for (int i = 0; i < before.size(); i++) {
				assertThat(after.get(i).heap()).isLessThan(before.get(i).heap() * 105 / 100);
				assertThat(after.get(i).threads()).isLessThanOrEqualTo(before.get(i).threads());
			}
		}
	}

	private record Usage(long heap, int threads) {

	}

	private static double sum(Deployment deployment, String metric) {
		return deployment.nodes().stream().mapToDouble((node) -> node.metric(metric, "")).sum();
	}

	private static List<Usage> usage(Deployment deployment) {
		return deployment.nodes()
			.stream()
			.map((node) -> new Usage(node.liveHeap(),
					(int) node.metric("jvm_threads_live_threads", "") - poolWorkers(node)))
			.toList();
	}

	/**
	 * Of the JDK's common pool, by which Lettuce logs in: they come and go by themselves.
	 */
	private static int poolWorkers(ServiceProcess node) {
		return (int) ChildProcess.command(ChildProcess.jdk("jcmd"), Long.toString(node.pid()), "Thread.print")
			.run(Duration.ofSeconds(20))
			.orThrow()
			.lines()
			.filter((line) -> line.startsWith("\"ForkJoinPool.commonPool-worker"))
			.count();
	}

	/** No stream, no waiter, no subscription, no user present. */
	private static void awaitEmpty(Deployment deployment) {
		await().atMost(Duration.ofSeconds(30))
			.untilAsserted(() -> assertThat(Stream.of("sse_active_connections", "sse_waiting_connections")
				.mapToDouble((metric) -> sum(deployment, metric))).containsExactly(0.0, 0.0));
		await().atMost(Duration.ofSeconds(30))
			.untilAsserted(
					() -> assertThat(deployment.<Long>ask((redis) -> redis.hlen("fanfare:{0}:presence"))).isZero());
		await().atMost(Duration.ofSeconds(30))
			.untilAsserted(
					() -> assertThat(deployment.<List<String>>ask((redis) -> redis.pubsubChannels("fanfare:{0}:ch:*")))
						.allMatch((channel) -> channel.equals("fanfare:{0}:ch:all")));
	}

}
