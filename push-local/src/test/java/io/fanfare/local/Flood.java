package io.fanfare.local;

import java.time.Duration;
import java.util.Set;

import io.fanfare.test.api.TokenMint;

/**
 * What an attacker does again and again, and how it is answered.
 */
enum Flood {

	/**
	 * Tokens with a wrong signature, or of no form, to the node; wrong keys to the API.
	 */
	BAD_TOKENS(500, Set.of(401, 429)),

	/** Tokens of a key whose signatures cost much to check. */
	CURVE_SIGNATURES(250, Set.of(401, 429)),

	/** Keys of no connection, of this node and of nodes that do not exist. */
	CLOSES(500, Set.of(204)),

	/** Requests of which a part is still to come, to the node and to the API. */
	HALF_OPEN_BODIES(500, Set.of(408)),

	/** Connections to the API that come to nothing: more than it has. */
	HALF_OPEN_CONNECTIONS(500, Set.of(401, 429)),

	/** Users who come to a full node, wait for a moment and leave. */
	WAITING_ROOM(500, Set.of(200, 503)),

	/** Users who take their own streams over. */
	TAKEOVERS(500, Set.of(200, 429)),

	/** Messages to channels that are new. */
	NEW_CHANNELS(500, Set.of(200, 429)),

	/** Tickets that do not exist, and too many that do. */
	TICKETS(500, Set.of(201, 401, 429));

	private static final TokenMint FORGER = new TokenMint("signs-the-bad-tokens-of-the-floods-0123456789");

	private static final Duration LIFE = Duration.ofHours(1);

	/** Random bytes of the signature of ES256, which is of the right form. */
	private static final int SIGNATURE = 64;

	/** Of a connection's key, and of a ticket. */
	private static final int SECRET = 16;

	/** Users of the floods that have users. */
	private static final int USERS = 8;

	/** Of the waiting room: more than there is room for. */
	private static final int WAITERS = 200;

	/** Connections that a client holds: some more than wait, and than have a stream. */
	private static final int HELD_STREAMS = 12;

	/** Connections that a client holds until a call is answered. */
	private static final int HELD_CALLS = 150;

	/** Connections that a client holds in the middle of a request: for some seconds. */
	private static final int HELD_BODIES = 500;

	/** Of a head without an end: nearly all that a head may have. */
	private static final String LONG_HEADERS = ("X-Flood: " + "x".repeat(7_000) + "\r\n").repeat(5);

	/** Of a body of 16 KiB, which is the most that a node takes. */
	private static final String HALF_OF_16_KIB = "x".repeat(8 * 1024);

	private static final String HALF_OF_64_KIB = "x".repeat(32 * 1024);

	private final int perSecond;

	private final Set<Integer> expected;

	Flood(int perSecond, Set<Integer> expected) {
		this.perSecond = perSecond;
		this.expected = expected;
	}

	/** How many requests are sent per second at most. */
	int perSecond() {
		return this.perSecond;
	}

	/** The statuses that must be among the answers. */
	Set<Integer> expected() {
		return this.expected;
	}

	/** Does it once. */
	void attack(FloodClient client) {
		switch (this) {
			case BAD_TOKENS -> badToken(client);
			case CURVE_SIGNATURES -> client.askNode(stream("channel=flood",
					bearer(client.cluster().unsignedCurveToken(client.user(USERS)) + client.text(SIGNATURE))));
			case CLOSES -> close(client);
			case HALF_OPEN_BODIES -> halfOpen(client);
			case HALF_OPEN_CONNECTIONS -> unfinished(client);
			case WAITING_ROOM -> client.hold(client.cluster().node().port(),
					stream("client=" + client.text(SECRET), bearer(client.cluster().token(client.user(WAITERS)))),
					HELD_STREAMS);
			case TAKEOVERS -> client.hold(client.cluster().node().port(),
					stream("client=" + client.text(SECRET), bearer(client.cluster().token(client.user(USERS)))), 2);
			case NEW_CHANNELS -> client.askApi(post("/v1/messages", bearer(FloodedCluster.STOLEN_KEY),
					"{\"to\":{\"" + ((client.turn(2) == 0) ? "channel" : "user") + "\":\"flood-" + client.text(SECRET)
							+ "\"},\"data\":\"flood\"}"));
			case TICKETS -> ticket(client);
		}
	}

