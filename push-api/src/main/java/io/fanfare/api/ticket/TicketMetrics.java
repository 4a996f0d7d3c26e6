package io.fanfare.api.ticket;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.stereotype.Component;

/** How many tickets were made, and how many were not. */
@Component
final class TicketMetrics {

	private final Counter issued;

	private final Counter refused;

	TicketMetrics(MeterRegistry registry) {
		this.issued = Counter.builder("fanfare.tickets.issued").description("Tickets made").register(registry);
		this.refused = Counter.builder("fanfare.tickets.refused")
			.description("Tickets that opened no stream, or were not made, by reason")
			.tag("reason", "quota")
			.register(registry);
	}

	void issued() {
		this.issued.increment();
	}

	void refused() {
		this.refused.increment();
	}

}
