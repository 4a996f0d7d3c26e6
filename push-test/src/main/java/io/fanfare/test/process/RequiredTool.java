package io.fanfare.test.process;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A program that tests use where it is installed. Where it is not, they are skipped with
 * a reason; where the environment says {@code CI=true} they fail, so that nothing goes
 * untested unseen.
 */
public enum RequiredTool {

	/**
	 * The web server.
	 */
	NGINX("nginx"),

	/**
	 * A browser of the Chromium family.
	 */
	CHROMIUM("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"),

	/**
	 * The client of the command line.
	 */
	CURL("curl"),

	/**
	 * What watches a master of Redis and its replicas.
	 */
	REDIS_SENTINEL("redis-sentinel"),

	/**
	 * Node.js.
	 */
	NODE("node", "nodejs"),

	/**
	 * The Redis server of the system, which is linked dynamically; the embedded one is
	 * not.
	 */
	REDIS_SERVER("redis-server"),

	/**
	 * A C compiler, with the headers of the C library.
	 */
	GCC("gcc"),

	/**
	 * Makes requests of an OpenAPI document and checks the answers.
	 */
	SCHEMATHESIS("schemathesis"),

	/**
	 * The Python that has what {@code .ci/python.txt} names.
	 */
	PYTHON("python");

	/** Servers live in directories that are not on everybody's path. */
	private static final String BESIDES = "/usr/sbin:/usr/local/sbin:/sbin:/opt/homebrew/bin".replace(":",
			File.pathSeparator);

	/** With blanks between them. */
	private final String names;

	RequiredTool(String... names) {
		this.names = String.join(" ", names);
	}

	/**
	 * Where the program is. Ends the test, or all tests of a class when called before
	 * them, if it is nowhere.
	 * @return the program
	 */
	public Path require() {
		return require(System.getenv("PATH"), System.getenv("CI"));
	}

	/**
	 * Whether the program is installed, for what goes on without it.
	 * @return whether it is
	 */
	public boolean isInstalled() {
		return findOn(System.getenv("PATH")) != null;
	}

	Path require(@Nullable String path, @Nullable String ci) {
		Path found = findOn(path);
		if (found != null) {
			return found;
		}
		String reason = "Not installed: " + this.names.replace(" ", ", ");
		if ("true".equals(ci)) {
			throw new AssertionError(reason + ". Under CI=true nothing is skipped");
		}
		return Assumptions.abort(reason);
	}

	private @Nullable Path findOn(@Nullable String path) {
		return find((path != null) ? path + File.pathSeparator + BESIDES : BESIDES);
	}

	private @Nullable Path find(String path) {
		return Stream.of(this.names.split(" "))
			.flatMap((name) -> Stream.of(path.split(File.pathSeparator))
				.filter((directory) -> !directory.isBlank())
				.map((directory) -> Path.of(directory, name)))
			.filter((file) -> Files.isRegularFile(file) && Files.isExecutable(file))
			.findFirst()
			.orElse(null);
	}

}
