package io.fanfare.node.stream;

import java.time.Clock;
import java.time.Duration;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;

import io.fanfare.node.auth.TokenVerifier;
import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.HistorySettings;
import io.fanfare.node.catchup.RedisHistory;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.cluster.NodeReporter;
import io.fanfare.node.connection.ConnectionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.MemoryBudget;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.drain.Drain;
import io.fanfare.node.observability.StreamMetrics;
import io.fanfare.node.presence.Reaper;
import io.fanfare.node.presence.RedisOwnership;
import io.fanfare.node.ratelimit.AddressLimits;
import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.redis.CommandLink;
import io.fanfare.protocol.redis.History;
import io.fanfare.protocol.redis.Nodes;
import io.fanfare.protocol.redis.Presence;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import io.fanfare.protocol.settings.SharedDefaults;

/** Puts the loops and the stream port together. */
@Configuration(proxyBeanMethods = false)
class StreamConfiguration {

	@Bean
	StreamLoop.Node streamLoops(NodeIdentity identity, ConnectionSettings settings,
			@Value("${fanfare.redis.renew-interval:" + SharedDefaults.RENEW_INTERVAL + "}") Duration renewInterval,
			@Value("${fanfare.redis.lease:" + SharedDefaults.LEASE + "}") Duration lease, CommandLink link,
			Presence presence, History history, PubSubLink pubSub, StreamMetrics metrics, Connections connections,
			Errors errors, StreamSettings stream, HistorySettings replay, MemoryBudget budget) {
		return new StreamLoop.Node(identity.value(), settings, renewInterval, lease,
				new RedisOwnership(link, presence, identity.value()),
				new CatchUp(new RedisHistory(history), Clock.systemUTC(), budget.sharedReads(),
						replay.historyBytes().toBytes()),
				upstream(pubSub), metrics, connections, RandomGenerator.getDefault(), errors, budget.split(stream.loopCount()));
	}

	private static Topics.Upstream upstream(PubSubLink link) {
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

	@Bean
	StreamServer streamServer(StreamSettings settings, StreamSettings.Origins origins, StreamSettings.Headers headers,
			StreamSettings.Proxies proxies, TokenVerifier verifier, AddressLimits limits, Connections connections,
			Nodes nodes, NodeIdentity identity, StreamLoop.Node node, PubSubLink link, Probe probe, Presence presence,
			Drain drain, NodeReporter reporter, Reaper reaper,
			@Value("${fanfare.history.length:" + SharedDefaults.HISTORY_LENGTH + "}") int maxHistory) {
		RequestHandler.Gate gate = new RequestHandler.Gate(settings, maxHistory, verifier,
				new Cors(origins.allowedOrigins(), headers.names()), new Answers(Clock.systemUTC()),
				new TrustedProxies(proxies.blocks(), System::nanoTime), limits, connections, nodes, identity);
		return new StreamServer(settings, gate, (executor) -> new StreamLoop(executor, node), link, probe,
				new WarmUp(settings.warmUp(), gate, node, presence), drain, reporter, reaper);
	}

}
