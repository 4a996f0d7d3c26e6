package io.fanfare.node.observability;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes a line for each stream that begins and for each that ends. Of a user it has a
 * hash alone. Above 100 lines per second the rest is counted, so that many streams at
 * once neither fill the log nor take the time of loops: those hand a line over, and a
 * thread of its own writes it.
 * <p>
 * Any thread may call; none waits.
 */
public final class StreamLog implements AutoCloseable {

	/** The name of the logger. */
	static final String NAME = "io.fanfare.streams";

	static final int LINES_PER_SECOND = 100;

	/** Lines that wait for the appender, which may be slower. */
	static final int MAX_WAITING = 1_000;

	/** Of a user's hash, in hex digits: enough to tell users apart. */
	private static final int HASH_LENGTH = 16;

	private static final Duration SECOND = Duration.ofSeconds(1);

	private static final Logger log = LoggerFactory.getLogger(NAME);

	private final Worker worker;

	private final IntSupplier active;

	/** Since the second began. */
	private final AtomicInteger lines = new AtomicInteger();

	private final AtomicInteger waiting = new AtomicInteger();

	private final AtomicInteger unlogged = new AtomicInteger();

	/**
	 * Begins.
	 * @param scheduler runs what writes
	 * @param active how many streams the node has
	 */
	public StreamLog(Scheduler scheduler, IntSupplier active) {
		this.worker = scheduler.createWorker("stream-log");
		this.active = active;
		this.worker.every(SECOND, SECOND, this::nextSecond);
	}

	/**
	 * A stream began.
	 * @param stream what is reported of it
	 * @param resumed whether it carried a cursor
	 */
	public void began(ConnectionStatus stream, boolean resumed) {
		int streams = this.active.getAsInt();
		write(() -> {
			Map<String, Object> values = of(stream);
			values.put("tier", stream.tier());
			values.put("resumed", resumed);
			values.put("active", streams);
			write("began", values);
		});
	}

	/**
	 * A stream ended.
	 * @param stream what is last reported of it
	 */
	public void ended(ConnectionStatus stream) {
		int streams = this.active.getAsInt();
		write(() -> {
			Map<String, Object> values = of(stream);
			values.put("reason", String.valueOf(stream.reason()));
			values.put("durationMs", stream.durationMs());
			values.put("messages", stream.messagesSent());
			values.put("bytes", stream.bytesSent());
			values.put("active", streams);
			write("ended", values);
		});
	}

	private void write(Runnable line) {
		if (this.lines.incrementAndGet() > LINES_PER_SECOND || this.waiting.get() >= MAX_WAITING) {
			this.unlogged.incrementAndGet();
			return;
		}
		this.waiting.incrementAndGet();
		this.worker.execute(() -> {
			this.waiting.decrementAndGet();
			line.run();
		});
	}

	void nextSecond() {
		this.lines.set(0);
		int left = this.unlogged.getAndSet(0);
		if (left > 0) {
			write("unlogged", Map.of("count", left));
		}
	}

	private static Map<String, Object> of(ConnectionStatus stream) {
		Map<String, Object> values = new LinkedHashMap<>();
		values.put("connection", stream.connection());
		values.put("user", hash(stream.user()));
		values.put("node", stream.node());
		return values;
	}

	/**
	 * What stands for a user. Without a key, so that an operator who knows a user finds
	 * its lines on all nodes.
	 */
	static String hash(String user) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(user.getBytes(StandardCharsets.UTF_8));
			return HexFormat.of().formatHex(digest).substring(0, HASH_LENGTH);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** None of the values has a space. */
	private static void write(String kind, Map<String, Object> values) {
		LoggingEventBuilder event = log.atInfo().addKeyValue("stream.kind", kind);
		StringBuilder line = new StringBuilder(160).append("stream=").append(kind);
		for (Map.Entry<String, Object> value : values.entrySet()) {
			line.append(' ').append(value.getKey()).append('=').append(value.getValue());
			event = event.addKeyValue("stream." + value.getKey(), value.getValue());
		}
		event.log(line.toString());
	}

	@Override
	public void close() {
		this.worker.close();
	}

}
