package io.fanfare.test.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

import redis.embedded.RedisExecProvider;

/**
 * The Redis server program that embedded-redis brings for this system, unpacked once a
 * JVM.
 */
final class RedisBinary {

	private RedisBinary() {
	}

	/**
	 * Path of the program.
	 * @throws IllegalArgumentException if there is none for this system
	 */
	static Path path() {
		return Holder.path;
	}

	private static Path unpack() {
		try {
			return RedisExecProvider.defaultProvider().get().toPath();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static final class Holder {

		static final Path path = unpack();

	}

}
