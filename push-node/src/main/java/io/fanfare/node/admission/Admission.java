package io.fanfare.node.admission;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

import io.fanfare.node.admission.Eviction.Candidate;
import io.fanfare.node.connection.Connection;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.SocketEvents;
import io.fanfare.node.connection.Outlet;
import io.fanfare.node.connection.Slices;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.Reservation;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a request for a stream is admitted, waits or is refused, in one order:
 * <ol>
 * <li>its socket came when its address had too many,</li>
 * <li>the node refuses newcomers: it drains, or Redis does not answer,</li>
 * <li>there is no free slot, and a proxy tries another node,</li>
 * <li>its address has, or opens, more streams than it may,</li>
 * <li>its slot: a free one, a position in the waiting room, or that of a stream that is
 * evicted.</li>
 * </ol>
 * Any thread may call, unless said otherwise.
 */
public final class Admission {

	private final Connections connections;

	private final AdmissionSettings settings;

	private final Function<InetAddress, @Nullable Reservation> limits;

	private final Slots slots;

	private final Eviction eviction;

	private volatile @Nullable CloseReason refusing;

	/**
	 * Makes the admission of a node.
	 * @param connections the node's connections
	 * @param settings what is done with newcomers when all slots are taken
	 * @param limits asks for one more stream of an address; answers null where no limit
	 * applies
	 * @param ticker the monotonic clock
	 * @param errors notes what nothing else handles
	 */
	public Admission(Connections connections, AdmissionSettings settings,
			Function<InetAddress, @Nullable Reservation> limits, Ticker ticker, Errors errors) {
		this.connections = connections;
		this.settings = settings;
		this.limits = limits;
		this.slots = new Slots(connections.max(), settings, ticker);
		this.eviction = new Eviction(this.slots, this::candidates, errors, ticker);
		connections.sweepBy(this::sweep);
		connections.countBy(this::size);
	}

	/**
	 * Decides about a newcomer; to be called on its loop. It is answered by its outlet,
	 * at once or later.
	 * @param loop the loop
	 * @param newcomer the newcomer
	 */
	public void decide(StreamLoop loop, Newcomer newcomer) {
		decide(loop, newcomer, false);
	}

	/**
	 * The one order. What is refused anyway must not count against the limits of its
	 * address, so these come after that. Redis answers them; as the node may refuse
	 * newcomers by then, the decision begins again, with that behind it.
	 * @param withinLimits whether the limits of its address allow it
	 */
	private void decide(StreamLoop loop, Newcomer newcomer, boolean withinLimits) {
		StreamRequest request = newcomer.request();
		Quota exceeded = newcomer.exceeded();
		CloseReason refusal = refusal(loop);
		if (exceeded != null) {
			refuse(loop, exceeded, newcomer);
		}
		else if (refusal != null) {
			refuse(loop, refusal, newcomer.outlet());
		}
		else if (request.elsewhere() && !this.slots.isFreeFor(request.user())) {
			refuse(loop, CloseReason.FULL, newcomer.outlet());
		}
		else if (withinLimits || !askLimits(loop, newcomer)) {
			takeSlot(loop, newcomer);
		}
	}

	/** Why the node admits no stream now, or null. */
	private @Nullable CloseReason refusal(StreamLoop loop) {
		CloseReason reason = this.refusing;
		return (reason != null || loop.isReady()) ? reason : CloseReason.REDIS_UNAVAILABLE;
	}

	/**
	 * Asks whether the address may have one more stream. Returns false for any number.
	 */
	private boolean askLimits(StreamLoop loop, Newcomer newcomer) {
		Reservation reservation = this.limits.apply(newcomer.request().address());
		if (reservation == null) {
			return false;
		}
		newcomer.whenClosed(reservation::giveBack);
		reservation.refusal().thenAccept((quota) -> newcomer.onLoop(() -> {
			if (quota != null) {
				reservation.giveBack();
				newcomer.limited();
				refuse(loop, quota, newcomer);
			}
			else if (newcomer.outlet().isOpen()) {
				newcomer.allowed(reservation.left());
				decide(loop, newcomer, true);
			}
		}));
		return true;
	}

	private void takeSlot(StreamLoop loop, Newcomer newcomer) {
		StreamRequest request = newcomer.request();
		Slots.Request slot = this.slots.request(request.user(), request.client(), request.tier());
		Connection connection = this.connections.add(loop, request, newcomer.outlet(), slot);
		slot.whenDecided(() -> loop.submit(connection, connection::admitted),
				(client) -> loop.submit(connection, () -> connection.replacedInQueue(client)));
		loop.guard("open", connection, (arriving) -> arrive(arriving, slot));
		if (!connection.isClosed()) {
			newcomer.opened(new SocketEvents(connection));
		}
	}