	private static void badToken(FloodClient client) {
		switch (client.turn(3)) {
			case 0 -> client.askNode(stream("channel=flood", bearer(FORGER.stream(client.user(USERS), LIFE, "*"))));
			case 1 -> client.askNode(
					stream("channel=flood", bearer(client.text(20) + "." + client.text(80) + "." + client.text(32))));
			default ->
				client.askApi(post("/v1/messages", bearer(client.text(32)), "{\"to\":{\"all\":true},\"data\":\"\"}"));
		}
	}

	/** A quarter goes to the API. */
	private static void halfOpen(FloodClient client) {
		int node = client.cluster().node().port();
		int api = client.cluster().api().port();
		switch (client.turn(8)) {
			case 0, 2, 4 -> client.hold(node, "GET /events HTTP/1.1\r\nHost: flood\r\n" + LONG_HEADERS, HELD_BODIES);
			case 1, 3, 5 -> client.hold(node,
					beginning("/events/close", "", 2 * HALF_OF_16_KIB.length()) + HALF_OF_16_KIB, HELD_BODIES);
			case 6 -> client.hold(api,
					beginning("/v1/messages", bearer(FloodedCluster.STOLEN_KEY), 2 * HALF_OF_64_KIB.length())
							+ HALF_OF_64_KIB,
					HELD_BODIES);
			default -> client.hold(api, beginning("/v1/messages", "", 2 * HALF_OF_64_KIB.length()) + HALF_OF_64_KIB,
					HELD_BODIES);
		}
	}

	/** Nothing, half a head, and half a body behind a refusal, or with a key. */
	private static void unfinished(FloodClient client) {
		String request = switch (client.turn(4)) {
			case 0 -> "";
			case 1 -> "POST /v1/messages HTTP/1.1\r\nHost: ";
			case 2 -> beginning("/v1/messages", bearer(client.text(32)), 2 * HALF_OF_64_KIB.length()) + HALF_OF_64_KIB;
			default -> beginning("/v1/messages", bearer(FloodedCluster.STOLEN_KEY), 2 * HALF_OF_64_KIB.length())
					+ HALF_OF_64_KIB;
		};
		client.hold(client.cluster().api().port(), request, HELD_BODIES);
	}

	private static void ticket(FloodClient client) {
		if (client.turn(2) == 0) {
			client.askNode(stream("ticket=" + client.text(SECRET), ""));
		}
		else {
			client.askNode(post("/events/ticket", bearer(client.cluster().token(client.user(USERS))), ""));
		}
	}

	/** A call for a node that is not known waits for up to a second. */
	private static void close(FloodClient client) {
		String key = "." + client.text(SECRET) + "\"}";
		if (client.turn(2) == 0) {
			client.askNode(post("/events/close", "", "{\"key\":\"" + client.cluster().nodeId() + key));
		}
		else {
			client.hold(client.cluster().node().port(),
					post("/events/close", "", "{\"key\":\"flood." + client.text(6) + key), HELD_CALLS);
		}
	}

	private static String bearer(String credential) {
		return "Authorization: Bearer " + credential + "\r\n";
	}

	private static String stream(String query, String headers) {
		return "GET /events?strict=1&" + query + " HTTP/1.1\r\nHost: flood\r\n" + headers + "\r\n";
	}

	private static String post(String path, String headers, String body) {
		return beginning(path, "Connection: close\r\n" + headers, body.length()) + body;
	}

	private static String beginning(String path, String headers, int length) {
		return "POST " + path + " HTTP/1.1\r\nHost: flood\r\nContent-Type: application/json\r\n" + headers
				+ "Content-Length: " + length + "\r\n\r\n";
	}

}
