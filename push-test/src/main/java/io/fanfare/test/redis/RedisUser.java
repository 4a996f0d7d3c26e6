package io.fanfare.test.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * As whom processes log in to Redis: the users of {@code redis/users.acl}. Each server of
 * tests has them. What looks behind the processes is the user {@code default}, which may
 * do everything here.
 */
public enum RedisUser {

	/** A node. */
	NODE,

	/** The API. */
	API,

	/** One that does what a node does and what the API does, which only tests have. */
	BOTH;

	private static final Path FILE = Path.of("redis", "users.acl");

	/**
	 * The name it logs in by.
	 * @return the name
	 */
	public String login() {
		return "fanfare-" + name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Its password in tests.
	 * @return the password
	 */
	public String password() {
		return login() + "-in-tests";
	}

	/**
	 * What the shipped file says of the users.
	 * @return its lines
	 */
	public static List<String> shipped() {
		Path folder = Path.of("").toAbsolutePath();
		while (folder != null && !Files.exists(folder.resolve(FILE))) {
			folder = folder.getParent();
		}
		if (folder == null) {
			throw new IllegalStateException("No " + FILE + " above " + Path.of("").toAbsolutePath());
		}
		try {
			return Files.readAllLines(folder.resolve(FILE));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** The lines of a {@code redis.conf} that make the users. */
	static List<String> configuration() {
		List<String> lines = new ArrayList<>();
		for (RedisUser user : List.of(NODE, API)) {
			lines.add(user.line(user.rules()));
		}
		String api = API.rules();
		int selectors = api.indexOf(" (");
		lines.add(BOTH.line(NODE.rules() + " (" + api.substring(0, selectors) + ")" + api.substring(selectors)));
		return lines;
	}

	private String line(String rules) {
		return "user " + login() + " on >" + password() + " " + rules;
	}

	/** What it may do: what stands behind its password. */
	private String rules() {
		String begin = "user " + login() + " on #FANFARE_REDIS_" + name() + "_PASSWORD ";
		return shipped().stream()
			.filter((line) -> line.startsWith(begin))
			.map((line) -> line.substring(begin.length()))
			.findFirst()
			.orElseThrow(() -> new IllegalStateException(FILE + " has no line that begins with " + begin));
	}

}
