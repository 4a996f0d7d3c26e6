package io.fanfare.node.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

import io.fanfare.node.connection.ConnectionKey;
import io.fanfare.protocol.ConnectionId;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads what clients say about their own streams. */
final class ClientCalls {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final Pattern NONCE = Pattern.compile("[A-Za-z0-9_-]{1,32}");

	/** More probes than could be out. */
	private static final int MAX_NONCES = 16;

	/** So many messages may be acknowledged singly by one call. */
	static final int MAX_IDS = 100;

	private ClientCalls() {
	}

	/** The stream to end; null where the key is that of none. */
	static Frame.@Nullable Close close(String body) throws ProblemException {
		String connection = connection(root(body));
		return (connection != null) ? new Frame.Close(connection) : null;
	}

	static Frame.Acknowledgement acknowledgement(String body) throws ProblemException {
		JsonNode root = root(body);
		String connection = connection(root);
		if (connection == null) {
			throw new ProblemException(Problem.notOpen());
		}
		return new Frame.Acknowledgement(connection, nonces(field(root, "nonces")), cursor(field(root, "cursor")),
				ids(field(root, "ids")));
	}

	private static @Nullable JsonNode field(@Nullable JsonNode root, String name) {
		return (root != null) ? root.get(name) : null;
	}

	private static @Nullable JsonNode root(String body) throws ProblemException {
		try {
			// A byte order mark may be ignored (RFC 8259, section 8.1).
			return JSON.readTree(body.startsWith("\uFEFF") ? body.substring(1) : body);
		}
		catch (JacksonException ex) {
			throw new ProblemException(Problem.badRequest("body", "is no JSON object"));
		}
	}

	/**
	 * The connection that the key is for. What looks like one, such as a connection id
	 * that was shown, belongs to no stream: null.
	 */
	private static @Nullable String connection(@Nullable JsonNode root) throws ProblemException {
		JsonNode key = field(root, "key");
		if (key == null || !key.isString()) {
			throw new ProblemException(Problem.badRequest("key", "a string is needed, that of push.connected"));
		}
		String text = key.stringValue();
		if (text.chars().anyMatch((c) -> c <= ' ') || ConnectionId.nodeOf(text) == null) {
			throw new ProblemException(Problem.badRequest("key", "is not of the form of that of push.connected"));
		}
		return ConnectionKey.connectionOf(text);
	}

	private static List<String> nonces(@Nullable JsonNode given) throws ProblemException {
		if (given == null) {
			return List.of();
		}
		if (!given.isArray() || given.size() > MAX_NONCES) {
			throw new ProblemException(Problem.badRequest("nonces", "is an array of at most " + MAX_NONCES));
		}
		List<String> nonces = new ArrayList<>();
		for (JsonNode nonce : given) {
			if (!nonce.isString() || !NONCE.matcher(nonce.stringValue()).matches()) {
				throw new ProblemException(Problem.badRequest("nonces", "are those of push.probe"));
			}
			nonces.add(nonce.stringValue());
		}
		return nonces;
	}

	private static long cursor(@Nullable JsonNode given) throws ProblemException {
		return (given != null) ? id("cursor", given) : MessageId.ZERO;
	}

	private static List<Long> ids(@Nullable JsonNode given) throws ProblemException {
		if (given == null) {
			return List.of();
		}
		if (!given.isArray() || given.size() > MAX_IDS) {
			throw new ProblemException(Problem.badRequest("ids", "is an array of at most " + MAX_IDS));
		}
		List<Long> ids = new ArrayList<>(given.size());
		for (JsonNode id : given) {
			ids.add(id("ids", id));
		}
		return ids;
	}

	private static long id(String field, JsonNode given) throws ProblemException {
		Long id = given.isString() ? MessageId.tryParse(given.stringValue()) : null;
		if (id == null) {
			throw new ProblemException(
					Problem.badRequest(field, "an id of an event is needed, such as 1764288000000-0"));
		}
		return id;
	}

}
