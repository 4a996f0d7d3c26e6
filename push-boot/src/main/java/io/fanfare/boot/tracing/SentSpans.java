package io.fanfare.boot.tracing;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.sdk.common.CompletableResultCode;

/**
 * Counts what becomes of spans, and bounds how long the end of a process waits for a
 * collector. Why spans were not sent is logged by the exporter, at its own limited rate.
 * Any thread may call; nothing blocks.
 */
final class SentSpans {

	/** How long a collector has for what is left when a process ends. */
	static final Duration GRACE = Duration.ofSeconds(2);

	private final Counter recorded;

	private final Counter sent;

	private final Counter unsent;

	private final Set<CompletableResultCode> open = ConcurrentHashMap.newKeySet();

	private volatile boolean over;

	SentSpans(MeterRegistry registry) {
		this.recorded = counter(registry, "recorded");
		this.sent = counter(registry, "sent");
		this.unsent = counter(registry, "unsent");
	}

	private static Counter counter(MeterRegistry registry, String outcome) {
		return Counter.builder("fanfare.spans")
			.description("Spans that were recorded, and what came of sending them")
			.tag("outcome", outcome)
			.register(registry);
	}

	/** A span was recorded. It is sent, or dropped where too many wait. */
	void recorded() {
		this.recorded.increment();
	}

	/**
	 * Sends spans.
	 * @param spans how many
	 * @param call sends them
	 * @return what comes of it: what the call says, or a failure once the grace is over
	 */
	CompletableResultCode send(int spans, Supplier<CompletableResultCode> call) {
		CompletableResultCode result = new CompletableResultCode();
		this.open.add(result);
		result.whenComplete(() -> {
			this.open.remove(result);
			(result.isSuccess() ? this.sent : this.unsent).increment(spans);
		});
		// Behind the entry, so that either this sees the end, or the end sees the entry
		if (this.over) {
			return result.fail();
		}
		CompletableResultCode answer = call.get();
		answer.whenComplete(() -> {
			if (answer.isSuccess()) {
				result.succeed();
			}
			else {
				result.fail();
			}
		});
		return result;
	}

	/** The process ends: what is not sent after the grace is given up. */
	void ending() {
		new CompletableFuture<Boolean>().completeOnTimeout(true, GRACE.toMillis(), TimeUnit.MILLISECONDS)
			.thenRun(this::giveUp);
	}

	private void giveUp() {
		this.over = true;
		this.open.forEach(CompletableResultCode::fail);
	}

}
