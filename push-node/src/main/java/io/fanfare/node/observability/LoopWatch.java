package io.fanfare.node.observability;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

import io.fanfare.node.connection.LoopPulse;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

/**
 * Looks at the event loops from a worker of its own: a loop that stands still cannot say
 * so, and no other task of the process holds the looks up. What a loop is late with is
 * logged with the stack of its thread, shown by health and as a metric.
 * <p>
 * Where a look itself is late, the whole process may have stood still: by a debugger, or
 * with its virtual machine. That says nothing about a loop, which is judged at the next
 * look.
 * <p>
 * Any thread may call.
 */
public final class LoopWatch implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(LoopWatch.class);

	/** Two intervals of the probe: a node with a loop that is later gets no streams. */
	static final Duration READY_LIMIT = Duration.ofSeconds(4);

	/** A loop that has not ticked for so long will not do so again. */
	static final Duration LIVE_LIMIT = Duration.ofSeconds(30);

	/** A loop that is later than this has stalled, which is logged and counted. */
	static final Duration STALL = Duration.ofSeconds(1);

	static final Duration INTERVAL = Duration.ofMillis(250);

	/** A look that is later than this follows a pause of the process. */
	private static final Duration PAUSE = STALL.plus(INTERVAL);

	/** Between two lines with a stack of one loop. */
	private static final Duration LOG_INTERVAL = Duration.ofSeconds(10);

	private final Supplier<List<LoopPulse>> loops;

	private final Ticker ticker;

	private final MeterRegistry registry;

	private final Map<LoopPulse, Stall> stalls = new HashMap<>();

	/** What the last look found that judged. */
	private volatile Verdict verdict = new Verdict(List.of(), true);

	/** When it last looked; guarded by the map, as is the next. */
	private long lookedNanos;

	private boolean late;

	private @Nullable Worker worker;

	/**
	 * Makes the watch.
	 * @param loops the loops of the stream port, in the order of their numbers
	 * @param ticker the monotonic clock, that of the loops
	 * @param registry where its meters are
	 */
	public LoopWatch(Supplier<List<LoopPulse>> loops, Ticker ticker, MeterRegistry registry) {
		this.loops = loops;
		this.ticker = ticker;
		this.registry = registry;
		this.lookedNanos = ticker.nanoTime();
	}

	/**
	 * How the loops stand.
	 *
	 * @param blocked the numbers of those that are late
	 * @param alive whether all tick, however late
	 */
	private record Verdict(List<Integer> blocked, boolean alive) {

	}

	/** What is known of the stalls of one loop; guarded by the map. */
	private static final class Stall {

		private boolean present;

		/** The longest that this stall was seen to last. */
		private Duration longest = Duration.ZERO;

		private final LongAdder count = new LongAdder();

		private @Nullable Long loggedNanos;

		private boolean logged;

	}

	/**
	 * Begins.
	 * @param scheduler looks from time to time
	 */
	public void start(Scheduler scheduler) {
		Worker started = scheduler.createWorker("loop-watch");
		this.worker = started;
		started.every(INTERVAL, INTERVAL, this::look);
	}

	/**
	 * Returns whether all loops keep up, as of the last look.
	 * @return whether none of them is blocked
	 */
	public boolean isReady() {
		return this.verdict.blocked().isEmpty();
	}

	/**
	 * Returns whether all loops tick, however late, as of the last look.
	 * @return whether each did within 30 s
	 */
	public boolean isAlive() {
		return this.verdict.alive();
	}

	/**
	 * How the loops stand now.
	 * @return one entry per loop, in order
	 */
	public List<NodeStatus.Loop> loops() {
		List<Integer> blocked = blocked();
		long now = this.ticker.nanoTime();
		List<NodeStatus.Loop> told = new ArrayList<>();
		for (LoopPulse loop : this.loops.get()) {
			Duration probed = loop.sinceProbe(now);
			Duration renewed = loop.sinceRenewal(now);
			told.add(new NodeStatus.Loop(told.size(), blocked.contains(told.size()), loop.sinceTick(now).toMillis(),
					(probed != null) ? probed.toMillis() : null, (renewed != null) ? renewed.toMillis() : null));
		}
		return told;
	}

	/** The numbers of those that are blocked. */
	List<Integer> blocked() {
		return this.verdict.blocked();
	}

	private static Duration lag(LoopPulse loop, long now) {
		Duration tick = loop.sinceTick(now);
		Duration probe = loop.probeWaits(now);
		return (tick.compareTo(probe) > 0) ? tick : probe;
	}

	/** Looks for loops that stall, and for those that do so no longer. */
	void look() {
		long now = this.ticker.nanoTime();
		List<LoopPulse> all = this.loops.get();
		synchronized (this.stalls) {
			if (isAfterPause(now)) {
				return;
			}
			this.verdict = judge(all, now);
			for (int i = 0; i < all.size(); i++) {
				LoopPulse loop = all.get(i);
				int number = i;
				look(number, loop, this.stalls.computeIfAbsent(loop, (added) -> register(number, added)), now);
			}
		}
	}

	/** Whether the process stood still, unless it does so at every look. */
	private boolean isAfterPause(long now) {
		Duration since = Duration.ofNanos(now - this.lookedNanos);
		boolean before = this.late;
		this.lookedNanos = now;
		this.late = since.compareTo(PAUSE) >= 0;
		if (this.late) {
			log.warn("process=paused ms={}", since.minus(INTERVAL).toMillis());
		}
		return this.late && !before;
	}

	private static Verdict judge(List<LoopPulse> all, long now) {
		List<Integer> blocked = new ArrayList<>();
		boolean alive = true;
		for (int i = 0; i < all.size(); i++) {
			if (lag(all.get(i), now).compareTo(READY_LIMIT) >= 0) {
				blocked.add(i);
			}
			alive &= all.get(i).sinceTick(now).compareTo(LIVE_LIMIT) < 0;
		}
		return new Verdict(List.copyOf(blocked), alive);
	}

	private Stall register(int number, LoopPulse loop) {
		Stall stall = new Stall();
		String name = Integer.toString(number);
		TimeGauge
			.builder("fanfare.loop.lag", loop, NANOSECONDS, (pulse) -> lag(pulse, this.ticker.nanoTime()).toNanos())
			.description("How long ago an event loop ticked, or since when a probe waits for it")
			.tag("loop", name)
			.register(this.registry);
		TimeGauge.builder("fanfare.lease.age", loop, NANOSECONDS, this::leaseAge)
			.description("How long ago the last renewal was sent that Redis answered")
			.tag("loop", name)
			.register(this.registry);
		FunctionCounter.builder("fanfare.loop.stalls", stall, (counted) -> counted.count.sum())
			.description("Times that an event loop stood still for a second or more")
			.tag("loop", name)
			.register(this.registry);
		return stall;
	}

	private double leaseAge(LoopPulse loop) {
		Duration age = loop.sinceRenewal(this.ticker.nanoTime());
		return (age != null) ? age.toNanos() : Double.NaN;
	}

	private static void look(int number, LoopPulse loop, Stall stall, long now) {
		Duration lag = lag(loop, now);
		if (lag.compareTo(STALL) >= 0) {
			if (!stall.present) {
				stall.present = true;
				stall.longest = Duration.ZERO;
				stall.logged = false;
				stall.count.increment();
			}
			stall.longest = (lag.compareTo(stall.longest) > 0) ? lag : stall.longest;
			Long before = stall.loggedNanos;
			if (before == null || now - before >= LOG_INTERVAL.toNanos()) {
				stall.loggedNanos = now;
				stall.logged = true;
				log.warn("loop=stalled number={} ms={}", number, lag.toMillis(), stackOf(loop));
			}
		}
		else if (stall.present) {
			stall.present = false;
			if (stall.logged) {
				log.warn("loop=recovered number={} ms={}", number, stall.longest.toMillis());
			}
		}
	}

	/** What the loop does, for the log; it was not thrown. */
	private static Throwable stackOf(LoopPulse loop) {
		Throwable stack = new Throwable("what the loop does");
		stack.setStackTrace(loop.stack());
		return stack;
	}

	@Override
	public void close() {
		Worker started = this.worker;
		if (started != null) {
			started.close();
		}
	}

}
