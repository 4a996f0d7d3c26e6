package io.fanfare.test.redis;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * Single commands in Redis's inline form over a socket of their own: no client, no
 * threads that could outlive a test.
 */
final class RedisPrompt {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private RedisPrompt() {
	}

	/**
	 * Sends one command that answers with one line.
	 * @return the line without its type, such as {@code OK}
	 * @throws IllegalStateException if Redis answers with an error
	 * @throws UncheckedIOException if there is no answer within 10 s
	 */
	static String ask(TestRedis server, String command) {
		String line;
		try {
			line = exchange(server.host(), server.port(), command, TIMEOUT);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(command, ex);
		}
		if (line == null || !line.startsWith("+")) {
			throw new IllegalStateException(command + ": " + line);
		}
		return line.substring(1);
	}

	/**
	 * Whether a command answers with an empty list.
	 * @throws UncheckedIOException if there is no answer within 10 s
	 */
	static boolean isEmpty(TestRedis server, String command) {
		try {
			return "*0".equals(exchange(server.host(), server.port(), command, TIMEOUT));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(command, ex);
		}
	}

	/**
	 * Whether the server answers commands now: reachable, and done with loading.
	 */
	static boolean answers(String host, int port) {
		try {
			return "+PONG".equals(exchange(host, port, "PING", Duration.ofSeconds(1)));
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static @Nullable String exchange(String host, int port, String command, Duration timeout)
			throws IOException {
		try (Socket socket = new Socket()) {
			socket.setSoTimeout((int) timeout.toMillis());
			socket.connect(new InetSocketAddress(host, port), (int) timeout.toMillis());
			socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.UTF_8));
			return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
				.readLine();
		}
	}

}
