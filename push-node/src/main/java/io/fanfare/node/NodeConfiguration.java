package io.fanfare.node;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

import io.fanfare.boot.ProcessConfiguration;
import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.JwtSettings;
import io.fanfare.node.admin.CountSubscribers;
import io.fanfare.node.admin.DisconnectConnections;
import io.fanfare.node.admin.HandOver;
import io.fanfare.node.admin.ListConnections;
import io.fanfare.node.admin.RevokeStreams;
import io.fanfare.node.admin.ShowConnection;
import io.fanfare.node.admin.TailUser;
import io.fanfare.node.admission.Admission;
import io.fanfare.node.admission.AdmissionSettings;
import io.fanfare.node.auth.SignatureChecks;
import io.fanfare.node.auth.TicketAuthenticator;
import io.fanfare.node.auth.TokenRules;
import io.fanfare.node.auth.TokenVerifier;
import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.catchup.HistorySettings;
import io.fanfare.node.cluster.CallHandler;
import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.cluster.NodeReporter;
import io.fanfare.node.connection.ConnectionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.DirectMemory;
import io.fanfare.node.connection.FrameRouter;
import io.fanfare.node.connection.MemoryBudget;
import io.fanfare.node.drain.Drain;
import io.fanfare.node.drain.DrainNode;
import io.fanfare.node.drain.RebalanceSettings;
import io.fanfare.node.drain.Rebalancer;
import io.fanfare.node.drain.SendOn;
import io.fanfare.node.memory.MemoryGuard;
import io.fanfare.node.memory.MemorySettings;
import io.fanfare.node.observability.LogSettings;
import io.fanfare.node.observability.LoopHealth;
import io.fanfare.node.observability.LoopWatch;
import io.fanfare.node.observability.NodeHealth;
import io.fanfare.node.observability.StreamLog;
import io.fanfare.node.observability.StreamMetrics;
import io.fanfare.node.observability.TimingMetrics;
import io.fanfare.node.presence.Reaper;
import io.fanfare.node.presence.TwinSettings;
import io.fanfare.node.ratelimit.AddressLimits;
import io.fanfare.node.ratelimit.CheckLimits;
import io.fanfare.node.ratelimit.LimitSettings;
import io.fanfare.node.ratelimit.RefusalSettings;
import io.fanfare.node.receipt.ReceiptSettings;
import io.fanfare.node.recorder.FlightRecorder;
import io.fanfare.node.recorder.RecorderSettings;
import io.fanfare.node.stream.DoctorSettings;
import io.fanfare.node.stream.StreamSettings;
import io.fanfare.protocol.NodeState;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.http.BoundedHttp11Protocol;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.HistoryTrim;
import io.fanfare.redis.presence.Addresses;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.ticket.Tickets;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.netty.util.internal.PlatformDependent;

import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

/** What a node is made of, from Redis up to health; the stream port wires itself. */
@Configuration(proxyBeanMethods = false)
@Import(ProcessConfiguration.class)
@EnableConfigurationProperties({ NodeSettings.Name.class, NodeSettings.Development.class, NodeSettings.Jwt.class,
		NodeSettings.StreamJwt.class, NodeSettings.Tiers.class, NodeSettings.Retention.class, NodeSettings.Redis.class,
		ConnectionSettings.class, AdmissionSettings.class, LimitSettings.class, RefusalSettings.class,
		MemorySettings.class, RebalanceSettings.class, StreamSettings.class, StreamSettings.Origins.class,
		StreamSettings.Headers.class, StreamSettings.Proxies.class, DoctorSettings.class, HistorySettings.class,
		TwinSettings.class, LogSettings.class, RecorderSettings.class, ReceiptSettings.class })
class NodeConfiguration {

	@Bean
	NodeIdentity nodeIdentity(NodeSettings.Name settings) {
		return NodeIdentity.create(settings.name(), new SecureRandom());
	}

	/** Bounds how long a request of the control port may take to arrive. */
	@Bean
	WebServerFactoryCustomizer<TomcatServletWebServerFactory> boundedRequests(Errors errors) {
		return (factory) -> {
			factory.setProtocol(BoundedHttp11Protocol.class.getName());
			factory.addConnectorCustomizers((connector) -> {
				connector.setProperty("connectionTimeout", Long.toString(BoundedHttp11Protocol.HEAD_TIME.toMillis()));
				if (connector.getProtocolHandler() instanceof BoundedHttp11Protocol bounded) {
					bounded.setErrors(errors);
				}
			});
		};
	}

	/** Not part of readiness: all nodes would be away at once, and other keys may do. */
	@Bean(initMethod = "start")
	JwtKeys streamKeys(NodeSettings.Jwt shortForm, NodeSettings.StreamJwt settings, Scheduler scheduler,
			MeterRegistry registry) {
		return JwtKeys.of("stream", shortForm.keys(settings.jwt()), settings.jwt(), scheduler, registry);
	}

