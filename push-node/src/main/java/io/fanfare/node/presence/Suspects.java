package io.fanfare.node.presence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.presence.Presence.Silent;
import io.fanfare.redis.presence.Presence.Slice;
import io.fanfare.redis.presence.Presence.Suspect;
import io.fanfare.redis.presence.Presence.Suspicion;

/**
 * Nodes without a lease, and since when each has been silent. One is dead when it kept
 * silent for the whole of the patience: without a lease and with one and the same value
 * of its last renewal at each look. Values never repeat, so equal ones at both ends of a
 * time mean that it did not renew within it; they are compared for equality alone, for a
 * store that was rolled back shows older ones.
 * <p>
 * The time runs from the answer that first showed the value to the call that removes, by
 * this process's monotonic clock. The clock of Redis has no part in it, and where this
 * process stood still the wait only gets longer.
 * <p>
 * Any thread may call.
 */
public final class Suspects {

	/** One walk may have begun before it was dead. */
	private static final int WALKS = 2;

	private final long patienceNanos;

	private final Ticker ticker;

	private Map<String, Watched> watched = new HashMap<>();

	/**
	 * Makes an empty list.
	 * @param patience for how long a node has to be silent
	 * @param ticker the monotonic clock
	 */
	public Suspects(Duration patience, Ticker ticker) {
		this.patienceNanos = patience.toNanos();
		this.ticker = ticker;
	}

	private record Watched(Silent silent, long sinceNanos, int walks) {

	}

	/**
	 * What is held of each node that was silent when last looked at.
	 * @return the suspects, for the next call
	 */
	public synchronized List<Suspect> held() {
		long now = this.ticker.nanoTime();
		List<Suspect> held = new ArrayList<>(this.watched.size());
		this.watched.values().forEach((one) -> held.add(new Suspect(one.silent(), verdict(one, now))));
		return held;
	}

	private Suspicion verdict(Watched one, long now) {
		if (now - one.sinceNanos() < this.patienceNanos) {
			return Suspicion.SILENT;
		}
		return (one.walks() < WALKS) ? Suspicion.DEAD : Suspicion.GONE;
	}

	/**
	 * Notes what a call found.
	 * @param slice its answer
	 */
	public synchronized void seen(Slice slice) {
		long now = this.ticker.nanoTime();
		Map<String, Watched> present = new HashMap<>();
		for (Silent silent : slice.silent()) {
			Watched before = this.watched.get(silent.node());
			if (before == null || !before.silent().equals(silent)) {
				present.put(silent.node(), new Watched(silent, now, 0));
				continue;
			}
			boolean walked = slice.cursor().equals("0") && verdict(before, now) != Suspicion.SILENT;
			if (verdict(before, now) != Suspicion.GONE) {
				present.put(silent.node(), new Watched(silent, before.sinceNanos(), before.walks() + (walked ? 1 : 0)));
			}
		}
		this.watched = present;
	}

}
