package io.fanfare.api.auth;

import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.protocol.TokenLimits;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;

class TokenIT {

	private final TestApi api = TestApi.shared();

	@Test
	void aTokenHoldsWhatWasAskedFor() throws Exception {
		Answer answer = this.api.post("/v1/tokens", """
				{"user": "alice", "channels": ["news", "orders:*", "*"], "tier": "low", "ttl": "PT15M"}""");
		SignedJWT jwt = SignedJWT.parse(answer.json().get("token").stringValue());
		assertThat(jwt.verify(new MACVerifier(TestApi.JWT_SECRET))).isTrue();
		JWTClaimsSet claims = jwt.getJWTClaimsSet();
		assertThat(claims.getSubject()).isEqualTo("alice");
		assertThat(claims.getAudience()).containsExactly("fanfare:stream");
		assertThat(claims.getStringListClaim("channels")).containsExactly("news", "orders:*", "*");
		assertThat(claims.getStringClaim("tier")).isEqualTo("low");
		assertThat(Duration.between(claims.getIssueTime().toInstant(), claims.getExpirationTime().toInstant()))
			.isEqualTo(Duration.ofMinutes(15));
		assertThat(Instant.parse(answer.json().get("expiresAt").stringValue()))
			.isEqualTo(claims.getExpirationTime().toInstant());
		assertThat(answer.header("Cache-Control")).contains("no-store");
	}

	@Test
	void aTokenLeavesOutWhatWasNotAskedFor() throws Exception {
		Answer answer = this.api.post("/v1/tokens", "{\"user\":\"alice\"}");
		JWTClaimsSet claims = SignedJWT.parse(answer.json().get("token").stringValue()).getJWTClaimsSet();
		assertThat(claims.getClaims()).containsOnlyKeys("sub", "aud", "jti", "iat", "exp");
	}

	@Test
	void theBareTokenIsThereForAShell() throws Exception {
		Answer text = this.api.post("/v1/tokens", "{\"user\":\"alice\"}", "Accept", "text/plain");
		assertThat(text.status()).isEqualTo(200);
		assertThat(SignedJWT.parse(text.body()).getJWTClaimsSet().getSubject()).isEqualTo("alice");
		assertThat(text.header("Content-Type")).contains("text/plain");
		Answer any = this.api.post("/v1/tokens", "{\"user\":\"alice\"}", "Accept", "*/*");
		assertThat(any.header("Content-Type")).contains("application/json");
		assertThat(this.api.post("/v1/tokens", "{}", "Accept", "text/plain").problem()).isEqualTo("invalid-request");
	}

	@Test
	void whatIsWrongIsTold() {
		Answer answer = this.api.post("/v1/tokens", """
				{"channels": ["user:*", "ne*"], "tier": "x", "ttl": "P2D", "scope": "admin"}""");
		assertThat(answer.problem()).isEqualTo("invalid-request");
		assertThat(answer.json().get("errors").findValuesAsString("pointer")).containsExactlyInAnyOrder("#/scope",
				"#/user", "#/channels/0", "#/channels/1", "#/tier", "#/ttl");
	}

	/** Nodes and proxies have room for it in request lines and headers. */
	@ParameterizedTest
	@ValueSource(strings = { "<", "\u4e2d", "\\\"", "\ud83d\ude00" })
	void theLongestTokenIsOneThatNodesTake(String character) {
		String user = character.repeat(128 / character.codePointCount(0, character.length())).substring(0, 128);
		String channels = IntStream.range(100, 200)
			.mapToObj((i) -> "\"t" + i + "~".repeat(123) + ":*\"")
			.collect(Collectors.joining(","));
		ObjectNode body = TestApi.JSON.createObjectNode().put("user", user).put("tier", "normal");
		Answer answer = this.api.post("/v1/tokens",
				body.toString().replaceFirst("}$", ",\"channels\":[" + channels + "]}"));
		assertThat(answer.status()).as(answer.body()).isEqualTo(200);
		assertThat(answer.json().get("token").stringValue().length()).isBetween(17_000, TokenLimits.MAX_LENGTH);
		assertThat(this.api
			.post("/v1/tokens", body.toString().replaceFirst("}$", ",\"channels\":[" + channels + ",\"more\"]}"))
			.json()
			.get("errors")
			.findValuesAsString("pointer")).containsExactly("#/channels");
	}

