package io.fanfare.redis.presence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;

/**
 * How many streams come from which network address, over all nodes: how many there are,
 * and how many were opened of late.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time; the outcome is unknown then.
 */
public final class Addresses {

	/** How long what a node said is kept where it does not say it again. */
	private static final Duration KEPT = Duration.ofMinutes(5);

	private final CommandLink link;

	private final RedisKeys keys;

	private final Limits limits;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param limits what is allowed
	 */
	public Addresses(CommandLink link, RedisKeys keys, Limits limits) {
		this.link = link;
		this.keys = keys;
		this.limits = limits;
	}

	/**
	 * What an address may have.
	 *
	 * @param connections streams at once, 0 for any number
	 * @param opens streams opened within a time, 0 for any number
	 * @param window that time, from the first of them on
	 */
	public record Limits(int connections, int opens, Duration window) {

	}

	/** Whether one more stream may be opened. */
	public sealed interface Admission {

		/**
		 * It may, and is counted.
		 *
		 * @param connections how many streams there are with it, 0 where they are not
		 * limited
		 * @param opens how many were opened with it, 0 where that is not limited
		 * @param reset how long until opens are counted anew
		 */
		record Admitted(int connections, int opens, Duration reset) implements Admission {

		}

		/** There are as many as may be. */
		record TooManyConnections() implements Admission {

		}

		/**
		 * As many were opened as may be.
		 *
		 * @param reset how long until they are counted anew
		 */
		record TooManyOpens(Duration reset) implements Admission {

		}

	}

	/**
	 * Asks for one more stream.
	 * @param node the node's identity
	 * @param address the address
	 * @param held how many of its streams the node holds, with this one
	 * @return whether it may be opened
	 */
	public CompletableFuture<Admission> admit(String node, String address, int held) {
		byte[][] scriptKeys = { this.keys.connections(address), this.keys.opens(address) };
		return this.link
			.<List<Object>>run(Script.ADMIT_ADDRESS, scriptKeys,
					(run) -> new byte[][] { this.keys.keyPrefix(), bytes(node), number(held),
							number(this.limits.connections()), number(this.limits.opens()),
							number(this.limits.window().toMillis()), number(KEPT.toMillis()) })
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				return switch (reply.text()) {
					case "connections" -> new Admission.TooManyConnections();
					case "opens" -> new Admission.TooManyOpens(Duration.ofMillis(reply.number()));
					default -> new Admission.Admitted((int) reply.number(), (int) reply.number(),
							Duration.ofMillis(Math.max(0, reply.number())));
				};
			});
	}

	/**
	 * Says how many streams of some addresses a node holds. What it says counts while the
	 * node's lease stands, and has to be said again every few minutes.
	 * @param node the node's identity
	 * @param held address to number; 0 for none any more
	 * @return when it is written
	 */
	public CompletableFuture<Void> renew(String node, Map<String, Integer> held) {
		List<byte[]> scriptKeys = new ArrayList<>(held.size());
		List<byte[]> arguments = new ArrayList<>(held.size() + 2);
		arguments.add(bytes(node));
		arguments.add(number(KEPT.toMillis()));
		held.forEach((address, count) -> {
			scriptKeys.add(this.keys.connections(address));
			arguments.add(number(count));
		});
		return this.link
			.<byte[]>run(Script.RENEW_ADDRESSES, scriptKeys.toArray(byte[][]::new),
					(run) -> arguments.toArray(byte[][]::new))
			.thenAccept((done) -> {
			});
	}

	private static byte[] number(long number) {
		return bytes(Long.toString(number));
	}

	private static byte[] bytes(String text) {
		return RedisKeys.bytes(text);
	}

}
