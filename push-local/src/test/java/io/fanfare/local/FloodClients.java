package io.fanfare.local;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGeneratorFactory;

/**
 * The attacker: some clients of few addresses. Each asks again when it was answered, but
 * no sooner than its share of the rate allows.
 */
final class FloodClients {

	private static final int CLIENTS = 8;

	private static final int ADDRESSES = 4;

	private final FloodedCluster cluster;

	private final Flood flood;

	/**
	 * An attacker.
	 * @param cluster what it attacks
	 * @param flood how
	 */
	FloodClients(FloodedCluster cluster, Flood flood) {
		this.cluster = cluster;
		this.flood = flood;
	}

	/**
	 * Attacks for a time.
	 * @param time how long
	 * @param number that of the attack: each has addresses and users of its own, as what
	 * it has used up of its limits stays so for a minute
	 * @return how many answers there were, by status
	 */
	Map<Integer, Long> run(Duration time, int number) throws InterruptedException {
		Map<Integer, LongAdder> statuses = new ConcurrentHashMap<>();
		long end = System.nanoTime() + time.toNanos();
		List<Thread> threads = new ArrayList<>();
		for (int i = 0; i < CLIENTS; i++) {
			FloodClient client = new FloodClient(this.cluster, "flood-" + number + "-",
					"127.0." + (100 + number) + "." + (1 + i % ADDRESSES),
					RandomGeneratorFactory.getDefault().create(1_000L * number + i), statuses);
			threads.add(Thread.ofPlatform().name("flood-" + i).start(() -> {
				try (client) {
					attack(client, end);
				}
			}));
		}
		for (Thread thread : threads) {
			thread.join();
		}
		Map<Integer, Long> counts = new TreeMap<>();
		statuses.forEach((status, count) -> counts.put(status, count.sum()));
		return counts;
	}

	private void attack(FloodClient client, long end) {
		long each = TimeUnit.SECONDS.toNanos(1) * CLIENTS / this.flood.perSecond();
		long next = System.nanoTime();
		while (next - end < 0) {
			long early = next - System.nanoTime();
			if (early > 0) {
				LockSupport.parkNanos(early);
				continue;
			}
			this.flood.attack(client);
			next = Math.max(next + each, System.nanoTime() - each);
		}
	}

}
