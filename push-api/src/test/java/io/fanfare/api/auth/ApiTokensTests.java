package io.fanfare.api.auth;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.function.Consumer;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.JwtSettings;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.audit.RefusalReason;
import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.test.api.TokenMint;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class ApiTokensTests {

	private static final String SECRET = "0123456789abcdef0123456789abcdef-and-as-much-again-for-512-bits..";

	private static final String OTHER = "fedcba9876543210fedcba9876543210-and-as-much-again-for-512-bits..";

	private static final Instant NOW = Instant.parse("2026-07-01T12:00:00Z");

	private static final long SECOND = NOW.getEpochSecond();

	private final AuthenticationProvider tokens = provider(null, hmac(null, SECRET));

	@Test
	void aTokenTellsWhoCallsAndWhatIsAllowed() throws Exception {
		Caller caller = read(token((claims) -> claims.claim("scope", "read publish:news unheard:of tokens:a:*")));
		assertThat(caller.id()).isEqualTo("~shop%3A1");
		assertThat(caller.holds(Scope.READ)).isTrue();
		assertThat(caller.holds(Scope.ADMIN)).isFalse();
		assertThat(caller.mayPublishTo(ChannelName.topic("news"))).isTrue();
		assertThat(caller.mayPublishTo(ChannelName.ALL)).isFalse();
		assertThat(caller.requireTokenFor("a:1", Tier.HIGH, List.of("*"))).isEqualTo(Tier.HIGH);
	}

	@Test
	void aTokenMayHaveACeiling() throws Exception {
		Caller caller = read(token((claims) -> claims.claim("scope", "tokens")
			.claim("max_tier", "normal")
			.claim("channels", List.of("news", "orders:*"))));
		assertThat(caller.requireTokenFor("a", null, List.of("news"))).isEqualTo(Tier.NORMAL);
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> caller.requireTokenFor("a", Tier.HIGH, List.of("news")));
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> caller.requireTokenFor("a", null, List.of("newsroom")));
		Caller none = read(token((claims) -> claims.claim("scope", "tokens").claim("channels", List.of())));
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> none.requireTokenFor("a", null, List.of("news")));
	}

	@Test
	void withoutScopesNothingIsAllowed() throws Exception {
		assertThat(read(token((claims) -> {
		})).holdsSome(Scope.READ)).isFalse();
	}

	@Test
	void aTokenForAStreamIsNoneForTheApi() throws Exception {
		assertThat(read(token((claims) -> claims.audience("fanfare:stream")))).isNull();
		assertThat(read(token((claims) -> claims.audience((String) null)))).isNull();
		assertThat(read(token((claims) -> claims.audience("FANFARE:API")))).isNull();
		assertThat(read(token((claims) -> claims.audience(List.of("other", "fanfare:api"))))).isNotNull();
	}

	@Test
	void aTokenThatIsOverOrNotYetOrForeverIsRefused() throws Exception {
		assertThat(read(token((claims) -> claims.expirationTime(Date.from(NOW))))).isNull();
		assertThat(read(token((claims) -> claims.expirationTime(null)))).isNull();
		assertThat(read(token((claims) -> claims.notBeforeTime(Date.from(NOW.plusSeconds(31)))))).isNull();
		assertThat(read(token((claims) -> claims.notBeforeTime(Date.from(NOW.plusSeconds(30)))))).isNotNull();
		assertThat(read(token((claims) -> claims.issueTime(null)))).isNull();
		assertThat(read(times(3, 60))).isNull();
		assertThat(read(times(2, 60))).isNotNull();
		assertThat(read(times(-3600, 86_400 - 3600))).isNotNull();
		assertThat(read(times(-3600, 86_401 - 3600))).isNull();
		assertThat(read(times(10, 5))).isNull();
	}

	@Test
	void theIssuerCountsWhereItIsSet() throws Exception {
		AuthenticationProvider picky = provider("https://id.example", hmac(null, SECRET));
		assertThat(read(picky, token((claims) -> claims.issuer("https://id.example")))).isNotNull();
		assertThat(read(picky, token((claims) -> claims.issuer("https://id.example/")))).isNull();
		assertThat(read(picky, token((claims) -> {
		}))).isNull();
		assertThat(read(token((claims) -> claims.issuer("any")))).isNotNull();
	}

	@Test
	void aTokenWithoutSubjectIsRefused() throws Exception {
		assertThat(read(token((claims) -> claims.subject(null)))).isNull();
		assertThat(read(token((claims) -> claims.subject("")))).isNull();
	}

	@Test
	void otherAlgorithmsSecretsAndFormsAreRefused() throws Exception {
		assertThat(read(new TokenMint(SECRET, TokenMint.Algorithm.HS512).sign(claims().build().toString()))).isNull();
		assertThat(read(new TokenMint(SECRET + "x").sign(claims().build().toString()))).isNull();
		assertThat(read(new PlainJWT(claims().build()).serialize())).isNull();
		assertThat(read("a.b.c")).isNull();
		assertThat(read("a.b.c.d")).isNull();
		assertThat(read("..")).isNull();
	}

	@Test
	void keysStandSideBySideAndEachHasOneAlgorithm() throws Exception {
		ECKey curve = new ECKeyGenerator(Curve.P_256).keyID("new").algorithm(JWSAlgorithm.ES256).generate();
		AuthenticationProvider both = provider(null, hmac("old", OTHER), curve.toPublicJWK());
		SignedJWT signed = new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("new").build(),
				claims().build());
		signed.sign(new ECDSASigner(curve));
		assertThat(read(both, signed.serialize())).isNotNull();
		assertThat(read(both, new TokenMint(OTHER).sign("{\"alg\":\"HS256\",\"kid\":\"old\"}", json()))).isNotNull();
		assertThat(read(both, new TokenMint(OTHER).sign("{\"alg\":\"HS256\",\"kid\":\"new\"}", json()))).isNull();
		String point = new String(curve.toECPublicKey().getEncoded(), StandardCharsets.ISO_8859_1);
		assertThat(read(both, new TokenMint(point).sign("{\"alg\":\"HS256\",\"kid\":\"new\"}", json()))).isNull();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
			sub | 1.5
			sub | ["a"]
			sub | null
			aud | 7
			aud | ["fanfare:api",7]
			aud | {}
			exp | "1999999999"
			exp | true
			exp | null
			iat | "1"
			iat | null
			nbf | "x"
			iss | 7
			scope | ["read"]
			scope | 7
			max_tier | "higher"
			max_tier | 7
			channels | "news"
			channels | ["user:*"]
			channels | ["ne*"]
			channels | [7]
			channels | {}
			""")
	void aClaimOfAnotherTypeIsRefused(String claim, String value) {
		assertThat(read(sign(json().replaceFirst("\"" + claim + "\":[^,}]*,", "")
			.replaceFirst("^\\{", "{\"" + claim + "\":" + value + ",")))).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"sub\":\"bob\"", "\"exp\":99999999999", "\"scope\":\"a\",\"scope\":\"admin\"",
			"\"more\":{\"a\":1,\"a\":2}", "\"s\\u0075b\":\"bob\"" })
	void aClaimThatStandsTwiceIsRefused(String more) {
		assertThat(read(sign(json()))).isNotNull();
		assertThat(read(sign(json().replace("}", "," + more + "}")))).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"alg\":\"HS256\",\"typ\":\"JWE\"}", "{\"alg\":\"HS256\",\"typ\":\"dpop+jwt\"}",
			"{\"alg\":\"HS256\",\"typ\":7}", "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
			"{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
			"{\"alg\":\"none\"}", "{\"alg\":\"hs256\"}", "{}", "[]", "null", "", "{\"alg\":\"HS256\"} {}" })
	void aHeaderOfAnotherKindIsRefused(String header) {
		assertThat(read(new TokenMint(SECRET).sign(header, json()))).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "JWT", "jwt", "at+jwt", "application/at+jwt" })
	void aTypeOfATokenIsAccepted(String type) {
		assertThat(read(new TokenMint(SECRET).sign("{\"alg\":\"HS256\",\"typ\":\"" + type + "\"}", json())))
			.isNotNull();
	}

	@Test
	void aTokenIsWrittenInOneWayOnly() {
		String token = sign(json());
		assertThat(read(token)).isNotNull();
		int payload = token.indexOf('.') + 1;
		char last = token.charAt(token.length() - 1);
		for (String other : List.of(token + "=", token + "\n", token + "*", token.replaceFirst("\\.", ".\n"),
				token.substring(0, token.length() - 1) + (char) (last + 1),
				token.substring(0, payload) + "+" + token.substring(payload + 1), token + ".")) {
			assertThat(read(other)).as(other).isNull();
		}
		String encoded = Base64.getUrlEncoder()
			.withoutPadding()
			.encodeToString(new byte[] { '{', '"', (byte) 0xC0, (byte) 0x80, '"', ':', '1', '}' });
		assertThat(read(token.substring(0, payload) + encoded + token.substring(token.lastIndexOf('.')))).isNull();
	}

	@Test
	void aSecretThatIsTooShortNamesTheSetting() {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> new StreamSecretSettings("short"))
			.withMessageContaining("fanfare.jwt.secret (FANFARE_JWT_SECRET)")
			.withMessageNotContaining("short'");
	}

	@Test
	void eachRefusalHasItsReason() throws Exception {
		AuthenticationProvider strict = provider("https://id.example", hmac("a", SECRET));
		assertRefused(strict, "no-token", RefusalReason.KEY_WRONG);
		assertRefused(strict, "a.b.c", RefusalReason.TOKEN_MALFORMED);
		assertRefused(strict, signed("{\"alg\":\"HS256\",\"typ\":\"x\"}", "iss", "https://id.example"),
				RefusalReason.TOKEN_TYPE);
		assertRefused(strict, signed("{\"alg\":\"ES256K\"}", "iss", "x"), RefusalReason.TOKEN_ALGORITHM);
		assertRefused(strict, signed("{\"alg\":\"HS256\",\"crit\":[\"x\"]}", "iss", "x"),
				RefusalReason.TOKEN_MALFORMED);
		String unsigned = signed("{\"alg\":\"none\"}", "iss", "x");
		assertRefused(strict, unsigned.substring(0, unsigned.lastIndexOf('.') + 1), RefusalReason.TOKEN_ALGORITHM);
		assertRefused(strict, signed("{}", "iss", "x"), RefusalReason.TOKEN_ALGORITHM);
		assertRefused(strict, signed("{\"alg\":\"HS256\",\"kid\":\"b\"}", "iss", "x"), RefusalReason.TOKEN_KEY_UNKNOWN);
		assertRefused(strict, new TokenMint(OTHER).sign(json()), RefusalReason.TOKEN_SIGNATURE);
		assertRefused(strict, sign(json()), RefusalReason.TOKEN_ISSUER);
		assertRefused(this.tokens, token((claims) -> claims.audience("fanfare:stream")), RefusalReason.TOKEN_AUDIENCE);
		assertRefused(this.tokens, token((claims) -> claims.issueTime(null)), RefusalReason.TOKEN_TIMES_MISSING);
		assertRefused(this.tokens, times(-10, 0), RefusalReason.TOKEN_EXPIRED);
		assertRefused(this.tokens, times(3, 10), RefusalReason.TOKEN_NOT_YET_VALID);
		assertRefused(this.tokens, times(0, 86_401), RefusalReason.TOKEN_LIFE_TOO_LONG);
		assertRefused(this.tokens, token((claims) -> claims.subject(null)), RefusalReason.TOKEN_CLAIMS);
		assertRefused(this.tokens, token((claims) -> claims.claim("scope", 7)), RefusalReason.TOKEN_CLAIMS);
		assertRefused(this.tokens, token((claims) -> claims.claim("sub", List.of())), RefusalReason.TOKEN_MALFORMED);
	}

	private static void assertRefused(AuthenticationProvider provider, String token, RefusalReason reason) {
		assertThatExceptionOfType(OAuth2AuthenticationException.class).as(token)
			.isThrownBy(() -> provider.authenticate(new BearerTokenAuthenticationToken(token)))
			.satisfies((ex) -> assertThat(CredentialRefusal.of(ex)).isEqualTo(reason));
	}

	private static String signed(String header, String claim, String value) throws Exception {
		return new TokenMint(SECRET).sign(header, claims().claim(claim, value).build().toString());
	}

	private @Nullable Caller read(String token) {
		return read(this.tokens, token);
	}

	private static @Nullable Caller read(AuthenticationProvider provider, String token) {
		try {
			return (Caller) provider.authenticate(new BearerTokenAuthenticationToken(token)).getPrincipal();
		}
		catch (OAuth2AuthenticationException ex) {
			return null;
		}
		catch (AuthenticationException ex) {
			throw new AssertionError(ex);
		}
	}

	private static AuthenticationProvider provider(@Nullable String issuer, JWK... keys) {
		JwtSettings settings = new JwtSettings(List.of(), null, Duration.ofMinutes(5), Duration.ofHours(4), issuer,
				Duration.ofHours(24), null);
		return ApiTokens.provider(JwtKeys.of(List.of(keys)), settings, Clock.fixed(NOW, ZoneOffset.UTC));
	}

	private static JWK hmac(@Nullable String kid, String secret) {
		return new OctetSequenceKey.Builder(secret.getBytes(StandardCharsets.UTF_8)).keyID(kid)
			.algorithm(JWSAlgorithm.HS256)
			.build();
	}

	private static String sign(String claims) {
		return new TokenMint(SECRET).sign(claims);
	}

	private static String times(int issued, int expires) throws Exception {
		return token((claims) -> claims.issueTime(Date.from(NOW.plusSeconds(issued)))
			.expirationTime(Date.from(NOW.plusSeconds(expires))));
	}

	private static String token(Consumer<JWTClaimsSet.Builder> change) throws Exception {
		JWTClaimsSet.Builder claims = claims();
		change.accept(claims);
		return sign(claims.build().toString());
	}

	private static JWTClaimsSet.Builder claims() {
		return new JWTClaimsSet.Builder().subject("shop:1")
			.audience("fanfare:api")
			.issueTime(Date.from(NOW))
			.expirationTime(Date.from(NOW.plusSeconds(1)));
	}

	private static String json() {
		return "{\"sub\":\"shop:1\",\"aud\":\"fanfare:api\",\"iat\":" + SECOND + ",\"exp\":" + (SECOND + 10)
				+ ",\"x\":1}";
	}

}
