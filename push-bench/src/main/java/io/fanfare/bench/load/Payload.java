package io.fanfare.bench.load;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/**
 * What a message carries: a mark, the phase it was published in, its lane (one publisher,
 * one target, one order), its number in the lane and the time at which it was due, all
 * readable without parsing what is around them; then filling.
 *
 * <pre>
 * ~ | phase 1 | lane 8 | number 8 | due 16 | filling
 * </pre>
 *
 * Numbers are hexadecimal. The time is {@link System#nanoTime()}, which on Linux all
 * processes of a machine share. All of it is legal inside of a JSON string.
 */
public final class Payload {

	/** Stands nowhere else in what servers send. */
	static final byte MARK = '~';

	/** Bytes before the filling. */
	static final int HEAD = 1 + 1 + 8 + 8 + 16;

	/** Lanes from here on belong to single users. */
	public static final int USER_LANES = 0x100000;

	private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

	private static final String[] WORDS = { "order", "invoice", "shipped", "pending", "Berlin", "Lisbon", "blue",
			"small", "express", "returned" };

	private Payload() {
	}

	/**
	 * What fills a message.
	 *
	 * @param size bytes per message
	 * @param json whether it is JSON, different each time, as is sent to be compressed
	 */
	public record Content(int size, boolean json) {
	}

	/**
	 * Writes a payload.
	 * @param content how many bytes it has, and of what
	 * @param phase the phase, A to Z
	 * @param lane the lane
	 * @param number the number in its lane, from 1
	 * @param due when it was to be published
	 * @return the bytes
	 */
	public static byte[] write(Content content, char phase, int lane, int number, long due) {
		byte[] payload = new byte[Math.max(content.size(), HEAD)];
		if (content.json()) {
			byte[] json = json(payload.length - HEAD, due);
			System.arraycopy(json, 0, payload, HEAD, json.length);
		}
		else {
			Arrays.fill(payload, HEAD, payload.length, (byte) 'x');
		}
		payload[0] = MARK;
		payload[1] = (byte) phase;
		hex(payload, 2, 8, lane);
		hex(payload, 10, 8, number);
		hex(payload, 18, 16, due);
		return payload;
	}

	/** A list of records, filled up with spaces. */
	private static byte[] json(int size, long seed) {
		Random random = new Random(seed);
		StringBuilder json = new StringBuilder(size).append('[');
		while (true) {
			String next = "{\"id\":%d,\"state\":\"%s\",\"place\":\"%s\",\"amount\":%d.%02d,\"open\":%b}".formatted(
					random.nextInt(1_000_000), WORDS[random.nextInt(WORDS.length)], WORDS[random.nextInt(WORDS.length)],
					random.nextInt(1000), random.nextInt(100), random.nextBoolean());
			if (json.length() + next.length() + 2 > size) {
				break;
			}
			json.append((json.length() > 1) ? "," : "").append(next);
		}
		json.append(']').repeat(' ', size - json.length());
		return json.toString().getBytes(StandardCharsets.US_ASCII);
	}

	private static void hex(byte[] to, int offset, int digits, long value) {
		for (int i = 0; i < digits; i++) {
			to[offset + i] = HEX[(int) (value >>> (digits - 1 - i) * 4) & 0xF];
		}
	}

	/**
	 * Reads eight hexadecimal digits at once.
	 * @param digits their bytes, the first one lowest
	 */
	static long parse(long digits) {
		long nibbles = (digits & 0x0F0F0F0F0F0F0F0FL) + (digits >>> 6 & 0x0101010101010101L) * 9;
		long bytes = (nibbles << 4 | nibbles >>> 8) & 0x00FF00FF00FF00FFL;
		long shorts = (bytes << 8 | bytes >>> 16) & 0x0000FFFF0000FFFFL;
		return (shorts << 16 | shorts >>> 32) & 0xFFFFFFFFL;
	}

}
