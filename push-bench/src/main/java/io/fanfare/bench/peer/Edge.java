package io.fanfare.bench.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

import io.fanfare.bench.load.StreamTarget;
import io.fanfare.bench.process.Programs;
import io.fanfare.bench.publish.Wire;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import org.jspecify.annotations.Nullable;

/** The product behind nginx. Messages are published past it. */
public final class Edge implements Peer {

	private final Peer node;

	private final ChildProcess nginx;

	private final StreamTarget streams;

	/** What nginx does. */
	public enum Mode {

		/** The project's own configuration. */
		HTTP,

		/** The same, but nginx compresses. */
		HTTP_GZIP,

		/** Bytes from here to there. */
		TCP

	}

	/**
	 * Starts nginx before a running node.
	 * @param site where things are
	 * @param mode what nginx does
	 * @param gzip whether streams ask for compression
	 * @param node the node, which is closed with this
	 */
	public Edge(Site site, Mode mode, boolean gzip, Peer node) {
		this.node = node;
		try {
			Path nginx = Programs.find("nginx");
			if (nginx == null) {
				throw new IllegalStateException("no nginx on the PATH");
			}
			int port = Ports.free();
			Fanfare fanfare = (Fanfare) node;
			Path config = (mode == Mode.TCP) ? tcp(site, port, fanfare)
					: http(site, port, fanfare, mode == Mode.HTTP_GZIP);
			Path work = Files.createDirectories(site.work().resolve("edge-work"));
			this.nginx = Programs.server(
					List.of(nginx.toString(), "-p", work.toString(), "-c", config.toString(), "-g", "daemon off;"),
					site.log("edge"));
			this.nginx.awaitPort(port, Programs.START);
			this.streams = node.streams().behind(port, gzip);
		}
		catch (IOException | RuntimeException ex) {
			node.close();
			throw (ex instanceof IOException io) ? new UncheckedIOException(io) : (RuntimeException) ex;
		}
	}

	private static Path http(Site site, int port, Fanfare node, boolean gzip) throws IOException {
		Path to = site.work().resolve("edge");
		Path from = site.root().resolve("nginx");
		try (Stream<Path> files = Files.walk(from)) {
			for (Path file : files.filter(Files::isRegularFile).toList()) {
				Path copy = to.resolve(from.relativize(file).toString());
				Files.createDirectories(Objects.requireNonNull(copy.getParent()));
				Files.writeString(copy, Files.readString(file));
			}
		}
		Files.writeString(to.resolve("site/listen.conf"), "listen 127.0.0.1:" + port + " reuseport backlog=4096;\n");
		Files.writeString(to.resolve("site/listen-internal.conf"), "listen 127.0.0.1:" + Ports.free() + ";\n");
		Files.writeString(to.resolve("site/nodes.conf"), "server 127.0.0.1:" + node.streamPorts()[0] + ";\n");
		Files.writeString(to.resolve("site/api.conf"), "server 127.0.0.1:" + node.apiPort() + ";\n");
		Files.writeString(to.resolve("site/log.conf"), "access_log off;\n");
		if (gzip) {
			Path proxy = to.resolve("stream-proxy.conf");
			Files.writeString(proxy, Files.readString(proxy)
				.replace("\ngzip off;", "\ngzip on;\ngzip_types text/event-stream;\ngzip_min_length 0;"));
		}
		return to.resolve("nginx.conf");
	}

	private static Path tcp(Site site, int port, Fanfare node) {
		return site.fill("edge/stream.conf", "edge-stream.conf",
				Map.of("MODULE", Objects.requireNonNull(stream()), "PORT", port, "NODE", node.streamPorts()[0]));
	}

	/**
	 * Whether nginx can pass on plain TCP here.
	 * @return whether its module is installed
	 */
	public static boolean hasStream() {
		return stream() != null;
	}

	private static @Nullable Path stream() {
		Path named = Programs.find("ngx_stream_module.so");
		return (named != null) ? named : Catalog.nginxModule("ngx_stream_module.so");
	}

	@Override
	public StreamTarget streams() {
		return this.streams;
	}

	@Override
	public Wire wire() {
		return this.node.wire();
	}

	@Override
	public List<Long> servers() {
		return this.node.servers();
	}

	@Override
	public List<Long> front() {
		return this.node.front();
	}

	@Override
	public List<Long> store() {
		return this.node.store();
	}

	@Override
	public List<Long> edge() {
		return this.nginx.tree();
	}

	@Override
	public boolean isJava() {
		return true;
	}

	@Override
	public void close() {
		this.nginx.close();
		this.node.close();
	}

}
