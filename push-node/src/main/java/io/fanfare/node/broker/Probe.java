package io.fanfare.node.broker;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.Failures;
import io.fanfare.redis.cluster.Nodes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proves that messages arrive: sends the node a sign of life by the path that messages
 * take and waits for it. A link that is up but over which nothing comes (a black hole, a
 * failover, a cluster that lost the subscription) is given up.
 */
public final class Probe implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(Probe.class);

	private final Nodes nodes;

	private final String node;

	private final Settings settings;

	private final Ticker ticker;

	private final Errors errors;

	private final Worker worker;

	private final AtomicLong nonce = new AtomicLong();

	private volatile @Nullable PubSubLink link;

	private final Arrivals arrivals;

	private volatile boolean up;

	private volatile @Nullable Sent last;

	private volatile Consumer<Duration> roundTrips = (time) -> {
	};

	/** When a probe arrived last, or the process began to wait for one. */
	private volatile long arrivedNanos;

	/**
	 * Makes the probe.
	 * @param nodes sends it
	 * @param node the node's identity
	 * @param settings how often, how long
	 * @param scheduler runs what is done from time to time
	 * @param errors notes what goes wrong unexpectedly
	 */
	public Probe(Nodes nodes, String node, Settings settings, Scheduler scheduler, Errors errors) {
		this.nodes = nodes;
		this.node = node;
		this.settings = settings;
		this.arrivals = new Arrivals(settings);
		this.ticker = scheduler.ticker();
		this.arrivedNanos = this.ticker.nanoTime();
		this.errors = errors;
		this.worker = scheduler.createWorker("probe");
	}

	/**
	 * How often, how long.
	 *
	 * @param interval between two probes; each costs a script of some 10 us in Redis
	 * @param timeout after which a probe that was sent and did not arrive means that the
	 * link is dead
	 */
	public record Settings(Duration interval, Duration timeout) {

		/** Every 2 s, 4 s. */
		public static final Settings DEFAULT = new Settings(Duration.ofSeconds(2), Duration.ofSeconds(4));

	}

	/** The probe that was sent last. */
	private record Sent(String nonce, long nanos) {

	}

	/**
	 * Names who is notified of how long probes take.
	 * @param measure takes the time from the sending of a probe to its arrival, on the
	 * thread of the link
	 */
	public void timeBy(Consumer<Duration> measure) {
		this.roundTrips = measure;
	}

	/**
	 * Begins.
	 * @param watched the link that is given up when nothing arrives over it
	 */
	public void start(PubSubLink watched) {
		this.link = watched;
		this.worker.every(Duration.ZERO, this.settings.interval(), this::send);
	}

	/**
	 * Returns whether messages arrive.
	 * @return whether a probe arrived lately; a time in which the whole process stood
	 * still does not count
	 */
	public boolean isArriving() {
		return this.up && this.arrivals.isArriving(this.ticker.nanoTime());
	}

	/**
	 * How long ago a probe arrived, whatever the link did since.
	 * @return the time; of one that has never seen a probe, since it was made
	 */
	public Duration age() {
		return Duration.ofNanos(Math.max(0, this.ticker.nanoTime() - this.arrivedNanos));
	}

	private void send() {
		long now = this.ticker.nanoTime();
		this.arrivals.tick(now);
		PubSubLink watched = this.link;
		if (watched == null || !this.up) {
			return;
		}
		if (this.arrivals.isOverdue(now)) {
			this.arrivals.forgive();
			watched.restart("a probe was sent and did not arrive");
			return;
		}
		String sent = Long.toString(this.nonce.incrementAndGet());
		this.last = new Sent(sent, now);
		this.nodes.probe(this.node, sent).whenComplete((id, failure) -> {
			if (failure != null && !Failures.isOfRedis(failure)) {
				this.errors.note("probe", failure);
			}
			else if (failure != null) {
				log.debug("probe=not-sent reason=\"{}\"", failure.getMessage());
			}
			else {
				this.arrivals.sent(now);
			}
		});
	}

	void arrived(String arrived) {
		long now = this.ticker.nanoTime();
		this.arrivedNanos = now;
		this.arrivals.arrived(now);
		Sent sent = this.last;
		if (sent != null && sent.nonce().equals(arrived)) {
			this.roundTrips.accept(Duration.ofNanos(now - sent.nanos()));
		}
		log.trace("probe=arrived nonce={}", arrived);
	}

	void linkUp() {
		this.arrivals.forgive();
		this.up = true;
		this.worker.execute(this::send);
	}

	void linkDown() {
		this.up = false;
		this.arrivals.reset();
	}

	@Override
	public void close() {
		this.worker.close();
	}

}