	/**
	 * Who has no right to a stream takes no position in the queue, and no stream goes for
	 * it. What has a slot at once is checked by its claim.
	 */
	private void arrive(Connection connection, Slots.Request slot) {
		if (!connection.request().elsewhere() && this.slots.isToWait(connection.user())) {
			connection.loop().checkToken(connection, () -> place(connection, slot));
		}
		else {
			place(connection, slot);
		}
	}

	private void place(Connection connection, Slots.Request slot) {
		StreamLoop loop = connection.loop();
		switch (this.slots.arrive(slot, connection.request().elsewhere())) {
			case ADMITTED -> loop.admit(connection);
			case FULL -> connection.refuse(CloseReason.FULL);
			case WAITS -> {
				loop.await(connection);
				makeRoom(connection, slot);
			}
			case ASKS -> {
				loop.asks(connection);
				makeRoom(connection, slot);
			}
		}
	}

	private void makeRoom(Connection connection, Slots.Request slot) {
		this.eviction.makeRoom(slot, this.slots.mayEvict(slot),
				() -> connection.loop().submit(connection, () -> noSlot(connection, slot)));
	}

	/** No stream has to go for it. */
	private static void noSlot(Connection connection, Slots.Request slot) {
		if (!connection.isClosed() && slot.giveUp()) {
			connection.refuse(CloseReason.FULL);
		}
	}

	private static void refuse(StreamLoop loop, CloseReason reason, Outlet outlet) {
		loop.context().events().refused(reason);
		outlet.refuse(reason, loop.context().spread().retry());
	}

	private static void refuse(StreamLoop loop, Quota quota, Newcomer newcomer) {
		loop.context().events().limited(quota);
		loop.context().events().rejected(quota.refusal(), newcomer.request().address());
		newcomer.outlet().refuse(quota, loop.context().spread().retryAfter(quota));
	}

	/**
	 * Admits no stream any more.
	 * @param reason the reason that newcomers are given
	 */
	public void refuse(CloseReason reason) {
		this.refusing = reason;
		this.slots.shut();
	}

	/**
	 * Returns whether newcomers are refused.
	 * @return whether they are
	 */
	public boolean isRefusing() {
		return this.refusing != null;
	}

	/**
	 * Admits no stream any more and sends all connections on, one after the other.
	 * @param window over how long
	 * @return when none is left
	 */
	public CompletableFuture<Void> drain(Duration window) {
		refuse(CloseReason.DRAINING);
		return this.connections.drain(window);
	}

	/**
	 * Admits no stream while memory is short. Not readiness: the other nodes may be short
	 * as well.
	 * @param now whether it is
	 */
	public void lackMemory(boolean now) {
		this.slots.pause(now);
	}

	/**
	 * Evicts the idlest streams of tier low, for want of memory.
	 * @param count how many at most
	 * @return how many
	 */
	public CompletableFuture<Integer> shed(int count) {
		return this.eviction.shed(count, CloseReason.MEMORY);
	}

	private CompletableFuture<List<Candidate>> candidates(int each) {
		return this.connections.onLoops((loop) -> {
			Eviction.Candidates candidates = new Eviction.Candidates(each);
			return Slices.ofAll(loop, Slices.LOOK, (connection) -> candidates.look(new Evictable(connection)))
				.thenApply((done) -> candidates.found());
		}).thenApply((found) -> found.stream().flatMap(List::stream).toList());
	}

	/** A connection, as eviction sees it. */
	private record Evictable(Connection connection) implements Eviction.Stream {

		@Override
		public @Nullable CloseReason overdue() {
			return this.connection.overdue();
		}

		@Override
		public boolean isEvictable() {
			return this.connection.isEvictable();
		}

		@Override
		public long idleNanos() {
			return this.connection.idleNanos();
		}

		@Override
		public void goAway(CloseReason reason) {
			this.connection.goAway(reason);
		}

		@Override
		public void submit(Runnable task) {
			this.connection.loop().submit(this.connection, task);
		}

	}

	/** Gives up what was kept for those that did not come in time. */
	private void sweep() {
		this.slots.sweep();
		this.eviction.sweep();
	}

	/**
	 * What is done with newcomers when all slots are taken.
	 * @return the settings
	 */
	public AdmissionSettings settings() {
		return this.settings;
	}

	/**
	 * How many have a slot.
	 * @return the number
	 */
	public int size() {
		return this.slots.taken();
	}

	/**
	 * How many wait for one.
	 * @return the number
	 */
	public int waiting() {
		return this.slots.waiting();
	}

	/**
	 * The most that had one at once.
	 * @return the number
	 */
	public int peak() {
		return this.slots.peak();
	}

	/**
	 * How many slots there are.
	 * @return the number
	 */
	public int max() {
		return this.slots.max();
	}

}