	@Test
	void whereNothingIsAskedForNoTokenLivesLongerThanIsAllowed() {
		TokenSettings settings = new TokenSettings(true, Duration.ofHours(1), Duration.ofMinutes(5));
		assertThat(settings.defaultTtl()).isEqualTo(Duration.ofMinutes(5));
	}

	@Test
	void makingTokensNeedsItsScope() {
		assertThat(this.api.postAs(TestApi.SHOP_KEY, "/v1/tokens", "{\"user\":\"alice\"}").status()).isEqualTo(403);
	}

	@Test
	void whereTokensAreOffThereIsNothing() {
		try (TestApi off = TestApi.start(TestRedis.shared(), "--fanfare.tokens.enabled=false")) {
			assertThat(off.post("/v1/tokens", "{\"user\":\"alice\"}").problem()).isEqualTo("not-found");
			assertThat(off.post("/v1/tickets", "{\"user\":\"alice\"}").problem()).isEqualTo("not-found");
		}
	}

	@Test
	void aStreamTokenIsNoKeyForTheApi() {
		String token = this.api.post("/v1/tokens", "{\"user\":\"alice\"}").json().get("token").stringValue();
		assertThat(this.api.send("GET", "/v1/cursor", null, "Authorization", "Bearer " + token).status())
			.isEqualTo(401);
	}

	/** Before, one secret signed both, and {@code aud} alone told them apart. */
	@Test
	void theSecretOfStreamTokensSignsNoApiToken() {
		String claims = "{\"sub\":\"ops\",\"aud\":\"fanfare:api\",\"scope\":\"read\",\"iat\":IAT,\"exp\":EXP}"
			.replace("IAT", Long.toString(Instant.now().getEpochSecond()))
			.replace("EXP", Long.toString(Instant.now().getEpochSecond() + 60));
		for (Map.Entry<String, Integer> secret : Map.of(TestApi.JWT_SECRET, 401, TestApi.API_JWT_SECRET, 200)
			.entrySet()) {
			Answer answer = this.api.send("GET", "/v1/cursor", null, "Authorization",
					"Bearer " + new TokenMint(secret.getKey()).sign(claims));
			assertThat(answer.status()).isEqualTo(secret.getValue());
		}
	}

	@Test
	void aListOfKeysSignsBeforeTheShortForm() throws Exception {
		String secret = "a secret of the list of forty-eight bytes and some more";
		try (TestApi own = TestApi.start(TestRedis.shared(), "--fanfare.stream.jwt.keys[0].algorithm=HS384",
				"--fanfare.stream.jwt.keys[0].kid=k-1", "--fanfare.stream.jwt.keys[0].secret=" + secret)) {
			SignedJWT jwt = SignedJWT
				.parse(own.post("/v1/tokens", "{\"user\":\"alice\"}").json().get("token").stringValue());
			assertThat(jwt.getHeader().getKeyID()).isEqualTo("k-1");
			assertThat(jwt.getHeader().getAlgorithm().getName()).isEqualTo("HS384");
			assertThat(jwt.verify(new MACVerifier(secret))).isTrue();
		}
	}

	@Test
	void aTokenForTheApiCallsWithItsScopes() throws Exception {
		JWTClaimsSet claims = new JWTClaimsSet.Builder().subject("ops")
			.audience(List.of("other", "fanfare:api"))
			.claim("scope", "read")
			.issueTime(Date.from(Instant.now()))
			.expirationTime(Date.from(Instant.now().plusSeconds(60)))
			.build();
		String bearer = "bearer " + new TokenMint(TestApi.API_JWT_SECRET).sign(claims.toString());
		assertThat(this.api.send("GET", "/v1/cursor", null, "Authorization", bearer).status()).isEqualTo(200);
		assertThat(
				this.api.send("POST", "/v1/messages", "{}", "Authorization", bearer, "Content-Type", "application/json")
					.status())
			.isEqualTo(403);
	}

}
