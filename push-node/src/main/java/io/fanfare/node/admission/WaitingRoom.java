package io.fanfare.node.admission;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.fanfare.protocol.Tier;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait for a slot of a full node, and which is next: one line per tier,
 * taken from by smooth weighted round-robin (as nginx balances), so that a higher tier
 * goes faster and no tier starves.
 * <p>
 * A client that vanishes and can be recognized keeps its position in the line for a
 * while. It is passed over until it is back, and does not count in the positions of the
 * others.
 * <p>
 * Not for several threads.
 *
 * @param <T> a request that waits
 */
final class WaitingRoom<T> {

	/** The index of a ticket that is in no line any more. */
	private static final int GONE = -1;

	private final int size;

	private final long keepNanos;

	private final List<Line<T>> lines = new ArrayList<>();

	private final Map<Tier, Line<T>> lineOf = new EnumMap<>(Tier.class);

	/** The tickets of all that can be recognized when they come back, one each. */
	private final Map<String, Ticket<T>> clients = new HashMap<>();

	/** The tickets of clients that vanished, in the order in which they did. */
	private final LinkedHashSet<Ticket<T>> absent = new LinkedHashSet<>();

	private int present;

	/**
	 * Makes an empty room.
	 * @param size how many may wait, and how many positions are kept besides
	 * @param keep how long the position of one that vanished is kept
	 */
	WaitingRoom(int size, Duration keep) {
		this.size = size;
		this.keepNanos = keep.toNanos();
		for (Tier tier : Tier.values()) {
			Line<T> line = new Line<>(weight(tier));
			this.lines.add(line);
			this.lineOf.put(tier, line);
		}
	}

	private static int weight(Tier tier) {
		return switch (tier) {
			case HIGH -> 8;
			case NORMAL -> 4;
			case LOW -> 1;
		};
	}

	/**
	 * The waiting of one tier, in the order of their coming. How many are before one, and
	 * which is first, is found in a Fenwick tree over their indexes: in the logarithm of
	 * their number, however many of them vanished.
	 */
	private static final class Line<T> {

		private static final int LEAST_CAPACITY = 16;

		private final int weight;

		private List<@Nullable Ticket<T>> order = new ArrayList<>();

		/** Counts those that are present, by index. */
		private int[] tree = new int[LEAST_CAPACITY + 1];

		private int tickets;

		private int present;

		private int credit;

		private Line(int weight) {
			this.weight = weight;
		}

		private void add(Ticket<T> ticket) {
			if (this.order.size() == this.tree.length - 1) {
				compact();
			}
			ticket.index = this.order.size();
			this.order.add(ticket);
			this.tickets++;
		}

		/**
		 * Leaves out the indexes of those that are gone; that pays for as many additions.
		 */
		private void compact() {
			List<@Nullable Ticket<T>> kept = new ArrayList<>();
			for (Ticket<T> ticket : this.order) {
				if (ticket != null) {
					ticket.index = kept.size();
					kept.add(ticket);
				}
			}
			this.order = kept;
			this.tree = new int[Math.max(LEAST_CAPACITY, Integer.highestOneBit(this.tickets) * 4) + 1];
			for (Ticket<T> ticket : kept) {
				if (ticket != null && ticket.waiter != null) {
					count(ticket.index, 1);
				}
			}
		}

		private void remove(Ticket<T> ticket) {
			this.order.set(ticket.index, null);
			ticket.index = GONE;
			this.tickets--;
		}

		private void count(int index, int change) {
			for (int i = index + 1; i < this.tree.length; i += i & -i) {
				this.tree[i] += change;
			}
		}

		/** How many are present up to a index. */
		private int rank(int index) {
			int rank = 0;
			for (int i = index + 1; i > 0; i -= i & -i) {
				rank += this.tree[i];
			}
			return rank;
		}

		/** The first of those that are present. */
		private @Nullable Ticket<T> first() {
			int index = 0;
			for (int step = this.tree.length - 1; step > 0; step /= 2) {
				if (index + step < this.tree.length && this.tree[index + step] == 0) {
					index += step;
				}
			}
			return (index < this.order.size()) ? this.order.get(index) : null;
		}

	}

	/** A position in a line. */
	static final class Ticket<T> {

		private final Line<T> line;

		private final @Nullable String client;

		private @Nullable T waiter;

		private long leftNanos;

		/** Its index in the line, or gone. */
		private int index;

		private Ticket(Line<T> line, @Nullable String client, T waiter) {
			this.line = line;
			this.client = client;
			this.waiter = waiter;
		}

	}

	/**
	 * A request that came in.
	 *
	 * @param ticket its position
	 * @param before the request that had the position and is still there: an older one of
	 * the same owner
	 */
	record Entry<T>(Ticket<T> ticket, @Nullable T before) {

	}

	/**
	 * Takes a request in. An owner has one position: a later request of it takes up the
	 * one that it has, or that was kept, or one in the line of another tier instead.
	 * @param waiter the request
	 * @param tier its tier
	 * @param client what its owner is known by, or null
	 * @return its position, or null where there is no room
	 */
	@Nullable Entry<T> enter(T waiter, Tier tier, @Nullable String client) {
		Line<T> line = Objects.requireNonNull(this.lineOf.get(tier));
		Ticket<T> known = (client != null) ? this.clients.get(client) : null;
		if (known != null && known.line == line) {
			T before = known.waiter;
			known.waiter = waiter;
			if (this.absent.remove(known)) {
				count(known, 1);
			}
			return new Entry<>(known, before);
		}
		T replaced = (known != null) ? known.waiter : null;
		if (replaced == null && this.present >= this.size) {
			return null;
		}
		if (known != null) {
			forget(known);
		}
		Ticket<T> ticket = new Ticket<>(line, client, waiter);
		line.add(ticket);
		if (client != null) {
			this.clients.put(client, ticket);
		}
		count(ticket, 1);
		return new Entry<>(ticket, replaced);
	}

