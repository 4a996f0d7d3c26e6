package io.fanfare.api.redis;

import io.fanfare.protocol.redis.CommandLink;
import io.fanfare.protocol.redis.RedisRefusal;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * The API is ready while its link answers and Redis refuses nothing. Asks nobody: the
 * link itself pings every second.
 */
@Component
final class RedisLinkHealthIndicator implements HealthIndicator {

	private final CommandLink link;

	RedisLinkHealthIndicator(CommandLink link) {
		this.link = link;
	}

	@Override
	public Health health() {
		RedisRefusal refusal = this.link.refusal();
		if (refusal != null) {
			return Health.down().withDetail("reason", refusal.sentence()).build();
		}
		return (this.link.isUp() ? Health.up() : Health.down()).build();
	}

}
