package io.fanfare.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

import io.fanfare.bench.process.Programs;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import redis.embedded.RedisExecProvider;

/** A Redis of a peer's own: the installed one, else the one that tests embed. */
final class RedisServer implements AutoCloseable {

	private final ChildProcess child;

	private final int port;

	private RedisServer(ChildProcess child, int port) {
		this.child = child;
		this.port = port;
	}

	static RedisServer start(Site site) {
		int port = Ports.free();
		Path installed = Programs.find("redis-server");
		ChildProcess child = Programs.server(
				List.of((installed != null) ? installed.toString() : embedded(),
						site.peers().resolve("redis.conf").toString(), "--port", Integer.toString(port)),
				site.log("redis"));
		child.awaitPort(port, Programs.START);
		return new RedisServer(child, port);
	}

	private static String embedded() {
		try {
			return RedisExecProvider.defaultProvider().get().getPath();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	int port() {
		return this.port;
	}

	List<Long> pids() {
		return List.of(this.child.pid());
	}

	/** Microseconds of the server in scripts so far. */
	double scriptMicros() {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), this.port)) {
			socket.getOutputStream().write("INFO commandstats\r\nQUIT\r\n".getBytes(StandardCharsets.US_ASCII));
			BufferedReader in = new BufferedReader(
					new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
			String line;
			while ((line = in.readLine()) != null) {
				if (line.startsWith("cmdstat_evalsha:calls=")) {
					String[] parts = line.substring(line.indexOf(':') + 1).split("[=,]");
					return Double.parseDouble(parts[3]);
				}
			}
			return 0;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() {
		this.child.close();
	}

}
