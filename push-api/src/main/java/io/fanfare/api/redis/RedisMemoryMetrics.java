package io.fanfare.api.redis;

import java.time.Duration;
import java.util.function.ToDoubleFunction;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.Failures;
import io.fanfare.redis.RedisMemory;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.annotation.PreDestroy;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * How full Redis is, as metrics. It is asked from time to time and not at a scrape, which
 * would wait for it. While it does not answer, the figures are not numbers.
 */
@Component
final class RedisMemoryMetrics {

	private static final Duration INTERVAL = Duration.ofSeconds(10);

	private final CommandLink link;

	private final Errors errors;

	private final Worker worker;

	/** As of the last look; null where Redis did not answer. */
	private volatile @Nullable RedisMemory memory;

	RedisMemoryMetrics(CommandLink link, Errors errors, Scheduler scheduler, MeterRegistry registry) {
		this.link = link;
		this.errors = errors;
		Gauge.builder("fanfare.redis.memory.used", () -> number(RedisMemory::used))
			.baseUnit("bytes")
			.description("Memory that Redis has taken")
			.register(registry);
		Gauge.builder("fanfare.redis.memory.limit", () -> number(RedisMemoryMetrics::limit))
			.baseUnit("bytes")
			.description("Memory that Redis may take")
			.register(registry);
		this.worker = scheduler.createWorker("redis-memory");
		this.worker.every(Duration.ZERO, INTERVAL, this::look);
	}

	private static double limit(RedisMemory memory) {
		return (memory.limit() > 0) ? memory.limit() : Double.NaN;
	}

	private double number(ToDoubleFunction<RedisMemory> part) {
		RedisMemory present = this.memory;
		return (present != null) ? part.applyAsDouble(present) : Double.NaN;
	}

	private void look() {
		RedisMemory.of(this.link).whenComplete((found, failure) -> {
			this.memory = (failure == null) ? found : null;
			if (failure != null && !Failures.isOfRedis(failure)) {
				this.errors.note("redis-memory", failure);
			}
		});
	}

	@PreDestroy
	void close() {
		this.worker.close();
	}

}
