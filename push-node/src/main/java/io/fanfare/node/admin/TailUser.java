package io.fanfare.node.admin;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.node.cluster.CallRefusedException;
import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.connection.Connection;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.StreamCopy;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult.Tailed;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.cluster.TailFrame;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies what users are sent to processes that ask for it: of streams that begin while a
 * tail lives from their first block on, of one that is open from now on. A tail that is
 * not asked for again ends by itself. While there is none, a stream costs nothing more
 * than a look into an empty map when it begins.
 */
public final class TailUser implements NodeCall<CallRequest.Tail, Tailed> {

	private static final Logger log = LoggerFactory.getLogger(TailUser.class);

	/** Each may take {@link TailedStream#MAX_BYTES} of heap per stream of its user. */
	static final int MAX_TAILS = 64;

	private final Connections connections;

	private final Sender sender;

	private final Worker worker;

	private final Ticker ticker;

	private final Map<String, UserTail> tails = new ConcurrentHashMap<>();

	/**
	 * Makes the call.
	 * @param connections the node's connections
	 * @param sender sends copies
	 * @param scheduler runs what no loop has the time for
	 */
	public TailUser(Connections connections, Sender sender, Scheduler scheduler) {
		this.connections = connections;
		this.sender = sender;
		this.worker = scheduler.createWorker("tail");
		this.ticker = scheduler.ticker();
		connections.copies().chooseBy(this::copyOf);
	}

	/** Sends copies. */
	@FunctionalInterface
	public interface Sender {

		/**
		 * Does it.
		 * @param process the process that asked
		 * @param copies the copies
		 * @return when it is done: whether the process received them
		 */
		CompletableFuture<Boolean> send(String process, TailFrame copies);

	}

	@Override
	public Class<CallRequest.Tail> request() {
		return CallRequest.Tail.class;
	}

	@Override
	public CompletableFuture<Tailed> run(CallRequest.Tail request) {
		UserTail.Receiver receiver = new UserTail.Receiver(request.to(), request.tail());
		if (request.lifeMs() == 0) {
			end(request.user(), receiver);
			return CompletableFuture.completedFuture(new Tailed(false));
		}
		UserTail tail = renew(request.user(), receiver, Duration.ofMillis(request.lifeMs()));
		String id = request.connection();
		Connection connection = (id != null) ? this.connections.find(id) : null;
		if (connection == null || !connection.user().equals(request.user())) {
			return CompletableFuture.completedFuture(new Tailed(false));
		}
		return Connections.onLoop(connection.loop(),
				(loop) -> CompletableFuture.completedFuture(new Tailed(attach(connection, tail))));
	}

	private UserTail renew(String user, UserTail.Receiver receiver, Duration life) {
		long now = this.ticker.nanoTime();
		boolean[] added = new boolean[1];
		UserTail tail = this.tails.compute(user, (name, present) -> {
			UserTail renewed = (present != null) ? present : new UserTail();
			if (!renewed.holds(receiver) && count() >= MAX_TAILS) {
				throw new CallRefusedException(CallAnswer.Refused.TOO_MANY_TAILS);
			}
			added[0] = renewed.renew(receiver, now + life.toNanos());
			return renewed;
		});
		if (added[0]) {
			log.info("tail=began process={} tails={}", receiver.process(), count());
		}
		this.worker.schedule(life, () -> expire(user));
		return tail;
	}

	private int count() {
		int count = 0;
		for (UserTail tail : this.tails.values()) {
			count += tail.size();
		}
		return count;
	}

	private void end(String user, UserTail.Receiver receiver) {
		this.tails.computeIfPresent(user, (name, tail) -> {
			tail.end(receiver);
			return tail.isWanted(this.ticker.nanoTime()) ? tail : null;
		});
	}

	private void expire(String user) {
		this.tails.computeIfPresent(user, (name, tail) -> tail.isWanted(this.ticker.nanoTime()) ? tail : null);
	}

	/** On the loop of a connection that is open. */
	private boolean attach(Connection connection, UserTail tail) {
		if (connection.isClosed()) {
			return false;
		}
		if (tail.begin(connection.id())) {
			this.connections.copies().attach(connection, copy(connection, tail));
		}
		return true;
	}

	/** On the loop of a connection that begins. */
	private @Nullable StreamCopy copyOf(Connection connection) {
		if (this.tails.isEmpty()) {
			return null;
		}
		UserTail tail = this.tails.get(connection.user());
		return (tail != null && tail.begin(connection.id())) ? copy(connection, tail) : null;
	}

	private StreamCopy copy(Connection connection, UserTail tail) {
		return new TailedStream(connection.id(), connection.loop(), tail, this.sender, this.worker, this.ticker);
	}

}
