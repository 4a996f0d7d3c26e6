package io.fanfare.node;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.sse.SseClient;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Readers that stall with more unread than the node's memory holds: the others notice
 * nothing, and they themselves miss nothing.
 */
class StalledReadersIT {

	private static final Logger log = LoggerFactory.getLogger(StalledReadersIT.class);

	private static final int HEALTHY = 10;

	/** Messages to the others while each reader is sent one. */
	private static final int SAMPLES_PER_ROUND = 80;

	private static final int SMALL = 8_000;

	/** For what else runs on the machine. */
	private static final Duration SLACK = Duration.ofMillis(30);

	private static final int READING_BUFFER = 256 * 1024;

	private static final Duration START = Duration.ofSeconds(40);

	private static final Pattern LISTENING = Pattern.compile("stream=listening port=(\\d+)");

	@Test
	@Timeout(120)
	void littleDirectMemoryIsEnoughForReadersThatStall() throws IOException {
		stall(new Load(320, 6, 60_000, 24, "8KB", 4096));
	}

	@ParameterizedTest
	@MethodSource
	@Timeout(300)
	@EnabledIfSystemProperty(named = "fanfare.long", matches = "true")
	void twoThousandReadersThatStallFitASmallHeap(Load load) throws IOException {
		stall(load);
	}

	static List<Load> twoThousandReadersThatStallFitASmallHeap() {
		return List.of(new Load(2_000, 7, 60_000, 64, "128KB", 4096), new Load(2_000, 7, 60_000, 64, "128KB", 1),
				new Load(2_000, 7, 60_000, 64, "8KB", 4096), new Load(2_000, 20, 8_000, 64, "8KB", 4096),
				new Load(2_000, 40, 8_000, 64, "128KB", 4096));
	}

	/**
	 * What readers that stall are sent.
	 *
	 * @param readers how many
	 * @param messages how many messages each of them is sent
	 * @param bytes of every second message; the others have 8 KB at most
	 * @param directMegabytes the node's direct memory, less than is sent
	 * @param sendBuffer what its kernel takes per reader
	 * @param receiveBuffer bytes that a reader's kernel takes, if not less than it can:
	 * the smaller, the more memory the node's kernel needs per byte
	 */
	private record Load(int readers, int messages, int bytes, int directMegabytes, String sendBuffer,
			int receiveBuffer) {

		private String message(int number) {
			return number + " " + "x".repeat((number % 2 == 0) ? Math.min(this.bytes, SMALL) : this.bytes);
		}

		/** After so many messages to readers that stall the others get one. */
		private int interval() {
			return this.readers / SAMPLES_PER_ROUND;
		}

	}

