package io.fanfare.node.drain;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.fanfare.node.admission.Admission;
import io.fanfare.protocol.NodeStatus.Drained;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The drain of this node: streams leave, then the process ends. It begins with the end of
 * the process, by whatever caused that, or by a call, which causes it.
 */
public final class Drain {

	private static final Logger log = LoggerFactory.getLogger(Drain.class);

	private final Admission admission;

	private final Runnable endProcess;

	private final Supplier<CompletableFuture<Void>> handOver;

	private final AtomicBoolean ordered = new AtomicBoolean();

	private volatile Duration window;

	private volatile @Nullable Drained outcome;

	/**
	 * Makes it.
	 * @param admission the node's admission
	 * @param window over how long streams leave, unless the call says otherwise
	 * @param endProcess ends the process in order, which drains it; may take long
	 * @param handOver leaves what the node knew of its streams, once they have ended
	 */
	public Drain(Admission admission, Duration window, Runnable endProcess,
			Supplier<CompletableFuture<Void>> handOver) {
		this.admission = admission;
		this.window = window;
		this.endProcess = endProcess;
		this.handOver = handOver;
	}

	/**
	 * Orders the end of this node; returns at once. Once ordered it goes on as it began.
	 * @param over how long streams take to leave, or null for the setting's
	 * @return over how long they do
	 */
	Duration order(@Nullable Duration over) {
		if (!this.admission.isRefusing() && this.ordered.compareAndSet(false, true)) {
			this.window = (over != null) ? over : this.window;
			log.info("drain=ordered streams={} ms={}", this.admission.size(), this.window.toMillis());
			Thread.ofPlatform().name("fanfare-drain").start(this.endProcess);
		}
		return this.window;
	}

	/** How many streams are to leave. */
	int streams() {
		return this.admission.size();
	}

	/**
	 * Over how long streams leave.
	 * @return the window
	 */
	public Duration window() {
		return this.window;
	}

	/**
	 * Every stream has ended: leaves what the node knew of them.
	 * @return when that is done
	 */
	public CompletableFuture<Void> handOver() {
		return this.handOver.get();
	}

	/**
	 * It is over.
	 * @param what what came of it
	 */
	public void ended(Drained what) {
		this.outcome = what;
	}

	/**
	 * What came of it.
	 * @return the outcome, or null while it is not over
	 */
	public @Nullable Drained outcome() {
		return this.outcome;
	}

}
