package io.fanfare.protocol.http;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Which connections of a port are closed to make room. It knows no sockets: the same
 * connections at the same time give the same choice.
 * <p>
 * On any port an address keeps half of the connections. A port is crowded once less than
 * a quarter is free; then, in this order:
 * <ol>
 * <li>Those on which nothing was asked for {@link #PATIENCE} go, until a quarter is
 * free.</li>
 * <li>Those on which something is, or was, asked come down to three quarters. Each
 * address keeps the same number ({@link AddressShares#level}), or all if it has fewer. No
 * connection on which nothing was asked counts here: they cost others nothing.</li>
 * <li>Those on which nothing was asked for {@link #ARRIVAL} go, until an eighth is
 * free.</li>
 * </ol>
 * Each time those go first that are the most of their address: the n-th connection of an
 * address competes with the n-th of others. What is {@link Use#SERVED} is never closed,
 * but counts for its address, so that no other makes room for it.
 */
final class ClosingOrder {

	/** By then a connection is to have brought a request on a crowded port. */
	static final Duration PATIENCE = Duration.ofSeconds(1);

	/** For so long even a full port waits for a request: it may be under way. */
	static final Duration ARRIVAL = Duration.ofMillis(100);

	private ClosingOrder() {
	}

	/**
	 * An open connection.
	 *
	 * @param connection which
	 * @param address what it counts as
	 * @param use what it is at
	 * @param since when it asked, sent or read for the last time, by a clock in
	 * nanoseconds
	 */
	record Held<C>(C connection, String address, Use use, long since) {

		boolean isUnasked() {
			return this.use.isUnasked();
		}

		boolean isLate(long now) {
			return isOlder(PATIENCE, now);
		}

		boolean isOlder(Duration age, long now) {
			return now - this.since >= age.toNanos();
		}

	}

	/** The rank of a connection is how many its address would keep with it. */
	private record Ranked<C>(Held<C> held, int rank, boolean late) {

	}

	/**
	 * Chooses those to be closed.
	 * @param max how many there may be
	 * @param open those that are open
	 * @param now by the clock of these
	 * @return the worst first
	 */
	static <C> List<Held<C>> surplus(int max, List<Held<C>> open, long now) {
		List<Held<C>> surplus = aboveHalf(max, open, now);
		int most = AddressShares.uncrowded(max);
		if (open.size() - surplus.size() <= most) {
			return surplus;
		}
		Set<Held<C>> gone = new HashSet<>(surplus);
		List<Held<C>> left = open.stream().filter((held) -> !gone.contains(held)).toList();
		List<Ranked<C>> order = order(left, now);
		List<Held<C>> late = first(order, left.size() - most, (one) -> one.held().isUnasked() && one.late());
		surplus.addAll(late);
		Map<String, Integer> asked = left.stream()
			.filter((held) -> !held.isUnasked())
			.collect(Collectors.groupingBy(Held::address, Collectors.summingInt((held) -> 1)));
		int level = AddressShares.level(most, asked.values());
		int askedAll = asked.values().stream().mapToInt(Integer::intValue).sum();
		List<Held<C>> above = first(order, askedAll - most,
				(one) -> !one.held().isUnasked() && one.held().use() != Use.SERVED && one.rank() > level);
		surplus.addAll(above);
		int full = max - AddressShares.spare(max);
		surplus.addAll(first(order, left.size() - late.size() - above.size() - full,
				(one) -> one.held().isUnasked() && !one.late() && one.held().isOlder(ARRIVAL, now)));
		return surplus;
	}

	/**
	 * How many are idle for some time, of addresses that have few. An address that uses
	 * its connections does not get fewer for them.
	 * @param max how many there may be
	 * @param open those that are open
	 * @param now by the clock of these
	 */
	static <C> int yielding(int max, List<Held<C>> open, long now) {
		return byAddress(open).values()
			.stream()
			.filter((own) -> own.size() <= AddressShares.modest(max))
			.mapToInt((own) -> (int) own.stream().filter((held) -> held.use() == Use.IDLE && held.isLate(now)).count())
			.sum();
	}

	/** A body that arrives is closed on a crowded port only. */
	private static <C> List<Held<C>> aboveHalf(int max, List<Held<C>> open, long now) {
		int half = Math.max(1, max / 2);
		List<Held<C>> above = new ArrayList<>();
		if (open.size() <= half) {
			return above;
		}
		byAddress(open).values()
			.stream()
			.filter((own) -> own.size() > half)
			.forEach((own) -> own.stream()
				.filter((held) -> held.use().compareTo(Use.IDLE) <= 0)
				.sorted(worstFirst(now))
				.limit(own.size() - half)
				.forEach(above::add));
		return above;
	}

	private static <C> List<Held<C>> first(List<Ranked<C>> order, int count, Predicate<Ranked<C>> which) {
		return order.stream().filter(which).limit(Math.max(0, count)).map(Ranked::held).toList();
	}

	private static <C> List<Ranked<C>> order(List<Held<C>> open, long now) {
		List<Ranked<C>> order = new ArrayList<>(open.size());
		for (List<Held<C>> own : byAddress(open).values()) {
			int rank = own.size();
			for (Held<C> held : own.stream().sorted(worstFirst(now)).toList()) {
				order.add(new Ranked<>(held, rank--, held.isLate(now)));
			}
		}
		Comparator<Held<C>> worst = worstFirst(now);
		order.sort(Comparator.<Ranked<C>>comparingInt(Ranked::rank).reversed().thenComparing(Ranked::held, worst));
		return order;
	}

	/**
	 * What is worth least first: nothing was asked, nothing is asked for some time, the
	 * least of a request has arrived; of the same those that wait for longest.
	 */
	private static <C> Comparator<Held<C>> worstFirst(long now) {
		return Comparator.<Held<C>>comparingInt((held) -> held.isUnasked() ? 0 : (held.use() != Use.SERVED) ? 1 : 2)
			.thenComparing((held) -> !held.isLate(now))
			.thenComparing(Held::use)
			.thenComparing(Comparator.<Held<C>>comparingLong((held) -> now - held.since()).reversed());
	}

	private static <C> Map<String, List<Held<C>>> byAddress(List<Held<C>> open) {
		return open.stream().collect(Collectors.groupingBy(Held::address));
	}

}
