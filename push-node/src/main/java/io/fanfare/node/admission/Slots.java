package io.fanfare.node.admission;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;

import io.fanfare.node.admission.AdmissionSettings.Policy;
import io.fanfare.node.admission.WaitingRoom.Entry;
import io.fanfare.node.admission.WaitingRoom.Ticket;
import io.fanfare.node.connection.QueuePosition;
import io.fanfare.node.connection.Slot;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * The slots of a node: which connections have one, which wait for one, and which gets the
 * next. Any thread may call.
 * <p>
 * A slot is free when its connection is gone. It goes to the newcomer for which a stream
 * was evicted, then to the next in the waiting room. A user who has a stream here already
 * is admitted beside it: the older connection is about to go. A user waits once: the
 * newest request takes the position of the one before it.
 */
final class Slots {

	/** How much the last interval between two admissions counts. */
	private static final double NEWEST = 0.2;

	private final int max;

	private final Policy policy;

	private final WaitingRoom<Request> room;

	private final Ticker ticker;

	/** The newest admitted request of each user, behind which stand its older ones. */
	private final Map<String, Request> byUser = new HashMap<>();

	/** Those for which a stream was evicted, in that order, one per user. */
	private final SequencedMap<String, Request> promised = new LinkedHashMap<>();

	private int taken;

	private int peak;

	private boolean shut;

	private boolean paused;

	private long lastAdmission;

	/** Nanoseconds between two admissions from the room; 0 while there was none. */
	private double interval;

	Slots(int max, AdmissionSettings settings, Ticker ticker) {
		this.max = max;
		this.policy = settings.whenFull();
		this.room = new WaitingRoom<>((this.policy == Policy.WAIT) ? settings.waitingRoom() : 0, settings.keepPlace());
		this.ticker = ticker;
	}

	private static void nothing() {
	}

	/** What becomes of a newcomer. */
	enum Decision {

		/** It has a slot. */
		ADMITTED,
		/** It waits in the room. */
		WAITS,
		/** It gets the slot of another, if there is one that has to go. */
		ASKS,
		/** There is none. */
		FULL

	}

	private enum Standing {

		OUTSIDE, ASKING, WAITING, PROMISED, ADMITTED, GONE

	}

	/** A connection's slot, or its request for one. */
	final class Request implements Slot {

		private final String user;

		private final Tier tier;

		private final @Nullable String client;

		private Runnable admitted = Slots::nothing;

		private Consumer<@Nullable String> replaced = (client) -> {
		};

		private Standing standing = Standing.OUTSIDE;

		private @Nullable Ticket<Request> ticket;

		/**
		 * The admitted requests of the same user just before and after it.
		 */
		private @Nullable Request older;

		private @Nullable Request newer;

		private Request(String user, @Nullable String client, Tier tier) {
			this.user = user;
			this.client = client;
			this.tier = tier;
		}

		/**
		 * Names what is done when a request that waits is decided about, once, before it
		 * arrives.
		 * @param granted is run when it gets the slot for which it had to wait
		 * @param displaced is given the client of a newer request of the same user that
		 * waits instead
		 */
		void whenDecided(Runnable granted, Consumer<@Nullable String> displaced) {
			this.admitted = granted;
			this.replaced = displaced;
		}

		@Override
		public @Nullable QueuePosition position() {
			return Slots.this.position(this);
		}

		@Override
		public boolean giveUp() {
			return Slots.this.giveUp(this);
		}

		@Override
		public boolean withdraw() {
			return Slots.this.withdraw(this);
		}

		@Override
		public void leave() {
			Slots.this.leave(this);
		}

	}

	/**
	 * Makes a request for a slot, which is not decided about yet.
	 * @param user whose it is
	 * @param client the client, by which it is known when it comes back, or null
	 * @param tier its tier
	 */
	Request request(String user, @Nullable String client, Tier tier) {
		return new Request(user, client, tier);
	}

	/**
	 * Decides about a newcomer.
	 * @param request its request
	 * @param elsewhere whether another node is tried if it is sent away
	 * @return the decision
	 */
	synchronized Decision arrive(Request request, boolean elsewhere) {
		if (this.shut || this.paused) {
			return Decision.FULL;
		}
		if (isFree()) {
			admit(request);
			return Decision.ADMITTED;
		}
		if (this.byUser.containsKey(request.user)) {
			admit(request);
			return Decision.ADMITTED;
		}
		if (elsewhere) {
			return Decision.FULL;
		}
		Entry<Request> entry = this.room.enter(request, request.tier, request.user);
		if (entry == null) {
			request.standing = Standing.ASKING;
			return Decision.ASKS;
		}
		request.standing = Standing.WAITING;
		request.ticket = entry.ticket();
		Request before = entry.before();
		if (before != null) {
			before.standing = Standing.GONE;
			before.replaced.accept(request.client);
		}
		return Decision.WAITS;
	}

