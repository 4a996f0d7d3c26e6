package io.fanfare.doctor;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * What the command line asks for.
 *
 * @param url the address of the streams, without a query
 * @param origin the origin of the page in whose place is asked; null for the address's
 * own
 * @param json whether the output is JSON
 */
record Options(URI url, @Nullable String origin, boolean json) {

	static final String USAGE = """
			java -jar push-doctor.jar [--origin=ORIGIN] [--json] URL

			  URL       where clients open their streams, such as https://push.example/events
			  --origin  the origin of the pages that do, such as https://app.example, where it is another one
			  --json    prints JSON

			Exit status: 0 without problems, 1 with problems, 2 if the doctor could not ask all of it.
			""";

	private static final int MAX_PORT = 65_535;

	/**
	 * Reads a command line.
	 * @param arguments the arguments
	 * @return the options
	 * @throws IllegalArgumentException with a sentence for the user
	 */
	static Options parse(List<String> arguments) {
		String url = null;
		String origin = null;
		boolean json = false;
		Iterator<String> left = arguments.iterator();
		while (left.hasNext()) {
			String argument = left.next();
			if (argument.equals("--json")) {
				json = true;
			}
			else if (argument.equals("--origin")) {
				if (!left.hasNext()) {
					throw new IllegalArgumentException("--origin needs a value, such as https://app.example");
				}
				origin = left.next();
			}
			else if (argument.startsWith("--origin=")) {
				origin = argument.substring("--origin=".length());
			}
			else if (argument.startsWith("-")) {
				throw new IllegalArgumentException("There is no option " + argument);
			}
			else if (url != null) {
				throw new IllegalArgumentException("One URL at a time: " + url + " or " + argument);
			}
			else {
				url = argument;
			}
		}
		if (url == null || url.isBlank()) {
			throw new IllegalArgumentException("A URL is missing, such as https://push.example/events");
		}
		return new Options(address(url), (origin != null) ? origin(origin) : null, json);
	}

	private static URI address(String text) {
		URI uri = http(text, "URL");
		if (uri.getRawQuery() != null || uri.getRawFragment() != null || uri.getRawUserInfo() != null) {
			throw new IllegalArgumentException("URL: a query, a fragment or a user has no place in " + text);
		}
		return uri;
	}

	private static String origin(String text) {
		URI uri = http(text, "--origin");
		if (!text.equals(uri.getScheme() + "://" + uri.getRawAuthority())) {
			throw new IllegalArgumentException(
					"--origin: a scheme, a host and perhaps a port are expected, not " + text);
		}
		return text;
	}

	private static URI http(String text, String name) {
		try {
			URI uri = new URI(text);
			String scheme = (uri.getScheme() != null) ? uri.getScheme().toLowerCase(Locale.ROOT) : "";
			if (!scheme.equals("http") && !scheme.equals("https") || uri.getHost() == null) {
				throw new IllegalArgumentException(name + ": http:// or https:// and a host are expected, not " + text);
			}
			if (uri.getPort() == 0 || uri.getPort() > MAX_PORT) {
				throw new IllegalArgumentException(name + ": a port is 1 to " + MAX_PORT + ", not " + uri.getPort());
			}
			return uri;
		}
		catch (URISyntaxException ex) {
			throw new IllegalArgumentException(name + ": " + ex.getMessage(), ex);
		}
	}

}
