package io.fanfare.test.redis;

/**
 * Chooses and holds the one server that ordinary tests of a JVM share.
 */
final class SharedRedis {

	private SharedRedis() {
	}

	static TestRedis get() {
		return Holder.server;
	}

	private static TestRedis choose() {
		String wish = System.getProperty("fanfare.test.redis", "");
		if ("container".equals(wish) || (!"embedded".equals(wish) && RedisContainer.isPossible())) {
			return RedisContainer.start();
		}
		return TestRedis.start();
	}

	private static final class Holder {

		static final TestRedis server = choose();

	}

}
