package io.fanfare.node.presence;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Renewal;
import io.fanfare.redis.revocation.IssuedToken;
import org.jspecify.annotations.Nullable;

/**
 * Owning users on behalf of this node. Futures may complete on any thread; a failed one
 * means that the outcome is unknown.
 */
public interface Ownership {

	/**
	 * Makes a connection the one that receives a user's messages. May be repeated.
	 * @param claim the claim
	 * @return what it came to
	 */
	CompletableFuture<ClaimResult> claim(Claim claim);

	/**
	 * Spends a ticket for a connection that waits before it claims. May be repeated.
	 * @param user whose it is
	 * @param connection the connection
	 * @param ticket the ticket
	 * @param token what it keeps of the token that it is for
	 * @return what refuses it, or null where it is spent
	 */
	CompletableFuture<@Nullable String> spend(String user, String connection, Claim.Ticket ticket, IssuedToken token);

	/**
	 * Returns whether a token is revoked, for a connection that waits before it claims.
	 * @param user whose it is
	 * @param token the token
	 * @return whether it is
	 */
	CompletableFuture<Boolean> isRevoked(String user, IssuedToken token);

	/**
	 * Renews the node's lease and confirms what it holds.
	 * @param held some of its connections
	 * @param revocations the last entry of the log of revocations that the caller knows;
	 * null to begin at its end
	 * @return what was found
	 */
	CompletableFuture<Renewal> renew(List<Held> held, @Nullable Long revocations);

	/**
	 * Gives users up.
	 * @param fields whom, and by which connection they were held
	 * @return how many fields were removed
	 */
	CompletableFuture<Long> release(List<Field> fields);

	/**
	 * Returns whether Redis can be asked.
	 * @return whether it answers
	 */
	boolean isAvailable();

}
