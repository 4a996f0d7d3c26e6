package io.fanfare.test.process;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Free TCP ports for servers that tests start.
 *
 * <p>
 * The ports lie below the range from which systems number outgoing connections (Linux
 * 32768, macOS 49152). Otherwise a client that keeps trying to reach a stopped server can
 * be given that server's own port, is then connected to itself, and the server cannot
 * come back on its port. Ports are handed out once a JVM, from a random start, so tests
 * that run in other processes at the same time rarely meet.
 */
public final class Ports {

	private static final int LOWEST = 15_000;

	private static final int HIGHEST = 32_000;

	private static final int CONNECT_MILLIS = 500;

	private static final int ANSWER_MILLIS = 10_000;

	private static final int STATUS_LENGTH = "HTTP/1.1 200".length();

	private static final AtomicInteger next = new AtomicInteger(ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST));

	private Ports() {
	}

	/**
	 * A port that nothing listens on and that was not handed out before in this JVM. May
	 * be called from any thread.
	 * @return the port; another process may still take it before the caller does
	 */
	public static int free() {
		for (int attempt = LOWEST; attempt < HIGHEST; attempt++) {
			int port = next.getAndUpdate((last) -> (last + 1 < HIGHEST) ? last + 1 : LOWEST);
			if (isFree(port)) {
				return port;
			}
		}
		throw new IllegalStateException("No free port from " + LOWEST + " to " + HIGHEST);
	}

	/**
	 * Several different free ports.
	 * @param count how many
	 * @return the ports
	 */
	public static List<Integer> free(int count) {
		return Stream.generate(Ports::free).limit(count).toList();
	}

	/**
	 * Whether a server of this machine accepts connections.
	 * @param port the server's port
	 * @return whether one was made
	 */
	public static boolean accepts(int port) {
		try (Socket socket = connect(port)) {
			return socket.isConnected();
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Whether a server of this machine answers a GET with a status of success.
	 * @param port the server's port
	 * @param path the path
	 * @return whether the status is 2xx; false where there is no answer within seconds
	 */
	public static boolean answers(int port, String path) {
		try (Socket socket = connect(port)) {
			socket.setSoTimeout(ANSWER_MILLIS);
			socket.getOutputStream()
				.write(("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + port
						+ "\r\nAccept: */*\r\nConnection: close\r\n\r\n")
					.getBytes(StandardCharsets.US_ASCII));
			String status = new String(socket.getInputStream().readNBytes(STATUS_LENGTH), StandardCharsets.US_ASCII);
			// To the end: a connection that is closed before is a reset to the server.
			socket.getInputStream().transferTo(OutputStream.nullOutputStream());
			return status.startsWith("HTTP/1.1 2");
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static Socket connect(int port) throws IOException {
		Socket socket = new Socket();
		try {
			socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MILLIS);
			return socket;
		}
		catch (IOException ex) {
			socket.close();
			throw ex;
		}
	}

	/**
	 * Whether a server could listen on the port now.
	 * @param port the port
	 * @return whether it is free on all addresses
	 */
	public static boolean isFree(int port) {
		try (ServerSocket socket = new ServerSocket(port)) {
			return socket.isBound();
		}
		catch (IOException ex) {
			return false;
		}
	}

}
