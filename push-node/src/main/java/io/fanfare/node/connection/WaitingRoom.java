package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

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

	private final int size;

	private final long keepNanos;

	private final List<Line<T>> lines = new ArrayList<>();

	/** The tickets of all who said which page they are. */
	private final Map<String, Ticket<T>> pages = new HashMap<>();

	/** The tickets of those who vanished, in the order in which they did. */
	private final LinkedHashSet<Ticket<T>> absent = new LinkedHashSet<>();

	private int present;

	/** Whether the positions are those of now. */
	private boolean numbered = true;

	/**
	 * Makes an empty room.
	 * @param size how many may wait, and how many places are kept besides
	 * @param keep how long the place of one who vanished is kept
	 */
	WaitingRoom(int size, Duration keep) {
		this.size = size;
		this.keepNanos = keep.toNanos();
		for (Tier tier : Tier.values()) {
			this.lines.add(new Line<>(weight(tier)));
		}
	}

	private static int weight(Tier tier) {
		return switch (tier) {
			case HIGH -> 8;
			case NORMAL -> 4;
			case LOW -> 1;
		};
	}

	/** The waiting of one tier, in the order of their coming. */
	private static final class Line<T> {

		private final int weight;

		private final LinkedHashSet<Ticket<T>> tickets = new LinkedHashSet<>();

		private int present;

		private int credit;

		private Line(int weight) {
			this.weight = weight;
		}

	}

	/** A place in the room. */
	static final class Ticket<T> {

		private final Line<T> line;

		private final @Nullable String page;

		private @Nullable T waiter;

		private long leftNanos;

		private int position;

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
		Line<T> line = this.lines.get(tier.ordinal());
		Ticket<T> known = (page != null) ? this.pages.get(page) : null;
		if (known != null && known.line == line) {
			T before = known.waiter;
			known.waiter = waiter;
			if (this.absent.remove(known)) {
				count(line, 1);
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
		line.tickets.add(ticket);
		if (page != null) {
			this.pages.put(page, ticket);
		}
		count(line, 1);
		return new Entry<>(ticket, null);
	}

	/** Takes somebody out for good. Returns whether it was there. */
	boolean remove(Ticket<T> ticket, T waiter) {
		if (ticket.waiter != waiter || !ticket.line.tickets.contains(ticket)) {
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
		else if (ticket.waiter == waiter && ticket.line.tickets.contains(ticket)) {
			ticket.waiter = null;
			ticket.leftNanos = nowNanos;
			this.absent.add(ticket);
			count(ticket.line, -1);
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
		ticket.line.tickets.remove(ticket);
		if (ticket.page != null) {
			this.pages.remove(ticket.page, ticket);
		}
		if (!this.absent.remove(ticket)) {
			count(ticket.line, -1);
		}
	}

	private void count(Line<T> line, int change) {
		line.present += change;
		this.present += change;
		this.numbered = false;
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
		for (Ticket<T> ticket : this.lines.get(next).tickets) {
			T waiter = ticket.waiter;
			if (waiter != null) {
				forget(ticket);
				return waiter;
			}
		}
		throw new IllegalStateException("A line counts somebody who is not there");
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
		if (!this.numbered) {
			number();
			this.numbered = true;
		}
		return ticket.position;
	}

	private void number() {
		int[] credits = new int[this.lines.size()];
		int[] waiting = new int[this.lines.size()];
		List<Iterator<Ticket<T>>> iterators = new ArrayList<>();
		for (int i = 0; i < credits.length; i++) {
			credits[i] = this.lines.get(i).credit;
			waiting[i] = this.lines.get(i).present;
			iterators.add(this.lines.get(i).tickets.iterator());
		}
		for (int position = 1; position <= this.present; position++) {
			int next = choose(credits, waiting);
			Ticket<T> ticket = iterators.get(next).next();
			while (ticket.waiter == null) {
				ticket = iterators.get(next).next();
			}
			ticket.position = position;
			waiting[next]--;
		}
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
