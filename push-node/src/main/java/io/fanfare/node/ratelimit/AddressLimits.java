package io.fanfare.node.ratelimit;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.Failures;
import io.fanfare.redis.presence.Addresses;
import io.fanfare.redis.presence.Addresses.Admission;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many streams each address has and opens, on all nodes together.
 * <p>
 * Redis has for each address what every node says of itself; it adds up those whose lease
 * stands. So nothing drifts: a node that dies stops counting with its lease, one that
 * could not say something says it again, and what Redis loses is said anew within a
 * minute. Where Redis does not answer in time, a stream is let in. Any thread may call;
 * nothing blocks.
 */
public final class AddressLimits implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(AddressLimits.class);

	/** How long Redis is waited for. */
	static final Duration PATIENCE = Duration.ofMillis(500);

	/** How soon other nodes know of streams that ended. */
	private static final Duration TICK = Duration.ofSeconds(1);

	/** How often everything is said again. */
	private static final Duration REPEAT = Duration.ofMinutes(1);

	/** Addresses in one call. */
	private static final int SLICE = 500;

	private static final int SLICES_A_TICK = 4;

	/** What was said is not known. */
	private static final int UNKNOWN = -1;

	private final Addresses addresses;

	private final String node;

	private final LimitSettings settings;

	private final AddressBlocks exempt;

	private final Ticker ticker;

	private final ConcurrentHashMap<String, Tally> tallies = new ConcurrentHashMap<>();

	private final AtomicBoolean telling = new AtomicBoolean();

	private final Errors errors;

	private final Worker worker;

	/**
	 * Makes the limits.
	 * @param addresses counts over all nodes, by the same settings
	 * @param node this node's identity
	 * @param settings the settings
	 * @param scheduler runs what is done from time to time
	 * @param errors notes what nothing else handles
	 */
	public AddressLimits(Addresses addresses, String node, LimitSettings settings, Scheduler scheduler, Errors errors) {
		this.addresses = addresses;
		this.node = node;
		this.settings = settings;
		this.exempt = settings.exemptBlocks();
		this.ticker = scheduler.ticker();
		this.errors = errors;
		this.worker = scheduler.createWorker("limits");
	}

	/**
	 * The streams of an address on this node.
	 *
	 * @param present how many there are, or may be in a moment
	 * @param told how many were reported to Redis
	 * @param toldAt when
	 */
	private record Tally(int present, int told, long toldAt) {

		private boolean isSettled() {
			return this.present == 0 && this.told == 0;
		}

		private boolean isDue(long now) {
			return this.present != this.told || now - this.toldAt >= REPEAT.toNanos();
		}

	}

	/** Begins to report. */
	public void start() {
		this.worker.every(TICK, TICK, this::tell);
	}

	/**
	 * Asks for one more stream.
	 * @param address where its client is
	 * @return its reservation, or null if no limit applies to that address
	 */
	public @Nullable Reservation ask(InetAddress address) {
		if (!this.settings.limitsAddresses() || this.exempt.contains(address)) {
			return null;
		}
		String key = key(address);
		int held = change(key, 1);
		AtomicReference<List<QuotaUse>> left = new AtomicReference<>(List.of());
		CompletableFuture<@Nullable Quota> refusal = admit(key, held)
			.orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
			.<@Nullable Quota>handle((admission, failure) -> {
				if (failure != null) {
					failed("check-failed", failure);
					told(key, UNKNOWN);
					return null;
				}
				return switch (admission) {
					case Admission.Admitted admitted -> {
						told(key, held);
						left.set(left(admitted));
						yield null;
					}
					case Admission.TooManyConnections connections ->
						Quota.connections(this.settings.connectionsPerAddress());
					case Admission.TooManyOpens opens ->
						Quota.opens(this.settings.opensPerMinute(), this.settings.window(), opens.reset());
				};
			});
		return new Held(key, refusal, left);
	}

	private List<QuotaUse> left(Admission.Admitted admitted) {
		List<QuotaUse> left = new ArrayList<>(2);
		int connections = this.settings.connectionsPerAddress();
		if (connections > 0) {
			left.add(new QuotaUse(Quota.connections(connections), Math.max(0, connections - admitted.connections())));
		}
		int opens = this.settings.opensPerMinute();
		if (opens > 0) {
			left.add(new QuotaUse(Quota.opens(opens, this.settings.window(), admitted.reset()),
					Math.max(0, opens - admitted.opens())));
		}
		return left;
	}

	/**
	 * What throws at once is a failure like any other: the caller gives the reservation
	 * back.
	 */
	private CompletableFuture<Admission> admit(String key, int held) {
		try {
			return this.addresses.admit(this.node, key, held);
		}
		catch (RuntimeException | Error ex) {
			return CompletableFuture.failedFuture(ex);
		}
	}

	private final class Held implements Reservation {

		private final String key;

		private final CompletableFuture<@Nullable Quota> refusal;

		private final AtomicReference<List<QuotaUse>> left;

		private final AtomicBoolean given = new AtomicBoolean();

		private Held(String key, CompletableFuture<@Nullable Quota> refusal, AtomicReference<List<QuotaUse>> left) {
			this.key = key;
			this.refusal = refusal;
			this.left = left;
		}

		@Override
		public List<QuotaUse> left() {
			return this.left.get();
		}

		@Override
		public CompletableFuture<@Nullable Quota> refusal() {
			return this.refusal;
		}

		@Override
		public void giveBack() {
			if (this.given.compareAndSet(false, true)) {
				change(this.key, -1);
			}
		}

	}

	/** What an address is counted as: an IPv6 network is given to one customer. */
	static String key(InetAddress address) {
		if (!(address instanceof Inet6Address)) {
			return address.getHostAddress();
		}
		byte[] bytes = address.getAddress();
		HexFormat hex = HexFormat.of();
		StringBuilder key = new StringBuilder();
		for (int i = 0; i < 8; i += 2) {
			key.append(hex.formatHex(bytes, i, i + 2)).append(':');
		}
		return key.append(":/64").toString();
	}

	/** Counts here. Returns how many there are now. */
	private int change(String key, int by) {
		Tally now = this.tallies.compute(key, (name, tally) -> {
			Tally changed = (tally != null) ? new Tally(tally.present() + by, tally.told(), tally.toldAt())
					: new Tally(by, 0, this.ticker.nanoTime());
			return changed.isSettled() ? null : changed;
		});
		return (now != null) ? now.present() : 0;
	}

	private void told(String key, int count) {
		this.tallies.compute(key, (name, tally) -> {
			Tally told = new Tally((tally != null) ? tally.present() : 0, count, this.ticker.nanoTime());
			return told.isSettled() ? null : told;
		});
	}

	/**
	 * Reports to Redis what it does not know yet, and repeats what was reported long ago.
	 * @return when it is done, or has failed
	 */
	public CompletableFuture<Void> tell() {
		if (!this.telling.compareAndSet(false, true)) {
			return CompletableFuture.completedFuture(null);
		}
		List<CompletableFuture<?>> calls = new ArrayList<>();
		try {
			due().forEach((slice) -> calls.add(this.addresses.renew(this.node, slice)
				.whenComplete((done, failure) -> slice
					.forEach((key, count) -> told(key, (failure != null) ? UNKNOWN : count)))));
		}
		catch (RuntimeException | Error ex) {
			// What was never sent must not be waited for.
			calls.add(CompletableFuture.failedFuture(ex));
		}
		return CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new)).handle((done, failure) -> {
			if (failure != null) {
				failed("report-failed", failure);
			}
			this.telling.set(false);
			return null;
		});
	}

	/** What Redis refuses or does not answer is noted by the link to it. */
	private void failed(String what, Throwable failure) {
		if (!Failures.isOfRedis(failure)) {
			this.errors.note("limits", failure);
		}
		log.debug("address-limit={} reason=\"{}\"", what, failure.toString());
	}

	private List<Map<String, Integer>> due() {
		long now = this.ticker.nanoTime();
		List<Map<String, Integer>> slices = new ArrayList<>();
		Map<String, Integer> slice = new HashMap<>();
		for (Map.Entry<String, Tally> entry : this.tallies.entrySet()) {
			if (entry.getValue().isDue(now)) {
				slice.put(entry.getKey(), entry.getValue().present());
			}
			if (slice.size() == SLICE) {
				slices.add(slice);
				slice = new HashMap<>();
				if (slices.size() == SLICES_A_TICK) {
					return slices;
				}
			}
		}
		if (!slice.isEmpty()) {
			slices.add(slice);
		}
		return slices;
	}

	/** How many addresses are counted. */
	int size() {
		return this.tallies.size();
	}

	@Override
	public void close() {
		this.worker.close();
	}

}
