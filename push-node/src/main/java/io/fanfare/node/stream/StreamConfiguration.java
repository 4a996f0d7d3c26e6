package io.fanfare.node.stream;

import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.time.Duration;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;

import com.sun.management.UnixOperatingSystemMXBean;
import io.fanfare.boot.tracing.Tracing;
import io.fanfare.node.admission.Admission;
import io.fanfare.node.admission.AdmissionSettings;
import io.fanfare.node.auth.ThrottledAuthenticator;
import io.fanfare.node.auth.TicketAuthenticator;
import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.HistorySettings;
import io.fanfare.node.catchup.RedisHistory;
import io.fanfare.node.cluster.KnownNodes;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.cluster.NodeReporter;
import io.fanfare.node.connection.CatchUpEvents;
import io.fanfare.node.connection.ConnectionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.DirectMemory;
import io.fanfare.node.connection.MemoryBudget;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.drain.Drain;
import io.fanfare.node.observability.CatchUpSpans;
import io.fanfare.node.observability.StreamMetrics;
import io.fanfare.node.presence.Ownership;
import io.fanfare.node.presence.Reaper;
import io.fanfare.node.presence.RedisOwnership;
import io.fanfare.node.presence.TracedOwnership;
import io.fanfare.node.ratelimit.AddressLimits;
import io.fanfare.node.ratelimit.CallLimits;
import io.fanfare.node.ratelimit.DoctorLimits;
import io.fanfare.node.ratelimit.LimitSettings;
import io.fanfare.node.ratelimit.RefusalLimits;
import io.fanfare.node.ratelimit.RefusalSettings;
import io.fanfare.node.ratelimit.SocketLimits;
import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.settings.SharedDefaults;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.history.History;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.ticket.Tickets;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Puts the loops and the stream port together. */
@Configuration(proxyBeanMethods = false)
class StreamConfiguration {

	private static final Logger log = LoggerFactory.getLogger(StreamConfiguration.class);

	/** File descriptors that the stream port leaves, at least and at most. */
	private static final long MIN_RESERVE = 64;

	private static final long MAX_RESERVE = 1024;

	@Bean
	StreamLoop.Node streamLoops(NodeIdentity identity, ConnectionSettings settings, AdmissionSettings admission,
			@Value("${fanfare.redis.renew-interval:" + SharedDefaults.RENEW_INTERVAL + "}") Duration renewInterval,
			@Value("${fanfare.redis.lease:" + SharedDefaults.LEASE + "}") Duration lease, CommandLink link,
			Presence presence, History history, PubSubLink pubSub, StreamMetrics metrics, Connections connections,
			Tickets tickets, Errors errors, StreamSettings stream, HistorySettings replay, MemoryBudget budget,
			DirectMemory memory, Tracing tracing, Clock clock, Scheduler scheduler) {
		Ownership ownership = new RedisOwnership(link, presence, tickets, identity.value());
		return new StreamLoop.Node(identity.value(), settings, renewInterval, lease, admission.noticeInterval(),
				(tracing != Tracing.OFF) ? new TracedOwnership(ownership, tracing) : ownership,
				new CatchUp(new RedisHistory(history, scheduler), clock, budget.sharedReads(),
						replay.historyBytes().toBytes()),
				upstream(pubSub), metrics, (tracing != Tracing.OFF) ? new CatchUpSpans(tracing) : CatchUpEvents.NONE,
				connections, RandomGenerator.getDefault(), errors, budget.split(stream.loopCount()), memory);
	}

