package io.fanfare.redis.cluster;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.random.RandomGenerator;

import io.fanfare.protocol.Frame;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallName;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisUnavailableException;
import io.lettuce.core.RedisClient;

/**
 * Asks nodes, and receives their answers: a call goes out on the node's channel, the
 * answer comes on a channel of this process, over a connection of its own.
 * <p>
 * Guarantees: every call ends, with an answer or without, within a time; none is sent
 * twice. Any thread may call. Futures complete on Lettuce's event loop or a timer's
 * thread, which must not be blocked.
 */
public final class NodeCalls implements AutoCloseable {

	private final CommandLink link;

	private final RedisKeys keys;

	private final Duration timeout;

	private final String asker;

	private final AtomicLong lastCall = new AtomicLong();

	private final Map<String, CompletableFuture<CallAnswer>> waiting = new ConcurrentHashMap<>();

	private final Map<String, TailReceiver> tails = new ConcurrentHashMap<>();

	private final AnswerLink answers;

	/** Receives copies of what streams were sent. Called on Lettuce's event loop. */
	public interface TailReceiver {

		/**
		 * Copies came.
		 * @param copies the copies
		 */
		void received(TailFrame copies);

		/** The link was lost: copies may be missing. */
		void lost();

	}

	/**
	 * Starts to listen for answers; it connects by itself.
	 * @param client the client, which stays the caller's to shut down
	 * @param link sends the calls
	 * @param keys the partition's keys
	 * @param name what this process is called
	 * @param random makes the name one of its own
	 * @param timeout how long a node may take to answer
	 * @param scheduler runs what the link for answers does
	 * @param errors notes what nothing else handles
	 */
	public NodeCalls(RedisClient client, CommandLink link, RedisKeys keys, String name, RandomGenerator random,
			Duration timeout, Scheduler scheduler, Errors errors) {
		this.link = link;
		this.keys = keys;
		this.timeout = timeout;
		this.asker = name + "." + Long.toHexString(random.nextLong());
		this.answers = new AnswerLink(client, keys.answerChannel(this.asker), this::received, link, this::lost,
				scheduler, errors);
	}

	/**
	 * What this process calls itself: who it is for nodes that send it something.
	 * @return the name
	 */
	public String asker() {
		return this.asker;
	}

	/**
	 * Names who receives the copies of a tail.
	 * @param tail the tail, which a node is asked for by {@code Tail}
	 * @param receiver receives them
	 */
	public void receive(String tail, TailReceiver receiver) {
		this.tails.put(tail, receiver);
	}

	/**
	 * Ends what {@link #receive} began.
	 * @param tail the tail
	 */
	public void ignore(String tail) {
		this.tails.remove(tail);
	}

	/**
	 * Whether answers can be received.
	 * @return whether they can
	 */
	public boolean isUp() {
		return this.answers.isUp();
	}

	/**
	 * Asks a node.
	 * @param node the node's identity
	 * @param name what is asked
	 * @param body JSON
	 * @return the answer; fails with a {@link RedisUnavailableException} where Redis does
	 * not carry it: the outcome is unknown then
	 */
	public CompletableFuture<CallAnswer> call(String node, CallName name, byte[] body) {
		return call(node, name, body,
				(order) -> this.link.call((commands) -> commands.publish(order.channel(), order.frame())));
	}

	/**
	 * What is sent to a node.
	 *
	 * @param channel the node's pub/sub channel
	 * @param frame what is published on it
	 */
	public record Order(byte[] channel, byte[] frame) {

	}

	/**
	 * Asks a node by a way of the caller's.
	 * @param node the node's identity
	 * @param name what is asked
	 * @param body JSON
	 * @param send publishes it and returns how many received it
	 * @return the answer; fails as the sending does
	 */
	@SuppressWarnings("CatchThrowable")
	public CompletableFuture<CallAnswer> call(String node, CallName name, byte[] body,
			Function<Order, CompletableFuture<Long>> send) {
		String id = Long.toString(this.lastCall.incrementAndGet(), Character.MAX_RADIX);
		CompletableFuture<CallAnswer> answer = new CompletableFuture<>();
		this.waiting.put(id, answer);
		answer.whenComplete((value, failure) -> this.waiting.remove(id));
		if (!this.answers.isUp()) {
			answer.completeExceptionally(unheard());
			return answer;
		}
		try {
			byte[] frame = new Frame.Call(id, this.asker, name.wireName(), body).encode();
			send.apply(new Order(this.keys.nodeChannel(node), frame)).whenComplete((receivers, failure) -> {
				if (failure != null) {
					answer.completeExceptionally(failure);
				}
				else if (receivers == 0) {
					answer.complete(new CallAnswer.Silence());
				}
			});
		}
		catch (Throwable ex) {
			// What was never sent must not be waited for.
			answer.completeExceptionally(ex);
		}
		return answer.completeOnTimeout(new CallAnswer.Silence(), this.timeout.toMillis(), TimeUnit.MILLISECONDS);
	}

	private void received(byte[] bytes) {
		if (TailFrame.is(bytes)) {
			TailFrame copies = TailFrame.decode(bytes);
			TailReceiver receiver = this.tails.get(copies.tail());
			if (receiver != null) {
				receiver.received(copies);
			}
			return;
		}
		AnswerFrame received = AnswerFrame.decode(bytes);
		CompletableFuture<CallAnswer> answer = this.waiting.get(received.id());
		if (answer != null) {
			answer.complete(received.answer());
		}
	}

	/** What is answered now is not received. */
	private void lost() {
		this.waiting.values().forEach((answer) -> answer.completeExceptionally(unheard()));
		this.tails.values().forEach(TailReceiver::lost);
	}

	private static RedisUnavailableException unheard() {
		return new RedisUnavailableException("Answers of nodes cannot be received", null);
	}

	@Override
	public void close() {
		this.answers.close();
		lost();
	}

}
