package io.fanfare.node;

import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;

import io.fanfare.node.admin.HandOver;
import io.fanfare.node.admin.TraceHandover;
import io.fanfare.node.admin.TraceMessage;
import io.fanfare.node.cluster.DepartedNodes;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.connection.ConnectionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.recorder.FlightRecorder;
import io.fanfare.node.recorder.RecorderSettings;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.cluster.Handovers;
import io.fanfare.redis.cluster.Nodes;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

/** What a node remembers, leaves when it ends, and tells of messages. */
@Configuration(proxyBeanMethods = false)
class TraceConfiguration {

	@Bean
	FlightRecorder flightRecorder(RecorderSettings settings, ConnectionSettings connections, CommandLink link,
			Clock clock) {
		return new FlightRecorder(settings.bytes().toBytes(), connections.max(), aheadOfIds(clock, link));
	}

	@Bean
	MeterBinder recorderMetrics(FlightRecorder recorder, Clock clock) {
		return (registry) -> {
			Gauge.builder("fanfare.recorder", recorder, FlightRecorder::bytes)
				.baseUnit("bytes")
				.description("Memory of what is remembered of messages and streams")
				.register(registry);
			TimeGauge
				.builder("fanfare.recorder.span", recorder, MILLISECONDS,
						(one) -> Math.max(0, clock.millis() - one.routesSince()))
				.description("How far back all messages are remembered that the node was handed")
				.register(registry);
		};
	}

	@Bean(initMethod = "start")
	DepartedNodes departedNodes(Nodes nodes, CommandLink link, Clock clock, Scheduler scheduler, Errors errors) {
		return new DepartedNodes(nodes::names, aheadOfIds(clock, link), scheduler, errors);
	}

	@Bean
	TraceMessage traceMessage(Connections connections, FlightRecorder recorder, DepartedNodes departed,
			CommandLink link, Clock clock, Scheduler scheduler) {
		return new TraceMessage(connections, recorder, departed::departed, aheadOfIds(clock, link), scheduler);
	}

	@Bean
	HandOver handOver(NodeIdentity identity, FlightRecorder recorder, Connections connections, DepartedNodes nodes,
			Handovers handovers, CommandLink link, Clock clock) {
		return new HandOver(identity.value(), recorder, connections::known, nodes::listed, handovers,
				aheadOfIds(clock, link));
	}

	@Bean
	TraceHandover traceHandover(Handovers handovers, Clock clock, Scheduler scheduler, Errors errors) {
		return new TraceHandover(handovers, clock, errors, scheduler);
	}

	/** Compared with times of ids, which run ahead where Redis's clock went back. */
	private static InstantSource aheadOfIds(Clock clock, CommandLink link) {
		return () -> Instant.ofEpochMilli(Math.max(clock.millis(), MessageId.timestamp(link.seen())));
	}

}
