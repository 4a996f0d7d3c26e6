package io.fanfare.node.admission;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Finds streams that are evicted so that others can stay: those that are past a deadline
 * and would be closed anyway, and the idlest of tier low. Any thread may call; streams
 * are looked at, and evicted, on their own loops.
 * <p>
 * All streams are looked at when one has to be found, and what is found is used up before
 * they are looked at again; a look that found none holds for a moment.
 */
final class Eviction {

	/** How many are remembered of one look. */
	private static final int FOUND = 64;

	/** How long it holds that there is none. */
	private static final long HOLDS_NANOS = 250_000_000;

	private final Slots slots;

	private final IntFunction<CompletableFuture<List<Candidate>>> candidates;

	private final Errors errors;

	private final Ticker ticker;

	private final Deque<Request> requests = new ArrayDeque<>();

	private Deque<Stream> overdue = new ArrayDeque<>();

	private Deque<Stream> idlest = new ArrayDeque<>();

	private boolean looking;

	/** When the streams were last looked at; null for never. */
	private @Nullable Long looked;

	/**
	 * Makes it.
	 * @param slots the slots of the node
	 * @param candidates looks at the streams of all loops, for so many of each kind
	 * @param errors notes a look that fails
	 * @param ticker the monotonic clock
	 */
	Eviction(Slots slots, IntFunction<CompletableFuture<List<Candidate>>> candidates, Errors errors, Ticker ticker) {
		this.slots = slots;
		this.candidates = candidates;
		this.errors = errors;
		this.ticker = ticker;
	}

	/** A stream that may have to go. Called on its loop, but for {@link #submit}. */
	interface Stream {

		/** Why it would soon be closed anyway, or null. */
		@Nullable CloseReason overdue();

		/** Whether it may be evicted for a stream of a higher tier. */
		boolean isEvictable();

		/** Since when it is past a deadline, or without a message. */
		long idleNanos();

		/** Ends it; its client comes back later. */
		void goAway(CloseReason reason);

		/** Runs a task on its loop. Any thread may call. */
		void submit(Runnable task);

	}

	/**
	 * A newcomer needs a slot.
	 *
	 * @param wanted its request
	 * @param evicts whether a stream of tier low may go for it
	 * @param none is run where no stream has to go, on any thread
	 */
	private record Request(Slots.Request wanted, boolean evicts, Runnable none) {

	}

	/**
	 * A stream that may have to go.
	 *
	 * @param stream which
	 * @param sinceNanos since when it is past a deadline, or without a message
	 * @param overdue whether it is past a deadline
	 */
	record Candidate(Stream stream, long sinceNanos, boolean overdue) {

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

		void look(Stream stream) {
			boolean late = stream.overdue() != null;
			if (late || stream.isEvictable()) {
				PriorityQueue<Candidate> queue = late ? this.overdue : this.idlest;
				queue.add(new Candidate(stream, stream.idleNanos(), late));
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
	 * Evicts a stream.
	 * @param wanted the request that needs its slot
	 * @param evicts whether a stream of tier low may go
	 * @param none is run where no stream has to go, on any thread
	 */
	void makeRoom(Slots.Request wanted, boolean evicts, Runnable none) {
		synchronized (this) {
			this.requests.add(new Request(wanted, evicts, none));
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
				Stream late = this.overdue.poll();
				Stream victim = (late != null || !request.evicts()) ? late : this.idlest.poll();
				if (victim != null) {
					this.requests.remove();
					tasks.add(() -> victim.submit(() -> send(victim, late != null, asking)));
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
		return last != null && this.ticker.nanoTime() - last < HOLDS_NANOS;
	}

	/** On the victim's loop. */
	private void send(Stream victim, boolean late, Request request) {
		CloseReason reason = late ? victim.overdue() : victim.isEvictable() ? CloseReason.PREEMPTED : null;
		if (reason == null) {
			makeRoom(request.wanted(), request.evicts(), request.none());
		}
		else if (late && this.slots.isWaiting(request.wanted()) || this.slots.promise(request.wanted())) {
			// A stream that was to be closed anyway gives its slot to the next newcomer.
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
					this.looked = this.ticker.nanoTime();
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

	private static Deque<Stream> queue(List<Candidate> found, boolean overdue) {
		Deque<Stream> queue = new ArrayDeque<>();
		found.stream()
			.filter((one) -> one.overdue() == overdue)
			.sorted(Comparator.comparingLong(Candidate::sinceNanos))
			.limit(FOUND)
			.map(Candidate::stream)
			.forEach(queue::add);
		return queue;
	}

	/**
	 * Evicts the idlest streams of tier low.
	 * @param count how many at most
	 * @param reason why
	 * @return how many were chosen
	 */
	CompletableFuture<Integer> shed(int count, CloseReason reason) {
		return this.candidates.apply(count).thenApply((found) -> {
			List<Stream> chosen = found.stream()
				.filter((one) -> !one.overdue())
				.sorted(Comparator.comparingLong(Candidate::sinceNanos))
				.limit(count)
				.map(Candidate::stream)
				.toList();
			chosen.forEach((stream) -> stream.submit(() -> {
				if (stream.isEvictable()) {
					stream.goAway(reason);
				}
			}));
			return chosen.size();
		});
	}

}
