package io.fanfare.local;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.fanfare.local.HostileTable.Port;
import io.fanfare.local.HostileTable.Row;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Sends each request of the {@link HostileTable} over a socket of its own, and holds its
 * answer and its cost to a budget; then looks for what they left. CPU, heap and log are
 * those of the whole JVM, so no other test runs meanwhile.
 */
@Isolated
class HostileTableIT {

	/** What is logged starts with it where a request could begin a line. */
	private static final String FORGED = "FORGED";

	private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-5][0-9]{2})[ \\r]");

	private static final byte[] LOOK = "OPTIONS /events HTTP/1.1\r\nHost: x\r\n\r\n"
		.getBytes(StandardCharsets.US_ASCII);

	/** For an innocent client of the same loop. */
	private static final long MOST_DELAY_MS = 20;

	/** For API and nodes together. */
	private static final long MOST_CPU_MS = 100;

	private static final Duration CALM = Duration.ofSeconds(3);

	/** For a command of Redis. */
	private static final String MOST_REDIS_US = "10000";

	/** How often a row that cost too much is tried: others use the machine as well. */
	private static final int TRIES = 5;

	/** What may stay in the heap when everything was sent a second time. */
	private static final long MOST_GROWTH = 4 * 1024 * 1024;

	private static final AppenderBase<ILoggingEvent> LOG = new AppenderBase<>() {

		@Override
		protected void append(ILoggingEvent event) {
			event.prepareForDeferredProcessing();
			synchronized (EVENTS) {
				EVENTS.add(event);
			}
		}

	};

	private static final List<ILoggingEvent> EVENTS = new ArrayList<>();

	private static RedisProcess redis;

	private static RedisClient client;

	private static RedisCommands<String, String> commands;

	private static Cluster cluster;

	private static NginxProcess nginx;

	private static String token;

	@BeforeAll
	static void start() {
		Assume.installed(RequiredTool.NGINX);
		redis = TestRedis.start();
		client = RedisClient.create(redis.uri());
		commands = client.connect().sync();
		cluster = TestCluster.start(redis, "--fanfare.stream.loops=1", "--fanfare.limits.exempt=127.0.0.0/8",
				"--fanfare.limits.takeovers-per-minute=0", "--fanfare.limits.opens-per-user=0");
		nginx = TestCluster.nginx(cluster);
		token = TestCluster.backend(cluster).token("hostile-table");
		LOG.start();
		root().addAppender(LOG);
	}

	@AfterAll
	static void stop() {
		root().detachAppender(LOG);
		Stream.<AutoCloseable>of(nginx, cluster, client, redis).filter(Objects::nonNull).forEach((one) -> {
			try {
				one.close();
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		});
	}

	private static Logger root() {
		return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
	}

	@Test
	void everyRowIsAnsweredAsItSaysAtItsCostAndLeavesNothing() throws Exception {
		List<Row> rows = new HostileTable(new TokenMint(TestCluster.jwtSecret()), token, TestCluster.apiKey()).rows();
		assertThat(rows).hasSizeGreaterThanOrEqualTo(900);
		List<String> wrong = new ArrayList<>();
		List<String> dear = new ArrayList<>();
		commands.configSet("slowlog-log-slower-than", MOST_REDIS_US);
		try (Innocent innocent = new Innocent()) {
			double calm = calm(innocent);
			for (Row row : rows) {
				send(row, innocent, calm, wrong, dear);
			}
			assertThat(String.join("\n", wrong)).as("answers").isEmpty();
			assertThat(String.join("\n", dear)).as("costs").isEmpty();
			long keys = keys();
			long heap = liveHeap();
			for (Row row : rows) {
				exchange(row);
			}
			await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(keys()).isLessThanOrEqualTo(keys));
			assertThat(liveHeap() - heap).as("bytes").isLessThan(MOST_GROWTH);
		}
		assertThat(events()).as("traces").allMatch((event) -> event.getThrowableProxy() == null);
		assertThat(events()).extracting(ILoggingEvent::getFormattedMessage)
			.as("log")
			.noneMatch((message) -> message.contains(token.substring(token.lastIndexOf('.') + 1)))
			.noneMatch((message) -> message.contains(TestCluster.apiKey()))
			.noneMatch((message) -> message.chars().anyMatch((c) -> c < ' ' || c == 0x7f));
		assertThat(nginx.everythingWritten().lines()).noneMatch((line) -> line.startsWith(FORGED))
			.noneMatch((line) -> line.contains(token.substring(token.lastIndexOf('.') + 1)));
	}

	private static List<ILoggingEvent> events() {
		synchronized (EVENTS) {
			return List.copyOf(EVENTS);
		}
	}

	/**
	 * The CPU per time that the innocent client costs, and what else the JVM does by
	 * itself: a row that waits for an answer of Redis would be charged with it.
	 */
	private static double calm(Innocent innocent) throws InterruptedException {
		innocent.begin();
		long cpu = cpu();
		long began = System.nanoTime();
		new CountDownLatch(1).await(CALM.toMillis(), TimeUnit.MILLISECONDS);
		return (double) (cpu() - cpu) / (System.nanoTime() - began);
	}

	private static void send(Row row, Innocent innocent, double calm, List<String> wrong, List<String> dear)
			throws InterruptedException {
		String cost = "";
		for (int i = 0; i < TRIES; i++) {
			commands.slowlogReset();
			long began = System.nanoTime();
			long cpu = cpu();
			innocent.begin();
			String answer = exchange(row);
			long delay = innocent.longest();
			List<Integer> statuses = STATUS.matcher(answer).results().map(HostileTableIT::status).toList();
			if (!statuses.equals(row.statuses()) || !answer.contains(row.text())) {
				wrong.add(row + " was " + statuses + ": " + answer.substring(0, Math.min(answer.length(), 400)));
				return;
			}
			cpu = TimeUnit.NANOSECONDS.toMillis((long) (cpu() - cpu - (System.nanoTime() - began) * calm));
			List<Object> slow = commands.slowlogGet(3);
			if (delay < MOST_DELAY_MS && cpu < MOST_CPU_MS && slow.isEmpty()) {
				return;
			}
			cost = row + ": delay " + delay + " ms, CPU " + cpu + " ms, slow " + slow;
		}
		dear.add(cost);
	}

	private static int status(MatchResult found) {
		return Integer.parseInt(found.group(1));
	}

	private static int port(Port port) {
		return switch (port) {
			case NODE -> cluster.streamPort(0);
			case NODE_CONTROL -> cluster.controlPort(0);
			case API -> cluster.apiPort();
			case API_CONTROL -> cluster.apiControlPort();
			case NGINX -> nginx.port();
		};
	}

	/** Sends, and reads until the end, or until nothing more comes. */
	private static String exchange(Row row) {
		ByteArrayOutputStream answer = new ByteArrayOutputStream();
		byte[] request = row.request().get();
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port(row.port()))) {
			socket.setTcpNoDelay(true);
			// What is not answered is left in the middle.
			socket.setSoTimeout(row.statuses().isEmpty() ? 200 : 3_000);
			Thread writes = Thread.ofVirtual().start(() -> {
				try {
					socket.getOutputStream().write(request);
				}
				catch (IOException ex) {
					// It was refused meanwhile
				}
			});
			InputStream in = socket.getInputStream();
			byte[] part = new byte[16 * 1024];
			int length = in.read(part);
			while (length >= 0 && answer.size() < 1024 * 1024) {
				answer.write(part, 0, length);
				socket.setSoTimeout(15);
				length = in.read(part);
			}
			writes.join(1_000);
		}
		catch (SocketTimeoutException ex) {
			// Nothing more
		}
		catch (IOException ex) {
			// A reset
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return answer.toString(StandardCharsets.ISO_8859_1);
	}

	/** The time that all threads of this JVM have run, in ns: API and nodes together. */
	private static long cpu() {
		return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
			.getProcessCpuTime();
	}

	/**
	 * But for the tombstones of streams that were taken over, which limits per user
	 * bound.
	 */
	private static long keys() {
		return commands.keys("*").stream().filter((key) -> !key.contains(":kicked:")).count();
	}

	private static long liveHeap() {
		System.gc();
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

	/** A client of the same loop that asks all the time on a connection that is kept. */
	private static final class Innocent implements AutoCloseable {

		private final AtomicBoolean done = new AtomicBoolean();

		private final AtomicLong longest = new AtomicLong();

		private final CountDownLatch answered = new CountDownLatch(1);

		/** When the answer that it waits for was asked for; 0 between two. */
		private final AtomicLong asked = new AtomicLong();

		private final Thread thread = Thread.ofPlatform().start(() -> {
			while (!this.done.get()) {
				look();
			}
		});

		private void look() {
			try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), cluster.streamPort(0))) {
				socket.setTcpNoDelay(true);
				socket.setSoTimeout(10_000);
				byte[] answer = new byte[4 * 1024];
				for (int i = 0; i < 900 && !this.done.get(); i++) {
					long now = System.nanoTime();
					this.asked.set(now);
					socket.getOutputStream().write(LOOK);
					assertThat(socket.getInputStream().read(answer)).isPositive();
					this.asked.set(0);
					this.answered.countDown();
					this.longest.accumulateAndGet(System.nanoTime() - now, Math::max);
					TimeUnit.MILLISECONDS.sleep(2);
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

		void begin() throws InterruptedException {
			assertThat(this.answered.await(10, TimeUnit.SECONDS)).isTrue();
			this.longest.set(0);
		}

		/** How long at most it has waited since the beginning, in ms. */
		long longest() {
			long waiting = this.asked.get();
			return TimeUnit.NANOSECONDS
				.toMillis(Math.max(this.longest.get(), (waiting != 0) ? System.nanoTime() - waiting : 0));
		}

		@Override
		public void close() throws InterruptedException {
			this.done.set(true);
			this.thread.join();
		}

	}

}
