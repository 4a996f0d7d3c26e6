package io.fanfare.boot;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.LinkChannels;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.RedisUrl;
import io.fanfare.redis.SentinelWatch;
import io.fanfare.redis.UnfitRedisException;
import io.fanfare.redis.cluster.Handovers;
import io.fanfare.redis.cluster.NodeCalls;
import io.fanfare.redis.cluster.Nodes;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCredentialsProvider;
import io.lettuce.core.RedisURI;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
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
 * The links to Redis, from the client that Boot sets up: where Redis is comes from Boot's
 * settings, how it is used from {@link RedisLinkSettings}.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(RedisTlsSettings.class)
public class RedisLinkConfiguration {

	private static final Logger log = LoggerFactory.getLogger(RedisLinkConfiguration.class);

	@Bean
	LettuceClientConfigurationBuilderCustomizer commandTimeout(RedisLinkSettings settings) {
		return (builder) -> builder.commandTimeout(settings.commandTimeout());
	}

	@Bean
	LettuceClientConfigurationBuilderCustomizer loginOnLoop() {
		return (builder) -> builder.redisCredentialsProviderFactory(new LoginOnLoop());
	}

	/** Sets option by option, so that what Boot set for TLS stays. */
	@Bean
	LettuceClientOptionsBuilderCustomizer boundedCommands(RedisLinkSettings settings, RedisTlsSettings tls) {
		ClientOptions bounded = RedisClientOptions.bounded(settings.commandTimeout(), settings.connectTimeout());
		return (options) -> {
			options.autoReconnect(bounded.isAutoReconnect())
				.disconnectedBehavior(bounded.getDisconnectedBehavior())
				.requestQueueSize(bounded.getRequestQueueSize())
				.timeoutOptions(bounded.getTimeoutOptions())
				.socketOptions(bounded.getSocketOptions());
			if (tls.isSet()) {
				options.sslOptions(tls.options(settings.connectTimeout()));
			}
		};
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
	RedisClient redisClient(LettuceConnectionFactory connections, RedisTlsSettings tls) {
		InvalidSettingException.require(!tls.isSet() || connections.isUseSsl(), RedisUrl.OWN,
				"must begin with rediss:// where fanfare.redis.tls is set");
		if (connections.getRequiredNativeClient() instanceof RedisClient client) {
			return client;
		}
		throw new IllegalStateException(
				"One Redis, or one behind Sentinel, is needed: spring.data.redis.cluster is set");
	}

	@Bean
	RedisKeys redisKeys(LettuceConnectionFactory connections, RedisLinkSettings settings) {
		return new RedisKeys(settings.prefix(), connections.getDatabase());
	}

	/** Waits a moment for Redis; without it the process starts, and is not ready. */
	@Bean
	CommandLink commandLink(RedisClient client, LettuceConnectionFactory connections, RedisKeys keys,
			RedisLinkSettings settings, Scheduler scheduler, Errors errors) {
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
		RedisCredentialsProvider login = new LoginOnLoop().createSentinelCredentialsProvider(sentinels);
		uri.getSentinels().forEach((sentinel) -> {
			sentinel.setSsl(connections.isUseSsl());
			sentinel.setCredentialsProvider(login);
		});
		return new SentinelWatch(client, uri, link, scheduler);
	}

	/** Each refusal is there from the start, so that an alert has a rate to look at. */
	@Bean
	MeterBinder redisRefusals(CommandLink link) {
		return (registry) -> {
			Gauge.builder("fanfare.redis.up", link, (one) -> one.isUp() ? 1 : 0)
				.description("Whether Redis answers this process")
				.register(registry);
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
	MeterBinder redisTimes(CommandLink link) {
		return (registry) -> {
			Map<String, Timer> timers = new ConcurrentHashMap<>();
			link.times()
				.measureBy((what, time) -> timers.computeIfAbsent(what, (name) -> timer(name, registry)).record(time));
		};
	}

	/** From a command of Redis's own to one that is given up. */
	private static Timer timer(String what, MeterRegistry registry) {
		return Timer.builder("fanfare.redis.command")
			.description("From the sending of a command or script to its answer or failure")
			.tag("call", what)
			.serviceLevelObjectives(Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofMillis(25),
					Duration.ofMillis(100), Duration.ofMillis(500), Duration.ofSeconds(1))
			.register(registry);
	}

	@Bean
	Nodes nodes(CommandLink link, RedisKeys keys) {
		return new Nodes(link, keys);
	}

	@Bean
	Handovers handovers(CommandLink link, RedisKeys keys) {
		return new Handovers(link, keys);
	}

	@Bean
	SmartLifecycle linkLifecycle(CommandLink link, ObjectProvider<NodeCalls> calls,
			ObjectProvider<SentinelWatch> watch) {
		return new LinkLifecycle(link, calls, watch);
	}

	/**
	 * Ends the start where the link, late, found a Redis that the process must not use.
	 * Ends the links when everything that uses them has ended, and before Boot ends the
	 * client.
	 */
	private static final class LinkLifecycle implements SmartLifecycle {

		private final CommandLink link;

		private final ObjectProvider<NodeCalls> calls;

		private final ObjectProvider<SentinelWatch> watch;

		private volatile boolean running;

		private LinkLifecycle(CommandLink link, ObjectProvider<NodeCalls> calls, ObjectProvider<SentinelWatch> watch) {
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
			this.calls.ifAvailable(NodeCalls::close);
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
