package io.fanfare.api.redis;

import io.fanfare.protocol.redis.CommandLink;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * The API is ready while its link answers. Asks nobody: the link itself pings every
 * second.
 */
@Component
final class RedisLinkHealthIndicator implements HealthIndicator {

	private final CommandLink link;

	RedisLinkHealthIndicator(CommandLink link) {
		this.link = link;
	}

	@Override
	public Health health() {
		return (this.link.isUp() ? Health.up() : Health.down()).build();
	}

}
