package io.fanfare.node.stream;

import java.util.List;
import java.util.Locale;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * What a request says of the page that made it, and what it may do therefore. Browsers
 * write {@code Origin} and {@code Sec-Fetch-Site} (Fetch, Fetch Metadata) and no page can
 * change them; other clients are not bound by them, and cannot be made to send the cookie
 * of another user.
 */
enum RequestOrigin {

	/** No page, one of the same origin, or one of a listed origin. */
	TRUSTED,
	/** A page that may send a token, but for which no cookie counts. */
	WITHOUT_COOKIE,
	/** A page of another origin, which is not allowed. */
	REFUSED;

	private static final String SEC_FETCH_SITE = "Sec-Fetch-Site";

	private static final String FORWARDED_HOST = "X-Forwarded-Host";

	/**
	 * Reads what a request says.
	 * @param headers its headers
	 * @param proxied whether it comes from a trusted proxy
	 * @param cors which origins are listed
	 * @throws ProblemException if it names more than one origin
	 */
	static RequestOrigin of(HttpHeaders headers, boolean proxied, Cors cors) throws ProblemException {
		String origin = single(headers, HttpHeaderNames.ORIGIN);
		String site = single(headers, SEC_FETCH_SITE);
		if (origin != null && cors.lists(origin) || "same-origin".equals(site)) {
			return TRUSTED;
		}
		boolean elsewhere = "cross-site".equals(site);
		if (origin == null && !elsewhere) {
			// A page of a sibling domain can request an image without an Origin, but with
			// cookies.
			return "same-site".equals(site) ? WITHOUT_COOKIE : TRUSTED;
		}
		if (origin != null && !elsewhere && isOwn(origin, headers, proxied)) {
			return TRUSTED;
		}
		return cors.allowsAny() ? WITHOUT_COOKIE : REFUSED;
	}

	private static @Nullable String single(HttpHeaders headers, CharSequence name) throws ProblemException {
		List<String> values = headers.getAll(name);
		if (values.size() > 1) {
			throw new ProblemException(Problem.badRequest(name.toString(), "occurs more than once"));
		}
		return values.isEmpty() ? null : values.getFirst();
	}

	/** Whether the page comes from the address that its request goes to. */
	private static boolean isOwn(String origin, HttpHeaders headers, boolean proxied) {
		int end = origin.indexOf("://");
		if (end < 0) {
			return false;
		}
		String port = switch (origin.substring(0, end)) {
			case "https" -> ":443";
			case "http" -> ":80";
			default -> "";
		};
		String authority = withoutPort(origin.substring(end + 3), port);
		return hosts(headers, proxied).stream().anyMatch((host) -> withoutPort(host, port).equals(authority));
	}

	private static String withoutPort(String authority, String usual) {
		String text = authority.toLowerCase(Locale.ROOT);
		return (!usual.isEmpty() && text.endsWith(usual)) ? text.substring(0, text.length() - usual.length()) : text;
	}

	/**
	 * What the client called this server: its Host, and what a trusted proxy had in its
	 * place.
	 */
	private static List<String> hosts(HttpHeaders headers, boolean proxied) {
		String host = headers.get(HttpHeaderNames.HOST, "");
		List<String> forwarded = proxied ? headers.getAll(FORWARDED_HOST) : List.of();
		return (forwarded.size() == 1) ? List.of(host, forwarded.getFirst().strip()) : List.of(host);
	}

	/**
	 * Whether the client called this server by a name that only its own machine has. A
	 * proxy may put such a name in the place of another, which it then forwards.
	 * @param headers the headers of the request
	 * @param proxied whether it comes from a trusted proxy
	 */
	static boolean isToLoopback(HttpHeaders headers, boolean proxied) {
		return hosts(headers, proxied).stream().allMatch(RequestOrigin::isLoopback);
	}

	private static boolean isLoopback(String authority) {
		String text = authority.toLowerCase(Locale.ROOT);
		int colon = text.lastIndexOf(':');
		String host = (colon > text.lastIndexOf(']')) ? text.substring(0, colon) : text;
		return host.equals("localhost") || host.endsWith(".localhost") || host.equals("[::1]")
				|| host.startsWith("127.") && host.chars().allMatch((c) -> c == '.' || c >= '0' && c <= '9');
	}

}
