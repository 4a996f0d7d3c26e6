package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

import io.fanfare.node.connection.Places.Place;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.guard.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Finds streams that go so that others can stay: those that are past a deadline and would
 * be closed anyway, and the idlest of tier low. Any thread may call; connections are
 * looked at, and sent away, on their own loops.
 * <p>
 * All streams are looked at when one has to be found, and what is found is used up before
 * they are looked at again; a look that found none holds for a moment.
 */
final class Eviction {

	/** How many are remembered of one look. */
	private static final int FOUND = 64;

	/** How long it holds that there is none. */
	private static final long HOLDS_NANOS = 250_000_000;

	private final Places places;

	private final IntFunction<CompletableFuture<List<Candidate>>> candidates;

	private final Errors errors;

	private final LongSupplier nanoTime;

	private final Deque<Request> requests = new ArrayDeque<>();

	private Deque<Connection> overdue = new ArrayDeque<>();

	private Deque<Connection> idlest = new ArrayDeque<>();

	private boolean looking;

	/** When the streams were last looked at; null for never. */
	private @Nullable Long looked;

	/**
	 * Makes it.
	 * @param places the places of the node
	 * @param candidates looks at the streams of all loops, for so many of each kind
	 * @param errors notes a look that fails
	 * @param nanoTime the monotonic clock
	 */
	Eviction(Places places, IntFunction<CompletableFuture<List<Candidate>>> candidates, Errors errors,
			LongSupplier nanoTime) {
		this.places = places;
		this.candidates = candidates;
		this.errors = errors;
		this.nanoTime = nanoTime;
	}

	/**
	 * A newcomer needs a place.
	 *
	 * @param place whose
	 * @param preempts whether a stream of tier low may go for it
	 * @param none is run where no stream has to go, on any thread
	 */
	private record Request(Place place, boolean preempts, Runnable none) {

	}

	/**
	 * A stream that may have to go.
	 *
	 * @param connection which
	 * @param sinceNanos since when it is past a deadline, or without a message
	 * @param overdue whether it is past a deadline
	 */
	record Candidate(Connection connection, long sinceNanos, boolean overdue) {

	}

	/** Collects the candidates of a loop, the idlest of either kind. One thread. */
	static final class Candidates {

		private static final Comparator<Candidate> LATEST_FIRST = Comparator.comparingLong(Candidate::sinceNanos)
			.reversed();

		private final int each;

		private final PriorityQueue<Candidate> overdue = new PriorityQueue<>(LATEST_FIRST);

		private final PriorityQueue<Candidate> idlest = new PriorityQueue<>(LATEST_FIRST);

		Candidates(int each) {
			this.each = each;
		}

		void look(Connection connection) {
			boolean late = connection.overdue() != null;
			if (late || connection.isPreemptible()) {
				PriorityQueue<Candidate> queue = late ? this.overdue : this.idlest;
				queue.add(new Candidate(connection, connection.idleNanos(), late));
				if (queue.size() > this.each) {
					queue.poll();
				}
			}
		}

		List<Candidate> found() {
			List<Candidate> found = new ArrayList<>(this.overdue);
			found.addAll(this.idlest);
			return found;
		}

	}

	/**
	 * Sends a stream away.
	 * @param place for whom
	 * @param preempts whether a stream of tier low may go
	 * @param none is run where no stream has to go, on any thread
	 */
	void makeRoom(Place place, boolean preempts, Runnable none) {
		synchronized (this) {
			this.requests.add(new Request(place, preempts, none));
		}
		serve();
	}

	private void serve() {
		List<Runnable> tasks = new ArrayList<>();
		synchronized (this) {
			if (!isFresh()) {
				forget();
			}
			Request request;
			while ((request = this.requests.peek()) != null) {
				Request asking = request;
				Connection late = this.overdue.poll();
				Connection victim = (late != null || !request.preempts()) ? late : this.idlest.poll();
				if (victim != null) {
					this.requests.remove();
					tasks.add(() -> victim.loop().submit(victim, () -> send(victim, late != null, asking)));
				}
				else if (this.looking) {
					break;
				}
				else if (isFresh()) {
					this.requests.remove();
					tasks.add(request.none());
				}
				else {
					this.looking = true;
					tasks.add(this::look);
				}
			}
		}
		tasks.forEach(Runnable::run);
	}

	private boolean isFresh() {
		Long last = this.looked;
		return last != null && this.nanoTime.getAsLong() - last < HOLDS_NANOS;
	}

	/** On the victim's loop. */
	private void send(Connection victim, boolean late, Request request) {
		CloseReason reason = late ? victim.overdue() : victim.isPreemptible() ? CloseReason.PREEMPTED : null;
		if (reason == null) {
			makeRoom(request.place(), request.preempts(), request.none());
		}
		else if (late && this.places.isWaiting(request.place()) || this.places.promise(request.place())) {
			// A stream that was to be closed anyway gives its place to the next newcomer.
			victim.goAway(reason);
		}
	}

	/**
	 * Forgets what was found when no newcomer needed it in time. To be called now and
	 * then.
	 */
	synchronized void sweep() {
		if (!isFresh()) {
			forget();
		}
	}

	private void forget() {
		this.overdue = new ArrayDeque<>();
		this.idlest = new ArrayDeque<>();
	}

	/** How many streams are remembered. */
	synchronized int remembered() {
		return this.overdue.size() + this.idlest.size();
	}

	@SuppressWarnings("CatchThrowable")
	private void look() {
		CompletableFuture<List<Candidate>> look;
		try {
			look = this.candidates.apply(FOUND);
		}
		catch (Throwable ex) {
			look = CompletableFuture.failedFuture(ex);
		}
		look.whenComplete((answer, failure) -> {
			// A look that failed counts as one that found no stream.
			List<Candidate> found = (answer != null) ? answer : List.of();
			try {
				synchronized (this) {
					this.looking = false;
					this.looked = this.nanoTime.getAsLong();
					this.overdue = queue(found, true);
					this.idlest = queue(found, false);
				}
				if (failure != null) {
					this.errors.note("evict", failure);
				}
			}
			finally {
				// Those that ask have to be answered.
				serve();
			}
		});
	}

	private static Deque<Connection> queue(List<Candidate> found, boolean overdue) {
		Deque<Connection> queue = new ArrayDeque<>();
		found.stream()
			.filter((one) -> one.overdue() == overdue)
			.sorted(Comparator.comparingLong(Candidate::sinceNanos))
			.limit(FOUND)
			.map(Candidate::connection)
			.forEach(queue::add);
		return queue;
	}

	/**
	 * Sends the idlest streams of tier low away.
	 * @param count how many at most
	 * @param reason why
	 * @return how many were chosen
	 */
	CompletableFuture<Integer> shed(int count, CloseReason reason) {
		return this.candidates.apply(count).thenApply((found) -> {
			List<Connection> chosen = found.stream()
				.filter((one) -> !one.overdue())
				.sorted(Comparator.comparingLong(Candidate::sinceNanos))
				.limit(count)
				.map(Candidate::connection)
				.toList();
			chosen.forEach((connection) -> connection.loop().submit(connection, () -> {
				if (connection.isPreemptible()) {
					connection.goAway(reason);
				}
			}));
			return chosen.size();
		});
	}

}
