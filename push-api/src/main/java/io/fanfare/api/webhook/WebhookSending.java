package io.fanfare.api.webhook;

import java.security.SecureRandom;
import java.time.Clock;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.event.EventStream;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.annotation.PreDestroy;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/** Sends events while the process runs, where an address is set. */
@Component
final class WebhookSending {

	private final @Nullable Webhooks webhooks;

	WebhookSending(CommandLink link, RedisKeys keys, WebhookSettings settings, MeterRegistry registry, Clock clock,
			Scheduler scheduler, Errors errors) {
		WebhookReport report = new WebhookReport(registry, scheduler.ticker());
		String url = settings.url();
		String secret = settings.secret();
		this.webhooks = (url == null || secret == null) ? null : new Webhooks(new EventStream(link, keys), settings,
				url, secret, report, new SecureRandom(), clock, scheduler, errors);
		Gauge.builder("fanfare.webhook.held", this, WebhookSending::held)
			.description("Events that this process took and has neither delivered nor given up")
			.register(registry);
		if (this.webhooks != null) {
			this.webhooks.start();
		}
	}

	private int held() {
		return (this.webhooks != null) ? this.webhooks.held() : 0;
	}

	@PreDestroy
	void close() {
		if (this.webhooks != null) {
			this.webhooks.close();
		}
	}

}
