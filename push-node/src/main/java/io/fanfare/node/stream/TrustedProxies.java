package io.fanfare.node.stream;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.node.ratelimit.AddressBlocks;
import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out where a client is behind proxies, by X-Forwarded-For. Any client can send
 * that header, so of its entries only those count that a trusted proxy added: it is read
 * from the right, up to the first address that is no trusted proxy's. Any thread may
 * call.
 */
final class TrustedProxies {

	private static final Logger log = LoggerFactory.getLogger(TrustedProxies.class);

	private static final long HINT_NANOS = TimeUnit.MINUTES.toNanos(1);

	private final AddressBlocks trusted;

	private final Ticker ticker;

	private final AtomicLong nextHint;

	TrustedProxies(AddressBlocks trusted, Ticker ticker) {
		this.trusted = trusted;
		this.ticker = ticker;
		this.nextHint = new AtomicLong(ticker.nanoTime());
	}

	/**
	 * Who asks.
	 *
	 * @param address where it is
	 * @param isDoubtful whether that may be a proxy's own address
	 */
	record Client(InetAddress address, boolean isDoubtful) {

	}

	/**
	 * Whether what a peer forwards is believed.
	 * @param peer the other end of the socket
	 */
	boolean trusts(InetAddress peer) {
		return this.trusted.contains(peer);
	}

	/**
	 * Finds the client.
	 * @param peer the other end of the socket
	 * @param forwarded the values of X-Forwarded-For, in their order
	 */
	Client client(InetAddress peer, List<String> forwarded) {
		if (!this.trusted.contains(peer)) {
			return new Client(peer, !forwarded.isEmpty());
		}
		InetAddress address = peer;
		for (int i = forwarded.size() - 1; i >= 0; i--) {
			String line = forwarded.get(i);
			int end = line.length();
			while (end >= 0) {
				int comma = line.lastIndexOf(',', end - 1);
				String entry = line.substring(comma + 1, end).strip();
				end = comma;
				if (entry.isEmpty()) {
					// An empty element of a list does not count (RFC 9110, 5.6.1.2).
					continue;
				}
				InetAddress next = address(entry);
				if (next == null) {
					return new Client(address, true);
				}
				address = next;
				if (!this.trusted.contains(address)) {
					return new Client(address, false);
				}
			}
		}
		return new Client(address, true);
	}

	/** Some proxies add the port. */
	private static @Nullable InetAddress address(String entry) {
		int bracket = entry.indexOf(']');
		if (entry.startsWith("[") && bracket > 0) {
			return AddressBlocks.address(entry.substring(1, bracket));
		}
		int colon = entry.indexOf(':');
		boolean hasPort = colon > 0 && entry.indexOf('.') > 0 && entry.indexOf(':', colon + 1) < 0;
		return AddressBlocks.address(hasPort ? entry.substring(0, colon) : entry);
	}

	/** Says, once a minute at most, that a limit may have hit a proxy. */
	void hint(InetAddress address) {
		long due = this.nextHint.get();
		long now = this.ticker.nanoTime();
		if (now - due >= 0 && this.nextHint.compareAndSet(due, now + HINT_NANOS)) {
			log.warn(
					"limit=reached address={} hint=\"if that is a proxy, all of its clients count as one: name it in"
							+ " fanfare.trusted-proxies (FANFARE_TRUSTED_PROXIES), and let it send X-Forwarded-For\"",
					address.getHostAddress());
		}
	}

}
