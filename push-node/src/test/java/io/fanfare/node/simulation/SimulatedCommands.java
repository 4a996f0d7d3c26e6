package io.fanfare.node.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

import io.fanfare.node.simulation.RedisModel.Caller;
import org.jspecify.annotations.Nullable;

/**
 * A process's command link, with the contract of {@code CommandLink}: scripts are
 * executed in the order in which they were sent, without a connection they fail at once,
 * none is sent twice, and each carries the run id of the server that the connection
 * reached. What was under way when the connection ends may still be executed later.
 */
final class SimulatedCommands {

	private static final long RECONNECT = 60;

	private final Simulation simulation;

	private final String name;

	private @Nullable Session session;

	private long seen;

	private long reconnectAt;

	private long unreachableUntil;

	private int made;

	SimulatedCommands(Simulation simulation, String name) {
		this.simulation = simulation;
		this.name = name;
	}

	private static final class Session {

		private final String run;

		private final int number;

		private final Deque<Call<?>> toRedis = new ArrayDeque<>();

		private final Deque<Call<?>> replies = new ArrayDeque<>();

		private final Deque<Call<?>> open = new ArrayDeque<>();

		private boolean cut;

		private Session(String run, int number) {
			this.run = run;
			this.number = number;
		}

	}

	private static final class Call<T> {

		private final String label;

		private final @Nullable Object detail;

		private final Caller caller;

		private final Function<Caller, T> script;

		private final Consumer<T> observe;

		private final long sentAt;

		private final CompletableFuture<T> future = new CompletableFuture<>();

		private @Nullable T result;

		private @Nullable RuntimeException failure;

		private Call(String label, @Nullable Object detail, Caller caller, Function<Caller, T> script,
				Consumer<T> observe, long sentAt) {
			this.label = label;
			this.detail = detail;
			this.caller = caller;
			this.script = script;
			this.observe = observe;
			this.sentAt = sentAt;
		}

		private void execute() {
			try {
				this.result = this.script.apply(this.caller);
			}
			catch (RuntimeException ex) {
				this.failure = ex;
			}
		}

		private void answer() {
			if (this.failure != null) {
				fail(String.valueOf(this.failure));
			}
			else if (!this.future.isDone()) {
				this.observe.accept(this.result);
				this.future.complete(this.result);
			}
		}

		private void fail(String why) {
			this.future.completeExceptionally(new TimeoutException(why));
		}

	}

	<T> CompletableFuture<T> run(String label, @Nullable Object detail, Function<Caller, T> script,
			Consumer<T> observe) {
		Session current = this.session;
		if (current == null) {
			return CompletableFuture.failedFuture(new TimeoutException("Redis is not connected"));
		}
		Call<T> call = new Call<>(label, detail, new Caller(current.run, this.seen, false, current.number), script,
				observe, this.simulation.now());
		current.open.add(call);
		if (!current.cut) {
			current.toRedis.add(call);
		}
		return call.future;
	}

	void observe(long id) {
		this.seen = Math.max(this.seen, id);
	}

	boolean isUp() {
		return this.session != null;
	}

	boolean isCuttable() {
		return this.session != null && !this.session.cut;
	}

	/** What happens at the other end, whether or not this process runs. */
	void offerRedis(Choices choices) {
		Session current = this.session;
		if (current != null && !current.cut && !current.toRedis.isEmpty()) {
			choices.add(12, () -> {
				Call<?> call = current.toRedis.remove();
				execute(call, "");
				current.replies.add(call);
			});
		}
	}

	private void execute(Call<?> call, String how) {
		call.execute();
		this.simulation.trace("REDIS %s%s: %s %s -> %s", how, this.name, call.label, call.detail,
				(call.failure != null) ? call.failure : call.result);
	}

	/** What happens in this process. */
	void offer(Choices choices, boolean timeouts) {
		Session current = this.session;
		long now = this.simulation.now();
		if (current == null) {
			if (now >= this.reconnectAt && this.simulation.redis().isUp()) {
				choices.add(6, this::connect);
			}
			return;
		}
		if (!current.replies.isEmpty()) {
			choices.add(12, () -> {
				Call<?> call = current.replies.remove();
				current.open.remove(call);
				call.answer();
			});
		}
		Call<?> oldest = current.open.peek();
		if (timeouts && oldest != null && now - oldest.sentAt >= Simulation.COMMAND_TIMEOUT) {
			choices.add(6, () -> timeOut(current, oldest));
		}
		if (current.cut) {
			choices.add(5, () -> end(current));
		}
	}

	/** A command that takes too long, for whatever reason. */
	void offerTimeout(Choices choices, int weight) {
		Session current = this.session;
		if (current != null && !current.open.isEmpty()) {
			choices.add(weight, () -> {
				List<Call<?>> open = new ArrayList<>(current.open);
				timeOut(current, open.get(this.simulation.random().nextInt(open.size())));
			});
		}
	}

	private void timeOut(Session in, Call<?> call) {
		in.open.remove(call);
		this.simulation.trace("%s: %s %s timed out", this.name, call.label, call.detail);
		call.fail("timed out");
	}

	long next() {
		return (this.session == null) ? this.reconnectAt : Long.MAX_VALUE;
	}

	private void connect() {
		this.made++;
		this.session = new Session(this.simulation.redis().run(), this.made);
		this.simulation.trace("%s: command link %d is up", this.name, this.made);
	}

	/** Redis cannot be reached for a while. */
	void cutFor(long duration) {
		this.unreachableUntil = this.simulation.now() + duration;
		cut(true);
	}

	/** Cuts the connection: some of what was sent is executed later, the rest never. */
	void cut(boolean executesLater) {
		Session current = this.session;
		if (current == null || current.cut) {
			return;
		}
		current.cut = true;
		current.replies.clear();
		if (executesLater && !current.toRedis.isEmpty()) {
			int left = this.simulation.random().nextInt(current.toRedis.size() + 1);
			Deque<Call<?>> orphans = new ArrayDeque<>();
			while (left-- > 0) {
				orphans.add(current.toRedis.remove());
			}
			this.simulation.redis().later(orphans.isEmpty() ? List.of() : runs(orphans));
		}
		current.toRedis.clear();
	}

	private List<Runnable> runs(Deque<Call<?>> orphans) {
		return orphans.stream().<Runnable>map((call) -> () -> execute(call, "(from a broken link) ")).toList();
	}

	private void end(Session ended) {
		this.session = null;
		this.reconnectAt = Math.max(this.unreachableUntil,
				this.simulation.now() + RECONNECT + this.simulation.random().nextInt(200));
		this.simulation.trace("%s: command link is down", this.name);
		List.copyOf(ended.open).forEach((call) -> call.fail("the connection ended"));
	}

}
