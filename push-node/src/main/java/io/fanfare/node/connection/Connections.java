package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

import io.fanfare.node.broker.Message;
import io.fanfare.node.broker.MessageSink;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.redis.Frame;
import org.jspecify.annotations.Nullable;

/**
 * All connections of the node, by id, and the way from what arrives to the loops that own
 * them. Any thread may call.
 */
public final class Connections implements MessageSink {

	private static final int ID_BYTES = 12;

	private final String node;

	private final int max;

	private final RandomGenerator secureRandom;

	private final ConcurrentHashMap<String, Connection> byId = new ConcurrentHashMap<>();

	private final AtomicInteger taken = new AtomicInteger();

	private final AtomicInteger peak = new AtomicInteger();

	private volatile List<StreamLoop> loops = List.of();

	private volatile @Nullable CloseReason refusing;

	/**
	 * Makes an empty registry.
	 * @param node the node's identity
	 * @param max how many connections the node takes
	 * @param secureRandom makes ids that cannot be guessed
	 */
	public Connections(String node, int max, RandomGenerator secureRandom) {
		this.node = node;
		this.max = max;
		this.secureRandom = secureRandom;
	}

	/**
	 * Names the loops, once, before anything arrives.
	 * @param all the node's loops
	 */
	public void use(List<StreamLoop> all) {
		this.loops = List.copyOf(all);
	}

	/**
	 * Opens a connection on a loop; to be called on that loop. It answers by the outlet,
	 * at once or later.
	 * @param loop the loop
	 * @param request what is asked for
	 * @param outlet the socket
	 * @return the connection, or null if it was refused
	 */
	public @Nullable Handle open(StreamLoop loop, StreamRequest request, Outlet outlet) {
		CloseReason reason = this.refusing;
		if (reason == null && !loop.isReady()) {
			reason = CloseReason.REDIS_UNAVAILABLE;
		}
		if (reason == null && this.taken.incrementAndGet() > this.max) {
			this.taken.decrementAndGet();
			reason = CloseReason.FULL;
		}
		if (reason != null) {
			loop.events().refused(reason);
			outlet.refuse(reason, loop.spreadRetry());
			return null;
		}
		this.peak.accumulateAndGet(this.taken.get(), Math::max);
		byte[] random = new byte[ID_BYTES];
		this.secureRandom.nextBytes(random);
		String id = this.node + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
		Connection connection = loop.open(id, request, outlet);
		this.byId.put(id, connection);
		loop.admit(connection);
		return new Handle(connection);
	}

	/**
	 * Refuses a stream because a quota is used up; to be called on the loop.
	 * @param loop the loop
	 * @param quota which one
	 * @param outlet the socket
	 */
	public void refuse(StreamLoop loop, Quota quota, Outlet outlet) {
		loop.refuse(quota, outlet);
	}

	/** What the socket tells the connection. On its loop. */
	public static final class Handle {

		private final Connection connection;

		private Handle(Connection connection) {
			this.connection = connection;
		}

		/** It takes more again. */
		public void writable() {
			this.connection.writable();
		}

		/**
		 * It is gone.
		 * @param broken whether by an error
		 */
		public void disconnected(boolean broken) {
			this.connection.disconnected(broken);
		}

	}

	/** To be called for every connection that is gone. */
	void closed(Connection connection) {
		if (this.byId.remove(connection.id(), connection)) {
			this.taken.decrementAndGet();
		}
	}

	/**
	 * Tells whether a connection is held here.
	 * @param id its id
	 * @return whether it is
	 */
	public boolean isHeld(String id) {
		return this.byId.containsKey(id);
	}

	/**
	 * How many there are.
	 * @return the number
	 */
	public int size() {
		return this.taken.get();
	}

	/**
	 * The most there were at once.
	 * @return the number
	 */
	public int peak() {
		return this.peak.get();
	}

