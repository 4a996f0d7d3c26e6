package io.fanfare.redis.presence;

import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.revocation.IssuedToken;
import org.jspecify.annotations.Nullable;

/**
 * A connection that wants to receive the messages of a user.
 *
 * @param user the user
 * @param connection the connection
 * @param client the page's client id
 * @param tier its tier
 * @param page the id of the page's document, or "" where it is not known
 * @param cursor where its client was, {@link MessageId#ZERO} where it begins anew
 * @param token the token that grants it, or what a ticket keeps of it
 * @param ticket the ticket that the claim spends, or null for none
 */
public record Claim(String user, String connection, String client, Tier tier, String page, long cursor,
		IssuedToken token, @Nullable Ticket ticket) {

	/**
	 * A claim without a ticket.
	 * @param user the user
	 * @param connection the connection
	 * @param client the page's client id
	 * @param tier its tier
	 * @param page the id of the page's document, or "" where it is not known
	 * @param cursor where its client was
	 * @param token the token that grants it
	 */
	public Claim(String user, String connection, String client, Tier tier, String page, long cursor,
			IssuedToken token) {
		this(user, connection, client, tier, page, cursor, token, null);
	}

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

	/**
	 * A ticket that is to be spent.
	 *
	 * @param digest its SHA-256, in hexadecimal
	 * @param attempt the request of a proxy that it came with, which the proxy may send
	 * to another node; "" for none
	 */
	public record Ticket(String digest, String attempt) {

	}

}
