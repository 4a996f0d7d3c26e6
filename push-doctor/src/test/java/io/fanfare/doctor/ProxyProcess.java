package io.fanfare.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;

/** nginx or HAProxy before one node: by a configuration that is good, and changed. */
final class ProxyProcess implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(10);

	private static final int ATTEMPTS = 5;

	/** Its directory, its own port, that of the node. */
	private static final String NGINX = """
			daemon off;
			master_process off;
			error_log stderr crit;
			pid nginx.pid;
			events {
				worker_connections 256;
			}
			http {
				access_log off;
				client_body_temp_path client_temp;
				proxy_temp_path proxy_temp;
				fastcgi_temp_path fastcgi_temp;
				uwsgi_temp_path uwsgi_temp;
				scgi_temp_path scgi_temp;
				proxy_cache_path cache keys_zone=pages:1m;
				server {
					listen 127.0.0.1:%1$d;
					location = /events {
						gzip off;
						# more
						proxy_pass http://127.0.0.1:%2$d;
						proxy_http_version 1.1;
						proxy_set_header Connection '';
						proxy_set_header Host $http_host;
						proxy_buffering off;
						proxy_read_timeout 75s;
						proxy_send_timeout 24h;
					}
					location = /sorry {
						default_type text/html;
						return 200 '<h1>Sorry</h1>';
					}
				}
			}
			""";

	private static final String HAPROXY = """
			global
				maxconn 256
			defaults
				mode http
				timeout connect 1s
				timeout client 24h
				timeout server 75s
			frontend streams
				bind 127.0.0.1:%1$d
				default_backend nodes
			backend nodes
				# more
				server node 127.0.0.1:%2$d
			""";

	private final Path directory;

	private final ChildProcess process;

	private final int port;

	private ProxyProcess(Path directory, ChildProcess process, int port) {
		this.directory = directory;
		this.process = process;
		this.port = port;
	}

	/**
	 * Starts nginx.
	 * @param node the port of the node
	 * @param changes what to replace by what
	 */
	static ProxyProcess nginx(int node, Map<String, String> changes) {
		String nginx = RequiredTool.NGINX.path().toString();
		return start(NGINX, node, changes,
				(directory, file) -> List.of(nginx, "-e", "stderr", "-p", directory.toString(), "-c", file.toString()));
	}

	/**
	 * Starts HAProxy.
	 * @param node the port of the node
	 * @param changes what to replace by what
	 */
	static ProxyProcess haproxy(int node, Map<String, String> changes) {
		String haproxy = RequiredTool.HAPROXY.path().toString();
		return start(HAPROXY, node, changes, (directory, file) -> List.of(haproxy, "-db", "-f", file.toString()));
	}

	private static ProxyProcess start(String configuration, int node, Map<String, String> changes,
			BiFunction<Path, Path, List<String>> command) {
		String changed = configuration;
		for (Map.Entry<String, String> change : changes.entrySet()) {
			if (!changed.contains(change.getKey())) {
				throw new IllegalArgumentException("No \"" + change.getKey() + "\" in " + changed);
			}
			changed = changed.replace(change.getKey(), change.getValue());
		}
		try {
			Path directory = Files.createTempDirectory("fanfare-proxy");
			Path file = directory.resolve("proxy.conf");
			for (int attempt = 1;; attempt++) {
				int port = Ports.free();
				Files.writeString(file, changed.formatted(port, node));
				ChildProcess process = ChildProcess.start("TERM", directory.resolve("proxy.log"),
						command.apply(directory, file));
				process.awaitReady(() -> !process.isAlive() || Ports.accepts(port), START);
				if (process.isAlive()) {
					return new ProxyProcess(directory, process, port);
				}
				if (attempt == ATTEMPTS) {
					throw new IllegalStateException("The proxy does not start:\n" + process.output());
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Where clients connect. */
	int port() {
		return this.port;
	}

	@Override
	public void close() throws IOException {
		this.process.close();
		try (Stream<Path> files = Files.walk(this.directory)) {
			for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
				Files.delete(file);
			}
		}
	}

}