	/**
	 * How many may be there.
	 * @return the number
	 */
	public int max() {
		return this.max;
	}

	/**
	 * Takes nobody in any more.
	 * @param reason what newcomers are told
	 */
	public void refuse(CloseReason reason) {
		this.refusing = reason;
	}

	/**
	 * Tells whether newcomers are refused.
	 * @return whether they are
	 */
	public boolean isRefusing() {
		return this.refusing != null;
	}

	/**
	 * Takes nobody in any more and sends all connections on, one after the other.
	 * @param window over how long
	 * @return when none is left
	 */
	public CompletableFuture<Void> drain(Duration window) {
		refuse(CloseReason.DRAINING);
		List<CompletableFuture<Void>> drains = new ArrayList<>();
		for (StreamLoop loop : this.loops) {
			CompletableFuture<Void> drained = new CompletableFuture<>();
			drains.add(drained);
			loop.submit(() -> loop.drain(window).thenAccept(drained::complete));
		}
		return CompletableFuture.allOf(drains.toArray(CompletableFuture[]::new));
	}

	/**
	 * Sends all connections on at once.
	 * @param reason what they are told
	 * @return when every loop has done so and their users are given up, or could not be
	 */
	public CompletableFuture<Void> stop(CloseReason reason) {
		List<CompletableFuture<?>> stops = new ArrayList<>();
		for (StreamLoop loop : this.loops) {
			CompletableFuture<Void> stopped = new CompletableFuture<>();
			stops.add(stopped);
			loop.submit(() -> loop.stop(reason).whenComplete((released, failure) -> stopped.complete(null)));
		}
		return CompletableFuture.allOf(stops.toArray(CompletableFuture[]::new));
	}

	@Override
	public void broadcast(Message message) {
		for (StreamLoop loop : this.loops) {
			loop.offer(message);
		}
	}

	@Override
	public void deliver(String id, Message message) {
		Connection connection = this.byId.get(id);
		if (connection != null) {
			connection.loop().offer(connection, message);
		}
	}

	@Override
	public void kick(Frame.Kick kick) {
		Connection connection = this.byId.get(kick.connection());
		if (connection != null) {
			CloseReason reason = kick.reason();
			connection.loop().submit(() -> {
				if (reason == null) {
					connection.endSilently();
				}
				else {
					connection.kicked(reason, kick.generation(), kick.grace());
				}
			});
		}
	}

	@Override
	public void displace(Frame.Displacement displacement) {
		for (StreamLoop loop : this.loops) {
			loop.submit(() -> loop.displace(displacement));
		}
	}

	@Override
	public void close(String id) {
		closeByClient(id);
	}

	/**
	 * Ends a stream as its client asks.
	 * @param id the connection
	 * @return whether it is held here
	 */
	public boolean closeByClient(String id) {
		Connection connection = this.byId.get(id);
		if (connection != null) {
			connection.loop().submit(connection::closeByClient);
		}
		return connection != null;
	}

	@Override
	public void acknowledge(String id, List<String> nonces) {
		acknowledgeByClient(id, nonces);
	}

	/**
	 * Notes that a client hears its stream.
	 * @param id the connection
	 * @param nonces of the probes that it heard
	 * @return whether it is held here
	 */
	public boolean acknowledgeByClient(String id, List<String> nonces) {
		Connection connection = this.byId.get(id);
		if (connection != null) {
			connection.loop().submit(() -> connection.acknowledged(nonces));
		}
		return connection != null;
	}

	@Override
	public void pass(long id) {
		for (StreamLoop loop : this.loops) {
			loop.submit(() -> loop.pass(id));
		}
	}

	@Override
	public void linkDown() {
		for (StreamLoop loop : this.loops) {
			loop.submit(loop::linkDown);
		}
	}

	@Override
	public void linkUp(long link) {
		for (StreamLoop loop : this.loops) {
			loop.submit(() -> loop.linkUp(link));
		}
	}

}
