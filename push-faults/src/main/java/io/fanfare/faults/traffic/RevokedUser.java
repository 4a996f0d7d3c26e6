package io.fanfare.faults.traffic;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What the client of a user received whose right was revoked. Times are of
 * {@link System#nanoTime()}.
 *
 * @param user the user
 * @param answeredAt when the API answered the revocation by 200
 * @param everywhere whether that answer named no node that did not answer
 * @param attempts the streams that the client asked for, in order
 */
public record RevokedUser(String user, long answeredAt, boolean everywhere, List<Attempt> attempts) {

	public RevokedUser {
		attempts = List.copyOf(attempts);
	}

	/**
	 * A stream that the client asked for.
	 *
	 * @param askedAt when
	 * @param admitted whether it got it
	 * @param lastMessageAt when the last message came; null if none came
	 */
	public record Attempt(long askedAt, boolean admitted, @Nullable Long lastMessageAt) {
	}

}
