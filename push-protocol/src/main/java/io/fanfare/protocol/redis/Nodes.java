package io.fanfare.protocol.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

import io.fanfare.protocol.MessageId;
import io.lettuce.core.SetArgs;
import org.jspecify.annotations.Nullable;

/**
 * What nodes tell of themselves, and how something is told to one node.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time.
 */
public final class Nodes {

	private final CommandLink link;

	private final RedisKeys keys;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 */
	public Nodes(CommandLink link, RedisKeys keys) {
		this.link = link;
		this.keys = keys;
	}

	/**
	 * Tells of a node.
	 * @param node the node's identity
	 * @param status what it says, JSON
	 * @return when it is written
	 */
	public CompletableFuture<Void> put(String node, byte[] status) {
		return this.link.call((commands) -> commands.hset(this.keys.nodes(), RedisKeys.bytes(node), status))
			.thenAccept((added) -> {
			});
	}

	/**
	 * Forgets a node.
	 * @param node the node's identity
	 * @return when it is done
	 */
	public CompletableFuture<Void> remove(String node) {
		return this.link.call((commands) -> commands.hdel(this.keys.nodes(), RedisKeys.bytes(node)))
			.thenAccept((removed) -> {
			});
	}

	/**
	 * Lists the nodes.
	 * @return identity to what the node last said, JSON
	 */
	public CompletableFuture<Map<String, byte[]>> list() {
		return this.link.call((commands) -> commands.hgetall(this.keys.nodes())).thenApply((fields) -> {
			Map<String, byte[]> nodes = new HashMap<>();
			fields.forEach((node, status) -> nodes.put(new String(node, StandardCharsets.UTF_8), status));
			return nodes;
		});
	}

	/**
	 * Lists the nodes by their identities alone.
	 * @return their identities
	 */
	public CompletableFuture<Set<String>> names() {
		return this.link.call((commands) -> commands.hkeys(this.keys.nodes()))
			.thenApply((nodes) -> nodes.stream()
				.map((node) -> new String(node, StandardCharsets.UTF_8))
				.collect(Collectors.toUnmodifiableSet()));
	}

	/**
	 * Begins a drain of the cluster, unless one is on its way.
	 * @param progress how it gets on, JSON
	 * @param life after how long without news it is taken for dead
	 * @return whether it is the only one
	 */
	public CompletableFuture<Boolean> beginRollout(byte[] progress, Duration life) {
		return this.link
			.call((commands) -> commands.set(this.keys.rollout(), progress, SetArgs.Builder.nx().px(life.toMillis())))
			.thenApply((answer) -> answer != null);
	}

	/**
	 * Tells how the drain of the cluster gets on. For whoever began it, and as long as it
	 * did not fall silent for its life.
	 * @param progress JSON
	 * @param life after how long without news it is taken for dead
	 * @return when it is written
	 */
	public CompletableFuture<Void> putRollout(byte[] progress, Duration life) {
		return this.link
			.call((commands) -> commands.set(this.keys.rollout(), progress, SetArgs.Builder.px(life.toMillis())))
			.thenAccept((answer) -> {
			});
	}

	/**
	 * Tells how the drain of the cluster ended; another may begin.
	 * @param outcome JSON
	 * @param life how long it is remembered
	 * @return when it is written
	 */
	public CompletableFuture<Void> endRollout(byte[] outcome, Duration life) {
		return this.link
			.call((commands) -> commands.set(this.keys.lastRollout(), outcome, SetArgs.Builder.px(life.toMillis())))
			.thenCompose((answer) -> this.link.call((commands) -> commands.del(this.keys.rollout())))
			.thenAccept((answer) -> {
			});
	}

	/**
	 * Finds out how the drain of the cluster gets on, or how the last one ended.
	 * @return JSON, or null if there was none lately
	 */
	public CompletableFuture<byte @Nullable []> rollout() {
		return this.link.<byte @Nullable []>call((commands) -> commands.get(this.keys.rollout()))
			.thenCompose((running) -> (running != null) ? CompletableFuture.completedFuture(running)
					: this.link.<byte @Nullable []>call((commands) -> commands.get(this.keys.lastRollout())));
	}

	/**
	 * Sends a node a sign of life by the path that messages take.
	 * @param node the node's identity
	 * @param nonce what comes back
	 * @return the id it took
	 */
	public CompletableFuture<Long> probe(String node, String nonce) {
		return this.link
			.<byte[]>run(Script.PROBE_NODE, new byte[][] { this.keys.clock(), this.keys.since() },
					(run) -> new byte[][] { RedisKeys.bytes(MessageId.format(this.link.seen())),
							this.keys.nodeChannel(node), RedisKeys.bytes(nonce) })
			.thenApply((id) -> MessageId.parse(new String(id, StandardCharsets.US_ASCII)));
	}

	/**
	 * Tells the node that holds a connection what its client said.
	 * @param node the node's identity
	 * @param said what
	 * @return whether a node of that identity heard it
	 */
	public CompletableFuture<Boolean> send(String node, Frame.FromClient said) {
		return this.link.call((commands) -> commands.publish(this.keys.nodeChannel(node), said.encode()))
			.thenApply((receivers) -> receivers > 0);
	}

	/**
	 * Answers a call.
	 * @param call the call
	 * @param answer what is answered; not silence
	 * @return whether the process that asked heard it
	 */
	public CompletableFuture<Boolean> answer(Frame.Call call, CallAnswer answer) {
		byte[] frame = new AnswerFrame(call.id(), answer).encode();
		return this.link.call((commands) -> commands.publish(this.keys.answerChannel(call.asker()), frame))
			.thenApply((receivers) -> receivers > 0);
	}

}
