package io.fanfare.node.admin;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.Slices;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.call.CallResult.Disconnected;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the connections that are meant. Whose clients shall stop are ended through Redis,
 * by the script that ends a user's connection wherever it is, so that presence and
 * tombstones are right; the others are sent away from here. Answers once it is known how
 * many they are; they end meanwhile, and after.
 */
public final class DisconnectConnections implements NodeCall<CallRequest.Disconnect, CallResult.Disconnected> {

	private static final Logger log = LoggerFactory.getLogger(DisconnectConnections.class);

	/** Scripts on their way at once: Redis is kept busy for a millisecond or two. */
	private static final int BATCH = 100;

	private final Connections connections;

	private final Kick kick;

	private final Worker worker;

	/**
	 * Makes the call.
	 * @param connections the node's connections
	 * @param kick ends a user's connection
	 * @param scheduler runs what no loop has the time for
	 */
	public DisconnectConnections(Connections connections, Kick kick, Scheduler scheduler) {
		this.connections = connections;
		this.kick = kick;
		this.worker = scheduler.createWorker("call");
	}

	/** Ends a user's connection and keeps its page away. */
	@FunctionalInterface
	public interface Kick {

		/**
		 * Does it.
		 * @param user the user
		 * @param reason the reason that the client is given
		 * @param grace how long after the notice the stream is closed
		 * @param message what the client is given besides, or null
		 * @return when it is done
		 */
		CompletableFuture<?> user(String user, CloseReason reason, Duration grace, @Nullable String message);

	}

	@Override
	public Class<CallRequest.Disconnect> request() {
		return CallRequest.Disconnect.class;
	}

	@Override
	public CompletableFuture<Disconnected> run(CallRequest.Disconnect request) {
		Selection meant = Selection.of(request);
		CloseReason reason = request.reason();
		Duration grace = Duration.ofMillis(request.graceMs());
		String message = request.message();
		return (reason.advice() == CloseReason.Advice.STOP) ? kick(meant, reason, grace, message)
				: sendAway(meant, reason, message);
	}

	private CompletableFuture<Disconnected> sendAway(Selection meant, CloseReason reason, @Nullable String message) {
		AtomicInteger count = new AtomicInteger();
		return this.connections.onLoops((loop) -> Slices.ofAll(loop, Slices.WRITE, (connection) -> {
			if (connection.isBegun() && meant.takes(connection, loop.nanoTime())) {
				count.incrementAndGet();
				loop.guard("disconnect", connection, (one) -> one.goAway(reason, message));
			}
		})).thenApply((done) -> ended(count.get(), reason));
	}

	private CompletableFuture<Disconnected> kick(Selection meant, CloseReason reason, Duration grace,
			@Nullable String message) {
		Queue<String> users = new ConcurrentLinkedQueue<>();
		return this.connections.onLoops((loop) -> Slices.ofAll(loop, Slices.LOOK, (connection) -> {
			if (connection.isHeld() && meant.takes(connection, loop.nanoTime())) {
				users.add(connection.user());
			}
		})).thenApplyAsync((done) -> {
			Disconnected ended = ended(users.size(), reason);
			kickNext(users, reason, grace, message);
			return ended;
		}, this.worker::execute);
	}

	private void kickNext(Queue<String> users, CloseReason reason, Duration grace, @Nullable String message) {
		List<CompletableFuture<?>> sent = new ArrayList<>(BATCH);
		String user;
		while (sent.size() < BATCH && (user = users.poll()) != null) {
			sent.add(this.kick.user(user, reason, grace, message));
		}
		CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).whenCompleteAsync((done, failure) -> {
			if (failure != null) {
				log.warn("disconnect=unfinished users={} reason=\"{}\"", users.size() + sent.size(),
						failure.getMessage());
			}
			else if (!users.isEmpty()) {
				kickNext(users, reason, grace, message);
			}
		}, this.worker::execute);
	}

	private static Disconnected ended(int count, CloseReason reason) {
		log.info("disconnect=began connections={} reason={}", count, reason.wireName());
		return new Disconnected(count);
	}

}
