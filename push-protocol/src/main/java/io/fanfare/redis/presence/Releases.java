package io.fanfare.redis.presence;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.MessageId;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;
import io.fanfare.redis.history.History;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Received;

/**
 * The releases of {@link Presence}, in as many calls of {@code release-users} as it
 * takes. Any thread may call.
 */
final class Releases {

	/** How many users one call gives up. */
	private static final int MAX_RELEASED = 500;

	private final CommandLink link;

	private final RedisKeys keys;

	Releases(CommandLink link, RedisKeys keys) {
		this.link = link;
		this.keys = keys;
	}

	/** Returns how many fields were removed. */
	CompletableFuture<Long> release(List<Field> fields) {
		if (fields.isEmpty()) {
			return CompletableFuture.completedFuture(0L);
		}
		List<Field> first = fields.subList(0, Math.min(fields.size(), MAX_RELEASED));
		return this.link
			.<List<Object>>run(Script.RELEASE_USERS, new byte[][] { this.keys.presence(), this.keys.last() },
					(run) -> arguments(first))
			.thenCompose((values) -> {
				Reply reply = new Reply(values);
				long removed = reply.number();
				int done = reply.hasNext() ? (int) reply.number() : first.size();
				return (done >= fields.size()) ? CompletableFuture.completedFuture(removed)
						: release(fields.subList(done, fields.size())).thenApply((others) -> removed + others);
			});
	}

	private byte[][] arguments(List<Field> fields) {
		List<byte[]> arguments = new ArrayList<>(4 + fields.size() * 6);
		arguments.add(this.keys.keyPrefix());
		arguments.add(this.keys.channelPrefix());
		arguments.add(Presence.bytes(Integer.toString(CommandLink.CALL_FIELDS)));
		arguments.add(Presence.bytes(Integer.toString(History.CALL_BYTES)));
		for (Field field : fields) {
			arguments.add(Presence.bytes(field.user()));
			arguments.add(Presence.bytes(field.connection()));
			arguments.add((field.generation() == MessageId.ZERO) ? new byte[0]
					: Presence.bytes(MessageId.format(field.generation())));
			Received received = field.received();
			arguments.add((received == null) ? new byte[0]
					: Presence.bytes(MessageId.format(received.upTo()) + " " + MessageId.format(received.cursor()) + " "
							+ MessageId.format(received.hiddenFrom()) + " " + MessageId.format(received.hiddenTo())));
			arguments.add(Presence.bytes(field.reason()));
			Unacknowledged unacknowledged = field.unacknowledged();
			arguments.add((unacknowledged == null) ? new byte[0] : Presence.bytes(unacknowledged.text()));
		}
		return arguments.toArray(byte[][]::new);
	}

}
