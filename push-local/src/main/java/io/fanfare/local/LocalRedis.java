package io.fanfare.local;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import redis.embedded.RedisExecProvider;

/**
 * A real Redis as a child process. It never outlives this JVM, not even one that is
 * killed: a watcher beside it reads from a pipe that this JVM holds, and ends Redis when
 * the pipe ends. Redis has a process group of its own where the system can, so that
 * Ctrl-C reaches the cluster first.
 */
final class LocalRedis implements AutoCloseable {

	/** $0 is the program; it takes the shell's place, and pid. */
	private static final String LAUNCH = """
			exec 3<&0
			(trap '' INT TERM HUP; cat <&3 >/dev/null; kill -9 $$) 2>/dev/null &
			exec "$0" "$@" 3<&- </dev/null
			""";

	private static final Duration START_TIMEOUT = Duration.ofSeconds(20);

	private final Process process;

	private final int port;

	private LocalRedis(Process process, int port) {
		this.process = process;
		this.port = port;
	}

	static LocalRedis start() throws IOException, InterruptedException {
		int port = Ports.free();
		File program = RedisExecProvider.defaultProvider().get();
		Path log = Files.createTempFile("fanfare-redis", ".log");
		log.toFile().deleteOnExit();
		List<String> command = new ArrayList<>();
		if (hasSetsid()) {
			command.add("setsid");
		}
		command.addAll(List.of("sh", "-c", LAUNCH, program.getPath(), "--bind", "127.0.0.1", "--port",
				Integer.toString(port), "--save", "", "--appendonly", "no", "--daemonize", "no"));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
		LocalRedis redis = new LocalRedis(process, port);
		long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
		while (!redis.answers()) {
			if (!process.isAlive() || System.nanoTime() > deadline) {
				redis.close();
				throw new StartException("Redis does not start:\n" + Files.readString(log));
			}
			TimeUnit.MILLISECONDS.sleep(10);
		}
		return redis;
	}

	private static boolean hasSetsid() {
		return List.of("/usr/bin/setsid", "/bin/setsid").stream().anyMatch((path) -> Files.isExecutable(Path.of(path)));
	}

	String url() {
		return "redis://127.0.0.1:" + this.port;
	}

	private boolean answers() {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), this.port)) {
			socket.setSoTimeout(1000);
			OutputStream out = socket.getOutputStream();
			out.write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
			InputStream in = socket.getInputStream();
			return in.read() == '+';
		}
		catch (IOException ex) {
			return false;
		}
	}

	@Override
	public void close() {
		this.process.destroy();
		try {
			if (!this.process.waitFor(5, TimeUnit.SECONDS)) {
				this.process.destroyForcibly();
			}
		}
		catch (InterruptedException ex) {
			this.process.destroyForcibly();
			Thread.currentThread().interrupt();
		}
	}

}
