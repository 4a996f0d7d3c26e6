package io.fanfare.boot.jwt;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.nimbusds.jose.util.Base64URL;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fanfare.boot.jwt.JwtKeys.Candidates;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.api.TokenMint.Algorithm;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Keys of a JWKS address that is up, slow, wrong or away, by a clock of the test. */
class JwtKeysTests {

	private static final Duration REFRESH = Duration.ofMinutes(5);

	private static final Duration TOLERANCE = Duration.ofHours(2);

	private final TokenMint first = TokenMint.withNewKey(Algorithm.ES256).named("first");

	private final TokenMint second = TokenMint.withNewKey(Algorithm.EdDSA).named("second");

	private final Time time = new Time();

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final AtomicInteger fetches = new AtomicInteger();

	private final CountDownLatch ended = new CountDownLatch(1);

	private HttpServer server;

	private JwtKeys keys;

	/** What the address answers. */
	private volatile Answer answer = (exchange) -> send(exchange, set(this.first));

	private interface Answer {

		void to(HttpExchange exchange) throws IOException;

	}

	@BeforeEach
	void start() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
		this.server.createContext("/jwks", (exchange) -> {
			this.fetches.incrementAndGet();
			try (exchange) {
				this.answer.to(exchange);
			}
		});
		this.server.createContext("/other", (exchange) -> {
			try (exchange) {
				send(exchange, set(this.first, this.second));
			}
		});
		this.server.start();
		this.keys = keys(List.of());
		this.keys.start();
	}

	private JwtKeys keys(List<KeySettings> fixed) {
		JwtSettings settings = settings(fixed);
		return JwtKeys.of("stream", settings.jwks("x"), settings, this.time, this.registry);
	}

	private JwtSettings settings(List<KeySettings> fixed) {
		JwtSettings settings = new JwtSettings(fixed,
				"http://127.0.0.1:" + this.server.getAddress().getPort() + "/jwks", REFRESH, TOLERANCE, null,
				Duration.ofHours(1), null);
		settings.check("x");
		return settings;
	}

	@AfterEach
	void stop() {
		this.ended.countDown();
		this.keys.close();
		this.server.stop(0);
	}

	private static void send(HttpExchange exchange, String body) throws IOException {
		byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
		exchange.getResponseHeaders().set("Content-Type", "application/json");
		exchange.sendResponseHeaders(200, bytes.length);
		exchange.getResponseBody().write(bytes);
	}

	private static String set(TokenMint... mints) {
		return "{\"keys\":[" + String.join(",", List.of(mints).stream().map(TokenMint::jwk).toList()) + "]}";
	}

	/** Whether a token is that of a key; null where it cannot be known. */
	private @Nullable Boolean verify(TokenMint mint, @Nullable String kid, SignatureAlgorithm algorithm) {
		List<Candidates> found = new ArrayList<>();
		this.keys.find(kid, algorithm, found::add);
		this.time.run();
		assertThat(found).hasSize(1);
		String token = mint.sign("{}");
		int signature = token.lastIndexOf('.');
		if (found.getFirst()
			.keys()
			.stream()
			.anyMatch((key) -> key.verifies(token.substring(0, signature).getBytes(StandardCharsets.US_ASCII),
					new Base64URL(token.substring(signature + 1))))) {
			return true;
		}
		return found.getFirst().complete() ? false : null;
	}

	private @Nullable Boolean first() {
		return verify(this.first, "first", SignatureAlgorithm.ES256);
	}

	private @Nullable Boolean second() {
		return verify(this.second, "second", SignatureAlgorithm.EDDSA);
	}

	private double failures() {
		return this.registry.get("fanfare.jwks.fetches").tag("outcome", "failed").counter().count();
	}

	@Test
	void theSetIsFetchedAtTheStartAndAheadOfItsUse() {
		assertThat(this.keys.present("first", SignatureAlgorithm.ES256).complete()).isFalse();
		this.time.run();
		assertThat(this.keys.present("first", SignatureAlgorithm.ES256).keys()).hasSize(1);
		assertThat(first()).isTrue();
		for (int i = 2; i < 6; i++) {
			this.time.pass(REFRESH);
			assertThat(this.fetches).hasValue(i);
		}
		assertThat(this.registry.get("fanfare.jwks.age").timeGauge().value()).isZero();
		this.time.pass(Duration.ofSeconds(40));
		assertThat(this.registry.get("fanfare.jwks.age").timeGauge().value()).isEqualTo(40);
	}

	@Test
	void aKeyThatIsPublishedBesideTheOldOneIsFoundByItsFirstToken() {
		this.time.run();
		assertThat(first()).isTrue();
		this.answer = (exchange) -> send(exchange, set(this.first, this.second));
		assertThat(second()).as("it was fetched a moment ago").isNull();
		this.time.pass(JwksKeys.LEAST_INTERVAL);
		assertThat(second()).isTrue();
		assertThat(first()).isTrue();
		this.answer = (exchange) -> send(exchange, set(this.second));
		this.time.pass(REFRESH);
		assertThat(second()).isTrue();
		assertThat(first()).as("withdrawn").isFalse();
	}

	@Test
	void aThousandUnknownKeysPerSecondFetchOncePerHalfMinute() {
		this.time.run();
		int before = this.fetches.get();
		List<Candidates> found = new ArrayList<>();
		for (int second = 0; second < 90; second++) {
			for (int i = 0; i < 1_000; i++) {
				this.keys.find("unknown-" + second + "-" + i, SignatureAlgorithm.ES256, found::add);
			}
			this.time.pass(Duration.ofSeconds(1));
		}
		assertThat(this.fetches.get() - before).isBetween(2, 3);
		assertThat(found).hasSize(90_000);
		assertThat(found.stream().filter((one) -> !one.keys().isEmpty())).isEmpty();
		assertThat(found.stream().filter(Candidates::complete)).as("those that were asked for").hasSizeBetween(2, 3);
		assertThat(first()).as("known keys go on").isTrue();
	}

	@Test
	void anHourAwayIsBridgedByTheLastSetAndThenItIsNotKnown() {
		this.time.run();
		this.answer = (exchange) -> exchange.sendResponseHeaders(503, -1);
		this.time.pass(Duration.ofHours(1));
		assertThat(first()).isTrue();
		assertThat(second()).as("it may have been published meanwhile").isNull();
		assertThat(failures()).isBetween(100.0, 122.0);
		this.time.pass(TOLERANCE);
		assertThat(first()).as("too old").isNull();
		assertThat(this.registry.get("fanfare.jwks.age").timeGauge().value()).isNaN();
		this.answer = (exchange) -> send(exchange, set(this.first));
		this.time.pass(JwksKeys.LEAST_INTERVAL);
		assertThat(first()).isTrue();
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "hanging", "dripping", "huge", "redirecting", "garbage", "no-keys", "broken-key", "empty" })
	void anAnswerThatIsNoSetLeavesTheLastOneInUse(String kind) {
		this.time.run();
		this.answer = (exchange) -> {
			switch (kind) {
				case "hanging" -> pause(Duration.ofSeconds(4));
				case "dripping" -> drip(exchange);
				case "huge" -> send(exchange, "{\"keys\":[],\"x\":\"" + "x".repeat(65_536) + "\"}");
				case "redirecting" -> {
					exchange.getResponseHeaders().set("Location", "/other");
					exchange.sendResponseHeaders(302, -1);
				}
				case "garbage" -> send(exchange, "<html>");
				case "no-keys" -> send(exchange, "{}");
				case "broken-key" -> send(exchange, "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\"}]}");
				default -> send(exchange, "");
			}
		};
		long began = System.nanoTime();
		this.time.pass(REFRESH);
		assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(4));
		assertThat(failures()).isEqualTo(1);
		assertThat(first()).isTrue();
		assertThat(second()).as("no other address was asked").isNull();
	}

	private void drip(HttpExchange exchange) throws IOException {
		exchange.sendResponseHeaders(200, 0);
		for (int i = 0; i < 40; i++) {
			exchange.getResponseBody().write(' ');
			exchange.getResponseBody().flush();
			pause(Duration.ofMillis(100));
		}
	}

	/** Ends early when the test does. */
	private void pause(Duration duration) {
		try {
			this.ended.await(duration.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Test
	void keysOfASetThatVerifyNoTokensAreLeftOut() {
		String secret = "{\"kty\":\"oct\",\"kid\":\"oct\",\"alg\":\"HS256\",\"k\":\"" + "c".repeat(43) + "\"}";
		TokenMint rsa = TokenMint.withNewKey(Algorithm.RS256).named("rsa");
		this.answer = (exchange) -> send(exchange,
				"{\"keys\":[" + String.join(",", secret, rsa.jwk().replace("\"sig\"", "\"enc\""),
						this.first.jwk().replace("\"ES256\"", "\"ECDH-ES\""), this.second.jwk(),
						"{\"kty\":\"new\",\"kid\":\"new\"}") + "]}");
		this.time.run();
		assertThat(second()).isTrue();
		assertThat(verify(rsa, "rsa", SignatureAlgorithm.RS256)).isNotEqualTo(true);
		assertThat(first()).isNotEqualTo(true);
		assertThat(this.keys.present("oct", SignatureAlgorithm.HS256)).isEqualTo(new Candidates(List.of(), true));
	}

	@ParameterizedTest
	@ValueSource(strings = { "7", "null", "[]", "{}", "{\"kty\":\"new\"}",
			"{\"kty\":\"EC\",\"crv\":\"P-999\",\"x\":\"AA\",\"y\":\"AA\",\"kid\":\"odd\"}",
			"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}", "{\"kty\":\"RSA\",\"n\":\"AQAB\"}",
			"{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"AA\"}", "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}",
			"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"use\":\"enc\",\"key_ops\":[\"sign\"]}",
			"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"x5c\":[\"AQAB\"]}", "{\"kty\":7}" })
	void anOddKeyOfASetCostsNoOther(String odd) {
		this.answer = (exchange) -> send(exchange,
				"{\"keys\":[" + this.first.jwk() + "," + odd + "," + this.second.jwk() + "]}");
		this.time.run();
		assertThat(failures()).isZero();
		assertThat(first()).isTrue();
		assertThat(second()).isTrue();
	}

	@Test
	void aSetMayBeEmptiedAndOneOfWhichNothingIsUnderstoodIsNone() {
		this.time.run();
		this.answer = (exchange) -> send(exchange, "{\"keys\":[{\"kty\":\"new\"},7]}");
		this.time.pass(REFRESH);
		assertThat(failures()).isEqualTo(1);
		assertThat(first()).isTrue();
		this.answer = (exchange) -> send(exchange, "{\"keys\":[]}");
		this.time.pass(REFRESH);
		assertThat(failures()).isEqualTo(1);
		assertThat(first()).as("withdrawn").isFalse();
	}

	@Test
	void keysOfTheOtherTokensAreLeftOutOfASet() {
		List<KeySettings> other = List
			.of(new KeySettings("other", SignatureAlgorithm.EDDSA, null, this.second.publicKey()));
		this.answer = (exchange) -> send(exchange, set(this.first, this.second));
		this.keys.close();
		this.keys = JwtKeys.of("api", List.of(), settings(List.of()), settings(other).jwks("x"), this.time,
				this.registry);
		this.keys.start();
		this.time.run();
		assertThat(first()).isTrue();
		assertThat(second()).isNotEqualTo(true);
	}

	@Test
	void anRsaKeyWithoutAnAlgorithmIsOneOfRs256Alone() {
		TokenMint rsa = TokenMint.withNewKey(Algorithm.RS256).named("rsa");
		this.answer = (exchange) -> send(exchange, set(rsa).replace(",\"alg\":\"RS256\"", ""));
		this.time.run();
		assertThat(verify(rsa, "rsa", SignatureAlgorithm.RS256)).isTrue();
		assertThat(verify(rsa, null, SignatureAlgorithm.RS256)).as("a token that names no key").isTrue();
		assertThat(verify(rsa.using(Algorithm.PS256), "rsa", SignatureAlgorithm.PS256)).isFalse();
	}

	@Test
	void keysOfTheSettingsNeedNoAddress() {
		this.answer = (exchange) -> exchange.sendResponseHeaders(503, -1);
		TokenMint fixed = TokenMint.withNewKey(Algorithm.ES256).named("fixed");
		this.keys.close();
		this.keys = keys(List.of(new KeySettings("fixed", SignatureAlgorithm.ES256, null, fixed.publicKey()),
				new KeySettings(null, SignatureAlgorithm.HS256, "s".repeat(32), null)));
		assertThat(verify(fixed, "fixed", SignatureAlgorithm.ES256)).isTrue();
		assertThat(verify(this.first, "fixed", SignatureAlgorithm.ES256)).isFalse();
		assertThat(verify(new TokenMint("s".repeat(32)), "any", SignatureAlgorithm.HS256)).isTrue();
		assertThat(verify(new TokenMint("t".repeat(32)), "any", SignatureAlgorithm.HS256)).isFalse();
		assertThat(this.fetches).as("none was asked for").hasValue(0);
		assertThat(first()).isNull();
	}

	/** A scheduler whose time passes when a test says so. */
	private static final class Time implements Scheduler {

		private final List<Due> due = new CopyOnWriteArrayList<>();

		private long now;

		private record Due(long at, Runnable task) {

		}

		@Override
		public Ticker ticker() {
			return () -> this.now;
		}

		@Override
		public Worker createWorker(String where) {
			return new Worker() {
				@Override
				public void execute(Runnable task) {
					schedule(Duration.ZERO, task);
				}

				@Override
				public void schedule(Duration delay, Runnable task) {
					Time.this.due.add(new Due(Time.this.now + delay.toNanos(), task));
				}

				@Override
				public void every(Duration first, Duration interval, Runnable task) {
					throw new UnsupportedOperationException();
				}

				@Override
				public void close() {
					Time.this.due.clear();
				}
			};
		}

		void run() {
			pass(Duration.ZERO);
		}

		void pass(Duration duration) {
			long end = this.now + duration.toNanos();
			while (true) {
				Due next = this.due.stream()
					.filter((one) -> one.at() <= end)
					.min((one, other) -> Long.compare(one.at(), other.at()))
					.orElse(null);
				if (next == null) {
					this.now = end;
					return;
				}
				this.due.remove(next);
				this.now = Math.max(this.now, next.at());
				next.task().run();
			}
		}

	}

}
