package io.fanfare.redis.presence;

import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.revocation.IssuedToken;

/**
 * A connection that wants to receive the messages of a user.
 *
 * @param user the user
 * @param connection the connection
 * @param client the page's client id
 * @param tier its tier
 * @param page the id of the page's document, or "" where it is not known
 * @param cursor where its client was, {@link MessageId#ZERO} where it begins anew
 * @param token the token that grants it
 */
public record Claim(String user, String connection, String client, Tier tier, String page, long cursor,
		IssuedToken token) {

	/**
	 * A claim of a stream that begins anew, of a page whose document is not known, by a
	 * token that no revocation concerns.
	 * @param user the user
	 * @param connection the connection
	 * @param client the page's client id
	 * @param tier its tier
	 */
	public Claim(String user, String connection, String client, Tier tier) {
		this(user, connection, client, tier, "", MessageId.ZERO, IssuedToken.LATEST);
	}

}
