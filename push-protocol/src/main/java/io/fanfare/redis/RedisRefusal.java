package io.fanfare.redis;

import java.util.Locale;

import io.lettuce.core.RedisCommandExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Why Redis answered, but did not do what it was asked for, by the code that its error
 * replies begin with. The one place that classifies such a reply.
 */
public enum RedisRefusal {

	/** The server is a replica: it was demoted, or never was the master. */
	READONLY("Redis refuses writes", true),

	/** Fewer replicas follow the master than {@code min-replicas-to-write}. */
	NOREPLICAS("Redis refuses writes", true),

	/** The server is a replica that has lost its master. */
	MASTERDOWN("Redis is a replica without its master", true),

	/** The server reads its data from disk. */
	LOADING("Redis loads its data", true),

	/** A Redis Cluster does not serve. */
	CLUSTERDOWN("Redis refuses commands", true),

	/** The server wants a password. */
	NOAUTH("Redis refuses the credentials", true),

	/** User name or password are wrong, or the user is disabled. */
	WRONGPASS("Redis refuses the credentials", true),

	/** {@code maxclients} is reached. */
	MAXCLIENTS("Redis refuses connections", true),

	/** {@code maxmemory-policy} is {@code allkeys-*}: state may vanish at any time. */
	EVICTION("Redis may evict any key", true),

	/** {@code maxmemory} is reached and nothing can be evicted. */
	OOM("Redis refuses writes", false),

	/** The server cannot write its snapshot or append-only file. */
	MISCONF("Redis refuses writes", false),

	/** A script runs for longer than {@code busy-reply-threshold}. */
	BUSY("Redis is busy with a script", false),

	/** The user's ACL rules do not allow the command, key or channel. */
	NOPERM("Redis refuses the command", false),

	/** Any other error reply. */
	ERR("Redis refuses the command", false);

	private final String sentence;

	private final boolean endsLink;

	RedisRefusal(String phrase, boolean endsLink) {
		this.sentence = phrase + " (" + name() + ")";
		this.endsLink = endsLink;
	}

	/**
	 * Finds the refusal behind a failure.
	 * @param failure the failure of a command or of a connection attempt
	 * @return the refusal, or null where Redis refused nothing: it did not answer, or
	 * lacks a script
	 */
	static @Nullable RedisRefusal of(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof RedisRefusedException refused) {
				return refused.refusal();
			}
			if (cause instanceof RedisCommandExecutionException) {
				return ofReply(String.valueOf(cause.getMessage()));
			}
		}
		return null;
	}

	/**
	 * Classifies an error reply.
	 * @param reply its text
	 * @return the refusal, or null for {@code NOSCRIPT}, which is answered by the source
	 */
	public static @Nullable RedisRefusal ofReply(String reply) {
		String text = reply.startsWith("-") ? reply.substring(1) : reply;
		int space = text.indexOf(' ');
		String code = (space < 0) ? text : text.substring(0, space);
		if (code.equals("NOSCRIPT")) {
			return null;
		}
		if (code.equals("ERR")) {
			String lower = text.toLowerCase(Locale.ROOT);
			// Redis 7.0 has no code for what ACL rules refuse within a script.
			return lower.startsWith("err max number of clients") ? MAXCLIENTS
					: lower.startsWith("err the user executing the script can't") ? NOPERM : ERR;
		}
		for (RedisRefusal refusal : values()) {
			if (refusal.name().equals(code)) {
				return refusal;
			}
		}
		return ERR;
	}

	/**
	 * What is the matter, with the code.
	 * @return a sentence without a full stop, such as
	 * {@code Redis refuses writes (NOREPLICAS)}
	 */
	public String sentence() {
		return this.sentence;
	}

	/**
	 * Whether another connection may reach a server that does not refuse.
	 */
	boolean endsLink() {
		return this.endsLink;
	}

	/**
	 * Whether a script that was refused has written nothing: Redis refuses it as a whole,
	 * or at its first write. ACL rules and errors may end a script later.
	 * @return whether it has not
	 */
	public boolean isBeforeWrites() {
		return this != NOPERM && this != ERR;
	}

	/**
	 * Whether it concerns every writer, not one command alone.
	 * @return whether it does
	 */
	public boolean isLasting() {
		return this != ERR;
	}

}