	/** Takes a request out for good. Returns whether it was there. */
	boolean remove(Ticket<T> ticket, T waiter) {
		if (ticket.waiter != waiter || ticket.index == GONE) {
			return false;
		}
		forget(ticket);
		return true;
	}

	/** A client vanished, and may come back. */
	void vanish(Ticket<T> ticket, T waiter, long nowNanos) {
		if (ticket.client == null) {
			remove(ticket, waiter);
		}
		else if (ticket.waiter == waiter && ticket.index != GONE) {
			ticket.waiter = null;
			ticket.leftNanos = nowNanos;
			this.absent.add(ticket);
			count(ticket, -1);
			if (this.absent.size() > this.size) {
				forget(this.absent.getFirst());
			}
		}
	}

	/** Gives up the positions of clients that did not come back in time. */
	void sweep(long nowNanos) {
		while (!this.absent.isEmpty() && nowNanos - this.absent.getFirst().leftNanos >= this.keepNanos) {
			forget(this.absent.getFirst());
		}
	}

	private void forget(Ticket<T> ticket) {
		if (ticket.client != null) {
			this.clients.remove(ticket.client, ticket);
		}
		if (!this.absent.remove(ticket)) {
			count(ticket, -1);
		}
		ticket.line.remove(ticket);
	}

	private void count(Ticket<T> ticket, int change) {
		ticket.line.count(ticket.index, change);
		ticket.line.present += change;
		this.present += change;
	}

	/** Takes out the request that is next, or returns null if none waits. */
	@Nullable T poll() {
		int[] credits = new int[this.lines.size()];
		int[] waiting = new int[this.lines.size()];
		for (int i = 0; i < credits.length; i++) {
			credits[i] = this.lines.get(i).credit;
			waiting[i] = this.lines.get(i).present;
		}
		int next = choose(credits, waiting);
		for (int i = 0; i < credits.length; i++) {
			this.lines.get(i).credit = credits[i];
		}
		if (next < 0) {
			return null;
		}
		Ticket<T> first = this.lines.get(next).first();
		T waiter = (first != null) ? first.waiter : null;
		if (first == null || waiter == null) {
			throw new IllegalStateException("A line counts a waiter that is not there");
		}
		forget(first);
		return waiter;
	}

	/**
	 * Chooses the line whose turn it is: each that is not empty gets its weight, and the
	 * richest pays for all.
	 */
	private int choose(int[] credits, int[] waiting) {
		int best = -1;
		int sum = 0;
		for (int i = 0; i < credits.length; i++) {
			if (waiting[i] == 0) {
				credits[i] = 0;
				continue;
			}
			int weight = this.lines.get(i).weight;
			credits[i] += weight;
			sum += weight;
			if (best < 0 || credits[i] > credits[best]) {
				best = i;
			}
		}
		if (best >= 0) {
			credits[best] -= sum;
		}
		return best;
	}

	/**
	 * Tells how many are admitted before a request, and itself, if none comes or goes.
	 * @param ticket its position
	 * @return from 1
	 */
	int position(Ticket<T> ticket) {
		int own = this.lines.indexOf(ticket.line);
		int left = ticket.line.rank(ticket.index);
		int[] credits = new int[this.lines.size()];
		int[] waiting = new int[this.lines.size()];
		for (int i = 0; i < credits.length; i++) {
			credits[i] = this.lines.get(i).credit;
			waiting[i] = this.lines.get(i).present;
		}
		int position = 0;
		while (true) {
			// Sooner or later the turns repeat while no line runs out: they are taken
			// one by one over one period, and the periods after it at once.
			int[] before = credits.clone();
			int[] taken = new int[credits.length];
			for (int turns = period(waiting); turns > 0; turns--) {
				int next = choose(credits, waiting);
				if (next < 0) {
					throw new IllegalStateException("A waiter is in no line");
				}
				waiting[next]--;
				taken[next]++;
				position++;
				if (next == own && --left == 0) {
					return position;
				}
			}
			if (Arrays.equals(credits, before)) {
				int periods = (taken[own] > 0) ? (left - 1) / taken[own] : Integer.MAX_VALUE;
				for (int i = 0; i < taken.length; i++) {
					if (taken[i] > 0) {
						periods = Math.min(periods, Math.max(0, waiting[i] - 1) / taken[i]);
					}
				}
				for (int i = 0; i < taken.length; i++) {
					waiting[i] -= periods * taken[i];
					position += periods * taken[i];
				}
				left -= periods * taken[own];
			}
		}
	}

	/**
	 * After how many turns they repeat: once for each weight of a line that is not empty.
	 */
	private int period(int[] waiting) {
		int period = 0;
		for (int i = 0; i < waiting.length; i++) {
			period += (waiting[i] > 0) ? this.lines.get(i).weight : 0;
		}
		return period;
	}

	/** How many wait. */
	int size() {
		return this.present;
	}

	/** How many positions are kept for clients that vanished. */
	int kept() {
		return this.absent.size();
	}

}
