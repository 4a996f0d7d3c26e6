package io.fanfare.local;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.fanfare.node.admission.Admission;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;

import static org.awaitility.Awaitility.await;

/**
 * The cluster that the tests of this module share: two nodes and the API of the local
 * cluster, on free ports, and the Redis that all tests of this JVM share. What a test
 * does to users of its own does not disturb another.
 */
final class TestCluster {

	private static final LocalSettings SETTINGS = new LocalSettings(List.of(0, 0), List.of(0, 0), 0, 0, "dev-secret",
			"only-for-the-local-cluster-never-in-production", "", false);

	/** How many streams each node of the small cluster takes. */
	static final int SMALL = 3;

	private TestCluster() {
	}

	/** Started at the first call, ended with the JVM. */
	static Cluster shared() {
		return Holder.CLUSTER;
	}

	/**
	 * Another one, with a Redis of its own, whose nodes take three streams each and whose
	 * clients come back soon. Tests that use it leave it without streams.
	 */
	static Cluster small() {
		return SmallHolder.CLUSTER;
	}

	/**
	 * Another one, whose nodes compress streams.
	 */
	static Cluster compressing() {
		return CompressingHolder.CLUSTER;
	}

	static String apiKey() {
		return SETTINGS.apiKey();
	}

	static String jwtSecret() {
		return SETTINGS.jwtSecret();
	}

	/** A cluster of one's own, to stop parts of. The caller closes it. */
	static Cluster start(TestRedis redis, String... common) {
		return Cluster.start(SETTINGS, redis.url(RedisUser.NODE), redis.url(RedisUser.API), List.of(common));
	}

	static ApiClient backend(Cluster cluster) {
		return new ApiClient("http://127.0.0.1:" + cluster.apiPort(), SETTINGS.apiKey());
	}

	/** A ticket for all topics. */
	static String ticket(ApiClient by, String user) {
		return by.post("/v1/tickets", Map.of("user", user, "channels", List.of("*")))
			.ok()
			.required("ticket")
			.asString();
	}

	static SseRequest stream(Cluster cluster, int node, String token) {
		return SseClient.request("127.0.0.1", cluster.streamPort(node), "/events").bearer(token);
	}

	/** nginx before both nodes and the API. The caller closes it. */
	static NginxProcess nginx(Cluster cluster) {
		return NginxProcess.start(cluster.apiPort(), cluster.streamPort(0), cluster.streamPort(1));
	}

	/** How many streams a node holds. */
	static int size(Cluster cluster, int node) {
		return cluster.node(node).getBean(Admission.class).size();
	}

	/**
	 * Takes every place that a node of the small cluster has.
	 * @return the streams that do; the caller closes them
	 */
	static List<SseClient> fill(int node) {
		Cluster small = small();
		List<SseClient> streams = new ArrayList<>();
		while (size(small, node) < SMALL) {
			SseClient stream = stream(small, node, backend(small).token("filling-" + streams.size())).open();
			streams.add(stream);
			stream.awaitBlock((block) -> block.fires("push.connected"), Duration.ofSeconds(10));
		}
		return streams;
	}

	/** Waits until the small cluster is without streams. */
	static void awaitEmpty() {
		await().atMost(Duration.ofSeconds(10)).until(() -> size(small(), 0) == 0 && size(small(), 1) == 0);
	}

	private static final class Holder {

		private static final Cluster CLUSTER = start();

		private static Cluster start() {
			// Tests take users over, and open streams, as often as they can.
			Cluster cluster = TestCluster.start(TestRedis.shared(), "--logging.level.root=WARN",
					"--fanfare.allowed-origins=*", "--logging.level.io.fanfare=WARN",
					"--fanfare.limits.takeovers-per-minute=0", "--fanfare.limits.opens-per-user=0");
			Runtime.getRuntime().addShutdownHook(new Thread(cluster::close));
			return cluster;
		}

	}

	private static final class CompressingHolder {

		private static final Cluster CLUSTER = start();

		private static Cluster start() {
			TestRedis redis = TestRedis.start();
			Cluster cluster = TestCluster.start(redis, "--logging.level.root=WARN", "--fanfare.allowed-origins=*",
					"--logging.level.io.fanfare=WARN", "--fanfare.stream.gzip=true",
					"--fanfare.connections.min-retry=200ms", "--fanfare.connections.max-retry=500ms",
					"--fanfare.connections.max-spread=500ms");
			Runtime.getRuntime().addShutdownHook(new Thread(cluster::close));
			return cluster;
		}

	}

	private static final class SmallHolder {

		private static final Cluster CLUSTER = start();

		private static Cluster start() {
			TestRedis redis = TestRedis.start();
			Cluster cluster = TestCluster.start(redis, "--logging.level.root=WARN", "--fanfare.allowed-origins=*",
					"--logging.level.io.fanfare=WARN", "--fanfare.connections.max=" + SMALL,
					"--fanfare.admission.waiting-room=1", "--fanfare.connections.min-retry=200ms",
					"--fanfare.connections.max-retry=500ms", "--fanfare.connections.max-spread=500ms");
			Runtime.getRuntime().addShutdownHook(new Thread(cluster::close));
			return cluster;
		}

	}

}
