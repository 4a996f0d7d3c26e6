package io.fanfare.bench.load;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;

import io.fanfare.test.api.TokenMint;

/**
 * How streams of a system are asked for. In path and claims, <code>{user}</code> stands
 * for the stream's user, <code>{token}</code> for the signed claims and
 * <code>{t0}</code>, <code>{t1}</code>, <code>{t2}</code> for topics, so that every topic
 * has the same number of subscribers.
 *
 * @param ports where it listens; streams take them in turn
 * @param path the path with its query
 * @param claims the token's claims, empty for a system without tokens
 * @param secret what signs them, by HS256
 * @param topics how many topics there are
 * @param gzip whether streams ask for compression, and undo it
 */
public record StreamTarget(int[] ports, String path, String claims, String secret, int topics, boolean gzip) {

	private static final int TOPICS_A_STREAM = 3;

	private static final Duration TOKEN_LIFE = Duration.ofHours(6);

	/**
	 * The name of a stream's user.
	 * @param number the stream's number
	 * @return the name
	 */
	public static String user(int number) {
		return "u" + number;
	}

	/**
	 * A target without tokens and topics.
	 * @param port where it listens
	 * @param path the path
	 * @return the target
	 */
	public static StreamTarget plain(int port, String path) {
		return new StreamTarget(new int[] { port }, path, "", "", 1, false);
	}

	/**
	 * The same with another number of topics.
	 * @param path the path that names them
	 * @param number how many
	 * @return the target
	 */
	public StreamTarget withTopics(String path, int number) {
		return new StreamTarget(this.ports, path, this.claims, this.secret, number, this.gzip);
	}

	/**
	 * The same behind a proxy.
	 * @param port where that listens
	 * @param compressed whether streams ask for compression
	 * @return the target
	 */
	public StreamTarget behind(int port, boolean compressed) {
		return new StreamTarget(new int[] { port }, this.path, this.claims, this.secret, this.topics, compressed);
	}

	int port(int number) {
		return this.ports[number % this.ports.length];
	}

	byte[] request(int number) {
		String filled = fill(this.path, number);
		if (!this.claims.isEmpty()) {
			filled = filled.replace("{token}", token(number));
		}
		return ("GET " + filled + " HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n"
				+ (this.gzip ? "Accept-Encoding: gzip\r\n" : "") + "\r\n")
			.getBytes(StandardCharsets.US_ASCII);
	}

	private String fill(String text, int number) {
		String filled = text.replace("{user}", user(number));
		for (int i = 0; i < TOPICS_A_STREAM; i++) {
			filled = filled.replace("{t" + i + "}", Integer.toString((number * TOPICS_A_STREAM + i) % this.topics));
		}
		return filled;
	}

	private String token(int number) {
		long now = Instant.now().getEpochSecond();
		return new TokenMint(this.secret).sign(fill(this.claims, number).replace("{iat}", Long.toString(now))
			.replace("{exp}", Long.toString(now + TOKEN_LIFE.toSeconds())));
	}

	private static String base64(String text) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
	}

	/** For the command line of a load process: fields apart by tabs. */
	String write() {
		StringBuilder joined = new StringBuilder();
		for (int port : this.ports) {
			joined.append(joined.isEmpty() ? "" : ",").append(port);
		}
		return String.join("\t", joined, this.path, base64(this.claims), base64(this.secret),
				Integer.toString(this.topics), Boolean.toString(this.gzip));
	}

	static StreamTarget read(String[] fields, int from) {
		String[] numbers = fields[from].split(",");
		int[] ports = new int[numbers.length];
		for (int i = 0; i < ports.length; i++) {
			ports[i] = Integer.parseInt(numbers[i]);
		}
		return new StreamTarget(ports, fields[from + 1], text(fields[from + 2]), text(fields[from + 3]),
				Integer.parseInt(fields[from + 4]), Boolean.parseBoolean(fields[from + 5]));
	}

	private static String text(String base64) {
		return new String(Base64.getUrlDecoder().decode(base64), StandardCharsets.UTF_8);
	}

}
