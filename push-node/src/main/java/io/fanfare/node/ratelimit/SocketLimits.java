package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * How many connections are open on the stream port, streams or not: in all, so that file
 * descriptors are left for health and Redis, and per address of the other end, twice as
 * many as it may have streams and some more. A proxy's connections count in all alone:
 * its clients are known only once a request is read. Any thread may call; nothing blocks.
 */
public final class SocketLimits {

	/** A client that acknowledges keeps a connection for its calls beside its stream. */
	private static final int SOCKETS_PER_STREAM = 2;

	/** For preflights, and for what was refused and lingers. */
	private static final int SPARE_SOCKETS = 64;

	private final int max;

	private final LimitSettings settings;

	private final AddressBlocks exempt;

	private final AddressBlocks proxies;

	private final ArrivingBytes arriving = new ArrivingBytes();

	private final AtomicInteger open = new AtomicInteger();

	private final AtomicLong refusedForAddress = new AtomicLong();

	private final AtomicLong refusedForAll = new AtomicLong();

	private final ConcurrentHashMap<String, Integer> perAddress = new ConcurrentHashMap<>();

	/**
	 * None is open yet.
	 * @param max how many may be open in all
	 * @param settings the settings
	 * @param proxies the addresses of trusted proxies
	 */
	public SocketLimits(int max, LimitSettings settings, AddressBlocks proxies) {
		this.max = max;
		this.settings = settings;
		this.exempt = settings.exemptBlocks();
		this.proxies = proxies;
	}

	/** What becomes of a new connection. */
	public enum Verdict {

		/** It is served. */
		SERVED,
		/** Its address has as many as it may: its request is answered so. */
		CROWDED,
		/** It is closed at once. */
		CLOSED

	}

	/**
	 * A connection that is counted until it is given back.
	 *
	 * @param verdict what becomes of it
	 * @param address what it is counted for, or null for all alone
	 */
	public record Entry(Verdict verdict, @Nullable String address) {

	}

	/**
	 * Counts a connection.
	 * @param peer its other end
	 * @return what becomes of it; to be given back when it is closed
	 */
	public Entry enter(InetAddress peer) {
		int now = this.open.incrementAndGet();
		if (now > this.max) {
			this.refusedForAll.incrementAndGet();
			return new Entry(Verdict.CLOSED, null);
		}
		int limit = this.settings.connectionsPerAddress();
		if (limit == 0 || this.exempt.contains(peer) || this.proxies.contains(peer)) {
			return new Entry(Verdict.SERVED, null);
		}
		String address = AddressLimits.key(peer);
		int count = this.perAddress.merge(address, 1, Integer::sum);
		int sockets = socketsPerAddress();
		if (count <= sockets) {
			return new Entry(Verdict.SERVED, address);
		}
		this.refusedForAddress.incrementAndGet();
		return new Entry((count <= 2L * sockets) ? Verdict.CROWDED : Verdict.CLOSED, address);
	}

	/**
	 * A connection is closed.
	 * @param entry what was answered when it came
	 */
	public void leave(Entry entry) {
		this.open.decrementAndGet();
		if (entry.address() != null) {
			this.perAddress.computeIfPresent(entry.address(), (address, count) -> (count > 1) ? count - 1 : null);
		}
	}

	/**
	 * The quota of an address that has as many connections as it may.
	 * @return the quota
	 */
	public Quota quota() {
		return Quota.connections(socketsPerAddress());
	}

	/** The largest setting leaves it an int. */
	private int socketsPerAddress() {
		return SOCKETS_PER_STREAM * this.settings.connectionsPerAddress() + SPARE_SOCKETS;
	}

	/**
	 * What is held of requests that have not arrived as a whole.
	 * @return their bytes
	 */
	public ArrivingBytes arriving() {
		return this.arriving;
	}

	/**
	 * How many are open.
	 * @return the number
	 */
	public int open() {
		return this.open.get();
	}

	/**
	 * How many may be open.
	 * @return the number
	 */
	public int max() {
		return this.max;
	}

	/**
	 * How many were refused because their address had as many as it may.
	 * @return the number
	 */
	public long refusedForAddress() {
		return this.refusedForAddress.get();
	}

	/**
	 * How many were closed because there were as many as may be in all.
	 * @return the number
	 */
	public long refusedForAll() {
		return this.refusedForAll.get();
	}

}
