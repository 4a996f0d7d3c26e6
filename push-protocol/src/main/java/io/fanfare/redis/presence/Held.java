package io.fanfare.redis.presence;

import io.fanfare.protocol.Tier;

/**
 * A connection that owns a user, as its node knows it.
 *
 * @param user the user
 * @param connection the connection
 * @param generation its generation
 * @param client the page's client id
 * @param openedAt when it was opened, in milliseconds since the epoch
 * @param tier its tier
 * @param page the id of the page's document, or "" where it is not known
 */
public record Held(String user, String connection, long generation, String client, long openedAt, Tier tier,
		String page) {

	/**
	 * What a page holds whose document is not known.
	 * @param user the user
	 * @param connection the connection
	 * @param generation its generation
	 * @param client the page's client id
	 * @param openedAt when it was opened, in milliseconds since the epoch
	 * @param tier its tier
	 */
	public Held(String user, String connection, long generation, String client, long openedAt, Tier tier) {
		this(user, connection, generation, client, openedAt, tier, "");
	}

}
