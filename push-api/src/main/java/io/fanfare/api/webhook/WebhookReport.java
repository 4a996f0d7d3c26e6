package io.fanfare.api.webhook;

import java.time.Duration;

import io.fanfare.protocol.guard.Ticker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what came of the attempts to send events, and logs why some failed, at most
 * every 10 s. Any thread may call.
 */
final class WebhookReport {

	private static final Logger log = LoggerFactory.getLogger(WebhookReport.class);

	private static final Duration LOG_INTERVAL = Duration.ofSeconds(10);

	private final Counter delivered;

	private final Counter failed;

	private final Counter givenUp;

	private final Ticker ticker;

	/** Guarded by this, as is what follows. */
	private boolean logged;

	private long loggedAt;

	private long unlogged;

	WebhookReport(MeterRegistry registry, Ticker ticker) {
		this.ticker = ticker;
		this.delivered = counter(registry, "delivered");
		this.failed = counter(registry, "failed");
		this.givenUp = counter(registry, "given-up");
	}

	private static Counter counter(MeterRegistry registry, String result) {
		return Counter.builder("fanfare.webhook.attempts")
			.description("Attempts to send an event to the webhook, by result")
			.tag("result", result)
			.register(registry);
	}

	void delivered() {
		this.delivered.increment();
	}

	/** It is tried again. */
	void failed(String reason) {
		this.failed.increment();
		if (mayLog()) {
			log.warn("webhook=failed reason=\"{}\"", reason);
		}
	}

	/** It is not tried again. */
	void givenUp(String event, String reason) {
		this.givenUp.increment();
		if (mayLog()) {
			log.error("webhook=given-up event={} reason=\"{}\"", event, reason);
		}
	}

	private synchronized boolean mayLog() {
		long now = this.ticker.nanoTime();
		if (this.logged && now - this.loggedAt < LOG_INTERVAL.toNanos()) {
			this.unlogged++;
			return false;
		}
		if (this.unlogged > 0) {
			log.warn("webhook=unlogged attempts={}", this.unlogged);
		}
		this.logged = true;
		this.loggedAt = now;
		this.unlogged = 0;
		return true;
	}

}
