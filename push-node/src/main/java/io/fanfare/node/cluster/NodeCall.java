package io.fanfare.node.cluster;

import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.redis.CallName;
import tools.jackson.databind.JsonNode;

/**
 * Something that the API may ask of this node. Every bean of this type is one; its
 * package knows what it does, and nothing else has to be told.
 */
public interface NodeCall {

	/**
	 * Which one it is.
	 * @return its name
	 */
	CallName name();

	/**
	 * Does it. Called on a thread of its own for each call; what belongs to a loop has to
	 * be asked of the loop.
	 * @param body what was asked with
	 * @return what is written as JSON, soon enough for whoever waits; may fail with a
	 * {@link CallRefusedException}
	 */
	CompletableFuture<?> run(JsonNode body);

}
