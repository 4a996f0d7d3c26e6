package io.fanfare.api.publish;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.api.auth.ApiKeys;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * Lets the JVM compile what publishing takes before anybody waits for it: calls the API's
 * own port for as long as it is told, while the API is not ready yet.
 * <p>
 * All of it is the real thing up to the script that Redis runs, which does nothing. The
 * calls are known by a key that exists nowhere else and is withdrawn in the end; they are
 * not counted as publishes, and as requests by the name of {@code warm-up}. Whatever goes
 * wrong ends it, and the API is ready all the same.
 */
@Component
final class WarmUp implements ApplicationRunner {

	private static final Logger log = LoggerFactory.getLogger(WarmUp.class);

	private static final int CALLERS = 4;

	/** Requests after which nothing of it gets faster. */
	private static final int ENOUGH = 60_000;

	/** Requests on one connection, as many as are few enough for any server. */
	private static final int KEPT = 100;

	private static final int BATCH = 20;

	private static final int PATIENCE_MS = 5_000;

	private static final int ANSWER = 16_384;

	private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: *(\\d+)\r\n", Pattern.CASE_INSENSITIVE);

	private final Duration duration;

	private final ApiKeys keys;

	private final Environment environment;

	private final AtomicInteger requests = new AtomicInteger();

	WarmUp(WarmUpSettings settings, ApiKeys keys, Environment environment) {
		this.duration = settings.warmUp();
		this.keys = keys;
		this.environment = environment;
	}

	@Override
	public void run(ApplicationArguments arguments) {
		if (!this.duration.isPositive()) {
			return;
		}
		long began = System.nanoTime();
		try {
			call(began + this.duration.toNanos());
			log.info("warm-up=done requests={} ms={}", this.requests, (System.nanoTime() - began) / 1_000_000);
		}
		catch (IOException | ExecutionException ex) {
			Throwable cause = (ex instanceof ExecutionException && ex.getCause() != null) ? ex.getCause() : ex;
			log.warn("warm-up=failed requests={} reason=\"{}\"", this.requests, cause.toString());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		finally {
			this.keys.endRehearsal();
		}
	}

	private void call(long deadline) throws IOException, ExecutionException, InterruptedException {
		String address = this.environment.getProperty("server.address");
		InetSocketAddress server = new InetSocketAddress(
				(address != null) ? InetAddress.getByName(address) : InetAddress.getLoopbackAddress(),
				this.environment.getRequiredProperty("local.server.port", Integer.class));
		List<byte[]> texts = texts(this.keys.beginRehearsal());
		Callable<Void> caller = () -> {
			while (goesOn(deadline)) {
				callOn(server, texts, deadline);
			}
			return null;
		};
		try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
			for (Future<Void> one : callers.invokeAll(Collections.nCopies(CALLERS, caller))) {
				one.get();
			}
		}
	}

	private boolean goesOn(long deadline) {
		return System.nanoTime() - deadline < 0 && this.requests.get() < ENOUGH
				&& !Thread.currentThread().isInterrupted();
	}

	private void callOn(InetSocketAddress server, List<byte[]> texts, long deadline) throws IOException {
		try (Socket socket = new Socket()) {
			socket.setTcpNoDelay(true);
			socket.setSoTimeout(PATIENCE_MS);
			socket.connect(server, PATIENCE_MS);
			byte[] answer = new byte[ANSWER];
			for (int i = 0; i < KEPT && goesOn(deadline); i++) {
				socket.getOutputStream().write(texts.get(this.requests.getAndIncrement() % texts.size()));
				read(socket.getInputStream(), answer);
			}
		}
	}

	/** Reads an answer to its end. */
	private static void read(InputStream in, byte[] answer) throws IOException {
		int read = 0;
		int end = -1;
		while (end < 0 || read < end) {
			int more = in.read(answer, read, answer.length - read);
			if (more <= 0) {
				throw new EOFException("No whole answer");
			}
			read += more;
			String text = new String(answer, 0, read, StandardCharsets.ISO_8859_1);
			int head = text.indexOf("\r\n\r\n");
			if (end < 0 && head >= 0) {
				Matcher length = LENGTH.matcher(text);
				if (!text.startsWith("HTTP/1.1 200 ") || !length.find()) {
					throw new IOException("Answered " + text.lines().findFirst().orElse(""));
				}
				end = head + 4 + Integer.parseInt(length.group(1));
			}
		}
	}

	private static List<byte[]> texts(String secret) {
		String user = "{\"to\":{\"user\":\"warm-up\"},\"event\":\"order\",\"data\":{\"id\":42,\"state\":\"shipped\","
				+ "\"items\":[{\"sku\":\"a-1\",\"count\":2}]}}";
		String text = "{\"to\":{\"user\":\"warm-up-2\"},\"data\":\"Lunch is ready, come down, all of you\"}";
		String topic = "{\"to\":{\"channel\":\"warm.up\"},\"event\":\"headline\",\"data\":\"It rains\",\"ttl\":\"PT1H\"}";
		String all = "{\"to\":{\"all\":true},\"data\":{\"text\":\"warm-up\",\"number\":1}}";
		String batch = "{\"messages\":[" + String.join(",", Collections.nCopies(BATCH, user)) + "]}";
		return List.of(request(secret, "/v1/messages", user), request(secret, "/v1/messages", text),
				request(secret, "/v1/messages", topic), request(secret, "/v1/messages", user),
				request(secret, "/v1/messages/batch", batch), request(secret, "/v1/messages", text),
				request(secret, "/v1/messages", all), request(secret, "/v1/messages", user));
	}

	private static byte[] request(String secret, String path, String body) {
		return ("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nAuthorization: Bearer " + secret
				+ "\r\nContent-Type: application/json\r\nUser-Agent: fanfare-warm-up\r\nContent-Length: "
				+ body.length() + "\r\n\r\n" + body)
			.getBytes(StandardCharsets.US_ASCII);
	}

}
