package io.fanfare.api.redis;

import java.time.Duration;

import io.fanfare.protocol.redis.CommandLink;
import io.fanfare.protocol.redis.History;
import io.fanfare.protocol.redis.Nodes;
import io.fanfare.protocol.redis.Presence;
import io.fanfare.protocol.redis.Publisher;
import io.fanfare.protocol.redis.RedisClientOptions;
import io.fanfare.protocol.redis.RedisKeys;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;

import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * Makes the link to Redis from the client that Boot set up, and the accesses on it. The
 * one place that knows Lettuce.
 */
@Configuration(proxyBeanMethods = false)
class RedisConfiguration {

	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

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

	/** Waits a moment for Redis; without it the API starts, and is not ready. */
	@Bean
	CommandLink commandLink(LettuceConnectionFactory factory, RedisSettings settings) {
		if (!(factory.getRequiredNativeClient() instanceof RedisClient client)) {
			throw new IllegalStateException("A Redis Cluster is not supported; name one server or its sentinels");
		}
		CommandLink link = new CommandLink(client, settings.durable(), "api");
		link.awaitUp(settings.commandTimeout());
		return link;
	}

	@Bean
	RedisKeys redisKeys() {
		return new RedisKeys(0);
	}

	@Bean
	Publisher publisher(CommandLink link, RedisKeys keys, HistorySettings history) {
		return new Publisher(link, keys, history.length(), history.age());
	}

	@Bean
	History history(CommandLink link, RedisKeys keys, HistorySettings history) {
		return new History(link, keys, history.age());
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
	SmartLifecycle commandLinkLifecycle(CommandLink link) {
		return new LinkLifecycle(link);
	}

	/**
	 * Ends the link when everything that uses it has ended, and before Boot ends the
	 * client.
	 */
	private static final class LinkLifecycle implements SmartLifecycle {

		private final CommandLink link;

		private volatile boolean running;

		private LinkLifecycle(CommandLink link) {
			this.link = link;
		}

		@Override
		public void start() {
			this.running = true;
		}

		@Override
		public void stop() {
			this.running = false;
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
