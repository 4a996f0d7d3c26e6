package io.fanfare.boot;

import java.time.Duration;

/** How Redis is used. Where it is, is Boot's own {@code spring.data.redis.*}. */
public interface RedisLinkSettings {

	/** What all keys and pub/sub channels begin with. */
	String prefix();

	/** Whether Redis keeps all that it acknowledged across a restart. */
	boolean durable();

	/** How long a command may take. */
	Duration commandTimeout();

	/** How long a connection attempt may take. */
	Duration connectTimeout();

}
