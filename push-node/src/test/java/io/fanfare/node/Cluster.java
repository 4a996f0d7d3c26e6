package io.fanfare.node;

import io.fanfare.test.redis.TestRedis;

/**
 * Two nodes that the tests of this JVM share, with short times. Tests keep apart by users
 * and topics of their own.
 */
final class Cluster {

	private static final String[] SETTINGS = { "--fanfare.connections.heartbeat=1s",
			"--fanfare.connections.cursor-interval=3500ms", "--fanfare.connections.slow-limit=2s",
			"--fanfare.stream.request-timeout=700ms", "--fanfare.stream.idle-timeout=700ms", "--fanfare.stream.loops=2",
			"--fanfare.allowed-origins=*,https://app.example", "--fanfare.limits.connections-per-address=50",
			"--fanfare.limits.opens-per-minute=60" };

	private Cluster() {
	}

	static TestRedis redis() {
		return RedisHolder.SERVER;
	}

	static Backend backend() {
		return BackendHolder.BACKEND;
	}

	static TestNode first() {
		return FirstHolder.NODE;
	}

	static TestNode second() {
		return SecondHolder.NODE;
	}

	/**
	 * Of their own: a shared server that another test empties would look like data loss.
	 */
	private static final class RedisHolder {

		static final TestRedis SERVER = TestRedis.start();

	}

	private static final class BackendHolder {

		static final Backend BACKEND = new Backend(redis());

	}

	private static final class FirstHolder {

		static final TestNode NODE = TestNode.start(redis(), "first", SETTINGS);

	}

	private static final class SecondHolder {

		static final TestNode NODE = TestNode.start(redis(), "second", SETTINGS);

	}

}
