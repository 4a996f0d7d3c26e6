package io.fanfare.node.memory;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

import io.fanfare.node.admission.Admission;
import io.fanfare.protocol.NodeStatus.Memory;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at memory every few seconds. The first kind that is over its limit makes the node
 * refuse newcomers; while it stays over, the idlest streams of tier low are sent away in
 * small steps. It never waits for a collection: what the last one left says how many have
 * to go. While memory is short, it lets the collector run beside the streams when it did
 * not run for some seconds, so that garbage does not keep newcomers away.
 * <p>
 * A live heap that grew by half in ten minutes, compared with the ten before, with no
 * more streams, is logged as well: that is what a leak looks like.
 */
public final class MemoryGuard implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(MemoryGuard.class);

	private static final String OK = "ok";

	private static final Memory UNKNOWN = new Memory(OK, 0, 0, 0, false);

	/** Taken up again this much below the limit, so that it does not flutter. */
	private static final double RELIEF = 0.95;

	private static final double GROWTH = 1.5;

	private static final long GROWTH_MILLIS = TimeUnit.MINUTES.toMillis(10);

	/** How many more streams are no more. */
	private static final double SAME = 1.1;

	/** While memory is short, the heap is never older than that. */
	private static final Duration IDLE = Duration.ofSeconds(5);

	/** A heap below that may grow. */
	private static final long SMALL = 64L << 20;

	private final Admission admission;

	private final MemorySettings settings;

	private final MemorySource memory;

	private final Errors errors;

	private final Worker worker;

	private final Ticker ticker;

	private final Deque<Sample> samples = new ArrayDeque<>();

	/** As of the last look; null before the first. */
	private volatile @Nullable Memory status;

	private final LongAdder shed = new LongAdder();

	private long collections;

	/** Streams at the last collection, and how many were to go since. */
	private int streamsThen;

	private int shedSince;

	/**
	 * Makes a guard of this process.
	 * @param admission evicts streams, and refuses newcomers
	 * @param settings the settings
	 * @param registry where its meters are
	 * @param scheduler runs what is done from time to time
	 * @param errors notes what nothing else handles
	 */
	public MemoryGuard(Admission admission, MemorySettings settings, MeterRegistry registry, Scheduler scheduler,
			Errors errors) {
		this(admission, settings, registry, scheduler, errors, new ProcessMemory(settings.processLimit().toBytes()));
	}

	MemoryGuard(Admission admission, MemorySettings settings, MeterRegistry registry, Scheduler scheduler,
			Errors errors, MemorySource memory) {
		this.admission = admission;
		this.settings = settings;
		this.memory = memory;
		this.errors = errors;
		this.worker = scheduler.createWorker("memory");
		this.ticker = scheduler.ticker();
		Gauge.builder("fanfare.memory.short", this, (guard) -> isShort(guard.lately()) ? 1 : 0)
			.description("Whether newcomers are refused for want of memory")
			.register(registry);
		Gauge.builder("fanfare.memory.growing", this, (guard) -> guard.lately().growing() ? 1 : 0)
			.description("Whether the live heap grew by half within ten minutes at an equal number of streams")
			.register(registry);
		used("heap", Memory::heap, registry);
		used("direct", Memory::direct, registry);
		used("process", (last) -> (last.process() > 0) ? last.process() : Double.NaN, registry);
		FunctionCounter.builder("fanfare.memory.shed", this, (guard) -> guard.shed.sum())
			.description("Streams sent away for want of memory")
			.register(registry);
	}

	private void used(String kind, ToDoubleFunction<Memory> share, MeterRegistry registry) {
		Gauge.builder("fanfare.memory.used.ratio", this, (guard) -> {
			Memory last = guard.status;
			return (last != null) ? share.applyAsDouble(last) : Double.NaN;
		})
			.description("The share of its limit that a kind of memory takes, as of the last look")
			.tag("kind", kind)
			.register(registry);
	}

	private record Sample(long millis, long heap, int streams) {

	}

	/** Begins: reports what there is, and acts on it from the next look on. */
	public void start() {
		if (this.settings.interval().isPositive()) {
			this.status = measured(OK, this.memory.get(), false);
			this.worker.every(this.settings.interval(), this.settings.interval(),
					() -> look(this.ticker.nanoTime() / 1_000_000));
		}
	}

	/**
	 * How it stood at the last look.
	 * @return the status, or null before the first look: nothing is known then
	 */
	public @Nullable Memory status() {
		return this.status;
	}

	/** How it stood at the last look; well before the first. */
	private Memory lately() {
		Memory last = this.status;
		return (last != null) ? last : UNKNOWN;
	}

	/** Looks, and does what has to be done. */
	void look(long nowMillis) {
		MemoryReading reading = this.memory.get();
		boolean collected = reading.collections() != this.collections;
		this.collections = reading.collections();
		Memory before = lately();
		double heap = MemoryReading.share(reading.heap(), reading.heapLimit());
		double direct = MemoryReading.share(reading.direct(), reading.directLimit());
		double process = MemoryReading.share(reading.process(), reading.processLimit());
		String state = isOver(before, "heap", heap, this.settings.heap()) ? "heap"
				: isOver(before, "direct", direct, this.settings.direct()) ? "direct"
						: isOver(before, "process", process, this.settings.process()) ? "process" : OK;
		boolean growing = isGrowing(before, new Sample(nowMillis, reading.heap(), this.admission.size()));
		Memory now = measured(state, reading, growing);
		this.status = now;
		if (!state.equals(before.state())) {
			log.warn("memory={} heap={} direct={} process={} streams={}", state, percent(heap), percent(direct),
					percent(process), this.admission.size());
			this.memory.collectWhenIdleFor(isShort(now) ? IDLE : Duration.ZERO);
		}
		this.admission.lackMemory(isShort(now));
		if (collected || this.shedSince == 0) {
			this.shedSince = 0;
			this.streamsThen = this.admission.size();
		}
		if (isShort(now)) {
			shed(state, heap);
		}
	}

	/**
	 * Sends a step of the streams away. The heap is known as the last collection left it.
	 * Without waiting for the next, as many go as the reading calls for, if all streams
	 * take as much; more only after another reading.
	 */
	private void shed(String state, double heap) {
		int step = (int) Math.ceil(this.admission.size() * this.settings.step());
		if (state.equals("heap")) {
			double surplus = 1 - this.settings.heap() * RELIEF / heap;
			step = Math.min(step, (int) Math.ceil(this.streamsThen * surplus) - this.shedSince);
		}
		if (step > 0) {
			int most = step;
			this.shedSince += most;
			this.admission.shed(step).thenAccept((count) -> {
				this.shed.add(count);
				log.warn("memory={} sent-away={} of={}", state, count, most);
			}).whenComplete((done, failure) -> {
				if (failure != null) {
					this.errors.note("memory", failure);
				}
			});
		}
	}

	private static boolean isShort(Memory memory) {
		return !memory.state().equals(OK);
	}

	private static boolean isOver(Memory before, String kind, double share, double limit) {
		return share >= (before.state().equals(kind) ? limit * RELIEF : limit);
	}

	private boolean isGrowing(Memory before, Sample now) {
		if (now.heap() == 0) {
			return false;
		}
		this.samples.addLast(now);
		while (now.millis() - this.samples.getFirst().millis() > 2 * GROWTH_MILLIS) {
			this.samples.removeFirst();
		}
		// What one collection leaves may still be garbage; what the best of many left is
		// not.
		Optional<Sample> then = lowest((sample) -> now.millis() - sample.millis() >= GROWTH_MILLIS);
		Optional<Sample> lately = lowest((sample) -> now.millis() - sample.millis() < GROWTH_MILLIS);
		boolean growing = then.isPresent() && lately.isPresent() && lately.get().heap() >= SMALL
				&& lately.get().heap() >= GROWTH * then.get().heap()
				&& lately.get().streams() <= SAME * then.get().streams();
		if (growing && !before.growing()) {
			log.warn("memory=growing heap-mib={} streams={} minutes={}", now.heap() >> 20, now.streams(),
					GROWTH_MILLIS / 60_000);
		}
		return growing;
	}

	private Optional<Sample> lowest(Predicate<Sample> when) {
		return this.samples.stream().filter(when).min(Comparator.comparingLong(Sample::heap));
	}

	private static Memory measured(String state, MemoryReading reading, boolean growing) {
		return new Memory(state, rounded(MemoryReading.share(reading.heap(), reading.heapLimit())),
				rounded(MemoryReading.share(reading.direct(), reading.directLimit())),
				rounded(MemoryReading.share(reading.process(), reading.processLimit())), growing);
	}

	/** What is reported, to a thousandth. */
	private static double rounded(double share) {
		return Math.round(share * 1000) / 1000.0;
	}

	private static String percent(double share) {
		return String.format(Locale.ROOT, "%.0f%%", share * 100);
	}

	@Override
	public void close() {
		this.worker.close();
	}

}
