package io.fanfare.redis;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * What is particular to a {@link SupervisedLink}. Called by the link's worker.
 *
 * @param <C> the kind of connection
 * @param <S> what is known of a connection once it can be used
 */
public interface LinkLifecycle<C, S> {

	/**
	 * Makes a connection. May block.
	 * @return the connection
	 */
	C connect();

	/**
	 * Asks what has to be known, and makes the connection fit for use. May block. A
	 * connection that fails here is closed.
	 * @param connection the connection
	 * @return what is known of it
	 * @throws ExecutionException if Redis refuses
	 * @throws TimeoutException if Redis does not answer
	 * @throws InterruptedException if the link is closed
	 */
	S greet(C connection) throws ExecutionException, TimeoutException, InterruptedException;

	/**
	 * Asks a connection, every second, whether it still answers. Must not block.
	 * @param connection the connection
	 * @param session what is known of it
	 * @return the answer
	 */
	CompletionStage<?> check(C connection, S session);

	/**
	 * The connection is there. One for which this fails is ended.
	 * @param session what is known of it
	 */
	default void began(S session) {
	}

	/**
	 * Whether a connection serves: one that ends before was a failed attempt, however
	 * long it took.
	 * @param session what is known of it
	 * @return whether it does
	 */
	default boolean isServing(S session) {
		return true;
	}

	/**
	 * Whether something else came, where a check was not answered.
	 * @param session what is known of the connection
	 * @return whether anything came over it since the check was begun
	 */
	default boolean hasReceived(S session) {
		return false;
	}

	/**
	 * The connection has ended; for each that {@link #began}.
	 * @param session what was known of it
	 */
	default void ended(S session) {
	}

}
