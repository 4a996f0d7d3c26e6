package io.fanfare.test.redis;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.sync.RedisCommands;

/**
 * Finds out what calls of scripts cost a server that nothing else uses: the commands of
 * each call by {@code MONITOR}, and how long it held the server by the slow log.
 */
public final class ScriptCosts implements AutoCloseable {

	private static final String MARK = "script-costs-mark";

	private final TestRedis redis;

	private final RedisClient client;

	private final RedisCommands<String, String> commands;

	/**
	 * Connects.
	 * @param redis the server
	 */
	public ScriptCosts(TestRedis redis) {
		this.redis = redis;
		this.client = RedisClient.create(redis.uri());
		this.commands = this.client.connect().sync();
	}

	/**
	 * What one call of a script did.
	 *
	 * @param entriesRead entries of streams that were loaded
	 * @param bytesRead bytes of their values
	 * @param fieldsRead fields of hashes that were read
	 * @param fieldsRemoved fields of hashes that were removed, if they were there
	 * @param entriesAdded entries that were added to streams
	 * @param bytesAdded bytes of their last values
	 */
	public record Call(int entriesRead, long bytesRead, int fieldsRead, int fieldsRemoved, int entriesAdded,
			long bytesAdded) {

	}

	/**
	 * How long calls took.
	 *
	 * @param longestMicros the longest call of a script
	 * @param pingMicros the 99th percentile of a PING beside them
	 */
	public record Times(long longestMicros, long pingMicros) {

	}

	/**
	 * A connection for setting the store up, and looking at it.
	 * @return its commands
	 */
	public RedisCommands<String, String> commands() {
		return this.commands;
	}

