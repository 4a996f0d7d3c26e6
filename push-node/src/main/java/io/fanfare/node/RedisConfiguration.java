package io.fanfare.node;

import java.util.random.RandomGenerator;

import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.connection.ConnectionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.FrameRouter;
import io.fanfare.node.presence.TwinSettings;
import io.fanfare.node.ratelimit.LimitSettings;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.LinkChannels;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.SentinelWatch;
import io.fanfare.redis.UnfitRedisException;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.HistoryTrim;
import io.fanfare.redis.presence.Addresses;
import io.fanfare.redis.presence.Presence;
import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.data.redis.autoconfigure.ClientResourcesBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientConfigurationBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConverters;

/** Redis: where it is comes from Boot's own settings, how it is used from ours. */
@Configuration(proxyBeanMethods = false)
class RedisConfiguration {

	private static final Logger log = LoggerFactory.getLogger(RedisConfiguration.class);

	@Bean
	LettuceClientConfigurationBuilderCustomizer commandTimeout(NodeSettings.Redis settings) {
		return (builder) -> builder.commandTimeout(settings.commandTimeout());
	}

	/** Sets option by option, so that what Boot set for TLS stays. */
	@Bean
	LettuceClientOptionsBuilderCustomizer boundedCommands(NodeSettings.Redis settings) {
		ClientOptions bounded = RedisClientOptions.bounded(settings.commandTimeout(), settings.connectTimeout());
		return (options) -> options.autoReconnect(bounded.isAutoReconnect())
			.disconnectedBehavior(bounded.getDisconnectedBehavior())
			.requestQueueSize(bounded.getRequestQueueSize())
			.timeoutOptions(bounded.getTimeoutOptions())
			.socketOptions(bounded.getSocketOptions());
	}

	@Bean
	LinkChannels linkChannels(Errors errors) {
		return new LinkChannels(errors);
	}

	@Bean
	ClientResourcesBuilderCustomizer guardedChannels(LinkChannels channels) {
		return (resources) -> resources.nettyCustomizer(channels);
	}

	@Bean
	RedisClient redisClient(LettuceConnectionFactory connections) {
		AbstractRedisClient client = connections.getRequiredNativeClient();
		if (client instanceof RedisClient single) {
			return single;
		}
		throw new IllegalStateException(
				"One Redis, or one behind Sentinel, is needed: spring.data.redis.cluster is set");
	}

	@Bean
	RedisKeys redisKeys(LettuceConnectionFactory connections, NodeSettings.Redis settings) {
		return new RedisKeys(settings.prefix(), connections.getDatabase());
	}

	/** Waits a moment for Redis; without it the node starts, and is not ready. */
	@Bean
	CommandLink commandLink(RedisClient client, LettuceConnectionFactory connections, RedisKeys keys,
			NodeSettings.Redis settings, Scheduler scheduler, Errors errors) {
		boolean durable = settings.durable();
		if (durable && connections.getSentinelConfiguration() != null) {
			log.warn("redis=not-durable: a failover loses what its replica lacked, so fanfare.redis.durable is ignored"
					+ " behind Sentinel");
			durable = false;
		}
		CommandLink link = new CommandLink(client, keys, durable, scheduler, errors);
		try {
			link.awaitUp(settings.commandTimeout());
			return link;
		}
		catch (UnfitRedisException ex) {
			link.close();
			throw ex;
		}
	}

	/** Where there are sentinels. */
	@Bean
	@Nullable SentinelWatch sentinelWatch(RedisClient client, LettuceConnectionFactory connections, CommandLink link,
			Scheduler scheduler) {
		RedisSentinelConfiguration sentinels = connections.getSentinelConfiguration();
		if (sentinels == null) {
			return null;
		}
		RedisURI uri = LettuceConverters.sentinelConfigurationToRedisURI(sentinels);
		uri.getSentinels().forEach((sentinel) -> sentinel.setSsl(connections.isUseSsl()));
		return new SentinelWatch(client, uri, link, scheduler);
	}

	/** Each refusal is there from the start, so that an alert has a rate to look at. */
	@Bean
	MeterBinder redisRefusals(CommandLink link) {
		return (registry) -> {
			for (String call : link.refusals().calls()) {
				FunctionCounter.builder("fanfare.redis.unanswered", link.refusals(), (all) -> all.unanswered(call))
					.description("Commands that were sent to Redis and not answered, or not in time")
					.tag("call", call)
					.register(registry);
			}
			for (RedisRefusal refusal : RedisRefusal.values()) {
				FunctionCounter.builder("fanfare.redis.refusals", link.refusals(), (all) -> all.count(refusal))
					.description("Commands and connections that Redis refused, by the code of its answer")
					.tag("code", refusal.name())
					.register(registry);
			}
		};
	}

	@Bean
	FrameRouter frameRouter(Connections connections) {
		return new FrameRouter(connections);
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

	@Bean
	Nodes nodes(CommandLink link, RedisKeys keys) {
		return new Nodes(link, keys);
	}

	@Bean
	SmartLifecycle commandLinkLifecycle(CommandLink link, ObjectProvider<SentinelWatch> watch) {
		return new LinkLifecycle(link, watch);
	}

	/**
	 * Ends the start where the link, late, found a Redis that the node must not use. Ends
	 * the link when everything that uses it has ended, and before Boot ends the client.
	 */
	private static final class LinkLifecycle implements SmartLifecycle {

		private final CommandLink link;

		private final ObjectProvider<SentinelWatch> watch;

		private volatile boolean running;

		private LinkLifecycle(CommandLink link, ObjectProvider<SentinelWatch> watch) {
			this.link = link;
			this.watch = watch;
		}

		@Override
		public void start() {
			this.link.checkFit();
			this.running = true;
		}

		@Override
		public void stop() {
			this.running = false;
			this.watch.ifAvailable(SentinelWatch::close);
			this.link.close();
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

		/** Just above the connection factory's own. */
		@Override
		public int getPhase() {
			return 1;
		}

	}

}
