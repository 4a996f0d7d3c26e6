package io.fanfare.protocol.http;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

import io.fanfare.protocol.http.ClosingOrder.Held;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes the connections of a port that {@link ClosingOrder} chooses.
 */
final class CrowdedPort {

	/** Between two lines of the log. */
	private static final Duration LOG_INTERVAL = Duration.ofSeconds(10);

	/** After a longer time without a look, it is not known what has arrived. */
	static final Duration PAUSE = Duration.ofMillis(500);

	/** What arrived during a pause is read within this time. */
	static final Duration SETTLING = Duration.ofMillis(250);

	private static final Logger log = LoggerFactory.getLogger(CrowdedPort.class);

	private final BoundedEndpoint endpoint;

	private final Map<SocketWrapperBase<?>, Visit> visits;

	private final Set<BoundedProcessor> serving;

	private final Pauses pauses = new Pauses(PAUSE, SETTLING);

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

	/**
	 * An open connection.
	 *
	 * @param socket the connection
	 * @param visit what is known of it
	 * @param busy what a thread is at, if one is
	 */
	private record Open(SocketWrapperBase<NioChannel> socket, Visit visit, @Nullable BoundedProcessor busy) {

		Use use(long now) {
			if (this.busy != null) {
				return this.busy.isDropping() ? Use.DROPPING
						: this.busy.isReading() ? Use.READING : this.busy.isUnread(now) ? Use.UNREAD : Use.SERVED;
			}
			if (isAsync()) {
				return Use.SERVED;
			}
			return this.visit.isAnswered() ? Use.IDLE : Use.SILENT;
		}

		/** A body and an answer count as of now while they come at the least rate. */
		long since(Use use) {
			if (this.busy != null) {
				return switch (use) {
					case DROPPING, UNREAD -> this.busy.answeringSince(this.visit.since());
					case READING -> this.busy.readingSince(this.visit.since());
					case SERVED, IDLE, SILENT -> this.visit.since();
				};
			}
			return (use == Use.IDLE) ? this.visit.answeredAt() : this.visit.since();
		}

		boolean isAsync() {
			return this.socket.getCurrentProcessor() instanceof BoundedProcessor present && present.isAsync();
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
	synchronized void makeRoom(long now) {
		int max = this.endpoint.getMaxConnections();
		if (max <= 0) {
			return;
		}
		this.endpoint.takeRefused().forEach(this::note);
		boolean settled = this.pauses.isSettled(now);
		if (this.endpoint.getConnectionCount() <= max / 2) {
			this.endpoint.yielding(0);
		}
		else if (settled) {
			List<Held<Open>> open = held(now);
			open.removeAll(close(ClosingOrder.surplus(max, open, now), now));
			this.endpoint.yielding(ClosingOrder.yielding(max, open, now));
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

	private Set<Held<Open>> close(List<Held<Open>> surplus, long now) {
		Set<Held<Open>> ended = surplus.stream().filter((held) -> close(held, now)).collect(Collectors.toSet());
		this.closed.addAndGet(ended.size());
		ended.stream()
			.collect(Collectors.groupingBy(Held::address))
			.forEach((address, ones) -> note(address, ones.size()));
		return ended;
	}

	/** Returns false for one that is answered, or goes on, since the look. */
	private boolean close(Held<Open> held, long now) {
		Open open = held.connection();
		SocketWrapperBase<NioChannel> socket = open.socket();
		if (open.isAsync()) {
			return false;
		}
		BoundedProcessor busy = open.busy();
		if (busy == null) {
			if (open.visit().isServed()) {
				return false;
			}
			// Its request may be ahead of the event: then it is answered first
			open.visit().ending();
			if (!this.endpoint.processSocket(socket, SocketEvent.ERROR, true)) {
				open.visit().spare();
				return false;
			}
			return true;
		}
		if (busy.connection() != socket || open.use(now) != held.use()) {
			return false;
		}
		socket.setError(new IOException("Its address has too many connections"));
		if (held.use() == Use.UNREAD) {
			BoundedProcessor.endOutput(socket);
		}
		else {
			BoundedProcessor.endInput(socket);
		}
		return true;
	}

	private List<Held<Open>> held(long now) {
		Map<SocketWrapperBase<?>, BoundedProcessor> busy = new HashMap<>();
		for (BoundedProcessor processor : this.serving) {
			SocketWrapperBase<?> connection = processor.connection();
			if (connection != null) {
				busy.put(connection, processor);
			}
		}
		List<Held<Open>> all = new ArrayList<>();
		for (SocketWrapperBase<NioChannel> socket : this.endpoint.getConnections()) {
			if (socket.getError() == null && !socket.isClosed()) {
				Visit visit = this.visits.computeIfAbsent(socket, (any) -> new Visit(now));
				Open open = new Open(socket, visit, busy.get(socket));
				// The event that ends one waits until its request is answered
				if (open.busy() != null || !visit.isEnding()) {
					Use use = open.use(now);
					all.add(new Held<>(open, BoundedEndpoint.addressOf(socket), use, open.since(use)));
				}
			}
		}
		return all;
	}

}
