package io.fanfare.node.presence;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.Failures;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.HistoryTrim;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Slice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the presence hash free of ghosts: removes what dead nodes left, and gives up
 * fields that name this node and a connection that it does not hold, whose release was
 * lost. Also lets Redis forget channels that were silent for a week, and trims histories,
 * so that a full Redis gets room where no message does it. A slice at a time, so no call
 * is long.
 * <p>
 * A node without a lease is only {@link Suspects suspect}: a lease also ends early where
 * the clock of Redis steps forward, or the key is evicted or deleted.
 */
public final class Reaper implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(Reaper.class);

	private static final Duration INTERVAL = Duration.ofSeconds(1);

	/** After a slice that held something dead. */
	private static final Duration PAUSE = Duration.ofMillis(100);

	/** Redis may return some more; a call reaps 500 at most. */
	private static final int SLICE = 400;

	/** Where an error is counted. */
	private static final String WHERE = "reaper";

	/** Some 6 microseconds of Redis each. */
	private static final int TRIM_SLICE = 200;

	private static final Duration SILENCE = Duration.ofDays(7);

	private final Presence presence;

	private final History history;

	private final HistoryTrim trim;

	private final String node;

	private final Predicate<String> isHeld;

	private final Suspects suspects;

	private final Errors errors;

	private final Worker worker;

	/** Whether a slice of presence is on its way. */
	private final AtomicBoolean walking = new AtomicBoolean();

	private volatile String presenceCursor = "0";

	private volatile String channelCursor = "0";

	private volatile String trimCursor = "0";

	/**
	 * Makes the reaper.
	 * @param presence the presence hash
	 * @param history knows the channels
	 * @param trim trims their histories
	 * @param node this node's identity
	 * @param isHeld returns whether a connection is held here
	 * @param patience for how long a node has to be silent before it is held dead: longer
	 * than it writes to its clients after its last renewal
	 * @param scheduler runs what is done from time to time
	 * @param errors notes what nothing else handles
	 */
	public Reaper(Presence presence, History history, HistoryTrim trim, String node, Predicate<String> isHeld,
			Duration patience, Scheduler scheduler, Errors errors) {
		this.presence = presence;
		this.history = history;
		this.trim = trim;
		this.node = node;
		this.isHeld = isHeld;
		this.suspects = new Suspects(patience, scheduler.ticker());
		this.errors = errors;
		this.worker = scheduler.createWorker(WHERE);
	}

	/** Begins. */
	public void start() {
		this.worker.every(INTERVAL, INTERVAL, this::walkPresence);
		this.worker.every(INTERVAL, INTERVAL, this::walkChannels);
		this.worker.every(INTERVAL, INTERVAL, this::trimHistories);
	}

	private void walkPresence() {
		if (!this.walking.compareAndSet(false, true)) {
			return;
		}
		boolean asked = false;
		try {
			this.presence.reap(this.node, this.presenceCursor, SLICE, this.suspects.held())
				.whenComplete((slice, failure) -> {
					this.walking.set(false);
					if (failure != null) {
						noteUnexpected(failure);
					}
					else {
						this.errors.run(WHERE, () -> walked(slice));
					}
				});
			asked = true;
		}
		finally {
			if (!asked) {
				this.walking.set(false);
			}
		}
	}

	private void walked(Slice slice) {
		this.presenceCursor = slice.cursor();
		this.suspects.seen(slice);
		List<Field> ghosts = slice.own().stream().filter((field) -> !this.isHeld.test(field.connection())).toList();
		if (!ghosts.isEmpty()) {
			this.presence.release(ghosts).whenComplete((removed, failure) -> {
				if (failure != null) {
					noteUnexpected(failure);
				}
			});
		}
		if (slice.removed() > 0 || !ghosts.isEmpty()) {
			log.info("presence=reaped dead={} ghosts={}", slice.removed(), ghosts.size());
		}
		if (slice.unreadable() > 0) {
			this.errors.note(WHERE, new IllegalStateException(
					"Presence fields that could not be read were removed: " + slice.unreadable()));
		}
		if (slice.removed() > 0) {
			// Where a node died there is more.
			this.worker.schedule(PAUSE, this::walkPresence);
		}
	}

	private void walkChannels() {
		this.history.forget(this.channelCursor, SLICE, SILENCE).whenComplete((cursor, failure) -> {
			if (failure != null) {
				noteUnexpected(failure);
			}
			else {
				this.channelCursor = cursor;
			}
		});
	}

	private void trimHistories() {
		this.trim.slice(this.trimCursor, TRIM_SLICE).whenComplete((slice, failure) -> {
			if (failure != null) {
				noteUnexpected(failure);
			}
			else {
				this.trimCursor = slice.cursor();
			}
		});
	}

	/** What Redis refuses or does not answer is noted by the link to it. */
	private void noteUnexpected(Throwable failure) {
		if (!Failures.isOfRedis(failure)) {
			this.errors.note(WHERE, failure);
		}
	}

	/**
	 * Lets the other nodes forget this one, which holds no stream any more. If Redis does
	 * not answer they find out, as after a crash.
	 * @return when it is forgotten
	 */
	public CompletableFuture<Long> leave() {
		this.worker.close();
		return this.presence.forget(this.node);
	}

	@Override
	public void close() {
		this.worker.close();
	}

}
