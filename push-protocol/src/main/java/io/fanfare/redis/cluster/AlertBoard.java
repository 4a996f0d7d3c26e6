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

/**
 * The alerts of the cluster, as the one process left them that notifies of them. Which
 * process that is ends by itself after a while, so another can follow.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time.
 */
public final class AlertBoard {

	private static final byte[] REMOVED = new byte[0];

	private final CommandLink link;

	private final RedisKeys keys;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 */
	public AlertBoard(CommandLink link, RedisKeys keys) {
		this.link = link;
		this.keys = keys;
	}

	/** Whether a process leads. */
	public sealed interface Lead {

		/** Another process leads. */
		record Other() implements Lead {

		}

		/** This process led already, and what it changed is stored. */
		record Kept() implements Lead {

		}

		/**
		 * This process leads, and has not read the alerts since it does; what it changed
		 * is not stored.
		 *
		 * @param alerts what is stored, by id
		 */
		record Begun(Map<String, byte[]> alerts) implements Lead {

		}

	}

	/**
	 * Leads, or goes on.
	 * @param who the process, a name of its own for each
	 * @param adopted whether it has read the alerts since it leads: the answer that had
	 * them may have been lost
	 * @param life after how long without a call another may lead
	 * @param kept how long alerts are kept after the last call of a leader
	 * @param changes the alerts that changed, by id; an empty value removes one
	 * @return whether it leads
	 */
	public CompletableFuture<Lead> lead(String who, boolean adopted, Duration life, Duration kept,
			Map<String, byte[]> changes) {
		List<byte[]> arguments = new ArrayList<>(List.of(RedisKeys.bytes(who), number(life.toMillis()),
				number(kept.toMillis()), RedisKeys.bytes(adopted ? "1" : "0")));
		changes.forEach((id, alert) -> {
			arguments.add(RedisKeys.bytes(id));
			arguments.add(alert);
		});
		byte[][] alerts = { this.keys.alertLeader(), this.keys.alerts() };
		return this.link.<List<Object>>run(Script.LEAD_ALERTS, alerts, (run) -> arguments.toArray(byte[][]::new))
			.thenApply(AlertBoard::read);
	}

	/**
	 * Leads no more, so another need not wait for the end of the lead. Does nothing where
	 * another leads.
	 * @param who the process
	 * @param kept how long alerts are kept
	 * @return when it is done
	 */
	public CompletableFuture<Void> release(String who, Duration kept) {
		return lead(who, true, Duration.ZERO, kept, Map.of()).thenAccept((lead) -> {
		});
	}

	/**
	 * What removes an alert.
	 * @return an empty value
	 */
	public static byte[] removed() {
		return REMOVED;
	}

	private static Lead read(List<Object> answer) {
		if (answer.isEmpty()) {
			return new Lead.Other();
		}
		if ((long) answer.getFirst() == 1) {
			return new Lead.Kept();
		}
		Map<String, byte[]> alerts = new HashMap<>();
		for (int i = 1; i + 1 < answer.size(); i += 2) {
			alerts.put(new String((byte[]) answer.get(i), StandardCharsets.UTF_8), (byte[]) answer.get(i + 1));
		}
		return new Lead.Begun(Map.copyOf(alerts));
	}

	private static byte[] number(long value) {
		return RedisKeys.bytes(Long.toString(value));
	}

}
