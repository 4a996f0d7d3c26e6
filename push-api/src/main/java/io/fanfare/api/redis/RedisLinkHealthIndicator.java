package io.fanfare.api.redis;

import java.util.Objects;

import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisRefusal;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * The API is ready while its link answers and Redis refuses nothing. Where Redis is full
 * it stays ready and says so: every API process sees the same Redis, so callers would get
 * no answer at all where they now learn that it is full, and whatever publishes nothing
 * works. Sends nothing: the link itself pings every second.
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
			return ((refusal == RedisRefusal.OOM && this.link.isUp()) ? Health.up() : Health.down())
				.withDetail("reason", Objects.requireNonNullElse(this.link.refusalText(), refusal.sentence()))
				.build();
		}
		return (this.link.isUp() ? Health.up() : Health.down()).build();
	}

}