	static Topics.Upstream upstream(PubSubLink link) {
		return new Topics.Upstream() {
			@Override
			public void subscribe(ChannelName topic, LongConsumer confirmed) {
				link.subscribe(topic, confirmed);
			}

			@Override
			public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
				link.unsubscribe(topic, confirmed);
			}
		};
	}

	/**
	 * So many connections that file descriptors are left for health, metrics and the
	 * links to Redis.
	 */
	@Bean
	SocketLimits socketLimits(LimitSettings settings, StreamSettings.Proxies proxies, ConnectionSettings connections) {
		int max = Integer.MAX_VALUE;
		if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
				&& system.getMaxFileDescriptorCount() > 0) {
			long all = system.getMaxFileDescriptorCount();
			long reserve = Math.clamp(all / 8, MIN_RESERVE, MAX_RESERVE);
			max = Math.clamp(all - system.getOpenFileDescriptorCount() - reserve, 1, Integer.MAX_VALUE);
		}
		if (max < connections.max()) {
			log.warn("connections=limited max={} reason=\"file descriptors (ulimit -n) allow fewer than"
					+ " fanfare.connections.max (FANFARE_CONNECTIONS_MAX): {}\"", max, connections.max());
		}
		return new SocketLimits(max, settings, proxies.blocks());
	}

	@Bean
	MeterBinder socketMetrics(SocketLimits sockets) {
		return (registry) -> {
			Gauge.builder("fanfare.connections.open", sockets, SocketLimits::open)
				.description("Connections that are open on the stream port, streams or not")
				.register(registry);
			FunctionCounter
				.builder("fanfare.connections.refused", sockets, (limits) -> (double) limits.refusedForAddress())
				.description("Connections that were refused because there were as many as may be")
				.tag("limit", "address")
				.register(registry);
			FunctionCounter.builder("fanfare.connections.refused", sockets, (limits) -> (double) limits.refusedForAll())
				.description("Connections that were refused because there were as many as may be")
				.tag("limit", "descriptors")
				.register(registry);
			FunctionCounter
				.builder("fanfare.connections.refused", sockets, (limits) -> (double) limits.arriving().refused())
				.description("Connections that were refused because there were as many as may be")
				.tag("limit", "bytes")
				.register(registry);
			Gauge.builder("fanfare.requests.arriving", sockets, (limits) -> limits.arriving().held())
				.baseUnit("bytes")
				.description("Bytes held of requests that have not arrived as a whole")
				.register(registry);
		};
	}

	@Bean
	ForwardedCalls forwardedCalls(Nodes nodes, LimitSettings settings, Ticker ticker, Errors errors) {
		return new ForwardedCalls(new KnownNodes(nodes::names, errors, ticker),
				new CallLimits("calls", settings, ticker), nodes);
	}

	@Bean
	TicketIssuing ticketIssuing(Tickets tickets, LimitSettings settings, Ticker ticker, Clock clock) {
		return new TicketIssuing(tickets, new CallLimits("tickets", settings, ticker), clock);
	}

	@Bean
	RefusalLimits refusalLimits(LimitSettings limits, RefusalSettings settings, Ticker ticker) {
		return new RefusalLimits(limits, settings, ticker);
	}

	@Bean
	Doctor doctor(DoctorSettings settings, LimitSettings limits, ConnectionSettings connections, NodeIdentity identity,
			Clock clock) {
		return new Doctor(settings.enabled(), new DoctorLimits(settings.perAddress(), settings.max(), limits),
				connections.heartbeat(), identity.name(), clock);
	}

	@Bean
	MeterBinder doctorMetrics(Doctor doctor) {
		return (registry) -> Gauge.builder("fanfare.doctor.streams", doctor, Doctor::open)
			.description("Streams of doctors that are open")
			.register(registry);
	}

	@Bean
	StreamServer streamServer(StreamSettings settings, StreamSettings.Origins origins, StreamSettings.Headers headers,
			StreamSettings.Proxies proxies, TicketAuthenticator authenticator, AddressLimits limits,
			SocketLimits sockets, TicketIssuing tickets, Admission admission, Connections connections,
			ForwardedCalls forwards, NodeIdentity identity, StreamLoop.Node node, PubSubLink link, Probe probe,
			CommandLink commands, RedisKeys keys, Drain drain, NodeReporter reporter, Reaper reaper,
			RefusalLimits refusals, Doctor doctor, Clock clock, Ticker ticker, Scheduler scheduler,
			@Value("${fanfare.history.length:" + SharedDefaults.HISTORY_LENGTH + "}") int maxHistory) {
		RequestHandler.Gate gate = new RequestHandler.Gate(settings, maxHistory,
				new ThrottledAuthenticator(authenticator, refusals),
				new Cors(origins.allowedOrigins(), headers.names()), new Answers(clock),
				new TrustedProxies(proxies.blocks(), ticker), sockets, admission, connections, forwards, tickets,
				identity, doctor);
		return new StreamServer(settings, gate, limits, (executor) -> new StreamLoop(executor, node), link, probe,
				new WarmUp(settings.warmUp(), gate, node, commands, link, keys, scheduler, clock), drain, reporter,
				reaper, ticker);
	}

}
