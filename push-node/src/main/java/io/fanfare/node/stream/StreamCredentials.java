package io.fanfare.node.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.fanfare.node.auth.Credential;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.cookie.Cookie;
import io.netty.handler.codec.http.cookie.ServerCookieDecoder;
import org.jspecify.annotations.Nullable;

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
	private static final List<String> PARAMETERS = List.of("access_token", "token", TICKET);

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
		Found only = only(headers, query, loopback);
		if (only == null) {
			throw new ProblemException(Problem.credentialMissing(
					"A token is needed: Authorization: Bearer, access_token or the cookie " + COOKIE));
		}
		if (only.cookie() && origin != RequestOrigin.TRUSTED) {
			throw new ProblemException(Problem.foreignOrigin(
					"Cookie: counts for pages of the same origin, and of those that fanfare.allowed-origins names"));
		}
		return only.credential();
	}

	/**
	 * Finds the token of a call that takes it by the header alone. A browser adds its
	 * cookies by itself, so a cookie counts for nothing here.
	 * @param headers the headers of the request
	 * @param query its parameters
	 * @param loopback whether the server was called by a name of its own machine
	 * @return the token
	 * @throws ProblemException if there is none, or another credential
	 */
	static Credential.Token bearer(HttpHeaders headers, Map<String, List<String>> query, boolean loopback)
			throws ProblemException {
		for (String name : PARAMETERS) {
			if (query.containsKey(name)) {
				throw new ProblemException(
						Problem.badRequest(name, "is not for this: the token stands in Authorization"));
			}
		}
		Found only = only(headers, query, loopback);
		if (only == null || only.cookie() || !(only.credential() instanceof Credential.Token token)) {
			throw new ProblemException(Problem.credentialMissing("A token is needed: Authorization: Bearer"));
		}
		return token;
	}

	/**
	 * Looks at a call that needs no credential: it may have one, which counts for
	 * nothing.
	 * @param headers the headers of the request
	 * @param query its parameters
	 * @param loopback whether the server was called by a name of its own machine
	 * @throws ProblemException if there is more than one
	 */
	static void check(HttpHeaders headers, Map<String, List<String>> query, boolean loopback) throws ProblemException {
		only(headers, query, loopback);
	}

	private static @Nullable Found only(HttpHeaders headers, Map<String, List<String>> query, boolean loopback)
			throws ProblemException {
		StreamCredentials credentials = new StreamCredentials(headers, query, loopback);
		credentials.findAuthorization();
		for (String name : PARAMETERS) {
			credentials.findParameter(name);
		}
		credentials.findCookie();
		List<Found> all = credentials.found;
		if (all.size() > 1) {
			throw new ProblemException(
					Problem.badRequest(String.join(", ", all.stream().map(Found::where).distinct().toList()),
							"a request has one credential, this one has " + all.size()));
		}
		return all.isEmpty() ? null : all.getFirst();
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