	@Bean
	SignatureChecks signatureChecks(MeterRegistry registry, Scheduler scheduler, Errors errors) {
		int processors = Runtime.getRuntime().availableProcessors();
		SignatureChecks checks = new SignatureChecks(SignatureChecks.workers(processors), scheduler, errors);
		Gauge.builder("fanfare.token.checks.waiting", checks, SignatureChecks::waiting)
			.description("Tokens whose signatures wait to be checked, or are")
			.register(registry);
		return checks;
	}

	@Bean
	TokenVerifier tokenVerifier(JwtKeys keys, NodeSettings.Jwt shortForm, NodeSettings.StreamJwt settings,
			NodeSettings.Tiers tiers, SignatureChecks checks, LimitSettings limits, Ticker ticker, Clock clock) {
		JwtSettings jwt = settings.jwt();
		return new TokenVerifier(keys,
				new TokenRules(jwt.issuer(), jwt.maxLife(), jwt.clockSkew(shortForm.clockSkew()), tiers.defaultTier()),
				clock, new TokenVerifier.CostlyChecks(new CheckLimits(limits, ticker), checks));
	}

	@Bean
	TicketAuthenticator ticketAuthenticator(TokenVerifier verifier, Tickets tickets, NodeSettings.Tiers tiers,
			StreamMetrics metrics, Clock clock, Ticker ticker, Errors errors) {
		return new TicketAuthenticator(verifier, tickets, tiers.defaultTier(), metrics::ticketRefused, clock, ticker,
				errors);
	}

	@Bean
	Connections connections(NodeIdentity identity, ConnectionSettings settings, FlightRecorder recorder) {
		Connections connections = new Connections(identity.value(), settings.max(), new SecureRandom());
		connections.recordBy(recorder);
		return connections;
	}

	@Bean
	Admission admission(Connections connections, AdmissionSettings settings, AddressLimits limits, Ticker ticker,
			Errors errors) {
		return new Admission(connections, settings, limits::ask, ticker, errors);
	}

	@Bean
	MemoryBudget memoryBudget(MemorySettings settings) {
		long heap = Runtime.getRuntime().maxMemory();
		return MemoryBudget.ofNode(settings.owed().ofHeap(heap), heap, PlatformDependent.maxDirectMemory());
	}