	private static void stall(Load load) throws IOException {
		ChildProcess node = ChildProcess
			.command(ChildProcess.jdk("java"), "-Xmx256m", "-XX:TieredStopAtLevel=1",
					"-Dio.netty.maxDirectMemory=" + ((long) load.directMegabytes() << 20), "-cp",
					System.getProperty("java.class.path"), NodeApplication.class.getName(),
					"--spring.config.name=push-node", "--fanfare.node.name=small", "--fanfare.stream.port=0",
					"--fanfare.stream.address=127.0.0.1", "--fanfare.control.port=0", "--fanfare.stream.loops=2",
					"--fanfare.stream.send-buffer=" + load.sendBuffer(), "--fanfare.stream.warm-up=0",
					"--fanfare.connections.slow-limit=120s", "--fanfare.jwt.secret=" + Tokens.SECRET,
					"--spring.data.redis.url=" + Cluster.redis().url(RedisUser.NODE))
			.endedBy("KILL")
			.start();
		List<Reader> readers = new ArrayList<>();
		List<SseClient> healthy = new ArrayList<>();
		try {
			node.awaitOutput("redis=up link=pubsub", START);
			int port = Integer.parseInt(node.awaitOutput(LISTENING, START).group(1));
			ChannelName topic = ChannelName.topic(newTopic());
			for (int i = 0; i < HEALTHY; i++) {
				healthy.add(TestNode.opened(
						SseClient.request("127.0.0.1", port, "/events").bearer(Tokens.token(newUser(), "*")),
						topic.value()));
			}
			for (int i = 0; i < load.readers(); i++) {
				readers.add(new Reader(port, newUser(), Math.min(load.bytes(), SMALL)));
			}
			try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
				List<Future<?>> reading = readOn(threads, readers, load.messages());
				List<Duration> normal = publish(load, 1, readers, healthy, topic);
				awaitAll(reading);
				for (Reader reader : readers) {
					reader.stall(load.receiveBuffer());
				}
				List<Duration> beside = publish(load, load.messages() + 1, readers, healthy, topic);
				log.info("{}: p99 while they read {}, beside them stalled {}", load, p99(normal), p99(beside));
				assertThat(p99(beside)).as("while they read: %s", p99(normal))
					.isLessThan(p99(normal).multipliedBy(2).plus(SLACK));
				awaitAll(readOn(threads, readers, 2 * load.messages()));
			}
			List<Integer> all = IntStream.rangeClosed(1, 2 * load.messages()).boxed().toList();
			assertThat(readers).allSatisfy((reader) -> assertThat(reader.numbers).as(reader.user).isEqualTo(all));
			assertThat(node.isAlive()).isTrue();
			assertThat(node.output()).doesNotContain("OutOfMemoryError");
		}
		finally {
			healthy.forEach(SseClient::close);
			for (Reader reader : readers) {
				reader.close();
			}
			node.close();
		}
	}

	private static List<Future<?>> readOn(ExecutorService threads, List<Reader> readers, int wanted) {
		List<Future<?>> reading = new ArrayList<>();
		for (Reader reader : readers) {
			reading.add(threads.submit(() -> reader.readOn(wanted)));
		}
		return reading;
	}

	private static void awaitAll(List<Future<?>> reading) {
		for (Future<?> one : reading) {
			assertThat(one).succeedsWithin(Duration.ofSeconds(60));
		}
	}

	/**
	 * Publishes to each of the readers. Returns how long messages to the others took
	 * meanwhile.
	 */
	private static List<Duration> publish(Load load, int first, List<Reader> readers, List<SseClient> healthy,
			ChannelName topic) {
		List<Duration> delays = new ArrayList<>();
		for (int i = first; i < first + load.messages(); i++) {
			for (int n = 0; n < readers.size(); n++) {
				Cluster.backend().publish(ChannelName.user(readers.get(n).user), load.message(i));
				if (n % load.interval() == load.interval() - 1) {
					delays.add(delay(healthy, topic, i + ", " + n));
				}
			}
		}
		return delays;
	}

	/** Publishes a message. Returns how long it took to reach all. */
	private static Duration delay(List<SseClient> healthy, ChannelName topic, String data) {
		long began = System.nanoTime();
		Cluster.backend().publish(topic, data);
		for (SseClient stream : healthy) {
			stream.awaitBlock((block) -> data.equals(block.data()), SOON);
		}
		return Duration.ofNanos(System.nanoTime() - began);
	}

	private static Duration p99(List<Duration> delays) {
		return delays.stream().sorted().toList().get((int) Math.ceil(delays.size() * 0.99) - 1);
	}

	/** Reads when it is told to, and keeps its connection open otherwise. */
	private static final class Reader {

		private final int port;

		private final String user;

		/** What each message has at least. */
		private final int bytes;

		private final List<Integer> numbers = new ArrayList<>();

		private @Nullable String lastId;

		private Socket socket;

		private BufferedReader lines;

		Reader(int port, String user, int bytes) throws IOException {
			this.port = port;
			this.user = user;
			this.bytes = bytes;
			this.socket = connect(READING_BUFFER);
			this.lines = lines();
			begin();
		}

		/** Comes back with a small buffer, and reads its first block alone. */
		void stall(int receiveBuffer) throws IOException {
			this.socket.close();
			this.socket = connect(receiveBuffer);
			this.lines = lines();
			begin();
		}

		private void begin() throws IOException {
			String line = this.lines.readLine();
			while (line != null && !line.startsWith("id: ")) {
				line = this.lines.readLine();
			}
			assertThat(line).as(this.user).isNotNull();
			this.lastId = line.substring(4);
		}

		private Socket connect(int receiveBuffer) throws IOException {
			Socket opened = new Socket();
			opened.setReceiveBufferSize(receiveBuffer);
			opened.setSoTimeout(20_000);
			opened.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.port));
			opened.getOutputStream()
				.write(("GET /events HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\nAuthorization: Bearer "
						+ Tokens.token(this.user, "*") + "\r\n"
						+ ((this.lastId != null) ? "Last-Event-ID: " + this.lastId + "\r\n" : "") + "\r\n")
					.getBytes(StandardCharsets.US_ASCII));
			return opened;
		}

		private BufferedReader lines() throws IOException {
			return new BufferedReader(new InputStreamReader(this.socket.getInputStream(), StandardCharsets.US_ASCII),
					512);
		}

		/** Reads until it has so many messages; comes back whenever it is cut. */
		@Nullable Void readOn(int wanted) throws IOException {
			String id = null;
			Integer number = null;
			long deadline = System.nanoTime() + Duration.ofSeconds(100).toNanos();
			while (this.numbers.size() < wanted) {
				assertThat(System.nanoTime()).as("%s has %s, after %s", this.user, this.numbers, this.lastId)
					.isLessThan(deadline);
				String line = next();

				if (line == null) {
					this.socket.close();
					this.socket = connect(READING_BUFFER);
					this.lines = lines();
					id = null;
					number = null;
				}
				else if (line.startsWith("id: ")) {
					id = line.substring(4);
				}
				else if (line.startsWith("data: ") && line.length() > this.bytes) {
					number = Integer.valueOf(line.substring(6, line.indexOf(' ', 6)));
				}
				else if (line.isEmpty()) {
					// The end of a block, or that of a chunk.
					this.lastId = (id != null) ? id : this.lastId;
					if (number != null) {
						this.numbers.add(number);
					}
					id = null;
					number = null;
				}
			}
			return null;
		}

		private @Nullable String next() {
			try {
				return this.lines.readLine();
			}
			catch (IOException ex) {
				return null;
			}
		}

		void close() throws IOException {
			this.socket.close();
		}

	}

}
