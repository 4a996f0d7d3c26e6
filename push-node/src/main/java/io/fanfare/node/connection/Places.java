package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

import io.fanfare.node.connection.AdmissionSettings.Policy;
import io.fanfare.node.connection.WaitingRoom.Entry;
import io.fanfare.node.connection.WaitingRoom.Ticket;
import io.fanfare.protocol.Tier;
import org.jspecify.annotations.Nullable;

/**
 * The places of a node: who has one, who waits for one, who gets the next. Any thread may
 * call.
 * <p>
 * A place is free when its connection is gone, and goes to whoever somebody was sent away
 * for, then to whoever is next in the waiting room. A user who is here already is taken
 * in beside itself: its older connection is about to go.
 */
final class Places {

	/** How much the last interval between two admissions counts. */
	private static final double NEWEST = 0.2;

	private final int max;

	private final Policy policy;

	private final WaitingRoom<Place> room;

	private final LongSupplier nanoTime;

	/** The newest admitted place of each user, behind which stand its older ones. */
	private final Map<String, Place> byUser = new HashMap<>();

	/** Those for whom somebody was sent away. */
	private final Deque<Place> promised = new ArrayDeque<>();

	private int taken;

	private int peak;

	private boolean shut;

	private boolean paused;

	private long lastAdmission;

	/** Nanoseconds between two admissions from the room; 0 while there was none. */
	private double interval;

	Places(int max, AdmissionSettings settings, LongSupplier nanoTime) {
		this.max = max;
		this.policy = settings.whenFull();
		this.room = new WaitingRoom<>((this.policy == Policy.WAIT) ? settings.waitingRoom() : 0, settings.keepPlace());
		this.nanoTime = nanoTime;
	}

	/** What becomes of a newcomer. */
	enum Decision {

		/** It has a place. */
		ADMITTED,
		/** It waits in the room. */
		WAITS,
		/** It gets the place of another, if there is one who has to go. */
		ASKS,
		/** There is none. */
		FULL

	}

	private enum Standing {

		OUTSIDE, ASKING, WAITING, PROMISED, ADMITTED, GONE

	}

	/** A connection's place, or its claim to one. */
	static final class Place {

		private final String user;

		private final Tier tier;

		private final @Nullable String client;

		private final Runnable admitted;

		private final Runnable replaced;

		private Standing standing = Standing.OUTSIDE;

		private @Nullable Ticket<Place> ticket;

		/**
		 * The admitted places of the same user that were given just before and after it.
		 */
		private @Nullable Place older;

		private @Nullable Place newer;

		/**
		 * Makes a claim.
		 * @param user whose it is
		 * @param client the page, by which it is known when it comes back, or null
		 * @param tier its tier
		 * @param admitted is run when it gets the place for which it had to wait
		 * @param replaced is run when a newer request of the same page waits instead
		 */
		Place(String user, @Nullable String client, Tier tier, Runnable admitted, Runnable replaced) {
			this.user = user;
			this.client = client;
			this.tier = tier;
			this.admitted = admitted;
			this.replaced = replaced;
		}

		private @Nullable String page() {
			return (this.client != null) ? this.user + '\n' + this.client : null;
		}

	}

	/**
	 * Decides about a newcomer.
	 * @param place its claim
	 * @param elsewhere whether another node is tried if it is sent away
	 * @return the decision
	 */
	synchronized Decision arrive(Place place, boolean elsewhere) {
		if (this.shut || this.paused) {
			return Decision.FULL;
		}
		if (isFree()) {
			admit(place);
			return Decision.ADMITTED;
		}
		if (this.byUser.containsKey(place.user)) {
			admit(place);
			return Decision.ADMITTED;
		}
		if (elsewhere) {
			return Decision.FULL;
		}
		Entry<Place> entry = this.room.enter(place, place.tier, place.page());
		if (entry == null) {
			place.standing = Standing.ASKING;
			return Decision.ASKS;
		}
		place.standing = Standing.WAITING;
		place.ticket = entry.ticket();
		Place before = entry.before();
		if (before != null) {
			before.standing = Standing.GONE;
			before.replaced.run();
		}
		return Decision.WAITS;
	}

	private boolean isFree() {
		return this.taken < this.max && this.room.size() == 0 && this.promised.isEmpty();
	}

	/** Whether a newcomer would have a place at once. */
	synchronized boolean isFreeFor(String user) {
		if (this.shut || this.paused) {
			return false;
		}
		return isFree() || this.byUser.containsKey(user);
	}

	/** Whether somebody of tier low may be sent away for a newcomer. */
	boolean mayPreempt(Place place) {
		return place.tier == Tier.HIGH && this.policy != Policy.REJECT;
	}

