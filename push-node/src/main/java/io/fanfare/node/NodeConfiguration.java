package io.fanfare.node;

import java.security.SecureRandom;
import java.time.Clock;

import io.fanfare.node.auth.TokenVerifier;
import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.cluster.NodeReporter;
import io.fanfare.node.connection.ConnectionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.observability.NodeHealth;
import io.fanfare.node.observability.StreamMetrics;
import io.fanfare.node.presence.Reaper;
import io.fanfare.node.ratelimit.AddressLimits;
import io.fanfare.node.ratelimit.LimitSettings;
import io.fanfare.node.stream.StreamSettings;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.redis.Addresses;
import io.fanfare.protocol.redis.CommandLink;
import io.fanfare.protocol.redis.History;
import io.fanfare.protocol.redis.Nodes;
import io.fanfare.protocol.redis.Presence;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;
import tools.jackson.databind.json.JsonMapper;

/** What a node is made of, from Redis up to health; the stream port wires itself. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({ NodeSettings.Name.class, NodeSettings.Jwt.class, NodeSettings.Retention.class,
		NodeSettings.Redis.class, ConnectionSettings.class, StreamSettings.class, StreamSettings.Origins.class,
		StreamSettings.Proxies.class, LimitSettings.class })
class NodeConfiguration {

	@Bean
	NodeIdentity nodeIdentity(NodeSettings.Name settings) {
		return NodeIdentity.create(settings.name(), new SecureRandom());
	}

	@Bean
	TokenVerifier tokenVerifier(NodeSettings.Jwt settings) {
		return new TokenVerifier(settings.secret(), Clock.systemUTC());
	}

	@Bean
	Connections connections(NodeIdentity identity, ConnectionSettings settings) {
		return new Connections(identity.value(), settings.max(), new SecureRandom());
	}

	@Bean
	StreamMetrics streamMetrics(MeterRegistry registry, Connections connections) {
		return new StreamMetrics(registry, connections, Clock.systemUTC());
	}

	@Bean(initMethod = "start")
	AddressLimits addressLimits(Addresses addresses, NodeIdentity identity, LimitSettings settings) {
		return new AddressLimits(addresses, identity.value(), settings, System::nanoTime);
	}

	@Bean
	Probe probe(Nodes nodes, NodeIdentity identity) {
		return new Probe(nodes, identity.value(), Probe.Settings.DEFAULT, System::nanoTime);
	}

	@Bean(initMethod = "start")
	Reaper reaper(Presence presence, History history, NodeIdentity identity, Connections connections) {
		return new Reaper(presence, history, identity.value(), connections::isHeld);
	}

	@Bean
	NodeHealth fanfareHealthIndicator(CommandLink commands, PubSubLink link, Probe probe, Connections connections) {
		return new NodeHealth(commands, link, probe, connections);
	}

	/** Before the lifecycle ends, for the Redis client ends within it. */
	@Bean
	ApplicationListener<ContextClosedEvent> nodeReporterFarewell(NodeReporter reporter) {
		return (closed) -> reporter.close();
	}

	@Bean(initMethod = "start", destroyMethod = "")
	NodeReporter nodeReporter(Nodes nodes, NodeIdentity identity, Connections connections, StreamMetrics metrics,
			NodeHealth health) {
		String version = NodeApplication.class.getPackage().getImplementationVersion();
		long startedAt = System.currentTimeMillis();
		return new NodeReporter(nodes, identity, () -> {
			StreamMetrics.Counts counts = metrics.counts();
			String state = connections.isRefusing() ? "draining" : health.isReady() ? "up" : "not-ready";
			return new NodeStatus(identity.value(), identity.name(), (version != null) ? version : "development", state,
					startedAt, System.currentTimeMillis(), connections.max(), connections.size(), 0, connections.peak(),
					counts.opened(), counts.closed(), counts.durationMs(), counts.sent(), counts.errors(),
					counts.reconnections(), counts.kicks());
		}, JsonMapper.shared());
	}

}
