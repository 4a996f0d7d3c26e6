package io.fanfare.test.junit;

import java.nio.file.Path;

import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.redis.TestRedis;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * What a test needs of the machine. Where it is missing the test is skipped with a
 * reason, or all tests of a class when asked for before them. Where the environment has
 * {@code CI=true} they fail, so that no test is skipped unnoticed.
 */
public final class Assume {

	private Assume() {
	}

	/**
	 * That a program is installed.
	 * @param tool the program
	 * @return where it is
	 */
	public static Path installed(RequiredTool tool) {
		return installed(tool, System.getenv("PATH"), System.getenv("CI"));
	}

	/** That a Redis can be started whose clock can be shifted. */
	public static void shiftableClock() {
		Assumptions.assumeTrue("Linux".equals(System.getProperty("os.name")), "A clock is shifted on Linux only");
		installed(RequiredTool.REDIS_SERVER);
		installed(RequiredTool.GCC);
		Assumptions.assumeTrue(TestRedis.canShiftClocks());
	}

	static Path installed(RequiredTool tool, @Nullable String path, @Nullable String ci) {
		Path found = tool.findOn(path);
		if (found != null) {
			return found;
		}
		if ("true".equals(ci)) {
			throw new AssertionError(tool.missing() + ". Under CI=true no test is skipped");
		}
		return Assumptions.abort(tool.missing());
	}

}