	/**
	 * Promises the next place that becomes free.
	 * @param place to whom
	 * @return whether it is still wanted
	 */
	synchronized boolean promise(Place place) {
		Ticket<Place> ticket = place.ticket;
		boolean wanted = !this.shut && (place.standing == Standing.ASKING
				|| place.standing == Standing.WAITING && ticket != null && this.room.remove(ticket, place));
		if (wanted) {
			place.standing = Standing.PROMISED;
			this.promised.add(place);
		}
		return wanted;
	}

	/** Whether somebody waits in the room. */
	synchronized boolean isWaiting(Place place) {
		return place.standing == Standing.WAITING;
	}

	/**
	 * Gives up asking.
	 * @param place whose
	 * @return whether it asked
	 */
	synchronized boolean giveUp(Place place) {
		if (place.standing != Standing.ASKING) {
			return false;
		}
		place.standing = Standing.GONE;
		return true;
	}

	/**
	 * Gives up a claim that was not answered yet: it asks, or a place is promised that
	 * did not become free.
	 * @param place whose
	 * @return whether it was one
	 */
	synchronized boolean withdraw(Place place) {
		if (place.standing == Standing.PROMISED) {
			this.promised.remove(place);
			place.standing = Standing.GONE;
			return true;
		}
		return giveUp(place);
	}

	/** How many users have a place. */
	synchronized int users() {
		return this.byUser.size();
	}

	/** Its connection is gone. */
	synchronized void leave(Place place) {
		Standing before = place.standing;
		place.standing = Standing.GONE;
		switch (before) {
			case ADMITTED -> {
				this.taken--;
				unlink(place);
				fill();
			}
			case PROMISED -> this.promised.remove(place);
			case WAITING -> {
				if (place.ticket != null) {
					this.room.vanish(place.ticket, place, this.nanoTime.getAsLong());
				}
			}
			case OUTSIDE, ASKING, GONE -> {
			}
		}
	}

	private void unlink(Place place) {
		Place older = place.older;
		Place newer = place.newer;
		if (older != null) {
			older.newer = newer;
		}
		if (newer != null) {
			newer.older = older;
		}
		else if (older != null) {
			this.byUser.put(place.user, older);
		}
		else {
			this.byUser.remove(place.user);
		}
		place.older = null;
		place.newer = null;
	}

	/** Takes nobody in any more. */
	synchronized void shut() {
		this.shut = true;
	}

	/** Takes nobody in for a while, or again. */
	synchronized void pause(boolean now) {
		this.paused = now;
		fill();
	}

	private void fill() {
		while (!this.shut && !this.paused && this.taken < this.max) {
			Place next = this.promised.poll();
			if (next == null) {
				next = this.room.poll();
				if (next == null) {
					return;
				}
				measure();
			}
			admit(next);
			next.admitted.run();
		}
	}

	private void measure() {
		long now = this.nanoTime.getAsLong();
		if (this.lastAdmission != 0) {
			double latest = now - this.lastAdmission;
			this.interval = (this.interval == 0) ? latest : this.interval + NEWEST * (latest - this.interval);
		}
		this.lastAdmission = now;
	}

	private void admit(Place place) {
		place.standing = Standing.ADMITTED;
		place.ticket = null;
		Place older = this.byUser.put(place.user, place);
		if (older != null) {
			place.older = older;
			older.newer = place;
		}
		this.taken++;
		this.peak = Math.max(this.peak, this.taken);
	}

	/**
	 * Where somebody stands.
	 *
	 * @param position how many are admitted before it, and itself
	 * @param total how many wait
	 * @param estimateMillis how long it will take, from how fast places became free
	 * lately; null while that is not known
	 */
	record Outlook(int position, int total, @Nullable Long estimateMillis) {

	}

	/**
	 * Tells where somebody stands.
	 * @param place whose claim
	 * @return its outlook, or null if it does not wait
	 */
	synchronized @Nullable Outlook outlook(Place place) {
		Ticket<Place> ticket = place.ticket;
		if (place.standing != Standing.WAITING || ticket == null) {
			return null;
		}
		int position = this.room.position(ticket);
		return new Outlook(position, this.room.size(), estimate(position));
	}

	private @Nullable Long estimate(int position) {
		if (this.interval == 0) {
			return null;
		}
		// A standstill counts from when it is longer than what was usual.
		double each = Math.max(this.interval, (double) (this.nanoTime.getAsLong() - this.lastAdmission));
		return (long) (position * each / 1_000_000);
	}

	synchronized int taken() {
		return this.taken;
	}

	synchronized int peak() {
		return this.peak;
	}

	synchronized int waiting() {
		return this.room.size() + this.promised.size();
	}

	/** Gives up the places of those who did not come back in time. */
	synchronized void sweep() {
		this.room.sweep(this.nanoTime.getAsLong());
	}

	int max() {
		return this.max;
	}

}
