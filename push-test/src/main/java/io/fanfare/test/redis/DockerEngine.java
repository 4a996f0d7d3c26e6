package io.fanfare.test.redis;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Asks whether a Docker engine is there and can get at an image. Testcontainers would
 * find out too, but needs seconds where there is no engine, and minutes where there is
 * one without a way to its registry.
 */
final class DockerEngine {

	private static final Duration PING = Duration.ofSeconds(1);

	private static final Duration REGISTRY = Duration.ofSeconds(5);

	private final SocketAddress address;

	private DockerEngine(SocketAddress address) {
		this.address = address;
	}

	/**
	 * The engine that {@code DOCKER_HOST} names, otherwise the one at the usual sockets,
	 * if it answers within a second.
	 */
	static Optional<DockerEngine> find() {
		return addresses().map(DockerEngine::new).filter((engine) -> engine.get("/_ping", PING) != null).findFirst();
	}

	/**
	 * Whether a container of the image can be started soon: the image is here, or the
	 * registry tells of it within seconds.
	 */
	boolean hasOrFinds(String image) {
		return isHere(image) || get("/distribution/" + image + "/json", REGISTRY) != null;
	}

	/**
	 * Whether the image is here; without a tag: any version of it.
	 */
	private boolean isHere(String image) {
		String filter = URLEncoder.encode("{\"reference\":[\"" + image + "\"]}", StandardCharsets.UTF_8);
		String images = get("/images/json?filters=" + filter, PING);
		return images != null && images.contains("\"Id\"");
	}

	private static Stream<SocketAddress> addresses() {
		String host = System.getenv("DOCKER_HOST");
		if (host != null && !host.isBlank()) {
			URI uri = URI.create(host);
			return Stream.of("unix".equals(uri.getScheme()) ? UnixDomainSocketAddress.of(uri.getPath())
					: new InetSocketAddress(uri.getHost(), uri.getPort()));
		}
		return Stream
			.of(Path.of("/var/run/docker.sock"),
					Path.of(System.getProperty("user.home"), ".docker", "run", "docker.sock"),
					Path.of(System.getenv().getOrDefault("XDG_RUNTIME_DIR", "/nonexistent"), "docker.sock"))
			.filter(Files::exists)
			.map(UnixDomainSocketAddress::of);
	}

	/**
	 * The answer to a request, head included; null unless the status is 200 and all of it
	 * comes in time.
	 */
	private @Nullable String get(String path, Duration timeout) {
		try (SocketChannel channel = (this.address instanceof UnixDomainSocketAddress)
				? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
				Selector selector = Selector.open()) {
			channel.configureBlocking(false);
			long deadline = System.nanoTime() + timeout.toNanos();
			if (!channel.connect(this.address)) {
				await(channel, selector, SelectionKey.OP_CONNECT, deadline);
				channel.finishConnect();
			}
			String request = "GET " + path + " HTTP/1.0\r\nHost: docker\r\n\r\n";
			channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
			ByteArrayOutputStream answer = new ByteArrayOutputStream();
			ByteBuffer buffer = ByteBuffer.wrap(new byte[8192]);
			await(channel, selector, SelectionKey.OP_READ, deadline);
			while (channel.read(buffer.clear()) >= 0) {
				answer.write(buffer.array(), 0, buffer.position());
				await(channel, selector, SelectionKey.OP_READ, deadline);
			}
			String text = answer.toString(StandardCharsets.UTF_8);
			return text.matches("(?s)HTTP/1\\.[01] 200 .*") ? text : null;
		}
		catch (IOException | RuntimeException ex) {
			return null;
		}
	}

	private static void await(SocketChannel channel, Selector selector, int operation, long deadline)
			throws IOException {
		channel.register(selector, operation);
		long millis = Math.max(1, Duration.ofNanos(deadline - System.nanoTime()).toMillis());
		if (selector.select(millis) == 0 || System.nanoTime() > deadline) {
			throw new IOException("No answer in time");
		}
		selector.selectedKeys().clear();
	}

}
