package io.fanfare.node.cluster;

import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;

/**
 * Something that the API may ask of this node. Every bean of this type is one; its
 * package knows what it does, and nothing else has to know.
 *
 * @param <Q> what is asked
 * @param <R> what is answered
 */
public interface NodeCall<Q extends CallRequest<R>, R extends CallResult> {

	/**
	 * Which one it is.
	 * @return the type of what is asked
	 */
	Class<Q> request();

	/**
	 * Does it. Called on a thread of its own for each call; what belongs to a loop has to
	 * be asked of the loop.
	 * @param request what was asked with
	 * @return the answer, before the caller gives up; may fail with a
	 * {@link CallRefusedException}
	 */
	CompletableFuture<R> run(Q request);

}
