package io.fanfare.node.stream;

import java.util.List;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * Who may read answers from another origin (Fetch standard). The headers stand on every
 * answer: without them a page cannot distinguish a refusal from a broken network.
 */
final class Cors {

	/** What is read of a request. */
	private static final List<String> HEADERS = List.of("Authorization", "Cache-Control", "Last-Event-ID",
			"Content-Type");

	private static final String ANY_PORT = ":*";

	private final boolean any;

	private final List<String> origins;

	/** What stands before the port, of origins of this machine that may have any. */
	private final List<String> ofAnyPort;

	private final String preflight;

	/**
	 * Allows these origins; {@code *} allows all, but none with cookies, and
	 * {@code http://localhost:*} all ports.
	 * @param origins the origins
	 * @param headers headers of requests that are allowed besides those read here
	 */
	Cors(List<String> origins, List<String> headers) {
		this.any = origins.contains("*");
		this.ofAnyPort = origins.stream()
			.filter((origin) -> origin.endsWith(ANY_PORT))
			.map((origin) -> origin.substring(0, origin.length() - ANY_PORT.length()))
			.toList();
		this.origins = origins.stream()
			.filter((origin) -> !origin.isEmpty() && !origin.equals("*") && !origin.endsWith(ANY_PORT))
			.toList();
		this.preflight = "Access-Control-Allow-Methods: GET, POST\r\nAccess-Control-Allow-Headers: "
				+ String.join(", ", HEADERS)
				+ headers.stream()
					.filter((name) -> HEADERS.stream().noneMatch(name::equalsIgnoreCase))
					.map((name) -> ", " + name)
					.collect(Collectors.joining())
				+ "\r\nAccess-Control-Max-Age: 7200\r\n";
	}

	/** Whether an origin is named, and not merely one of all. */
	boolean lists(String origin) {
		return this.origins.contains(origin) || this.ofAnyPort.stream().anyMatch((host) -> isAt(host, origin));
	}

	private static boolean isAt(String host, String origin) {
		int port = host.length() + 1;
		return origin.equals(host) || origin.length() > port && origin.startsWith(host)
				&& origin.charAt(port - 1) == ':' && origin.chars().skip(port).allMatch((c) -> c >= '0' && c <= '9');
	}

	/** Whether pages of every origin may send requests, without cookies. */
	boolean allowsAny() {
		return this.any;
	}

	/** The headers of an answer, ready to be written; empty where there is no origin. */
	String headers(@Nullable String origin) {
		if (origin == null) {
			return this.any ? "" : "Vary: Origin\r\n";
		}
		if (lists(origin)) {
			return "Access-Control-Allow-Origin: " + origin
					+ "\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n";
		}
		return this.any ? "Access-Control-Allow-Origin: *\r\nVary: Origin\r\n" : "Vary: Origin\r\n";
	}

	/** The headers of an answer to a request whose origin could not be read. */
	String unreadable() {
		return this.any ? "Access-Control-Allow-Origin: *\r\nVary: Origin\r\n" : "Vary: Origin\r\n";
	}

	/** The headers of an answer that says when to come back. */
	static String exposing(String headers) {
		return headers.startsWith("Access-Control-Allow-Origin:")
				? headers + "Access-Control-Expose-Headers: RateLimit, RateLimit-Policy, Retry-After\r\n" : headers;
	}

	/** What else the answer to a preflight says. */
	String preflight() {
		return this.preflight;
	}

}
