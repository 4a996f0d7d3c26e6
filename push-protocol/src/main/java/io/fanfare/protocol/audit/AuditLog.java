package io.fanfare.protocol.audit;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

import io.fanfare.protocol.guard.Ticker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes the audit log: a line for each administrative act, and for each kind of refusal
 * and address a line per interval, with the number of refusals since the last one. So
 * neither a flood from one address nor one from many fills the log; every refusal is
 * counted. Values are also attributes of the event, for structured logs. Any thread may
 * call; nothing blocks but the appender.
 */
public final class AuditLog {

	/** The name of the logger. */
	public static final String NAME = "io.fanfare.audit";

	/** Between two lines about refusals of one kind and address. */
	static final Duration INTERVAL = Duration.ofSeconds(10);

	/** Lines about refusals within an interval. */
	static final int MAX_LINES = 100;

	/** Kinds and addresses that are distinguished; the least recently refused go. */
	static final int MAX_KEYS = 1_000;

	private static final Logger log = LoggerFactory.getLogger(NAME);

	private final Ticker ticker;

	private final Consumer<RefusalReason> counter;

	/** Guarded by itself, as all that follows. */
	private final Map<Key, Count> counts = new LinkedHashMap<>(16, 0.75f, true) {

		@Override
		protected boolean removeEldestEntry(Map.Entry<Key, Count> eldest) {
			if (size() > MAX_KEYS) {
				AuditLog.this.unlogged += eldest.getValue().unlogged;
				return true;
			}
			return false;
		}

	};

	private boolean began;

	private long intervalBegan;

	private int lines;

	/** Refusals that no line tells of, beyond the limits of keys and lines. */
	private long unlogged;

	/**
	 * Makes the log.
	 * @param ticker the monotonic clock
	 * @param counter counts a refusal by its reason
	 */
	public AuditLog(Ticker ticker, Consumer<RefusalReason> counter) {
		this.ticker = ticker;
		this.counter = counter;
	}

	private record Key(RefusalReason reason, String address) {

	}

	/** What is to be logged of one kind and address. */
	private static final class Count {

		private boolean logged;

		private long loggedAt;

		private long unlogged;

	}

	/**
	 * Logs an administrative act.
	 * @param values who, from where, what, whom, and what came of it; numbers, and texts
	 * that are escaped
	 */
	public void act(Map<String, ?> values) {
		write("act", values);
	}

	/**
	 * Counts a refusal, and logs it unless one of its kind and address was logged just
	 * before.
	 * @param reason the kind
	 * @param address the address of the client
	 * @param values what else is known
	 */
	public void refused(RefusalReason reason, String address, Map<String, ?> values) {
		this.counter.accept(reason);
		long count;
		long left = 0;
		synchronized (this.counts) {
			long now = this.ticker.nanoTime();
			if (!this.began || now - this.intervalBegan >= INTERVAL.toNanos()) {
				this.began = true;
				this.intervalBegan = now;
				this.lines = 0;
				left = this.unlogged;
				this.unlogged = 0;
			}
			Count known = this.counts.computeIfAbsent(new Key(reason, address), (key) -> new Count());
			known.unlogged++;
			boolean due = !known.logged || now - known.loggedAt >= INTERVAL.toNanos();
			if (!due || this.lines >= MAX_LINES) {
				count = 0;
			}
			else {
				this.lines++;
				known.logged = true;
				known.loggedAt = now;
				count = known.unlogged;
				known.unlogged = 0;
			}
		}
		if (left > 0) {
			write("unlogged", Map.of("count", left));
		}
		if (count > 0) {
			Map<String, Object> all = new LinkedHashMap<>();
			all.put("reason", reason.wireName());
			all.put("address", address);
			all.putAll(values);
			all.put("count", count);
			write("refused", all);
		}
	}

	private static void write(String kind, Map<String, ?> values) {
		LoggingEventBuilder event = log.atInfo().addKeyValue("audit.kind", kind);
		StringBuilder line = new StringBuilder(128).append("audit=").append(kind);
		values.forEach((name, value) -> {
			line.append(' ').append(name).append('=');
			if (value instanceof Number) {
				line.append(value);
			}
			else {
				line.append(AuditText.quoted(String.valueOf(value)));
			}
		});
		for (Map.Entry<String, ?> value : values.entrySet()) {
			event = event.addKeyValue("audit." + value.getKey(), value.getValue());
		}
		event.log(line.toString());
	}

}
