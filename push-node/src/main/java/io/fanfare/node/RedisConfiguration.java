package io.fanfare.node;

import java.security.SecureRandom;
import java.util.random.RandomGenerator;

import io.fanfare.boot.RedisLinkConfiguration;
import io.fanfare.boot.tracing.Tracing;
import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.connection.ConnectionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.FrameRouter;
import io.fanfare.node.observability.DeliverySpans;
import io.fanfare.node.presence.TwinSettings;
import io.fanfare.node.ratelimit.LimitSettings;
import io.fanfare.node.receipt.ReceiptSettings;
import io.fanfare.node.receipt.ReceiptSettling;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.event.Receipts;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.HistoryTrim;
import io.fanfare.redis.presence.Addresses;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.ticket.Tickets;
import io.lettuce.core.RedisClient;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** What a node does in Redis. */
@Configuration(proxyBeanMethods = false)
@Import(RedisLinkConfiguration.class)
class RedisConfiguration {

	@Bean
	FrameRouter frameRouter(Connections connections, Tracing tracing) {
		FrameRouter router = new FrameRouter(connections);
		if (tracing != Tracing.OFF) {
			router.traceBy(new DeliverySpans(tracing));
		}
		return router;
	}

	@Bean
	PubSubLink pubSubLink(RedisClient client, RedisKeys keys, NodeIdentity identity, CommandLink commands,
			FrameRouter router, Probe probe, Scheduler scheduler, Errors errors) {
		return new PubSubLink(client, keys, identity.value(), commands, router, probe, scheduler, errors,
				RandomGenerator.getDefault());
	}

	@Bean
	Presence presence(CommandLink link, RedisKeys keys, NodeSettings.Redis settings, LimitSettings limits,
			TwinSettings twins, ConnectionSettings connections) {
		return new Presence(link, keys, new Presence.Times(settings.lease(), Presence.Times.DEFAULT.tombstone()),
				new Presence.UserLimits(limits.takeoversPerMinute(), limits.opensPerUser(), limits.window()),
				twins.twins(connections.maxRetry()));
	}

	/** Ends after the streams, whose acknowledgements it sends, and before the link. */
	@Bean
	ReceiptSettling receiptSettling(CommandLink link, RedisKeys keys, ReceiptSettings settings, Connections connections,
			MeterRegistry registry, Scheduler scheduler, Errors errors) {
		ReceiptSettling settling = new ReceiptSettling(new Receipts(link, keys)::settle, settings, registry, scheduler,
				errors);
		connections.settleBy(settling);
		return settling;
	}

	@Bean
	Tickets tickets(CommandLink link, RedisKeys keys) {
		return new Tickets(link, keys, new SecureRandom());
	}

	@Bean
	Addresses addresses(CommandLink link, RedisKeys keys, LimitSettings limits) {
		return new Addresses(link, keys,
				new Addresses.Limits(limits.connectionsPerAddress(), limits.opensPerMinute(), limits.window()));
	}

	@Bean
	History history(CommandLink link, RedisKeys keys, NodeSettings.Retention retention, Errors errors) {
		return new History(link, keys, retention.age(), errors);
	}

	@Bean
	HistoryTrim historyTrim(CommandLink link, RedisKeys keys, NodeSettings.Retention retention) {
		return new HistoryTrim(link, keys, retention.age());
	}

}
