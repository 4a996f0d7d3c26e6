package io.fanfare.node.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.fanfare.node.auth.Credential;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.cookie.Cookie;
import io.netty.handler.codec.http.cookie.ServerCookieDecoder;

/**
 * Finds the one credential of a request. More than one is refused, whether or not they
 * agree: which of them counts would be a guess, and a proxy could guess otherwise.
 */
final class StreamCredentials {

	private static final String COOKIE = "__Host-fanfare";

	/** Without https a browser keeps no cookie with the prefix. */
	private static final String LOOPBACK_COOKIE = "fanfare";

	private static final String TICKET = "ticket";

	/** The parameters that carry a credential. */
	static final List<String> PARAMETERS = List.of("access_token", "token", TICKET);

	private static final String BEARER = "Bearer ";

	private final HttpHeaders headers;

	private final Map<String, List<String>> query;

	private final boolean loopback;

	private final List<Found> found = new ArrayList<>();

	private StreamCredentials(HttpHeaders headers, Map<String, List<String>> query, boolean loopback) {
		this.headers = headers;
		this.query = query;
		this.loopback = loopback;
	}

	private record Found(String where, Credential credential, boolean cookie) {

	}

	/**
	 * Finds it.
	 * @param headers the headers of the request
	 * @param query its parameters
	 * @param origin what its page may do
	 * @param loopback whether the server was called by a name of its own machine
	 * @return the credential
	 * @throws ProblemException if there is none, more than one, or one that its page may
	 * not use
	 */
	static Credential find(HttpHeaders headers, Map<String, List<String>> query, RequestOrigin origin, boolean loopback)
			throws ProblemException {
		StreamCredentials credentials = new StreamCredentials(headers, query, loopback);
		credentials.findAuthorization();
		for (String name : PARAMETERS) {
			credentials.findParameter(name);
		}
		credentials.findCookie();
		return credentials.only(origin);
	}

	private Credential only(RequestOrigin origin) throws ProblemException {
		if (this.found.isEmpty()) {
			throw new ProblemException(Problem
				.credentialMissing("A token is needed: Authorization: Bearer, access_token or the cookie " + COOKIE));
		}
		if (this.found.size() > 1) {
			throw new ProblemException(
					Problem.badRequest(String.join(", ", this.found.stream().map(Found::where).distinct().toList()),
							"a request has one credential, this one has " + this.found.size()));
		}
		Found only = this.found.getFirst();
		if (only.cookie() && origin != RequestOrigin.TRUSTED) {
			throw new ProblemException(Problem.foreignOrigin(
					"Cookie: counts for pages of the same origin, and of those that fanfare.allowed-origins names"));
		}
		return only.credential();
	}

	/** Other schemes are no concern of the node: a proxy may ask for a password. */
	private void findAuthorization() throws ProblemException {
		List<String> values = this.headers.getAll(HttpHeaderNames.AUTHORIZATION);
		if (values.size() > 1) {
			throw new ProblemException(Problem.badRequest("Authorization", "occurs more than once"));
		}
		for (String value : values) {
			if (value.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
				add("Authorization", value.substring(BEARER.length()).strip(), false);
			}
		}
	}

	/** One that occurs twice is two, even where one of them is empty. */
	private void findParameter(String name) throws ProblemException {
		List<String> values = this.query.getOrDefault(name, List.of());
		if (values.size() > 1) {
			throw new ProblemException(Problem.badRequest(name, "occurs more than once"));
		}
		values.forEach((value) -> add(name, value, false));
	}

	private void findCookie() throws ProblemException {
		List<Cookie> cookies = new ArrayList<>();
		for (String header : this.headers.getAll(HttpHeaderNames.COOKIE)) {
			for (Cookie cookie : ServerCookieDecoder.LAX.decodeAll(header)) {
				if (cookie.name().equals(COOKIE) || this.loopback && cookie.name().equals(LOOPBACK_COOKIE)) {
					cookies.add(cookie);
				}
			}
		}
		if (cookies.size() > 1) {
			throw new ProblemException(Problem.badRequest("Cookie", cookies.getFirst().name()
					+ (this.loopback ? " or " + LOOPBACK_COOKIE : "") + " occurs more than once"));
		}
		cookies.forEach((cookie) -> add("Cookie", cookie.value(), true));
	}

	/** An empty value is as good as none. */
	private void add(String where, String token, boolean cookie) {
		if (!token.isEmpty()) {
			Credential credential = where.equals(TICKET) ? new Credential.Ticket(token, "")
					: new Credential.Token(token);
			this.found.add(new Found(where, credential, cookie));
		}
	}

}
