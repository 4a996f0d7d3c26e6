package io.fanfare.api.event;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.Failures;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.event.PresenceEvents;
import io.fanfare.redis.event.PresenceEvents.Swept;
import jakarta.annotation.PreDestroy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.stereotype.Component;

/**
 * Keeps the events of presence going where they are switched on: each second it has those
 * users reported as offline whose time has come. Each process of the API does, so that
 * none is needed.
 */
@Component
final class PresenceSweep {

	private static final Logger log = LoggerFactory.getLogger(PresenceSweep.class);

	private static final Duration INTERVAL = Duration.ofSeconds(1);

	/** Before the next piece where there is more than one. */
	private static final Duration PAUSE = Duration.ofMillis(100);

	/** Where an error is counted. */
	private static final String WHERE = "events";

	private final PresenceEvents events;

	private final Errors errors;

	private final Worker worker;

	/** Whether a sweep is on its way. */
	private final AtomicBoolean sweeping = new AtomicBoolean();

	/**
	 * Whether one waits for the pause to be over. Without it each of the sweeps that come
	 * by the second would begin a row of its own, which ends only with the work.
	 */
	private final AtomicBoolean pausing = new AtomicBoolean();

	PresenceSweep(CommandLink link, RedisKeys keys, EventSettings settings, Scheduler scheduler, Errors errors) {
		this.events = new PresenceEvents(link, keys, settings.settings());
		this.errors = errors;
		this.worker = scheduler.createWorker(WHERE);
		if (settings.presence()) {
			this.worker.every(Duration.ZERO, INTERVAL, this::sweep);
		}
	}

	private void sweep() {
		if (!this.sweeping.compareAndSet(false, true)) {
			return;
		}
		boolean asked = false;
		try {
			this.events.sweep().whenComplete((swept, failure) -> {
				this.sweeping.set(false);
				this.errors.run(WHERE, () -> swept(swept, failure));
			});
			asked = true;
		}
		finally {
			if (!asked) {
				this.sweeping.set(false);
			}
		}
	}

	private void swept(@Nullable Swept swept, @Nullable Throwable failure) {
		if (swept == null) {
			// What Redis refuses or does not answer is noted by the link to it.
			if (failure != null && !Failures.isOfRedis(failure)) {
				this.errors.note(WHERE, failure);
			}
			return;
		}
		if (swept.online() > 0) {
			log.info("presence=reported-anew users={} more={}", swept.online(), swept.more());
		}
		if (swept.more() && this.pausing.compareAndSet(false, true)) {
			this.worker.schedule(PAUSE, this::sweepOn);
		}
	}

	private void sweepOn() {
		this.pausing.set(false);
		sweep();
	}

	@PreDestroy
	void close() {
		this.worker.close();
	}

}
