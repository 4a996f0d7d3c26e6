package io.fanfare.node.stream;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import io.fanfare.node.auth.StreamToken;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.connection.StreamRequest.Start;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.revocation.IssuedToken;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import org.jspecify.annotations.Nullable;

/** Reads what a request for a stream asks for. */
final class StreamParameters {

	private static final int MAX_PAGE_ID = 64;

	private static final Pattern COUNT = Pattern.compile("[1-9][0-9]{0,8}");

	private static final String EARLIEST = "earliest";

	private static final String KICKED = "k.";

	private static final String NEXT_UPSTREAM = "Fanfare-Next-Upstream";

	private static final String ATTEMPT = "Fanfare-Attempt";

	private final HttpHeaders headers;

	private final Map<String, List<String>> query;

	StreamParameters(HttpRequest request, Map<String, List<String>> query) {
		this.headers = request.headers();
		this.query = query;
	}

	/**
	 * Whether a browser reconnects by itself after a kick, with the id of
	 * {@code push.kicked}. The client must not return, so this is answered 204, after
	 * which a browser does not reconnect. No token is needed.
	 */
	boolean isKickedReconnect() {
		String id = this.headers.get("Last-Event-ID");
		return id != null && id.startsWith(KICKED);
	}

	/**
	 * Whether the client, or a proxy that tries the next node, wants a real status
	 * instead of a busy block.
	 */
	boolean wantsStatus() {
		return isStrict() || goesElsewhere() || refusalStatus() == 404;
	}

	/** Whether each refusal is a status, also a final one. */
	boolean isStrict() {
		return "1".equals(first("strict"));
	}

	/**
	 * Whether a final refusal is a block of a stream: a native EventSource shows a page
	 * neither status nor body.
	 */
	boolean wantsExplanation() {
		return "1".equals(first("explain")) && !isStrict();
	}

	/** How it is refused once its channel is handed over. */
	RefusalForm refusalForm() {
		return new RefusalForm(wantsStatus(), isStrict(), refusalStatus(), wantsExplanation(), cursorText());
	}

	/** Whether a proxy tries another node where this one refuses. */
	private boolean goesElsewhere() {
		String refusal = this.headers.get(NEXT_UPSTREAM);
		return "1".equals(refusal) || "404".equals(refusal);
	}

	/**
	 * The status of a refusal for want of room: 503, or 404 for a proxy that takes every
	 * 5xx for a failure of the node, whether or not it lets the client wait here.
	 */
	int refusalStatus() {
		String refusal = this.headers.get(NEXT_UPSTREAM);
		return ("404".equals(refusal) || "wait".equals(refusal)) ? 404 : 503;
	}

	/** The cursor as it was sent, where it is one. */
	@Nullable String cursorText() {
		String text = cursorParameter();
		return (text != null && MessageId.tryParse(text) != null) ? text : null;
	}

	/**
	 * Which of its requests a proxy sends, to more than one node where the first does not
	 * answer; "" where it does not say. To be believed of a trusted proxy only.
	 */
	static String attempt(HttpHeaders headers) {
		List<String> all = headers.getAll(ATTEMPT);
		return (all.size() == 1 && isPageId(all.getFirst())) ? all.getFirst() : "";
	}

	StreamRequest request(StreamToken token, InetAddress address, int maxChannels, int maxHistory)
			throws ProblemException {
		return new StreamRequest(token.user(), pageId("client"), pageId("page"), token.tier(),
				topics(token, maxChannels), start(maxHistory), "event".equals(first("heartbeat")),
				"1".equals(first("ack")), token.renewal(), token.expires(), address, goesElsewhere(),
				IssuedToken.of(token.id(), token.issued().getEpochSecond()));
	}

	private @Nullable String pageId(String name) throws ProblemException {
		String id = first(name);
		if (id != null && !isPageId(id)) {
			throw new ProblemException(Problem.badRequest(name, "has 1 to 64 letters, digits or _ . ~ -"));
		}
		return id;
	}

	private static boolean isPageId(String id) {
		for (int i = 0; i < id.length(); i++) {
			char c = id.charAt(i);
			if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "_.~-".indexOf(c) >= 0)) {
				return false;
			}
		}
		return !id.isEmpty() && id.length() <= MAX_PAGE_ID;
	}

	private List<ChannelName> topics(StreamToken token, int max) throws ProblemException {
		Set<ChannelName> topics = new LinkedHashSet<>();
		List<String> denied = new ArrayList<>();
		for (String name : this.query.getOrDefault("channel", List.of())) {
			if (name.isEmpty()) {
				continue;
			}
			if (name.contains("*")) {
				throw new ProblemException(
						Problem.badRequest("channel", "patterns grant rights in a token, they do not subscribe"));
			}
			if (!ChannelName.isTopic(name)) {
				throw new ProblemException(Problem.badRequest("channel",
						"is no topic; the user's own channel and all are received by every stream"));
			}
			ChannelName topic = ChannelName.topic(name);
			topics.add(topic);
			if (!token.covers(topic)) {
				denied.add(name);
			}
		}
		if (topics.size() > max) {
			throw new ProblemException(Problem.badRequest("channel", "at most " + max + " topics per stream"));
		}
		if (!denied.isEmpty()) {
			throw new ProblemException(Problem.forbidden("channel: not covered: " + String.join(", ", denied)));
		}
		return List.copyOf(topics);
	}

	private Start start(int maxHistory) throws ProblemException {
		String cursor = cursorParameter();
		if (cursor == null) {
			int history = history(maxHistory);
			return (history > 0) ? new Start.Latest(history) : new Start.Now();
		}
		if (cursor.equals(EARLIEST)) {
			return new Start.Latest(0);
		}
		if (cursor.startsWith(KICKED)) {
			throw new ProblemException(Problem.badRequest("lastEventId",
					"is the id of push.kicked, after which a client must not reconnect; a new page connects without it"));
		}
		// A refusal would be final, with a cursor that a page keeps for ever.
		Long id = MessageId.tryParse(cursor);
		return (id != null) ? new Start.After(id) : new Start.Unknown(history(maxHistory));
	}

	private int history(int max) throws ProblemException {
		String history = first("history");
		if (history == null || history.equals("0")) {
			return 0;
		}
		if (!COUNT.matcher(history).matches() || Integer.parseInt(history) > max) {
			throw new ProblemException(Problem.badRequest("history", "is a number of messages from 0 to " + max));
		}
		return Integer.parseInt(history);
	}

	/** The header wins: a native client keeps its stale query. */
	private @Nullable String cursorParameter() {
		String header = this.headers.get("Last-Event-ID");
		String text = (header != null && !header.isEmpty()) ? header : first("lastEventId");
		return text;
	}

	/** An empty value is as good as none. */
	private @Nullable String first(String name) {
		List<String> values = this.query.get(name);
		return (values != null && !values.getFirst().isEmpty()) ? values.getFirst() : null;
	}

}
