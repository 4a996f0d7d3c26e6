package io.fanfare.test.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.jspecify.annotations.Nullable;

/**
 * The real nginx with the shipped configuration: only addresses, ports and the place of
 * the log differ. nginx remembers for seconds which server failed, so what makes servers
 * fail takes one of its own.
 */
public final class NginxProcess implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(10);

	private static final int ATTEMPTS = 5;

	private static final String HOST = "127.0.0.1";

	private final Path directory;

	private @Nullable ChildProcess process;

	private int port;

	private int internalPort;

	private NginxProcess(Path directory) {
		this.directory = directory;
	}

	/**
	 * Starts nginx as it is shipped.
	 * @param api the API's port
	 * @param nodes the nodes' stream ports
	 * @return nginx, which answers; the caller closes it
	 */
	public static NginxProcess start(int api, int... nodes) {
		return start(Map.of(), api, nodes);
	}

	/**
	 * Starts nginx with other values.
	 * @param changes what to replace by what, wherever it stands in the configuration;
	 * each must stand somewhere
	 * @param api the API's port
	 * @param nodes the nodes' stream ports
	 * @return nginx, which answers; the caller closes it
	 */
	public static NginxProcess start(Map<String, String> changes, int api, int... nodes) {
		Path nginx = RequiredTool.NGINX.path();
		try {
			Path directory = Files.createTempDirectory("fanfare-nginx");
			// Started by root, its workers run as another user.
			directory.toFile().setExecutable(true, false);
			NginxProcess started = new NginxProcess(directory);
			copy(shipped(), started.configuration());
			for (Map.Entry<String, String> change : changes.entrySet()) {
				started.replaceEverywhere(change.getKey(), change.getValue());
			}
			servers(started.site("nodes.conf"), nodes);
			servers(started.site("api.conf"), api);
			rewrite(started.site("log.conf"), (text) -> replace(text, "/dev/stdout", "access.log"));
			started.launch(nginx);
			return started;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Where nginx listens.
	 * @return the port, on 127.0.0.1
	 */
	public int port() {
		return this.port;
	}

	/**
	 * Where nginx listens.
	 * @return a URL without a path
	 */
	public String url() {
		return "http://" + HOST + ":" + this.port;
	}

	/**
	 * Where nginx listens for backends and operators.
	 * @return a URL without a path
	 */
	public String internalUrl() {
		return "http://" + HOST + ":" + this.internalPort;
	}

	/**
	 * Where nginx listens for backends and operators.
	 * @return the port, on 127.0.0.1
	 */
	public int internalPort() {
		return this.internalPort;
	}

	/**
	 * Prepares a request of a backend or an operator through nginx.
	 * @param path the path, with or without a query
	 * @return the request
	 */
	public SseRequest internalRequest(String path) {
		return SseClient.request(HOST, this.internalPort, path);
	}

	/**
	 * Prepares a request through nginx.
	 * @param path the path, with or without a query
	 * @return the request
	 */
	public SseRequest request(String path) {
		return SseClient.request(HOST, this.port, path);
	}

	/**
	 * Prepares to open a stream through nginx.
	 * @param token a stream token
	 * @return the request
	 */
	public SseRequest stream(String token) {
		return request("/events").bearer(token);
	}

	/** Reads the configuration again; streams stay with the old workers. */
	public void reload() {
		Objects.requireNonNull(this.process).signal("HUP");
	}

	/**
	 * The log of requests.
	 * @return its lines so far
	 */
	public String accessLog() {
		return read(this.directory.resolve("access.log"));
	}

	/**
	 * What nginx says about itself.
	 * @return its lines so far
	 */
	public String errorLog() {
		return read(this.directory.resolve("stderr.log"));
	}

	/**
	 * Everything that nginx wrote anywhere.
	 * @return all its files but the configuration
	 */
	public String everythingWritten() {
		try (Stream<Path> files = Files.walk(this.directory)) {
			return files.filter((file) -> Files.isRegularFile(file) && !file.startsWith(configuration()))
				.map(NginxProcess::read)
				.collect(Collectors.joining("\n"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() {
		if (this.process != null) {
			this.process.close();
		}
		try (Stream<Path> files = Files.walk(this.directory)) {
			for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
				Files.delete(file);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void launch(Path nginx) throws IOException {
		String listen = Files.readString(site("listen.conf"));
		String internal = Files.readString(site("listen-internal.conf"));
		for (int attempt = 1;; attempt++) {
			this.port = Ports.free();
			Files.writeString(site("listen.conf"),
					replace(listen, "listen 8000 ", "listen " + HOST + ":" + this.port + " "));
			this.internalPort = Ports.free();
			Files.writeString(site("listen-internal.conf"),
					replace(internal, "listen 8001 ", "listen " + HOST + ":" + this.internalPort + " "));
			ChildProcess started = ChildProcess.start("TERM", this.directory.resolve("stderr.log"),
					List.of(nginx.toString(), "-e", "stderr", "-p", this.directory.toString(), "-c",
							configuration().resolve("nginx.conf").toString(), "-g", "daemon off;"));
			this.process = started;
			started.awaitReady(() -> !started.isAlive() || Ports.answers(this.port, "/livez"), START);
			if (started.isAlive()) {
				return;
			}
			if (attempt == ATTEMPTS) {
				throw new IllegalStateException("nginx does not start:\n" + errorLog());
			}
		}
	}

	private Path configuration() {
		return this.directory.resolve("conf");
	}

	private Path site(String name) {
		return configuration().resolve("site").resolve(name);
	}

	private static Path shipped() {
		return Stream.iterate(Path.of("").toAbsolutePath(), Path::getParent)
			.map((directory) -> directory.resolve("nginx"))
			.filter((directory) -> Files.exists(directory.resolve("nginx.conf")))
			.findFirst()
			.orElseThrow();
	}

	private static void copy(Path from, Path to) throws IOException {
		try (Stream<Path> files = Files.walk(from)) {
			for (Path file : files.toList()) {
				Files.copy(file, to.resolve(from.relativize(file)));
			}
		}
	}

	/** Other servers, with the parameters of the shipped ones. */
	private static void servers(Path file, int... ports) throws IOException {
		rewrite(file, (text) -> {
			String server = text.lines().filter((line) -> line.startsWith("server ")).findFirst().orElseThrow();
			return IntStream.of(ports)
				.mapToObj((port) -> server.replaceFirst("server \\S+", "server " + HOST + ":" + port))
				.collect(Collectors.joining("\n"));
		});
	}

	private void replaceEverywhere(String old, String now) throws IOException {
		boolean found = false;
		try (Stream<Path> files = Files.walk(configuration())) {
			for (Path file : files.filter(Files::isRegularFile).toList()) {
				String text = Files.readString(file);
				if (text.contains(old)) {
					found = true;
					Files.writeString(file, text.replace(old, now));
				}
			}
		}
		if (!found) {
			throw new IllegalArgumentException("No \"" + old + "\" in the configuration of nginx");
		}
	}

	private static void rewrite(Path file, UnaryOperator<String> change) throws IOException {
		Files.writeString(file, change.apply(Files.readString(file)));
	}

	/** Replaces what must be there. */
	private static String replace(String text, String old, String now) {
		if (!text.contains(old)) {
			throw new IllegalArgumentException("No \"" + old + "\" in " + text);
		}
		return text.replace(old, now);
	}

	private static String read(Path file) {
		try {
			return Files.exists(file) ? Files.readString(file) : "";
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
