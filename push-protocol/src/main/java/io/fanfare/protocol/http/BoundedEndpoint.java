package io.fanfare.protocol.http;

import java.net.InetAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.protocol.guard.Ticker;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SocketWrapperBase;

/**
 * Accepts connections as Tomcat does, but not from an address that has its share of a
 * crowded port: the places that are left are for others. A new connection of it is closed
 * at once, and no thread or buffer is taken for it.
 */
final class BoundedEndpoint extends NioEndpoint {

	/** A look at all connections costs some microseconds per hundred of them. */
	private static final Duration RECOUNT = Duration.ofMillis(100);

	private final Ticker ticker;

	/**
	 * How many connections each address had at the last count, and those that came since.
	 * Of the thread that accepts.
	 */
	private Map<String, Integer> held = Map.of();

	/** Of an address, as of the last count. */
	private int share;

	private long countedAt;

	/** How many of each address were closed since that was asked last. */
	private final Map<String, Integer> refused = new ConcurrentHashMap<>();

	private final AtomicLong allRefused = new AtomicLong();

	/** How many connections those that have few do not use. */
	private volatile int yielding;

	/** To be done soon where hardly any place is left. */
	private volatile Runnable nearlyFull = () -> {
	};

	BoundedEndpoint(Ticker ticker) {
		this.ticker = ticker;
		this.countedAt = ticker.nanoTime() - RECOUNT.toNanos();
	}

	/** What an open connection counts as. */
	static String addressOf(SocketWrapperBase<NioChannel> connection) {
		return AddressShares.key(String.valueOf(connection.getRemoteAddr()));
	}

	/** How many connections were closed as they came, since the start. */
	long refused() {
		return this.allRefused.get();
	}

	/** Sets how many connections others do not use, as of the last look. */
	void yielding(int yielding) {
		this.yielding = yielding;
	}

	/** Sets what is asked for where hardly any place is left; it must not wait. */
	void nearlyFull(Runnable nearlyFull) {
		this.nearlyFull = nearlyFull;
	}

	/** Takes how many connections of each address were closed as they came. */
	Map<String, Integer> takeRefused() {
		Map<String, Integer> taken = new HashMap<>();
		for (String address : List.copyOf(this.refused.keySet())) {
			Integer count = this.refused.remove(address);
			if (count != null) {
				taken.put(address, count);
			}
		}
		return taken;
	}

	@Override
	protected boolean setSocketOptions(SocketChannel socket) {
		if (isSurplus(socket)) {
			destroySocket(socket);
			// Tomcat would close it for the second time
			return true;
		}
		return super.setSocketOptions(socket);
	}

	private boolean isSurplus(SocketChannel socket) {
		int max = getMaxConnections();
		long open = getConnectionCount();
		InetAddress peer = socket.socket().getInetAddress();
		if (max <= 0 || !AddressShares.isCrowded(open, max) || peer == null) {
			return false;
		}
		if (max - open < AddressShares.spare(max) / 2) {
			this.nearlyFull.run();
		}
		long now = this.ticker.nanoTime();
		if (now - this.countedAt >= RECOUNT.toNanos()) {
			this.countedAt = now;
			this.held = count();
			this.share = AddressShares.shareOfNext(max, this.held.values());
		}
		String address = AddressShares.key(peer.getHostAddress());
		int own = this.held.getOrDefault(address, 0) + 1;
		if (AddressShares.isSurplus(own, this.share, open, this.yielding, max)) {
			this.allRefused.incrementAndGet();
			this.refused.merge(address, 1, Integer::sum);
			return true;
		}
		this.held.put(address, own);
		return false;
	}

	private Map<String, Integer> count() {
		Map<String, Integer> count = new HashMap<>();
		for (SocketWrapperBase<NioChannel> connection : getConnections()) {
			count.merge(addressOf(connection), 1, Integer::sum);
		}
		return count;
	}

}
