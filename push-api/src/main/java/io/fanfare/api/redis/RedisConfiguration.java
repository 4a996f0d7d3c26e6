package io.fanfare.api.redis;

import java.security.SecureRandom;
import java.time.Duration;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.LinkChannels;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.SentinelWatch;
import io.fanfare.redis.UnfitRedisException;
import io.fanfare.redis.cluster.NodeCalls;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Presence;
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

/**
 * Makes the link to Redis from the client that Boot set up, and the accesses on it. The
 * one place that knows Lettuce.
 */
@Configuration(proxyBeanMethods = false)
class RedisConfiguration {

	private static final Logger log = LoggerFactory.getLogger(RedisConfiguration.class);

	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

	/** What callers are promised for anything that does not answer. */
	private static final Duration NODE_TIMEOUT = Duration.ofSeconds(2);

	@Bean
	LettuceClientConfigurationBuilderCustomizer commandTimeout(RedisSettings settings) {
		return (builder) -> builder.commandTimeout(settings.commandTimeout());
	}

	/** Sets option by option, so that what Boot set for TLS stays. */
	@Bean
	LettuceClientOptionsBuilderCustomizer boundedCommands(RedisSettings settings) {
		ClientOptions bounded = RedisClientOptions.bounded(settings.commandTimeout(), CONNECT_TIMEOUT);
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

	/** Waits a moment for Redis; without it the API starts, and is not ready. */
	@Bean
	CommandLink commandLink(LettuceConnectionFactory factory, RedisKeys keys, RedisSettings settings,
			Scheduler scheduler, Errors errors) {
		boolean durable = settings.durable();
		if (durable && factory.getSentinelConfiguration() != null) {
			log.warn("redis=not-durable: a failover loses what its replica lacked, so fanfare.redis.durable is ignored"
					+ " behind Sentinel");
			durable = false;
		}
		CommandLink link = new CommandLink(client(factory), keys, durable, scheduler, errors);
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
	@Nullable SentinelWatch sentinelWatch(LettuceConnectionFactory factory, CommandLink link, Scheduler scheduler) {
		RedisSentinelConfiguration sentinels = factory.getSentinelConfiguration();
		if (sentinels == null) {
			return null;
		}
		RedisURI uri = LettuceConverters.sentinelConfigurationToRedisURI(sentinels);
		uri.getSentinels().forEach((sentinel) -> sentinel.setSsl(factory.isUseSsl()));
		return new SentinelWatch(client(factory), uri, link, scheduler);
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

	private static RedisClient client(LettuceConnectionFactory factory) {
		if (!(factory.getRequiredNativeClient() instanceof RedisClient client)) {
			throw new IllegalStateException("A Redis Cluster is not supported; name one server or its sentinels");
		}
		return client;
	}

	@Bean
	RedisKeys redisKeys(LettuceConnectionFactory factory, RedisSettings settings) {
		return new RedisKeys(settings.prefix(), factory.getDatabase());
	}

	@Bean
	Publisher publisher(CommandLink link, RedisKeys keys, HistorySettings history) {
		return new Publisher(link, keys, history.length(), history.age());
	}

	@Bean
	History history(CommandLink link, RedisKeys keys, HistorySettings history, Errors errors) {
		return new History(link, keys, history.age(), errors);
	}

	@Bean
	Presence presence(CommandLink link, RedisKeys keys) {
		return new Presence(link, keys, Presence.Times.DEFAULT);
	}

	@Bean
	Nodes nodes(CommandLink link, RedisKeys keys) {
		return new Nodes(link, keys);
	}

	@Bean
	NodeCalls nodeCalls(LettuceConnectionFactory factory, CommandLink link, RedisKeys keys, Scheduler scheduler,
			Errors errors) {
		return new NodeCalls(client(factory), link, keys, "api", new SecureRandom(), NODE_TIMEOUT, scheduler, errors);
	}

	@Bean
	SmartLifecycle commandLinkLifecycle(CommandLink link, NodeCalls calls, ObjectProvider<SentinelWatch> watch) {
		return new LinkLifecycle(link, calls, watch);
	}

	/**
	 * Ends the start where the link, late, found a Redis that the API must not use. Ends
	 * the links when everything that uses them has ended, and before Boot ends the
	 * client.
	 */
	private static final class LinkLifecycle implements SmartLifecycle {

		private final CommandLink link;

		private final NodeCalls calls;

		private final ObjectProvider<SentinelWatch> watch;

		private volatile boolean running;

		private LinkLifecycle(CommandLink link, NodeCalls calls, ObjectProvider<SentinelWatch> watch) {
			this.link = link;
			this.calls = calls;
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
			this.calls.close();
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
