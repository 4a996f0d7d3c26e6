package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ObjIntConsumer;

import io.fanfare.redis.presence.Presence.Field;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives up the users of connections that ended, in calls of {@value #PER_CALL} fields at
 * most.
 * <p>
 * What fails is kept where this node alone knows what the user may not have received; for
 * the field itself the reaper would make up. It is sent again after a wait that grows
 * with each failure, one call at a time. No more are kept than connections may be held at
 * once: while Redis does not answer, no others begin. Belongs to the loop.
 */
final class Releases {

	/** Each call keeps Redis busy for a millisecond or two. */
	static final int PER_CALL = 500;

	private static final Logger log = LoggerFactory.getLogger(Releases.class);

	private final int mostKept;

	private final Function<List<Field>, CompletableFuture<Long>> call;

	private final Consumer<Runnable> submit;

	private final ObjIntConsumer<Runnable> later;

	private final List<Field> due = new ArrayList<>();

	/** What failed and is to be sent again. */
	private final Deque<Field> kept = new ArrayDeque<>();

	/** Whether another try waits or is on its way. */
	private boolean retrying;

	/** How many tries failed one after the other. */
	private int failures;

	private boolean stopped;

	/**
	 * Creates an empty one.
	 * @param mostKept how many that failed are kept
	 * @param call asks Redis; may be called on the loop alone
	 * @param submit runs a task on the loop
	 * @param later runs a task on the loop after a wait that depends on a number of
	 * failures
	 */
	Releases(int mostKept, Function<List<Field>, CompletableFuture<Long>> call, Consumer<Runnable> submit,
			ObjIntConsumer<Runnable> later) {
		this.mostKept = mostKept;
		this.call = call;
		this.submit = submit;
		this.later = later;
	}

	void add(Field field) {
		this.due.add(field);
	}

	/** How many failed and are kept. */
	int kept() {
		return this.kept.size();
	}

	/** Sends what is due. */
	void flush() {
		if (!this.due.isEmpty()) {
			List<Field> sent = List.copyOf(this.due);
			this.due.clear();
			send(sent);
		}
	}

	/**
	 * Sends everything, for the last time.
	 * @return when it is answered
	 */
	CompletableFuture<?> stop() {
		this.stopped = true;
		this.due.addAll(this.kept);
		this.kept.clear();
		List<Field> sent = List.copyOf(this.due);
		this.due.clear();
		return send(sent);
	}

	private CompletableFuture<?> send(List<Field> fields) {
		List<CompletableFuture<Long>> calls = new ArrayList<>();
		for (int from = 0; from < fields.size(); from += PER_CALL) {
			List<Field> slice = fields.subList(from, Math.min(from + PER_CALL, fields.size()));
			CompletableFuture<Long> released = this.call.apply(slice);
			released.whenComplete((removed, failure) -> {
				if (failure != null) {
					this.submit.accept(() -> keep(slice));
				}
			});
			calls.add(released);
		}
		return CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new));
	}

	private void keep(List<Field> failed) {
		if (this.stopped) {
			return;
		}
		int dropped = 0;
		for (Field field : failed) {
			if (field.received() != null) {
				if (this.kept.size() >= this.mostKept) {
					this.kept.poll();
					dropped++;
				}
				this.kept.add(field);
			}
		}
		if (dropped > 0) {
			log.warn("releases=dropped count={} kept={}", dropped, this.kept.size());
		}
		retryLater();
	}

	private void retryLater() {
		if (!this.retrying && !this.kept.isEmpty()) {
			this.retrying = true;
			this.later.accept(this::retry, this.failures++);
		}
	}

	private void retry() {
		List<Field> slice = new ArrayList<>(Math.min(this.kept.size(), PER_CALL));
		while (slice.size() < PER_CALL && !this.kept.isEmpty()) {
			slice.add(this.kept.remove());
		}
		if (slice.isEmpty()) {
			this.retrying = false;
			return;
		}
		this.call.apply(slice).whenComplete((removed, failure) -> this.submit.accept(() -> {
			if (failure == null) {
				this.failures = 0;
				retry();
			}
			else {
				this.retrying = false;
				keep(slice);
			}
		}));
	}

}
