package io.fanfare.protocol.http;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes what addresses hold above their share: half of the connections, and once the
 * port is crowded no more than are free. Those go first that are of the least use, and
 * what was asked for completely is served in any case. For one thread.
 */
final class CrowdedPort {

	/** Between two lines of the log. */
	private static final Duration LOG_INTERVAL = Duration.ofSeconds(10);

	private static final Logger log = LoggerFactory.getLogger(CrowdedPort.class);

	private final BoundedEndpoint endpoint;

	private final Map<SocketWrapperBase<?>, Visit> visits;

	private final Set<BoundedProcessor> serving;

	private final AtomicLong closed = new AtomicLong();

	/** What was closed since the last line. */
	private long unlogged;

	/** Of these the address that most at once were closed of, and how many. */
	private String worst = "";

	private int ofWorst;

	private @Nullable Long loggedAt;

	/**
	 * Looks after a port.
	 * @param endpoint has the connections
	 * @param visits what is known of them
	 * @param serving those that a thread is at
	 */
	CrowdedPort(BoundedEndpoint endpoint, Map<SocketWrapperBase<?>, Visit> visits, Set<BoundedProcessor> serving) {
		this.endpoint = endpoint;
		this.visits = visits;
		this.serving = serving;
	}

	/** What a connection is at. Those before others are closed before them. */
	private enum Use {

		/** It was answered, and what still comes is dropped. */
		DROPPING,
		/** Nothing was answered on it, and no whole head has arrived. */
		SILENT,
		/** It was answered, and waits for the next request. */
		IDLE,
		/** A handler waits for the rest of a body. Closed on a crowded port only. */
		READING,
		/** All that was asked has arrived. Never closed for its address. */
		SERVED

	}

	private record Held(SocketWrapperBase<NioChannel> connection, Use use, long since) {

	}

	/** How many were closed since the start. */
	long closed() {
		return this.closed.get() + this.endpoint.refused();
	}

	/**
	 * Closes what is above the share of its address.
	 * @param now by the clock of the visits
	 */
	void makeRoom(long now) {
		int max = this.endpoint.getMaxConnections();
		if (max <= 0) {
			return;
		}
		this.endpoint.takeRefused().forEach(this::note);
		if (this.endpoint.getConnectionCount() > max / 2) {
			closeSurplus(max, now);
		}
		if (this.unlogged > 0 && (this.loggedAt == null || now - this.loggedAt >= LOG_INTERVAL.toNanos())) {
			log.warn("connections=crowded address={} open={} closed={}", this.worst, this.endpoint.getConnectionCount(),
					this.unlogged);
			this.loggedAt = now;
			this.unlogged = 0;
			this.ofWorst = 0;
		}
	}

	/** For the next line. */
	private void note(String address, int count) {
		this.unlogged += count;
		if (count > this.ofWorst) {
			this.ofWorst = count;
			this.worst = address;
		}
	}

	private void closeSurplus(int max, long now) {
		Map<String, List<Held>> all = held(now);
		Map<String, Integer> counts = new HashMap<>();
		all.forEach((address, held) -> counts.put(address, held.size()));
		int open = counts.values().stream().mapToInt(Integer::intValue).sum();
		boolean crowded = AddressShares.isCrowded(open, max);
		int half = Math.max(1, max / 2);
		int share = crowded ? Math.min(half, AddressShares.most(max, counts.values())) : half;
		all.forEach((address, held) -> {
			int surplus = held.size() - share;
			if (surplus > 0) {
				close(address, held, surplus, crowded);
			}
		});
	}

	private void close(String address, List<Held> held, int surplus, boolean crowded) {
		List<Held> surplusOnes = held.stream()
			.filter((one) -> one.use().compareTo(crowded ? Use.READING : Use.IDLE) <= 0)
			.sorted(Comparator.comparing(Held::use).thenComparing(Held::since))
			.limit(surplus)
			.toList();
		surplusOnes.forEach(this::close);
		if (!surplusOnes.isEmpty()) {
			this.closed.addAndGet(surplusOnes.size());
			note(address, surplusOnes.size());
		}
	}

	private void close(Held held) {
		SocketWrapperBase<NioChannel> connection = held.connection();
		connection.setError(new IOException("Its address has too many connections"));
		if (held.use() == Use.SILENT || held.use() == Use.IDLE) {
			this.endpoint.processSocket(connection, SocketEvent.ERROR, true);
		}
		else {
			BoundedProcessor.endInput(connection);
		}
	}

	private Map<String, List<Held>> held(long now) {
		Map<SocketWrapperBase<?>, BoundedProcessor> busy = new HashMap<>();
		for (BoundedProcessor processor : this.serving) {
			SocketWrapperBase<?> connection = processor.connection();
			if (connection != null) {
				busy.put(connection, processor);
			}
		}
		Map<String, List<Held>> all = new HashMap<>();
		for (SocketWrapperBase<NioChannel> connection : this.endpoint.getConnections()) {
			if (connection.getError() == null && !connection.isClosed()) {
				Visit visit = this.visits.get(connection);
				all.computeIfAbsent(BoundedEndpoint.addressOf(connection), (any) -> new ArrayList<>())
					.add(new Held(connection, use(connection, busy.get(connection), visit),
							(visit != null) ? visit.since() : now));
			}
		}
		return all;
	}

	private static Use use(SocketWrapperBase<NioChannel> connection, @Nullable BoundedProcessor busy,
			@Nullable Visit visit) {
		if (busy != null) {
			return busy.isDropping() ? Use.DROPPING : busy.isReading() ? Use.READING : Use.SERVED;
		}
		if (connection.getCurrentProcessor() instanceof BoundedProcessor present && present.isAsync()) {
			return Use.SERVED;
		}
		return (visit != null && visit.isAnswered()) ? Use.IDLE : Use.SILENT;
	}

}
