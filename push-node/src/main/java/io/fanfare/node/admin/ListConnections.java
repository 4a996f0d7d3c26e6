package io.fanfare.node.admin;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import io.fanfare.node.cluster.CallRefusedException;
import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.connection.Connection;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.Slices;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.protocol.ConnectionState;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.call.CallResult.Listing;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import org.jspecify.annotations.Nullable;

/**
 * A page of the node's connections. Those that are open stand in the order of their
 * opening, and a page begins above a position in it, so that each that stays is on one
 * page, whichever streams begin or end meanwhile; those that ended stand newest first,
 * and a page ends below a number.
 * <p>
 * A loop looks at some of its connections at a time and keeps the first of those that are
 * wanted: one page, whatever it holds.
 */
public final class ListConnections implements NodeCall<CallRequest.ListConnections, CallResult.Listing> {

	private static final Comparator<Connection> OPENED = Comparator.comparingLong(Connection::openedMillis)
		.thenComparing(Connection::id);

	private final Connections connections;

	private final Worker worker;

	private final ClosedConnections ended = new ClosedConnections();

	/**
	 * Makes the call, and keeps the last connections that end from then on.
	 * @param connections the node's connections
	 * @param scheduler runs what no loop has the time for
	 */
	public ListConnections(Connections connections, Scheduler scheduler) {
		this.connections = connections;
		this.worker = scheduler.createWorker("call");
		connections.endedBy(this.ended::add);
	}

	/** Where a connection stands in the order of opening; it never changes. */
	private record Position(long openedMillis, String id) implements Comparable<Position> {

		private static final Comparator<Position> ORDER = Comparator.comparingLong(Position::openedMillis)
			.thenComparing(Position::id);

		private static Position of(Connection connection) {
			return new Position(connection.openedMillis(), connection.id());
		}

		@Override
		public int compareTo(Position other) {
			return ORDER.compare(this, other);
		}

	}

	/** A connection that was found; its status is null where it ended since. */
	private record Found(Position position, @Nullable ConnectionStatus status) {

	}

	@Override
	public Class<CallRequest.ListConnections> request() {
		return CallRequest.ListConnections.class;
	}

	@Override
	public CompletableFuture<Listing> run(CallRequest.ListConnections request) {
		Selection wanted = Selection.of(request);
		int limit = Objects.requireNonNullElse(request.limit(), CallRequest.ListConnections.MAX_LIMIT);
		String after = Objects.requireNonNullElse(request.after(), "");
		return (wanted.state() == ConnectionState.CLOSED)
				? CompletableFuture.completedFuture(closed(wanted, limit, after)) : open(wanted, limit, after);
	}

	// ---- those that ended

	private Listing closed(Selection wanted, int limit, String after) {
		long below = after.isEmpty() ? Long.MAX_VALUE : number(cursor("c", after));
		List<ClosedConnections.Closed> found = this.ended.list(wanted::takes, below, limit + 1);
		boolean more = found.size() > limit;
		List<ClosedConnections.Closed> page = more ? found.subList(0, limit) : found;
		return new Listing(page.stream().map(ClosedConnections.Closed::status).toList(),
				more ? encode("c" + page.getLast().number()) : null);
	}

	// ---- those that are open

	private CompletableFuture<Listing> open(Selection wanted, int limit, String after) {
		Position from = after.isEmpty() ? null : position(cursor("o", after));
		List<CompletableFuture<List<Found>>> parts = this.connections.loops()
			.stream()
			.map((loop) -> part(loop, wanted, limit, from))
			.toList();
		return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
			.thenApplyAsync(
					(done) -> page(parts.stream().map(CompletableFuture::resultNow).flatMap(List::stream), limit),
					this.worker::execute);
	}

	/**
	 * The first of a loop: one more than asked for, so that it shows whether there is.
	 */
	private static CompletableFuture<List<Found>> part(StreamLoop loop, Selection wanted, int limit,
			@Nullable Position from) {
		PriorityQueue<Connection> first = new PriorityQueue<>(OPENED.reversed());
		return Slices.ofAll(loop, Slices.LOOK, (connection) -> {
			Connection last = (first.size() > limit) ? first.peek() : null;
			if ((last == null || OPENED.compare(connection, last) < 0)
					&& (from == null || Position.of(connection).compareTo(from) > 0)
					&& wanted.takes(connection, loop.nanoTime())) {
				if (last != null) {
					first.poll();
				}
				first.add(connection);
			}
		}).thenCompose((looked) -> {
			List<Connection> chosen = List.copyOf(first);
			IdentityHashMap<Connection, ConnectionStatus> statuses = new IdentityHashMap<>(chosen.size());
			return Slices
				.of(loop, chosen, Slices.LOOK, (connection) -> statuses.put(connection, connection.status(null)))
				.thenApply((done) -> chosen.stream()
					.map((connection) -> new Found(Position.of(connection), statuses.get(connection)))
					.toList());
		});
	}

	private static Listing page(Stream<Found> all, int limit) {
		List<Found> found = all.sorted(Comparator.comparing(Found::position)).limit(limit + 1L).toList();
		boolean more = found.size() > limit;
		List<Found> page = more ? found.subList(0, limit) : found;
		List<ConnectionStatus> statuses = new ArrayList<>(page.size());
		for (Found one : page) {
			if (one.status() != null) {
				statuses.add(one.status());
			}
		}
		return new Listing(statuses, more
				? encode("o" + page.getLast().position().openedMillis() + " " + page.getLast().position().id()) : null);
	}

	// ---- cursors

	private static String encode(String cursor) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(cursor.getBytes(StandardCharsets.UTF_8));
	}

	private static String cursor(String kind, String text) {
		try {
			String cursor = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
			if (cursor.startsWith(kind)) {
				return cursor.substring(1);
			}
		}
		catch (IllegalArgumentException ex) {
			// none
		}
		throw new CallRefusedException(CallAnswer.Refused.INVALID_CURSOR);
	}

	private static Position position(String cursor) {
		int space = cursor.indexOf(' ');
		if (space < 0) {
			throw new CallRefusedException(CallAnswer.Refused.INVALID_CURSOR);
		}
		return new Position(number(cursor.substring(0, space)), cursor.substring(space + 1));
	}

	private static long number(String text) {
		try {
			return Long.parseLong(text);
		}
		catch (NumberFormatException ex) {
			throw new CallRefusedException(CallAnswer.Refused.INVALID_CURSOR);
		}
	}

}
