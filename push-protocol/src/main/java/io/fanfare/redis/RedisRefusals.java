package io.fanfare.redis;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what Redis refuses to a process, or does not answer, logs it at a limited rate,
 * and knows what it refuses at present. Any thread may call.
 */
public final class RedisRefusals {

	private static final Logger log = LoggerFactory.getLogger(RedisRefusals.class);

	/** Between two lines of one refusal. */
	private static final Duration LOG_INTERVAL = Duration.ofSeconds(10);

	/** How long a refusal lasts that no check can take back. */
	private static final Duration MEMORY = Duration.ofSeconds(10);

	/** What a call is called that is no script. */
	static final String COMMAND = "command";

	private final Ticker ticker;

	private final Map<RedisRefusal, Tally> tallies = new EnumMap<>(RedisRefusal.class);

	/** By the name of the call; all from the start. */
	private final Map<String, Tally> unanswered;

	private volatile @Nullable Present present;

	/** As whom the process is logged in, where Redis has said so. */
	private volatile String user = "unknown";

	/** What ACL rules denied last. */
	private volatile String denied = "";

	RedisRefusals(Ticker ticker) {
		this.ticker = ticker;
		for (RedisRefusal refusal : RedisRefusal.values()) {
			this.tallies.put(refusal, new Tally());
		}
		Map<String, Tally> calls = new LinkedHashMap<>();
		calls.put(COMMAND, new Tally());
		for (Script script : Script.values()) {
			calls.put(script.fileName(), new Tally());
		}
		this.unanswered = calls;
	}

	private record Present(RedisRefusal refusal, long nanos) {

	}

	/** What is counted of one refusal; what is logged of it is guarded by itself. */
	private static final class Tally {

		private final LongAdder count = new LongAdder();

		private long unlogged;

		private boolean logged;

		private long loggedAt;

	}

	/**
	 * How often something was refused since the start.
	 * @param refusal why
	 * @return the count
	 */
	public long count(RedisRefusal refusal) {
		return tally(refusal).count.sum();
	}

	/** What Redis refused last, unless it has taken writes since. */
	@Nullable RedisRefusal present() {
		Present latest = this.present;
		if (latest == null || latest.refusal() == RedisRefusal.NOPERM
				&& this.ticker.nanoTime() - latest.nanos() > MEMORY.toNanos()) {
			return null;
		}
		return latest.refusal();
	}

	/**
	 * Counts and logs a failure, if Redis refused something.
	 * @param failure the failure
	 * @param what was refused, for the log
	 */
	public void noteIfRefused(Throwable failure, String what) {
		RedisRefusal refusal = RedisRefusal.of(failure);
		if (refusal != null) {
			note(refusal, what, Failures.describe(failure));
		}
	}

	/** Something was refused. */
	public void note(RedisRefusal refusal, String what, @Nullable String reply) {
		note(refusal, what, new byte[0][], reply);
	}

	/** A call with these keys was refused. */
	void note(RedisRefusal refusal, String what, byte[][] keys, @Nullable String reply) {
		long now = this.ticker.nanoTime();
		if (refusal.isLasting()) {
			this.present = new Present(refusal, now);
		}
		String said = (refusal == RedisRefusal.NOPERM) ? denied(what, keys, reply) : Failures.harmless(reply);
		long refused = tally(tally(refusal));
		if (refused == 0) {
			return;
		}
		log.warn("redis=refused code={} what={} count={} reason=\"{}\"", refusal, what, refused, said);
	}

	/** The process is logged in as this user. */
	void loggedInAs(String name) {
		this.user = name;
	}

	/**
	 * Says whom ACL rules denied what, which Redis leaves out in part, and remembers it.
	 * @param what was called
	 * @param keys the keys of the call; what follows their kind is left out
	 * @param reply what Redis answered, or what was made of it here before
	 */
	String denied(String what, byte[][] keys, @Nullable String reply) {
		String text = Failures.harmless(reply);
		if (!text.startsWith("user ")) {
			String kinds = Arrays.stream(keys).map(RedisKeys::kind).distinct().collect(Collectors.joining(" "));
			text = "user " + this.user + ", " + what + (kinds.isEmpty() ? "" : ", keys " + kinds) + ": " + text;
		}
		this.denied = text;
		return text;
	}

	/**
	 * Says what is refused to an operator.
	 * @param refusal what is refused at present
	 * @return its sentence, and whom ACL rules denied what
	 */
	String describe(RedisRefusal refusal) {
		return refusal.sentence()
				+ ((refusal == RedisRefusal.NOPERM && !this.denied.isEmpty()) ? ": " + this.denied : "");
	}

	/**
	 * The calls that {@link #unanswered} counts.
	 * @return the names of the scripts, and {@code command} for what is none
	 */
	public Set<String> calls() {
		return Collections.unmodifiableSet(this.unanswered.keySet());
	}

	/**
	 * How many calls were sent and not answered, or not in time, since the start.
	 * @param call one of {@link #calls}
	 * @return the count
	 */
	public long unanswered(String call) {
		return unansweredTally(call).count.sum();
	}

	private Tally unansweredTally(String call) {
		return Objects.requireNonNull(this.unanswered.get(call), call);
	}

	/** A command was sent, and what came of it is not known. */
	void unanswered(String what, String reason) {
		long count = tally(unansweredTally(what));
		if (count > 0) {
			log.warn("redis=unanswered what={} count={} reason=\"{}\"", what, count, Failures.harmless(reason));
		}
	}

	/** Counts; returns how many a line that is due reports, or 0 where none is due. */
	private long tally(Tally tally) {
		long now = this.ticker.nanoTime();
		tally.count.increment();
		synchronized (tally) {
			tally.unlogged++;
			if (tally.logged && now - tally.loggedAt < LOG_INTERVAL.toNanos()) {
				return 0;
			}
			tally.logged = true;
			tally.loggedAt = now;
			long unlogged = tally.unlogged;
			tally.unlogged = 0;
			return unlogged;
		}
	}

	/** The server takes writes. */
	void accepted() {
		Present latest = this.present;
		if (latest != null && latest.refusal() != RedisRefusal.NOPERM) {
			this.present = null;
			log.info("redis=accepting after={}", latest.refusal());
		}
	}

	private Tally tally(RedisRefusal refusal) {
		Tally tally = this.tallies.get(refusal);
		if (tally == null) {
			throw new IllegalStateException();
		}
		return tally;
	}

}
