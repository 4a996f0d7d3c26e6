package io.fanfare.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

import com.sun.net.httpserver.HttpServer;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.api.TokenMint.Algorithm;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newUser;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A node with keys of several kinds, of which some are at a JWKS address. */
class KeysIT {

	private static final TokenMint CURVE = TokenMint.withNewKey(Algorithm.ES256).named("curve");

	private static final TokenMint PUBLISHED = TokenMint.withNewKey(Algorithm.RS256).named("published");

	private static HttpServer server;

	private static TestNode node;

	@BeforeAll
	static void start() throws IOException {
		server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		byte[] set = ("{\"keys\":[" + PUBLISHED.jwk() + "]}").getBytes(StandardCharsets.UTF_8);
		server.createContext("/jwks", (exchange) -> {
			try (exchange) {
				exchange.sendResponseHeaders(200, set.length);
				exchange.getResponseBody().write(set);
			}
		});
		server.start();
		String prefix = "--fanfare.stream.jwt.";
		node = TestNode.start(TestRedis.shared(), "keys", prefix + "keys[0].kid=curve",
				prefix + "keys[0].algorithm=ES256", prefix + "keys[0].public-key=" + CURVE.publicKey(),
				prefix + "jwks-uri=http://127.0.0.1:" + server.getAddress().getPort() + "/jwks");
		await().atMost(SOON).until(() -> node.meter("fanfare.jwks.fetches", "outcome", "ok") > 0);
	}

	@AfterAll
	static void stop() {
		node.close();
		server.stop(0);
	}

	private static SseRequest stream(TokenMint mint) {
		return node.request("/events").bearer(mint.stream(newUser(), Duration.ofHours(1)));
	}

	@Test
	void tokensOfEachKeyOpenStreams() {
		for (TokenMint mint : new TokenMint[] { CURVE, PUBLISHED, Tokens.MINT }) {
			TestNode.opened(stream(mint)).close();
		}
		assertThat(node.meter("fanfare.token.checks.waiting")).isZero();
		assertThat(node.meter("fanfare.jwks.age")).isBetween(0.0, 60.0);
	}

	@Test
	void aTokenOfAnotherKeyIsRefused() {
		for (TokenMint other : new TokenMint[] { TokenMint.withNewKey(Algorithm.ES256).named("curve"),
				TokenMint.withNewKey(Algorithm.RS256).named("published"), CURVE.named("published") }) {
			Answer answer = stream(other).fetch();
			assertThat(answer.status()).as(answer.toString()).isEqualTo(401);
		}
	}

	/** The set was fetched a moment ago, and may have changed since. */
	@Test
	void aKeyThatMayHaveBeenPublishedSinceIsToComeBackFor() {
		TokenMint young = TokenMint.withNewKey(Algorithm.RS256).named("young");
		try (SseClient stream = stream(young).open()) {
			assertThat(stream.nextBlock(SOON).toString()).contains("push.busy", "keys-unavailable");
		}
		Answer strict = stream(young).query("strict", "1").fetch();
		assertThat(strict.status()).isEqualTo(503);
		assertThat(strict.text()).contains("keys-unavailable");
		assertThat(node.meter("fanfare.streams.refused", "reason", "keys-unavailable")).isEqualTo(2);
	}

	@Test
	void theNextRequestOfAConnectionWaitsForTheCheckOfTheOneBeforeIt() throws IOException {
		String bad = TokenMint.withNewKey(Algorithm.ES256).named("curve").stream("u", Duration.ofHours(1));
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.port())) {
			socket.setSoTimeout((int) SOON.toMillis());
			socket.getOutputStream()
				.write(("GET /events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + bad
						+ "\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
					.getBytes(StandardCharsets.US_ASCII));
			String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
			assertThat(answers).startsWith("HTTP/1.1 401");
			assertThat(answers.indexOf("HTTP/1.1 404")).isGreaterThan(0);
		}
	}

}
