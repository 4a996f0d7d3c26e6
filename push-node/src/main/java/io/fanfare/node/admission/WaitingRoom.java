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
 * Who waits for a place on a full node, and who is next: one line a tier, taken from by
 * smooth weighted round-robin (as nginx balances), so that a higher tier goes faster and
 * no tier starves.
 * <p>
 * Whoever vanishes and said which page it is keeps its place in the line for a while; it
 * is passed over until it is back, and does not count in the positions of the others.
 * <p>
 * Not for several threads.
 *
 * @param <T> who waits
 */
final class WaitingRoom<T> {

	/** The slot of a ticket that is in no line any more. */
	private static final int GONE = -1;

	private final int size;

	private final long keepNanos;

	private final List<Line<T>> lines = new ArrayList<>();

	private final Map<Tier, Line<T>> lineOf = new EnumMap<>(Tier.class);

	/** The tickets of all who said which page they are. */
	private final Map<String, Ticket<T>> pages = new HashMap<>();

	/** The tickets of those who vanished, in the order in which they did. */
	private final LinkedHashSet<Ticket<T>> absent = new LinkedHashSet<>();

	private int present;

	/**
	 * Makes an empty room.
	 * @param size how many may wait, and how many places are kept besides
	 * @param keep how long the place of one who vanished is kept
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
	 * who is first, is found in a Fenwick tree over their slots: in the logarithm of
	 * their number, however many of them vanished.
	 */
	private static final class Line<T> {

		private static final int LEAST_SLOTS = 16;

		private final int weight;

		private List<@Nullable Ticket<T>> slots = new ArrayList<>();

		/** Counts those who are present, by slot. */
		private int[] tree = new int[LEAST_SLOTS + 1];

		private int tickets;

		private int present;

		private int credit;

		private Line(int weight) {
			this.weight = weight;
		}

		private void add(Ticket<T> ticket) {
			if (this.slots.size() == this.tree.length - 1) {
				compact();
			}
			ticket.slot = this.slots.size();
			this.slots.add(ticket);
			this.tickets++;
		}

		/**
		 * Leaves out the slots of those who are gone; that pays for as many additions.
		 */
		private void compact() {
			List<@Nullable Ticket<T>> kept = new ArrayList<>();
			for (Ticket<T> ticket : this.slots) {
				if (ticket != null) {
					ticket.slot = kept.size();
					kept.add(ticket);
				}
			}
			this.slots = kept;
			this.tree = new int[Math.max(LEAST_SLOTS, Integer.highestOneBit(this.tickets) * 4) + 1];
			for (Ticket<T> ticket : kept) {
				if (ticket != null && ticket.waiter != null) {
					count(ticket.slot, 1);
				}
			}
		}

		private void remove(Ticket<T> ticket) {
			this.slots.set(ticket.slot, null);
			ticket.slot = GONE;
			this.tickets--;
		}

		private void count(int slot, int change) {
			for (int i = slot + 1; i < this.tree.length; i += i & -i) {
				this.tree[i] += change;
			}
		}

		/** How many are present up to a slot. */
		private int rank(int slot) {
			int rank = 0;
			for (int i = slot + 1; i > 0; i -= i & -i) {
				rank += this.tree[i];
			}
			return rank;
		}

		/** Who is first of those who are present. */
		private @Nullable Ticket<T> first() {
			int slot = 0;
			for (int step = this.tree.length - 1; step > 0; step /= 2) {
				if (slot + step < this.tree.length && this.tree[slot + step] == 0) {
					slot += step;
				}
			}
			return (slot < this.slots.size()) ? this.slots.get(slot) : null;
		}

	}

	/** A place in the room. */
	static final class Ticket<T> {

		private final Line<T> line;

		private final @Nullable String page;

		private @Nullable T waiter;

		private long leftNanos;

		/** Its slot in the line, or gone. */
		private int slot;

		private Ticket(Line<T> line, @Nullable String page, T waiter) {
			this.line = line;
			this.page = page;
			this.waiter = waiter;
		}

	}

	/**
	 * Somebody who came in.
	 *
	 * @param ticket its place
	 * @param before who stood there before and is still there: an older request of the
	 * same page
	 */
	record Entry<T>(Ticket<T> ticket, @Nullable T before) {

	}

	/**
	 * Takes somebody in; whoever comes back takes the place up that was kept.
	 * @param waiter who
	 * @param tier its tier
	 * @param page what it is known by when it comes back, or null
	 * @return its place, or null where there is no room
	 */
	@Nullable Entry<T> enter(T waiter, Tier tier, @Nullable String page) {
		Line<T> line = Objects.requireNonNull(this.lineOf.get(tier));
		Ticket<T> known = (page != null) ? this.pages.get(page) : null;
		if (known != null && known.line == line) {
			T before = known.waiter;
			known.waiter = waiter;
			if (this.absent.remove(known)) {
				count(known, 1);
			}
			return new Entry<>(known, before);
		}
		if (this.present >= this.size) {
			return null;
		}
		if (known != null && known.waiter == null) {
			forget(known);
		}
		Ticket<T> ticket = new Ticket<>(line, page, waiter);
		line.add(ticket);
		if (page != null) {
			this.pages.put(page, ticket);
		}
		count(ticket, 1);
		return new Entry<>(ticket, null);
	}

	/** Takes somebody out for good. Returns whether it was there. */
	boolean remove(Ticket<T> ticket, T waiter) {
		if (ticket.waiter != waiter || ticket.slot == GONE) {
			return false;
		}
		forget(ticket);
		return true;
	}

	/** Somebody vanished, and may come back. */
	void vanish(Ticket<T> ticket, T waiter, long nowNanos) {
		if (ticket.page == null) {
			remove(ticket, waiter);
		}
		else if (ticket.waiter == waiter && ticket.slot != GONE) {
			ticket.waiter = null;
			ticket.leftNanos = nowNanos;
			this.absent.add(ticket);
			count(ticket, -1);
			if (this.absent.size() > this.size) {
				forget(this.absent.getFirst());
			}
		}
	}

	/** Gives up the places of those who did not come back in time. */
	void sweep(long nowNanos) {
		while (!this.absent.isEmpty() && nowNanos - this.absent.getFirst().leftNanos >= this.keepNanos) {
			forget(this.absent.getFirst());
		}
	}

	private void forget(Ticket<T> ticket) {
		if (ticket.page != null) {
			this.pages.remove(ticket.page, ticket);
		}
		if (!this.absent.remove(ticket)) {
			count(ticket, -1);
		}
		ticket.line.remove(ticket);
	}

	private void count(Ticket<T> ticket, int change) {
		ticket.line.count(ticket.slot, change);
		ticket.line.present += change;
		this.present += change;
	}

	/** Takes out who is next, or returns null if nobody waits. */
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
	 * Chooses the line whose turn it is: each that has somebody gets its weight, and the
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
	 * Tells how many are admitted before somebody, and itself, if nobody comes or goes.
	 * @param ticket its place
	 * @return from 1
	 */
	int position(Ticket<T> ticket) {
		int own = this.lines.indexOf(ticket.line);
		int left = ticket.line.rank(ticket.slot);
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

	/** How many places are kept for somebody who vanished. */
	int kept() {
		return this.absent.size();
	}

}
