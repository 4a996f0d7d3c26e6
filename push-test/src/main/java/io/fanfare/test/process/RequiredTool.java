package io.fanfare.test.process;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A program that tests use where it is installed.
 *
 * @see io.fanfare.test.junit.Assume
 */
public enum RequiredTool {

	/**
	 * The web server.
	 */
	NGINX("nginx"),

	/**
	 * The balancer.
	 */
	HAPROXY("haproxy"),

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
	 * What installs packages for Node.js.
	 */
	NPM("npm"),

	/**
	 * The Redis server of the system, which is linked dynamically; the embedded one is
	 * not.
	 */
	REDIS_SERVER("redis-server"),

	/**
	 * What makes certificates.
	 */
	OPENSSL("openssl"),

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
	PYTHON("python"),

	/**
	 * A Python without packages.
	 */
	PYTHON3("python3"),

	/**
	 * What scrapes metrics and evaluates rules.
	 */
	PROMETHEUS("prometheus"),

	/**
	 * What checks and tests the rules of Prometheus.
	 */
	PROMTOOL("promtool"),

	/**
	 * What checks the configuration of Alertmanager.
	 */
	AMTOOL("amtool"),

	/**
	 * What notifies of the alerts of Prometheus; Debian's name, and its own.
	 */
	ALERTMANAGER("prometheus-alertmanager", "alertmanager");

	/** Servers live in directories that are not on everybody's path. */
	private static final String BESIDES = "/usr/sbin:/usr/local/sbin:/sbin:/opt/homebrew/bin".replace(":",
			File.pathSeparator);

	/** With blanks between them. */
	private final String names;

	RequiredTool(String... names) {
		this.names = String.join(" ", names);
	}

	/**
	 * Where the program is.
	 * @return the program
	 * @throws IllegalStateException if it is not installed
	 */
	public Path path() {
		Path found = findOn(System.getenv("PATH"));
		if (found == null) {
			throw new IllegalStateException(missing());
		}
		return found;
	}

	/**
	 * Whether the program is installed.
	 * @return whether it is
	 */
	public boolean isInstalled() {
		return findOn(System.getenv("PATH")) != null;
	}

	/**
	 * What to report where the program is not installed.
	 * @return a sentence that names it
	 */
	public String missing() {
		return "Not installed: " + this.names.replace(" ", ", ");
	}

	/**
	 * Looks for the program.
	 * @param path the directories, as in the variable PATH; null for none but those of
	 * servers
	 * @return the program, or null
	 */
	public @Nullable Path findOn(@Nullable String path) {
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
