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
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes what addresses hold above their share: half of the connections, and once the
 * port is crowded no more than are free. There those without a whole request go first,
 * whatever their address, for one that has many addresses is above no share. What was
 * asked for completely is served in any case. For one thread.
 */
final class CrowdedPort {

	/** Between two lines of the log. */
	private static final Duration LOG_INTERVAL = Duration.ofSeconds(10);

	/** On a crowded port a connection is to have brought a request by then. */
	static final Duration PATIENCE = Duration.ofSeconds(1);

	private static final Logger log = LoggerFactory.getLogger(CrowdedPort.class);

	private static final Comparator<Held> LEAST_USE_FIRST = Comparator.comparing(Held::use).thenComparing(Held::since);

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

	/**
	 * An open connection.
	 *
	 * @param since for how long it has asked for nothing: since it came, or its newest
	 * answer began
	 */
	private record Held(SocketWrapperBase<NioChannel> connection, Visit visit, String address, Use use, long since) {

		/** Nothing is asked on it that could be answered. */
		boolean isUnasked() {
			return this.use.compareTo(Use.SILENT) <= 0;
		}

		boolean isAsked() {
			return this.use.compareTo(Use.READING) >= 0;
		}

		boolean isOlder(Duration age, long now) {
			return now - this.since >= age.toNanos();
		}

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
		List<Held> open = held(now);
		int half = Math.max(1, max / 2);
		if (!AddressShares.isCrowded(open.size(), max)) {
			closeAbove(half, Use.IDLE, open);
			return;
		}
		int most = AddressShares.uncrowded(max);
		closeOldest(most, open, (one) -> one.isUnasked() && one.isOlder(PATIENCE, now));
		closeAbove(share(max, half, open.stream()), Use.IDLE, open);
		// Those that have just come either ask or are closed soon: others do not go for
		// them
		most += Math.toIntExact(open.stream().filter(Held::isUnasked).count());
		if (open.size() > most) {
			// A share of what is asked for: those that ask nothing make it no smaller
			closeAbove(share(max, half, open.stream().filter(Held::isAsked)), Use.READING, open);
		}
		closeOldest(most, open, (one) -> one.use() == Use.IDLE);
	}

	private static int share(int max, int half, Stream<Held> open) {
		int most = AddressShares.most(max, byAddress(open).values().stream().map(List::size).toList());
		return Math.clamp(most, AddressShares.modest(max), half);
	}

	private static Map<String, List<Held>> byAddress(Stream<Held> open) {
		return open.collect(Collectors.groupingBy(Held::address));
	}

	/** Until no more than most are open. */
	private void closeOldest(int most, List<Held> open, Predicate<Held> which) {
		close(open.stream().filter(which).sorted(LEAST_USE_FIRST).limit(Math.max(0, open.size() - most)).toList(),
				open);
	}

	/** Those of addresses with more than a share. */
	private void closeAbove(int share, Use last, List<Held> open) {
		byAddress(open.stream()).values()
			.forEach((held) -> close(held.stream()
				.filter((one) -> one.use().compareTo(last) <= 0)
				.sorted(LEAST_USE_FIRST)
				.limit(Math.max(0, held.size() - share))
				.toList(), open));
	}

	private void close(List<Held> surplus, List<Held> open) {
		List<Held> ended = surplus.stream().filter(this::close).toList();
		open.removeAll(Set.copyOf(ended));
		this.closed.addAndGet(ended.size());
		byAddress(ended.stream()).forEach((address, ones) -> note(address, ones.size()));
	}

	/** Returns false for one that is answered in parts since the look. */
	private boolean close(Held held) {
		SocketWrapperBase<NioChannel> connection = held.connection();
		if (isAsync(connection)) {
			return false;
		}
		if (held.use() == Use.SILENT || held.use() == Use.IDLE) {
			// Its request may be ahead of the event: then it is answered first
			held.visit().ending();
			if (!this.endpoint.processSocket(connection, SocketEvent.ERROR, true)) {
				held.visit().spare();
				return false;
			}
			return true;
		}
		connection.setError(new IOException("Its address has too many connections"));
		BoundedProcessor.endInput(connection);
		return true;
	}

	private List<Held> held(long now) {
		Map<SocketWrapperBase<?>, BoundedProcessor> busy = new HashMap<>();
		for (BoundedProcessor processor : this.serving) {
			SocketWrapperBase<?> connection = processor.connection();
			if (connection != null) {
				busy.put(connection, processor);
			}
		}
		List<Held> all = new ArrayList<>();
		for (SocketWrapperBase<NioChannel> connection : this.endpoint.getConnections()) {
			if (connection.getError() == null && !connection.isClosed()) {
				Visit visit = this.visits.computeIfAbsent(connection, (any) -> new Visit(now));
				if (!visit.isEnding()) {
					all.add(held(connection, visit, busy.get(connection)));
				}
			}
		}
		return all;
	}

	private static Held held(SocketWrapperBase<NioChannel> connection, Visit visit, @Nullable BoundedProcessor busy) {
		Use use = use(connection, busy, visit);
		long since = (use == Use.DROPPING && busy != null) ? busy.answeringSince(visit.since())
				: (use == Use.IDLE) ? visit.answeredAt() : visit.since();
		return new Held(connection, visit, BoundedEndpoint.addressOf(connection), use, since);
	}

	private static Use use(SocketWrapperBase<NioChannel> connection, @Nullable BoundedProcessor busy, Visit visit) {
		if (busy != null) {
			return busy.isDropping() ? Use.DROPPING : busy.isReading() ? Use.READING : Use.SERVED;
		}
		if (isAsync(connection)) {
			return Use.SERVED;
		}
		return visit.isAnswered() ? Use.IDLE : Use.SILENT;
	}

	private static boolean isAsync(SocketWrapperBase<?> connection) {
		return connection.getCurrentProcessor() instanceof BoundedProcessor present && present.isAsync();
	}

}
