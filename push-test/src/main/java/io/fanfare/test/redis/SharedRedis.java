package io.fanfare.test.redis;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses and holds the one server that ordinary tests of a JVM share.
 */
final class SharedRedis {

	private static final Logger log = LoggerFactory.getLogger(SharedRedis.class);

	private SharedRedis() {
	}

	static TestRedis get() {
		return Holder.server;
	}

	private static TestRedis choose() {
		if (!"embedded".equals(System.getProperty("fanfare.test.redis")) && DockerEngine.answers()) {
			try {
				return RedisContainer.start();
			}
			catch (RuntimeException ex) {
				log.warn("state=no-container using=embedded cause=\"{}\"", ex.getMessage());
			}
		}
		return RedisProcess.start();
	}

	private static final class Holder {

		static final TestRedis server = choose();

	}

}