	/**
	 * Watches the calls of scripts that a task makes. The entries that they read must
	 * still be there when it ends.
	 * @param task makes calls, and waits for their answers
	 * @return the calls, in order
	 */
	public List<Call> watch(Runnable task) {
		try (Socket socket = new Socket(this.redis.host(), this.redis.port());
				BufferedReader in = new BufferedReader(
						new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1), 1 << 16)) {
			socket.setSoTimeout(20_000);
			socket.getOutputStream().write("MONITOR\r\n".getBytes(StandardCharsets.US_ASCII));
			in.readLine();
			List<List<List<String>>> calls = new ArrayList<>();
			Thread reader = Thread.ofPlatform().daemon().start(() -> read(in, calls));
			task.run();
			this.commands.echo(MARK);
			reader.join();
			return calls.stream().map(this::call).toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void read(BufferedReader in, List<List<List<String>>> calls) {
		try {
			List<List<String>> current = new ArrayList<>();
			String line = in.readLine();
			while (line != null) {
				List<String> words = words(line);
				String command = words.isEmpty() ? "" : words.getFirst().toUpperCase(Locale.ROOT);
				if (command.equals("ECHO")) {
					return;
				}
				if (command.startsWith("EVAL")) {
					current = new ArrayList<>();
					// One without keys is a link's own check, which comes every second.
					if (!words.get(2).equals("0")) {
						calls.add(current);
					}
				}
				else if (line.contains(" lua] ")) {
					current.add(words);
				}
				line = in.readLine();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** The quoted words of a line, unescaped, one character for each byte. */
	private static List<String> words(String line) {
		List<String> words = new ArrayList<>();
		int at = line.indexOf('"');
		while (at >= 0) {
			StringBuilder word = new StringBuilder();
			for (at++; line.charAt(at) != '"'; at++) {
				if (line.charAt(at) != '\\') {
					word.append(line.charAt(at));
				}
				else if (line.charAt(++at) == 'x') {
					word.append((char) Integer.parseInt(line.substring(at + 1, at + 3), 16));
					at += 2;
				}
				else {
					word.append(line.charAt(at));
				}
			}
			words.add(word.toString());
			at = line.indexOf('"', at + 1);
		}
		return words;
	}

	private Call call(List<List<String>> did) {
		int entries = 0;
		long bytes = 0;
		int fields = 0;
		int removed = 0;
		int added = 0;
		long addedBytes = 0;
		for (List<String> words : did) {
			switch (words.getFirst().toUpperCase(Locale.ROOT)) {
				case "XRANGE", "XREVRANGE" -> {
					List<StreamMessage<String, String>> found = again(words);
					entries += found.size();
					bytes += found.stream()
						.map(StreamMessage::getBody)
						.flatMap((body) -> body.entrySet().stream())
						.filter((field) -> !field.getKey().equals("p"))
						.map(Map.Entry::getValue)
						.mapToLong(String::length)
						.sum();
				}
				case "HGET" -> fields++;
				case "HMGET" -> fields += words.size() - 2;
				case "HDEL" -> removed += words.size() - 2;
				case "XADD" -> {
					added++;
					addedBytes += words.getLast().length();
				}
				default -> {
				}
			}
		}
		return new Call(entries, bytes, fields, removed, added, addedBytes);
	}

	private List<StreamMessage<String, String>> again(List<String> words) {
		Limit limit = Limit.from(Long.parseLong(words.get(5)));
		boolean back = words.getFirst().equalsIgnoreCase("XREVRANGE");
		Range<String> range = Range.from(end(words.get(back ? 3 : 2)), end(words.get(back ? 2 : 3)));
		return back ? this.commands.xrevrange(words.get(1), range, limit)
				: this.commands.xrange(words.get(1), range, limit);
	}

	private static Range.Boundary<String> end(String text) {
		return text.startsWith("(") ? Range.Boundary.excluding(text.substring(1)) : Range.Boundary.including(text);
	}

	/**
	 * Times the calls of scripts that a task makes, beside a client that pings.
	 * @param runs how often the task is run
	 * @param before is run before each of them, and not timed
	 * @param task makes calls, and waits for their answers
	 * @return the best of the runs, for the machine may be busy
	 */
	public Times time(int runs, Runnable before, Runnable task) {
		this.commands.configSet(Map.of("slowlog-log-slower-than", "0", "slowlog-max-len", "100000"));
		List<Long> best = List.of();
		long ping = Long.MAX_VALUE;
		try {
			for (int i = 0; i < runs; i++) {
				before.run();
				this.commands.slowlogReset();
				ping = Math.min(ping, beside(task));
				best = best(best, durations());
			}
		}
		finally {
			this.commands.configSet("slowlog-log-slower-than", "10000");
		}
		return new Times(best.stream().mapToLong(Long::longValue).max().orElse(0), ping);
	}

	/** The 99th percentile of pings while a task runs. */
	private long beside(Runnable task) {
		AtomicBoolean ended = new AtomicBoolean();
		List<Long> pings = new ArrayList<>();
		Thread pinger = Thread.ofPlatform().daemon().start(() -> ping(pings, ended));
		try {
			task.run();
		}
		finally {
			ended.set(true);
		}
		try {
			pinger.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		return pings.stream().sorted().toList().get(pings.size() * 99 / 100);
	}

	/** How long each call of scripts took, in their order. */
	private List<Long> durations() {
		List<Long> durations = new ArrayList<>();
		for (Object one : this.commands.slowlogGet(100_000)) {
			List<?> entry = (List<?>) one;
			if (entry.get(3) instanceof List<?> words && String.valueOf(words.getFirst()).startsWith("EVAL")) {
				durations.add((Long) entry.get(2));
			}
		}
		return durations.reversed();
	}

	/**
	 * The best of each call, for a busy machine may stop any. Runs that differ in their
	 * calls are compared by their longest.
	 */
	private static List<Long> best(List<Long> before, List<Long> now) {
		if (before.size() != now.size()) {
			return (before.isEmpty() || Collections.max(now) < Collections.max(before)) ? now : before;
		}
		return IntStream.range(0, now.size()).mapToObj((i) -> Math.min(before.get(i), now.get(i))).toList();
	}

	private void ping(List<Long> pings, AtomicBoolean ended) {
		byte[] answer = new byte[7];
		try (Socket socket = new Socket(this.redis.host(), this.redis.port())) {
			socket.setTcpNoDelay(true);
			while (!ended.get() || pings.isEmpty()) {
				long began = System.nanoTime();
				socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
				socket.getInputStream().readNBytes(answer, 0, answer.length);
				pings.add((System.nanoTime() - began) / 1_000);
				LockSupport.parkNanos(500_000);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Fills a stream as messages do, one a millisecond, up to now.
	 * @param key the stream
	 * @param count how many entries
	 * @param envelope the value of each
	 */
	public void fill(String key, int count, byte[] envelope) {
		char[] chars = new char[envelope.length];
		for (int i = 0; i < chars.length; i++) {
			chars[i] = (char) (envelope[i] & 0xFF);
			if (chars[i] > 127) {
				throw new IllegalArgumentException("Only ASCII");
			}
		}
		this.commands.eval("""
				local now = redis.call('TIME')
				local before = string.format('%.0f', now[1] * 1000 - ARGV[1]) .. '-0'
				for i = 1, tonumber(ARGV[1]) do
					local id = string.format('%.0f', now[1] * 1000 - ARGV[1] + i) .. '-0'
					redis.call('XADD', KEYS[1], id, 'p', before, 'm', ARGV[2])
					before = id
				end
				return 'OK'
				""", ScriptOutputType.STATUS, new String[] { key }, Integer.toString(count), new String(chars));
	}

	@Override
	public void close() {
		this.client.shutdown(0, 1, TimeUnit.SECONDS);
	}

}