	/** Netty counts what it takes around the JDK's buffers; the JDK counts the rest. */
	@Bean
	DirectMemory directMemory() {
		BufferPoolMXBean ofJdk = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)
			.stream()
			.filter((pool) -> pool.getName().equals("direct"))
			.findFirst()
			.orElseThrow();
		return new DirectMemory(() -> Math.max(PlatformDependent.usedDirectMemory(), ofJdk.getMemoryUsed()),
				PlatformDependent.maxDirectMemory());
	}

	@Bean
	MeterBinder directMemoryMetrics(DirectMemory memory) {
		return (registry) -> {
			Gauge.builder("fanfare.memory.direct", memory, (all) -> all.used().getAsLong())
				.baseUnit("bytes")
				.description("Direct memory in use; what the allocator keeps for later counts")
				.register(registry);
			Gauge.builder("fanfare.memory.direct.limit", memory, DirectMemory::most)
				.baseUnit("bytes")
				.description("Direct memory that the process may have")
				.register(registry);
		};
	}

	@Bean(initMethod = "start")
	MemoryGuard memoryGuard(Admission admission, MemorySettings settings, MeterRegistry registry, Scheduler scheduler,
			Errors errors) {
		return new MemoryGuard(admission, settings, registry, scheduler, errors);
	}

	@Bean
	StreamMetrics streamMetrics(MeterRegistry registry, Admission admission, Connections connections,
			FrameRouter router, Clock clock, Ticker ticker) {
		StreamMetrics metrics = new StreamMetrics(registry, admission, connections, clock);
		metrics.audit(ticker);
		TimingMetrics timings = new TimingMetrics(registry, connections, clock, ticker);
		metrics.timeBy(timings);
		router.timeBy(timings);
		return metrics;
	}

	@Bean
	@ConditionalOnBooleanProperty("fanfare.log.streams")
	StreamLog streamLog(Connections connections, Admission admission, StreamMetrics metrics, Scheduler scheduler) {
		StreamLog lines = new StreamLog(scheduler, admission::size);
		metrics.log(lines);
		connections.endedBy(lines::ended);
		return lines;
	}

	@Bean(initMethod = "start")
	AddressLimits addressLimits(Addresses addresses, NodeIdentity identity, LimitSettings settings, Scheduler scheduler,
			Errors errors) {
		return new AddressLimits(addresses, identity.value(), settings, scheduler, errors);
	}

	@Bean
	Probe probe(Nodes nodes, NodeIdentity identity, Scheduler scheduler, Errors errors) {
		return new Probe(nodes, identity.value(), Probe.Settings.DEFAULT, scheduler, errors);
	}

	@Bean
	MeterBinder probeMetrics(Probe probe) {
		return (registry) -> {
			TimeGauge.builder("fanfare.probe.age", probe, NANOSECONDS, (one) -> one.age().toNanos())
				.description("How long ago a probe arrived by the path that messages take")
				.register(registry);
			Timer roundTrip = Timer.builder("fanfare.probe.round.trip")
				.description("From the sending of a probe to its arrival by the path that messages take")
				.serviceLevelObjectives(Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofMillis(25),
						Duration.ofMillis(100), Duration.ofMillis(500), Duration.ofSeconds(2))
				.register(registry);
			probe.timeBy(roundTrip::record);
		};
	}

	@Bean(initMethod = "start")
	Reaper reaper(Presence presence, History history, HistoryTrim trim, NodeIdentity identity, Connections connections,
			NodeSettings.Redis settings, Scheduler scheduler, Errors errors) {
		return new Reaper(presence, history, trim, identity.value(), connections::isHeld,
				settings.lease().plus(settings.renewInterval()), scheduler, errors);
	}

	@Bean
	ListConnections listConnections(Connections connections, Scheduler scheduler) {
		return new ListConnections(connections, scheduler);
	}

	@Bean
	ShowConnection showConnection(Connections connections) {
		return new ShowConnection(connections);
	}

	@Bean
	CountSubscribers countSubscribers(Connections connections) {
		return new CountSubscribers(connections);
	}

	@Bean
	DisconnectConnections disconnectConnections(Connections connections, Presence presence, Scheduler scheduler) {
		return new DisconnectConnections(connections, presence::disconnect, scheduler);
	}

	@Bean
	TailUser tailUser(Connections connections, Nodes nodes, Scheduler scheduler) {
		return new TailUser(connections, nodes::copy, scheduler);
	}

	@Bean
	RevokeStreams revokeStreams(Connections connections) {
		return new RevokeStreams(connections);
	}

	/** Answers by every {@link NodeCall} there is. */
	@Bean
	CallHandler callHandler(Nodes nodes, List<NodeCall<?, ?>> calls, FrameRouter router, Errors errors) {
		CallHandler handler = new CallHandler(nodes, calls, errors);
		router.answerBy(handler::handle);
		return handler;
	}

	@Bean
	NodeHealth fanfareHealthIndicator(CommandLink commands, PubSubLink link, Probe probe, LoopWatch loops,
			Admission admission) {
		return new NodeHealth(commands, link, probe, loops, admission);
	}

	@Bean
	LoopWatch loopWatch(Connections connections, MeterRegistry registry, Scheduler scheduler) {
		LoopWatch watch = new LoopWatch(connections::pulses, scheduler.ticker(), registry);
		watch.start(scheduler);
		return watch;
	}

	/** Named {@code loops} in health. */
	@Bean
	LoopHealth loopsHealthIndicator(LoopWatch loops) {
		return new LoopHealth(loops);
	}

	/** Ended by a call the process ends as by a signal: the context is closed. */
	@Bean
	Drain drain(Admission admission, ConnectionSettings settings, ConfigurableApplicationContext context,
			HandOver handOver, Errors errors) {
		return new Drain(admission, settings.drainWindow(), errors.guard("drain", context::close), handOver::run);
	}

	@Bean
	DrainNode drainNode(Drain drain) {
		return new DrainNode(drain);
	}

	@Bean
	SendOn sendOn(Admission admission, Connections connections, Errors errors) {
		return new SendOn(admission, connections, errors);
	}

	@Bean(initMethod = "start")
	Rebalancer rebalancer(Nodes nodes, NodeIdentity identity, SendOn sendOn, RebalanceSettings settings,
			Scheduler scheduler, Errors errors) {
		return new Rebalancer(nodes, identity.value(), sendOn, settings, scheduler, errors);
	}

	@Bean(initMethod = "start")
	NodeReporter nodeReporter(Nodes nodes, NodeIdentity identity, Admission admission, StreamMetrics metrics,
			NodeHealth health, LoopWatch loops, MemoryGuard memory, Drain drain, Clock clock, Scheduler scheduler,
			Errors errors) {
		String version = NodeApplication.class.getPackage().getImplementationVersion();
		long startedAt = clock.millis();
		return new NodeReporter(nodes, identity, () -> {
			StreamMetrics.Counts counts = metrics.counts();
			NodeState state = (drain.outcome() != null) ? NodeState.DRAINED : admission.isRefusing()
					? NodeState.DRAINING : health.isReady() ? NodeState.UP : NodeState.NOT_READY;
			return new NodeStatus(identity.value(), identity.name(), (version != null) ? version : "development",
					state.wireName(), startedAt, clock.millis(), admission.max(), admission.size(), admission.waiting(),
					admission.peak(), counts.opened(), counts.closed(), counts.durationMs(), counts.sent(),
					counts.errors(), counts.reconnections(), counts.kicks(), memory.status(), drain.outcome(),
					loops.loops(), counts.delivery());
		}, scheduler, errors);
	}

}
