package io.fanfare.api;

import java.util.function.ToDoubleFunction;

import io.fanfare.protocol.http.BoundedHttp11Protocol;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts the connections of a port. */
final class ConnectionMeters {

	private ConnectionMeters() {
	}

	static void bind(String name, BoundedHttp11Protocol port, MeterRegistry registry) {
		Gauge.builder(name + ".open", port, BoundedHttp11Protocol::open)
			.description("Connections that are open on the port")
			.register(registry);
		closed(name, "address", port, BoundedHttp11Protocol::closedForAddress, registry);
		closed(name, "slow", port, BoundedHttp11Protocol::closedForSlowness, registry);
	}

	private static void closed(String name, String reason, BoundedHttp11Protocol port,
			ToDoubleFunction<BoundedHttp11Protocol> count, MeterRegistry registry) {
		FunctionCounter.builder(name + ".closed", port, count)
			.description("Connections that were closed: their address had half of all, or a request was slow")
			.tag("reason", reason)
			.register(registry);
	}

}
