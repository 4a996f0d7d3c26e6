package io.fanfare.redis.presence;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

import io.fanfare.protocol.MessageId;

/**
 * Messages of which a verdict is awaited, that were written to a stream and not
 * acknowledged when it ended. The next stream of the same client may do so.
 *
 * @param client the client
 * @param ids the messages, {@link #MOST} at most
 */
public record Unacknowledged(String client, List<Long> ids) {

	/** So many are kept of a stream; of others the client is late. */
	public static final int MOST = 100;

	/** Keeps what it is given. */
	public Unacknowledged {
		ids = List.copyOf(ids);
	}

	/** As {@code unacknowledged.lua} has them. */
	static List<Long> parse(String ids) {
		return ids.isEmpty() ? List.of() : Arrays.stream(ids.split(" ", -1)).map(MessageId::parse).toList();
	}

	/** As {@code release-users} takes them. */
	String text() {
		return this.client + this.ids.stream().map((id) -> " " + MessageId.format(id)).collect(Collectors.joining());
	}

}
