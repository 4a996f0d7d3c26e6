package io.fanfare.redis.cluster;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Script;
import io.lettuce.core.api.async.RedisServerAsyncCommands;
import org.jspecify.annotations.Nullable;

/**
 * What nodes report of themselves, and how one node is notified of something.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time.
 */
public final class Nodes {

	/** In this time each node writes its state to a new server, also after a back-off. */
	public static final Duration REWRITTEN = Duration.ofMillis(3 * NodeStatus.INTERVAL_MS);

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
	 * What the nodes last said of themselves.
	 *
	 * @param nowMs Redis's time, by whose clock they said it, in milliseconds since the
	 * epoch
	 * @param moved whether that clock may be another one: this process reached another
	 * server so recently that nodes may not have written to it yet
	 * @param states identity to JSON
	 */
	public record NodeStates(long nowMs, boolean moved, Map<String, byte[]> states) {

		/**
		 * How long a node has been silent.
		 * @param updatedAt when it last wrote, in milliseconds since the epoch
		 * @return the time, in milliseconds; 0 while that is not known
		 */
		public long silenceMs(long updatedAt) {
			return this.moved ? 0 : this.nowMs - updatedAt;
		}

	}

	/**
	 * Reports the state of a node, now by Redis's clock: {@code updatedAt} in it is set
	 * by Redis.
	 * @param node the node's identity
	 * @param status what it says, JSON
	 * @return when it is written
	 */
	public CompletableFuture<Void> put(String node, byte[] status) {
		return this.link
			.<Long>run(Script.PUT_NODE, new byte[][] { this.keys.nodes() },
					(run) -> new byte[][] { RedisKeys.bytes(node), status })
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
	 * @return what they last said
	 */
	public CompletableFuture<NodeStates> list() {
		boolean moved = hasMoved();
		return this.link.call(RedisServerAsyncCommands::time)
			.thenCombine(this.link.call((commands) -> commands.hgetall(this.keys.nodes())), (time, fields) -> {
				Map<String, byte[]> states = new HashMap<>();
				fields.forEach((node, status) -> states.put(new String(node, StandardCharsets.UTF_8), status));
				return new NodeStates(milliseconds(time), moved || hasMoved(), states);
			});
	}

	/**
	 * Whether this process reached another server so recently that what {@link #list()}
	 * says of silence is not certain: nodes that are gone may stand there as if they were
	 * not.
	 * @return whether it did
	 */
	public boolean hasMoved() {
		return this.link.hasMoved(REWRITTEN);
	}

	/**
	 * Whether Redis answers and takes no writes, as far as this process knows: then nodes
	 * cannot report.
	 * @return whether it does
	 */
	public boolean isWriteRefused() {
		RedisRefusal refusal = this.link.refusal();
		return refusal == RedisRefusal.OOM || refusal == RedisRefusal.MISCONF;
	}

	/**
	 * Reads below which id Redis may have lost something: it moves with each loss.
	 * @return the id, or {@link MessageId#ZERO} where Redis holds none that can be read
	 */
	public CompletableFuture<Long> dataLossFloor() {
		return this.link.<byte @Nullable []>call((commands) -> commands.get(this.keys.since())).thenApply((since) -> {
			try {
				return (since != null) ? MessageId.parse(new String(since, StandardCharsets.UTF_8)) : MessageId.ZERO;
			}
			catch (IllegalArgumentException ex) {
				return MessageId.ZERO;
			}
		});
	}

	/** What TIME answers: seconds, and the microseconds within the second. */
	private static long milliseconds(List<byte[]> time) {
		return Long.parseLong(new String(time.get(0), StandardCharsets.US_ASCII)) * 1000
				+ Long.parseLong(new String(time.get(1), StandardCharsets.US_ASCII)) / 1000;
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
	 * @param leader who leads it, a name of its own for each
	 * @param progress how it gets on, JSON
	 * @param life after how long without news it is taken for dead
	 * @return whether it is the only one
	 */
	public CompletableFuture<Boolean> beginRollout(String leader, byte[] progress, Duration life) {
		return lead(leader, "begin", progress, life, new byte[0], new byte[0]).thenApply((led) -> led > 0);
	}

	/**
	 * Reports how the drain of the cluster gets on, if it still has that leader.
	 * @param leader who led it
	 * @param progress JSON
	 * @param life after how long without news it is taken for dead
	 * @return whether it leads on; if not, another may
	 */
	public CompletableFuture<Boolean> putRollout(String leader, byte[] progress, Duration life) {
		return lead(leader, "go on", progress, life, new byte[0], new byte[0]).thenApply((led) -> led > 0);
	}

	/**
	 * Reports how the drain of the cluster gets on and sends a node an order, both only
	 * if the drain still has that leader.
	 * @param leader who led it
	 * @param progress JSON
	 * @param life after how long without news it is taken for dead
	 * @param order what is sent
	 * @return how many received the order; fails with a {@link LeadLostException}
	 */
	public CompletableFuture<Long> orderRollout(String leader, byte[] progress, Duration life, NodeCalls.Order order) {
		return lead(leader, "go on", progress, life, order.channel(), order.frame()).thenCompose((led) -> (led > 0)
				? CompletableFuture.completedFuture(led - 1) : CompletableFuture.failedFuture(new LeadLostException()));
	}

	/**
	 * Reports how the drain of the cluster ended, if it still has that leader; another
	 * may begin.
	 * @param leader who led it
	 * @param outcome JSON
	 * @param life how long it is remembered
	 * @return whether it led until then
	 */
	public CompletableFuture<Boolean> endRollout(String leader, byte[] outcome, Duration life) {
		return lead(leader, "end", outcome, life, new byte[0], new byte[0]).thenApply((led) -> led > 0);
	}

	private CompletableFuture<Long> lead(String leader, String how, byte[] progress, Duration life, byte[] channel,
			byte[] frame) {
		byte[][] drain = { this.keys.rollout(), this.keys.rolloutLeader(), this.keys.lastRollout() };
		return this.link.run(Script.LEAD_DRAIN, drain, (run) -> new byte[][] { RedisKeys.bytes(leader), progress,
				RedisKeys.bytes(Long.toString(life.toMillis())), RedisKeys.bytes(how), channel, frame });
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
	 * Notifies the node that holds a connection of what its client said.
	 * @param node the node's identity
	 * @param said what
	 * @return whether a node of that identity received it
	 */
	public CompletableFuture<Boolean> send(String node, Frame.FromClient said) {
		return this.link.call((commands) -> commands.publish(this.keys.nodeChannel(node), said.encode()))
			.thenApply((receivers) -> receivers > 0);
	}

	/**
	 * Answers a call.
	 * @param call the call
	 * @param answer what is answered; not silence
	 * @return whether the process that asked received it
	 */
	public CompletableFuture<Boolean> answer(Frame.Call call, CallAnswer answer) {
		byte[] frame = new AnswerFrame(call.id(), answer).encode();
		return this.link.call((commands) -> commands.publish(this.keys.answerChannel(call.asker()), frame))
			.thenApply((receivers) -> receivers > 0);
	}

	/**
	 * Sends a process copies of what a stream was sent.
	 * @param process what the process calls itself
	 * @param copies the copies
	 * @return whether the process received them
	 */
	public CompletableFuture<Boolean> copy(String process, TailFrame copies) {
		byte[] frame = copies.encode();
		return this.link.call((commands) -> commands.publish(this.keys.answerChannel(process), frame))
			.thenApply((receivers) -> receivers > 0);
	}

}
