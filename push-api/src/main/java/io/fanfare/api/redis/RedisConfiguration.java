package io.fanfare.api.redis;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;

import io.fanfare.boot.RedisLinkConfiguration;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.cluster.AlertBoard;
import io.fanfare.redis.cluster.NodeCalls;
import io.fanfare.redis.erasure.Erasure;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.ticket.Tickets;
import io.lettuce.core.RedisClient;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** What the API does in Redis. */
@Configuration(proxyBeanMethods = false)
@Import(RedisLinkConfiguration.class)
class RedisConfiguration {

	/** What callers are promised for anything that does not answer. */
	private static final Duration NODE_TIMEOUT = Duration.ofSeconds(2);

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
	Tickets tickets(CommandLink link, RedisKeys keys) {
		return new Tickets(link, keys, new SecureRandom());
	}

	@Bean
	Erasure erasure(CommandLink link, RedisKeys keys, HistorySettings history, Clock clock) {
		return new Erasure(link, keys,
				new Erasure.Settings(history.length(), history.age(), Presence.Times.DEFAULT.tombstone()), clock);
	}

	@Bean
	AlertBoard alertBoard(CommandLink link, RedisKeys keys) {
		return new AlertBoard(link, keys);
	}

	@Bean
	NodeCalls nodeCalls(RedisClient client, CommandLink link, RedisKeys keys, Scheduler scheduler, Errors errors) {
		return new NodeCalls(client, link, keys, "api", new SecureRandom(), NODE_TIMEOUT, scheduler, errors);
	}

}
