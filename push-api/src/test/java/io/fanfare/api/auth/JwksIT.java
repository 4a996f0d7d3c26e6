package io.fanfare.api.auth;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

import com.sun.net.httpserver.HttpServer;
import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.api.TokenMint.Algorithm;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** API tokens whose keys stand at an address. */
class JwksIT {

	private static final String URI = "--fanfare.api.jwt.jwks-uri=http://127.0.0.1:";

	private static String claims() {
		long now = Instant.now().getEpochSecond();
		return "{\"sub\":\"ops\",\"aud\":\"fanfare:api\",\"scope\":\"read\",\"iat\":" + now + ",\"exp\":" + (now + 60)
				+ "}";
	}

	private static Answer call(TestApi api, String token) {
		return api.send("GET", "/v1/cursor", null, "Authorization", "Bearer " + token);
	}

	@Test
	void keysComeFromTheAddressAndWhileTheyAreNotKnownACallerIsToldSo() throws IOException {
		TokenMint mint = TokenMint.withNewKey(Algorithm.ES256).named("one");
		HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		server.createContext("/", (exchange) -> {
			byte[] body = ("{\"keys\":[" + mint.jwk() + "]}").getBytes(StandardCharsets.UTF_8);
			exchange.sendResponseHeaders(200, body.length);
			exchange.getResponseBody().write(body);
			exchange.close();
		});
		server.start();
		try (TestApi api = TestApi.start(TestRedis.shared(), URI + server.getAddress().getPort() + "/")) {
			await().untilAsserted(() -> assertThat(call(api, mint.sign(claims())).status()).isEqualTo(200));
			String token = mint.sign(claims());
			assertThat(call(api, token.substring(0, token.length() - 8) + "AAAAAAAA").status()).isEqualTo(401);
			assertUnknown(call(api, mint.named("two").sign(claims())));
			assertThat(call(api, new TokenMint(TestApi.API_JWT_SECRET).sign(claims())).status()).isEqualTo(200);
			assertThat(call(api, new TokenMint(TestApi.JWT_SECRET).sign(claims())).status()).isEqualTo(401);
		}
		finally {
			server.stop(0);
		}
	}

	@Test
	void keysThatWereNeverFetchedLeaveApiKeysAlone() {
		TokenMint fixed = TokenMint.withNewKey(Algorithm.ES256);
		try (TestApi api = TestApi.start(TestRedis.shared(), URI + "1/", "--fanfare.api.jwt.keys[1].algorithm=ES256",
				"--fanfare.api.jwt.keys[1].public-key=" + fixed.publicKey(),
				"--fanfare.api.limits.refusals-per-minute=2")) {
			String unknown = TokenMint.withNewKey(Algorithm.RS256).named("one").sign(claims());
			assertUnknown(call(api, unknown));
			assertThat(api.get("/v1/cursor").status()).isEqualTo(200);
			assertThat(call(api, "an-unknown-key").status()).isEqualTo(401);
			String checked = TokenMint.withNewKey(Algorithm.ES256).named("one").sign(claims());
			assertUnknown(from(api, "203.0.113.7", checked));
			assertUnknown(from(api, "203.0.113.7", checked));
			assertThat(from(api, "203.0.113.7", checked).status()).as("signatures were checked in vain").isEqualTo(429);
			for (int i = 0; i < 4; i++) {
				assertUnknown(from(api, "203.0.113.8", unknown));
			}
			assertThat(from(api, "203.0.113.8", fixed.sign(claims())).status()).isEqualTo(200);
		}
	}

	private static Answer from(TestApi api, String address, String token) {
		return api.send("GET", "/v1/cursor", null, "Authorization", "Bearer " + token, "X-Forwarded-For", address);
	}

	private static void assertUnknown(Answer answer) {
		assertThat(answer.status()).as(answer.body()).isEqualTo(503);
		assertThat(answer.problem()).isEqualTo("keys-unavailable");
		assertThat(answer.header("Retry-After")).isEqualTo("30");
		assertThat(answer.header("WWW-Authenticate")).isEmpty();
	}

}