	private boolean isFree() {
		return this.taken < this.max && this.room.size() == 0 && this.promised.isEmpty();
	}

	/** Whether a newcomer would have a slot at once. */
	synchronized boolean isFreeFor(String user) {
		if (this.shut || this.paused) {
			return false;
		}
		return isFree() || this.byUser.containsKey(user);
	}

	/** Whether a newcomer would have to wait for a slot, or for that of another. */
	synchronized boolean isToWait(String user) {
		return !this.shut && !this.paused && !isFree() && !this.byUser.containsKey(user);
	}

	/** Whether a stream of tier low may be evicted for a newcomer. */
	boolean mayEvict(Request request) {
		return request.tier == Tier.HIGH && this.policy != Policy.REJECT;
	}

	/**
	 * Promises the next slot that becomes free. What was promised to an older request of
	 * the same user is promised to this one.
	 * @param request to whom
	 * @return whether one more slot is wanted
	 */
	synchronized boolean promise(Request request) {
		Ticket<Request> ticket = request.ticket;
		boolean wanted = !this.shut && (request.standing == Standing.ASKING
				|| request.standing == Standing.WAITING && ticket != null && this.room.remove(ticket, request));
		if (!wanted) {
			return false;
		}
		request.standing = Standing.PROMISED;
		Request before = this.promised.put(request.user, request);
		if (before != null) {
			before.standing = Standing.GONE;
			before.replaced.accept(request.client);
		}
		return before == null;
	}

	/** Whether a request waits in the room. */
	synchronized boolean isWaiting(Request request) {
		return request.standing == Standing.WAITING;
	}

	private synchronized boolean giveUp(Request request) {
		if (request.standing != Standing.ASKING) {
			return false;
		}
		request.standing = Standing.GONE;
		return true;
	}

	private synchronized boolean withdraw(Request request) {
		if (request.standing == Standing.PROMISED) {
			this.promised.remove(request.user, request);
			request.standing = Standing.GONE;
			return true;
		}
		return giveUp(request);
	}

	/** How many users have a slot. */
	synchronized int users() {
		return this.byUser.size();
	}

	private synchronized void leave(Request request) {
		Standing before = request.standing;
		request.standing = Standing.GONE;
		switch (before) {
			case ADMITTED -> {
				this.taken--;
				unlink(request);
				fill();
			}
			case PROMISED -> this.promised.remove(request.user, request);
			case WAITING -> {
				if (request.ticket != null) {
					this.room.vanish(request.ticket, request, this.ticker.nanoTime());
				}
			}
			case OUTSIDE, ASKING, GONE -> {
			}
		}
	}

	private void unlink(Request request) {
		Request older = request.older;
		Request newer = request.newer;
		if (older != null) {
			older.newer = newer;
		}
		if (newer != null) {
			newer.older = older;
		}
		else if (older != null) {
			this.byUser.put(request.user, older);
		}
		else {
			this.byUser.remove(request.user, request);
		}
		request.older = null;
		request.newer = null;
	}

	/** Admits no stream any more. */
	synchronized void shut() {
		this.shut = true;
	}

	/** Stops admitting streams for a while, or resumes. */
	synchronized void pause(boolean now) {
		this.paused = now;
		fill();
	}

	private void fill() {
		while (!this.shut && !this.paused && this.taken < this.max) {
			Map.Entry<String, Request> first = this.promised.pollFirstEntry();
			Request next = (first != null) ? first.getValue() : null;
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
		long now = this.ticker.nanoTime();
		if (this.lastAdmission != 0) {
			double latest = now - this.lastAdmission;
			this.interval = (this.interval == 0) ? latest : this.interval + NEWEST * (latest - this.interval);
		}
		this.lastAdmission = now;
	}

	private void admit(Request request) {
		request.standing = Standing.ADMITTED;
		request.ticket = null;
		Request older = this.byUser.put(request.user, request);
		if (older != null) {
			request.older = older;
			older.newer = request;
		}
		this.taken++;
		this.peak = Math.max(this.peak, this.taken);
	}

	/** Where a request stands in the queue, or null if it does not wait there. */
	private synchronized @Nullable QueuePosition position(Request request) {
		Ticket<Request> ticket = request.ticket;
		if (request.standing != Standing.WAITING || ticket == null) {
			return null;
		}
		int position = this.room.position(ticket);
		return new QueuePosition(position, this.room.size(), estimate(position));
	}

	private @Nullable Long estimate(int position) {
		if (this.interval == 0) {
			return null;
		}
		// A standstill counts from when it is longer than what was usual.
		double each = Math.max(this.interval, (double) (this.ticker.nanoTime() - this.lastAdmission));
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

	/** Gives up the queue positions of clients that did not come back in time. */
	synchronized void sweep() {
		this.room.sweep(this.ticker.nanoTime());
	}

	int max() {
		return this.max;
	}

}
