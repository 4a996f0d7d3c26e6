package io.fanfare.redis.cluster;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Script;
import io.lettuce.core.KeyValue;
import org.jspecify.annotations.Nullable;

/**
 * What nodes that ended in order knew of their streams: of each node, by user. It
 * expires.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time.
 */
public final class Handovers {

	/** How long a handover is kept. */
	public static final Duration KEPT = Duration.ofMinutes(15);

	/** How many users one piece may have, so that it does not keep Redis busy. */
	public static final int MAX_USERS = 256;

	/** The field that is there once the whole is. */
	private static final byte[] WHOLE = new byte[0];

	private final CommandLink link;

	private final RedisKeys keys;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 */
	public Handovers(CommandLink link, RedisKeys keys) {
		this.link = link;
		this.keys = keys;
	}

	/**
	 * Writes a piece. It does not count before {@link #complete}.
	 * @param node the node's identity
	 * @param records users to the records of their streams, at most {@link #MAX_USERS}
	 * @return when it is written
	 */
	public CompletableFuture<Void> put(String node, Map<String, byte[]> records) {
		if (records.size() > MAX_USERS) {
			throw new IllegalArgumentException("A piece has at most " + MAX_USERS + " users");
		}
		return put(node, new byte[0], records);
	}

	/**
	 * All pieces are written.
	 * @param node the node's identity
	 * @param whole what the node says of the whole, JSON
	 * @return when it counts
	 */
	public CompletableFuture<Void> complete(String node, byte[] whole) {
		return put(node, whole, Map.of());
	}

	private CompletableFuture<Void> put(String node, byte[] whole, Map<String, byte[]> records) {
		List<byte[]> arguments = new ArrayList<>(3 + 2 * records.size());
		arguments.add(RedisKeys.bytes(Long.toString(KEPT.toMillis())));
		arguments.add(RedisKeys.bytes(node));
		arguments.add(whole);
		records.forEach((user, streams) -> {
			arguments.add(RedisKeys.bytes(user));
			arguments.add(streams);
		});
		return this.link
			.<Long>run(Script.PUT_HANDOVER, new byte[][] { this.keys.handover(node), this.keys.handovers() },
					(run) -> arguments.toArray(byte[][]::new))
			.thenAccept((left) -> {
			});
	}

	/**
	 * Lists the nodes that left something.
	 * @return identity to what the node says of the whole, JSON
	 */
	public CompletableFuture<Map<String, byte[]>> list() {
		return this.link.call((commands) -> commands.hgetall(this.keys.handovers())).thenApply((fields) -> {
			Map<String, byte[]> left = new HashMap<>();
			fields.forEach((node, value) -> left.put(new String(node, StandardCharsets.UTF_8), whole(value)));
			return left;
		});
	}

	/** Before it stands when it expires. */
	private static byte[] whole(byte[] value) {
		String text = new String(value, StandardCharsets.UTF_8);
		return RedisKeys.bytes(text.substring(text.indexOf(' ') + 1));
	}

	/**
	 * Reads what a node left of a user.
	 * @param node the node's identity
	 * @param user the user
	 * @return the records, empty where the user had no stream there; null where the
	 * handover is not there, or not whole
	 */
	public CompletableFuture<byte @Nullable []> records(String node, String user) {
		return this.link.call((commands) -> commands.hmget(this.keys.handover(node), WHOLE, RedisKeys.bytes(user)))
			.thenApply(Handovers::records);
	}

	private static byte @Nullable [] records(List<KeyValue<byte[], byte[]>> fields) {
		if (!fields.getFirst().hasValue()) {
			return null;
		}
		return fields.getLast().getValueOrElse(new byte[0]);
	}

}
