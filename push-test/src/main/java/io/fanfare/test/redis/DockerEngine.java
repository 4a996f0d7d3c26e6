package io.fanfare.test.redis;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * Asks whether a Docker engine is there, in far less time and with far less to read than
 * Testcontainers needs to find out that there is none.
 */
final class DockerEngine {

	private static final Duration TIMEOUT = Duration.ofSeconds(1);

	private DockerEngine() {
	}

	/**
	 * Whether an engine answers a ping within a second: the one that {@code DOCKER_HOST}
	 * names, otherwise the one at the usual sockets.
	 */
	static boolean answers() {
		String host = System.getenv("DOCKER_HOST");
		if (host != null && !host.isBlank()) {
			URI uri = URI.create(host);
			return "unix".equals(uri.getScheme()) ? answers(Path.of(uri.getPath()))
					: answers(new InetSocketAddress(uri.getHost(), uri.getPort()));
		}
		String runtime = System.getenv("XDG_RUNTIME_DIR");
		return answers(Path.of("/var/run/docker.sock"))
				|| answers(Path.of(System.getProperty("user.home"), ".docker", "run", "docker.sock"))
				|| (runtime != null && answers(Path.of(runtime, "docker.sock")));
	}

	private static boolean answers(Path socket) {
		return Files.exists(socket) && answers(UnixDomainSocketAddress.of(socket));
	}

	private static boolean answers(SocketAddress address) {
		try (SocketChannel channel = open(address)) {
			if (channel == null) {
				return false;
			}
			channel.write(ByteBuffer.wrap("GET /_ping HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
			ByteBuffer answer = ByteBuffer.allocate(64);
			if (!ready(channel, SelectionKey.OP_READ) || channel.read(answer) <= 0) {
				return false;
			}
			String start = new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII);
			return start.matches("(?s)HTTP/1\\.[01] 200 .*");
		}
		catch (IOException | RuntimeException ex) {
			return false;
		}
	}

	private static @Nullable SocketChannel open(SocketAddress address) throws IOException {
		SocketChannel channel = (address instanceof UnixDomainSocketAddress)
				? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
		channel.configureBlocking(false);
		if (channel.connect(address) || (ready(channel, SelectionKey.OP_CONNECT) && channel.finishConnect())) {
			return channel;
		}
		channel.close();
		return null;
	}

	private static boolean ready(SocketChannel channel, int operation) throws IOException {
		try (Selector selector = Selector.open()) {
			channel.register(selector, operation);
			return selector.select(TIMEOUT.toMillis()) > 0;
		}
	}

}
