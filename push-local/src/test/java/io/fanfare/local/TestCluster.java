package io.fanfare.local;

import java.util.List;

import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;

/**
 * The cluster that the tests of this module share: two nodes and the API of the local
 * cluster, on free ports, and the Redis that all tests of this JVM share. What a test
 * does to users of its own does not disturb another.
 */
final class TestCluster {

	private static final LocalSettings SETTINGS = new LocalSettings(List.of(0, 0), List.of(0, 0), 0, 0, "dev-secret",
			"only-for-the-local-cluster-never-in-production");

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

	static String jwtSecret() {
		return SETTINGS.jwtSecret();
	}

	/** A cluster of one's own, to stop parts of. The caller closes it. */
	static Cluster start(TestRedis redis, String... common) {
		return Cluster.start(SETTINGS, redis.url(), common);
	}

	static Backend backend(Cluster cluster) {
		return new Backend("http://127.0.0.1:" + cluster.apiPort(), SETTINGS.apiKey());
	}

	static SseRequest stream(Cluster cluster, int node, String token) {
		return SseClient.request("127.0.0.1", cluster.streamPort(node), "/events").bearer(token);
	}

	private static final class Holder {

		private static final Cluster CLUSTER = start();

		private static Cluster start() {
			Cluster cluster = TestCluster.start(TestRedis.shared(), "--logging.level.root=WARN",
					"--logging.level.io.fanfare=WARN");
			Runtime.getRuntime().addShutdownHook(new Thread(cluster::close));
			return cluster;
		}

	}

	private static final class SmallHolder {

		private static final Cluster CLUSTER = start();

		private static Cluster start() {
			TestRedis redis = TestRedis.start();
			Cluster cluster = TestCluster.start(redis, "--logging.level.root=WARN", "--logging.level.io.fanfare=WARN",
					"--fanfare.connections.max=" + SMALL, "--fanfare.connections.min-retry=200ms",
					"--fanfare.connections.max-retry=500ms", "--fanfare.connections.max-spread=500ms");
			Runtime.getRuntime().addShutdownHook(new Thread(cluster::close));
			return cluster;
		}

	}

}
