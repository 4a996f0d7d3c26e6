package io.fanfare.redis;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.ThreadScheduler;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/** What a link's own parts throw, at each place, does not end the link. */
class SupervisedLinkIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private final List<String> noted = new CopyOnWriteArrayList<>();

	private final Errors errors = new Errors(System::nanoTime, this.noted::add, (fatal) -> {
	});

	private final ThreadScheduler scheduler = new ThreadScheduler(System::nanoTime, this.errors);

	private final Lifecycle lifecycle = new Lifecycle();

	private RedisClient client;

	private SupervisedLink<StatefulRedisConnection<byte[], byte[]>, Object> link;

	@BeforeEach
	void start() {
		this.client = RedisClient.create(TestRedis.shared().uri());
		this.client.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(2), Duration.ofSeconds(1)));
		this.link = new SupervisedLink<>("test", this.lifecycle, new RedisRefusals(System::nanoTime), this.scheduler,
				this.errors, new Random(1));
	}

	@AfterEach
	void stop() {
		this.link.close();
		this.client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		this.scheduler.close();
	}

	private void awaitUp(int times) {
		await().atMost(SOON).until(() -> this.lifecycle.began.get() >= times && this.link.session() != null);
	}

	@Test
	void aConnectThatThrowsAnErrorIsTriedAgain() {
		this.lifecycle.failingConnects.set(2);
		this.link.start();
		awaitUp(1);
		assertThat(this.noted).containsExactly("link-test", "link-test");
	}

	@Test
	void aGreetingThatThrowsAnErrorIsTriedAgainOnAnotherConnection() {
		this.lifecycle.failingGreetings.set(2);
		this.link.start();
		awaitUp(1);
		assertThat(this.noted).containsExactly("link-test", "link-test");
		assertThat(this.lifecycle.connections).hasSize(3);
		await().atMost(SOON)
			.until(() -> this.lifecycle.connections.stream().filter(StatefulRedisConnection::isOpen).count() == 1);
	}

	@Test
	void aBeginningThatThrowsEndsThatConnectionAlone() {
		this.lifecycle.failingBegins.set(2);
		this.link.start();
		awaitUp(3);
		assertThat(this.noted).containsExactly("link-test", "link-test");
		assertThat(this.lifecycle.ended).hasValue(2);
		await().atMost(SOON)
			.until(() -> this.lifecycle.connections.stream().filter(StatefulRedisConnection::isOpen).count() == 1);
	}

	@Test
	void checksThatThrowEndTheConnectionAndAnEndThatThrowsDoesNotEndTheLink() {
		this.lifecycle.failingChecks.set(2);
		this.lifecycle.failingEnds.set(1);
		this.link.start();
		awaitUp(2);
		assertThat(this.noted).containsExactly("link-test", "link-test", "link-test");
	}

	@Test
	void aTaskThatThrowsEndsNothing() {
		this.link.start();
		awaitUp(1);
		this.link.execute(() -> {
			throw new NoClassDefFoundError("injected");
		});
		CountDownLatch next = new CountDownLatch(1);
		this.link.execute(next::countDown);
		await().atMost(SOON).until(() -> next.getCount() == 0);
		assertThat(this.link.session()).isNotNull();
	}

	@Test
	void aConnectionThatEndsIsRemadeAndEachEndIsToldOnce() {
		this.link.start();
		awaitUp(1);
		for (int i = 1; i <= 3; i++) {
			// Others use the server as well.
			long id = this.lifecycle.connections.getLast().sync().clientId();
			TestRedis.shared().ask((redis) -> redis.clientKill(KillArgs.Builder.id(id)));
			awaitUp(i + 1);
		}
		assertThat(this.lifecycle.ended).hasValue(3);
		assertThat(this.noted).as("Redis being away is no error").isEmpty();
	}

	@Test
	void aLinkThatCannotConnectHoldsUpNoOther() {
		CountDownLatch release = new CountDownLatch(1);
		this.lifecycle.held = release;
		this.link.start();
		Lifecycle other = new Lifecycle();
		try (SupervisedLink<StatefulRedisConnection<byte[], byte[]>, Object> second = new SupervisedLink<>("test",
				other, new RedisRefusals(System::nanoTime), this.scheduler, this.errors, new Random(2))) {
			second.start();
			await().atMost(SOON).until(() -> other.checks.get() >= 2);
			assertThat(this.link.session()).isNull();
		}
		finally {
			release.countDown();
		}
		awaitUp(1);
	}

	@ParameterizedTest
	@CsvSource({ "6.2.14, 64, Redis is of version 6.2.14; Fanfare needs 7.0 or newer",
			"7.0.15, 32, Redis is built for 32 bits; Fanfare needs 64" })
	void aRedisThatDoesNotFitIsRefusedInOneLine(String version, int bits, String message) throws IOException {
		try (UnfitRedis unfit = new UnfitRedis(version, bits)) {
			RedisClient stranger = RedisClient.create("redis://127.0.0.1:" + unfit.port());
			stranger.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(2), Duration.ofSeconds(1)));
			try (CommandLink commands = new CommandLink(stranger, new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0), false,
					this.scheduler, this.errors)) {
				assertThatExceptionOfType(UnfitRedisException.class).isThrownBy(() -> commands.awaitUp(SOON))
					.withMessage(message);
				assertThat(commands.isUp()).isFalse();
			}
			stranger.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		}
		assertThat(this.noted).isEmpty();
	}

	/** Fails as often as it is told to. */
	private final class Lifecycle implements LinkLifecycle<StatefulRedisConnection<byte[], byte[]>, Object> {

		private final List<StatefulRedisConnection<byte[], byte[]>> connections = new CopyOnWriteArrayList<>();

		private final AtomicInteger failingConnects = new AtomicInteger();

		private final AtomicInteger failingGreetings = new AtomicInteger();

		private final AtomicInteger failingBegins = new AtomicInteger();

		private final AtomicInteger failingChecks = new AtomicInteger();

		private final AtomicInteger failingEnds = new AtomicInteger();

		private final AtomicInteger began = new AtomicInteger();

		private final AtomicInteger checks = new AtomicInteger();

		private final AtomicInteger ended = new AtomicInteger();

		private volatile CountDownLatch held = new CountDownLatch(0);

		private static void throwOf(AtomicInteger left) {
			if (left.getAndUpdate((count) -> Math.max(0, count - 1)) > 0) {
				throw new NoClassDefFoundError("injected");
			}
		}

		@Override
		public StatefulRedisConnection<byte[], byte[]> connect() {
			try {
				this.held.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			throwOf(this.failingConnects);
			StatefulRedisConnection<byte[], byte[]> made = SupervisedLinkIT.this.client
				.connect(ByteArrayCodec.INSTANCE);
			this.connections.add(made);
			return made;
		}

		@Override
		public Object greet(StatefulRedisConnection<byte[], byte[]> connection) {
			throwOf(this.failingGreetings);
			return new Object();
		}

		@Override
		public void began(Object session) {
			this.began.incrementAndGet();
			throwOf(this.failingBegins);
		}

		@Override
		public CompletionStage<?> check(StatefulRedisConnection<byte[], byte[]> connection, Object session) {
			this.checks.incrementAndGet();
			throwOf(this.failingChecks);
			return connection.async().ping();
		}

		@Override
		public void ended(Object session) {
			this.ended.incrementAndGet();
			throwOf(this.failingEnds);
		}

	}

	/** Answers the few commands of a greeting. */
	private static final class UnfitRedis implements AutoCloseable {

		private final ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());

		private final String version;

		private final int bits;

		UnfitRedis(String version, int bits) throws IOException {
			this.version = version;
			this.bits = bits;
			Thread.ofVirtual().start(() -> {
				while (!this.server.isClosed()) {
					try {
						Socket socket = this.server.accept();
						Thread.ofVirtual().start(() -> serve(socket));
					}
					catch (IOException ex) {
						return;
					}
				}
			});
		}

		int port() {
			return this.server.getLocalPort();
		}

		private void serve(Socket socket) {
			try (socket;
					BufferedReader in = new BufferedReader(
							new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
					OutputStream out = socket.getOutputStream()) {
				String line;
				while ((line = in.readLine()) != null) {
					String[] command = new String[Integer.parseInt(line.substring(1))];
					for (int i = 0; i < command.length; i++) {
						char[] text = new char[Integer.parseInt(in.readLine().substring(1))];
						for (int read = 0; read < text.length;) {
							read += in.read(text, read, text.length - read);
						}
						in.readLine();
						command[i] = new String(text);
					}
					out.write(answer(command).getBytes(StandardCharsets.US_ASCII));
					out.flush();
				}
			}
			catch (IOException ex) {
				// The client is gone.
			}
		}

		private String answer(String[] command) {
			if (command[0].equalsIgnoreCase("PING")) {
				return "+PONG\r\n";
			}
			if (command[0].equalsIgnoreCase("INFO")) {
				String info = switch (command[1].toLowerCase(Locale.ROOT)) {
					case "server" -> "# Server\r\nredis_version:" + this.version + "\r\narch_bits:" + this.bits
							+ "\r\nrun_id:abc\r\n";
					case "replication" -> "# Replication\r\nrole:master\r\n";
					default -> "# Memory\r\nmaxmemory_policy:noeviction\r\n";
				};
				return "$" + info.length() + "\r\n" + info + "\r\n";
			}
			return "-ERR unknown command\r\n";
		}

		@Override
		public void close() throws IOException {
			this.server.close();
		}

	}

}
