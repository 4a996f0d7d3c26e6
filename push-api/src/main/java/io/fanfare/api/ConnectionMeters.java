package io.fanfare.api;

import io.fanfare.protocol.http.BoundedHttp11Protocol;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts the connections of both ports. */
final class ConnectionMeters {

	private ConnectionMeters() {
	}

	static void bindApi(BoundedHttp11Protocol port, MeterRegistry registry) {
		register(Gauge.builder("fanfare.connections.open", port, BoundedHttp11Protocol::open),
				FunctionCounter.builder("fanfare.connections.closed", port, BoundedHttp11Protocol::closedForAddress),
				FunctionCounter.builder("fanfare.connections.closed", port, BoundedHttp11Protocol::closedForSlowness),
				registry);
	}

	static void bindControl(BoundedHttp11Protocol port, MeterRegistry registry) {
		register(Gauge.builder("fanfare.control.connections.open", port, BoundedHttp11Protocol::open),
				FunctionCounter.builder("fanfare.control.connections.closed", port,
						BoundedHttp11Protocol::closedForAddress),
				FunctionCounter.builder("fanfare.control.connections.closed", port,
						BoundedHttp11Protocol::closedForSlowness),
				registry);
	}

	private static void register(Gauge.Builder<BoundedHttp11Protocol> open,
			FunctionCounter.Builder<BoundedHttp11Protocol> forAddress,
			FunctionCounter.Builder<BoundedHttp11Protocol> forSlowness, MeterRegistry registry) {
		open.description("Connections that are open on the port").register(registry);
		String closed = "Connections that were closed to make room on a crowded port, or for a slow request";
		forAddress.description(closed).tag("reason", "address").register(registry);
		forSlowness.description(closed).tag("reason", "slow").register(registry);
	}

}
