package io.fanfare.node.auth;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.JwtSettings;
import io.fanfare.boot.jwt.KeySettings;
import io.fanfare.boot.jwt.SignatureAlgorithm;
import io.fanfare.node.Tokens;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.audit.RefusalReason;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.api.TokenMint.Algorithm;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class TokenVerifierTests {

	private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");

	private static final long SECOND = NOW.getEpochSecond();

	private static final Duration SKEW = Duration.ofSeconds(30);

	private static final String HEADER = "{\"alg\":\"HS256\"}";

	private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

	private final TokenVerifier verifier = new TokenVerifier(Tokens.SECRET, SKEW, () -> NOW);

	/** A good payload with claims that are others, each as JSON; null for none. */
	private static String payload(@Nullable String... claims) {
		Map<String, String> all = new LinkedHashMap<>(Map.of("sub", "\"alice\"", "aud", "\"fanfare:stream\"", "iat",
				Long.toString(SECOND), "exp", Long.toString(SECOND + 10)));
		for (int i = 0; i < claims.length; i += 2) {
			if (claims[i + 1] == null) {
				all.remove(claims[i]);
			}
			else {
				all.put(claims[i], claims[i + 1]);
			}
		}
		return all.entrySet()
			.stream()
			.map((claim) -> "\"" + claim.getKey() + "\":" + claim.getValue())
			.collect(Collectors.joining(",", "{", "}"));
	}

	private static String token(@Nullable String... claims) {
		return Tokens.MINT.sign(HEADER, payload(claims));
	}

	private void assertRefused(String token, String why) {
		assertRefused(this.verifier, token, why);
	}

	private static void assertRefused(TokenVerifier verifier, String token, String why) {
		assertThatExceptionOfType(InvalidTokenException.class).as(token)
			.isThrownBy(() -> verifier.verify(token))
			.withMessageContaining(why);
	}

	private static TokenVerifier verifier(TokenRules rules) {
		return new TokenVerifier(JwtKeys.of(List.of(JwtKeys.shortForm(Tokens.SECRET))), rules, () -> NOW, null);
	}

	private static TokenVerifier verifier(KeySettings... keys) {
		JwtSettings settings = new JwtSettings(List.of(keys), null, Duration.ofMinutes(5), Duration.ZERO, null,
				Duration.ofHours(1), null);
		return new TokenVerifier(JwtKeys.of(settings.jwks("keys")), TokenRules.within(SKEW), () -> NOW, null);
	}

	private static KeySettings key(@Nullable String kid, Algorithm algorithm, TokenMint mint) {
		return new KeySettings(kid, SignatureAlgorithm.find(algorithm.name()), null, mint.publicKey());
	}

	private static KeySettings secret(@Nullable String kid, SignatureAlgorithm algorithm, String secret) {
		return new KeySettings(kid, algorithm, secret, null);
	}

	// ---- claims

	@Test
	void aGoodTokenGrantsWhatItSays() throws Exception {
		StreamToken token = this.verifier.verify(token("tier", "\"high\"", "channels", "[\"news\",\"sport:*\"]", "jti",
				"\"t-1\"", "more", "{\"a\":[1]}"));
		assertThat(token).isEqualTo(new StreamToken("alice", "t-1", NOW, NOW.plusMillis(7_500), NOW.plusSeconds(10),
				Tier.HIGH, List.of("news", "sport:*")));
		StreamToken bare = this.verifier.verify(token());
		assertThat(bare.tier()).isEqualTo(Tier.NORMAL);
		assertThat(bare.channels()).isEmpty();
		assertThat(bare.id()).isNull();
		assertThat(this.verifier.verify(token("aud", "[\"other\",\"fanfare:stream\"]", "channels", "null")).user())
			.isEqualTo("alice");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
			sub | sub is no user id
			aud | has no aud
			iat | has no iat
			exp | has no exp
			""")
	void aClaimThatIsNeededAndMissingIsNamed(String claim, String why) {
		assertRefused(token(claim, null), why);
		assertRefused(token(claim, "null"), why);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
			iss | "https://other.example" | TOKEN_ISSUER
			iss | | TOKEN_ISSUER
			aud | "fanfare:api" | TOKEN_AUDIENCE
			aud | | TOKEN_AUDIENCE
			aud | 7 | TOKEN_MALFORMED
			exp | | TOKEN_TIMES_MISSING
			iat | | TOKEN_TIMES_MISSING
			exp | 1 | TOKEN_EXPIRED
			nbf | 9999999999 | TOKEN_NOT_YET_VALID
			iat | 9999999999 | TOKEN_NOT_YET_VALID
			iat | 1 | TOKEN_LIFE_TOO_LONG
			sub | | TOKEN_CLAIMS
			tier | "highest" | TOKEN_CLAIMS
			channels | "news" | TOKEN_CLAIMS
			""")
	void eachRefusalOfAClaimHasItsReason(String claim, @Nullable String json, RefusalReason reason) {
		TokenVerifier strict = verifier(
				new TokenRules("https://id.example", Duration.ofHours(1), SKEW, Tier.NORMAL));
		assertReason(strict, token("iss", "\"https://id.example\"", claim, json), reason);
	}

	@Test
	void eachRefusalOfASignatureHasItsReason() {
		assertReason(this.verifier, "garbage", RefusalReason.TOKEN_MALFORMED);
		assertReason(this.verifier, Tokens.MINT.sign("{\"alg\":\"HS256\",\"crit\":[]}", payload()),
				RefusalReason.TOKEN_MALFORMED);
		assertReason(this.verifier, Tokens.MINT.sign("{\"alg\":\"HS256\",\"typ\":\"x\"}", payload()),
				RefusalReason.TOKEN_TYPE);
		assertReason(this.verifier, Tokens.MINT.sign("{\"alg\":\"none\"}", payload()), RefusalReason.TOKEN_ALGORITHM);
		assertReason(this.verifier, Tokens.MINT.sign("{\"alg\":\"RS256\"}", payload()),
				RefusalReason.TOKEN_KEY_UNKNOWN);
		assertReason(this.verifier, new TokenMint("another secret, which has 32 bytes too").sign(HEADER, payload()),
				RefusalReason.TOKEN_SIGNATURE);
		TokenVerifier named = verifier(secret("a", SignatureAlgorithm.HS256, Tokens.SECRET));
		assertReason(named, Tokens.MINT.sign("{\"alg\":\"HS256\",\"kid\":\"b\"}", payload()),
				RefusalReason.TOKEN_KEY_UNKNOWN);
	}

	private static void assertReason(TokenVerifier verifier, String token, RefusalReason reason) {
		assertThatExceptionOfType(InvalidTokenException.class).as(token)
			.isThrownBy(() -> verifier.verify(token))
			.extracting(InvalidTokenException::reason)
			.isEqualTo(reason);
	}

	@Test
	void aTokenWithoutATierHasTheDefaultOne() throws Exception {
		for (Tier tier : Tier.values()) {
			TokenVerifier verifier = verifier(new TokenRules(null, Duration.ofHours(1), SKEW, tier));
			assertThat(verifier.verify(token()).tier()).isEqualTo(tier);
			assertThat(verifier.verify(token("tier", "\"high\"")).tier()).isEqualTo(Tier.HIGH);
		}
	}

	@ParameterizedTest
	@CsvSource({ "20, 5", "240, 60", "10000, 60" })
	void aTokenIsRenewedInItsLastQuarterAndAMinuteBeforeItsEndAtTheLatest(int life, int beforeItsEnd) throws Exception {
		StreamToken token = this.verifier.verify(token("exp", Long.toString(SECOND + life)));
		assertThat(Duration.between(token.renewal(), token.expires())).isEqualTo(Duration.ofSeconds(beforeItsEnd));
	}

	@Test
	void aNumberAsSubjectIsReadAsText() throws Exception {
		assertThat(this.verifier.verify(token("sub", "7")).user()).isEqualTo("7");
	}

	@Test
	void aTokenEndsAtItsVeryExp() throws Exception {
		assertRefused(token("iat", "1", "exp", Long.toString(SECOND)), "expired");
		assertRefused(token("exp", "-1"), "expired");
		assertThat(this.verifier.verify(token("exp", Long.toString(SECOND + 1))).user()).isEqualTo("alice");
	}

	@Test
	void iatIsAtMostTwoSecondsAheadAndNbfByTheSkew() throws Exception {
		assertThat(this.verifier.verify(token("iat", Long.toString(SECOND + 2))).user()).isEqualTo("alice");
		assertRefused(token("iat", Long.toString(SECOND + 3)), "iat lies ahead");
		assertThat(this.verifier.verify(token("nbf", Long.toString(SECOND + 30))).user()).isEqualTo("alice");
		assertRefused(token("nbf", Long.toString(SECOND + 31)), "nbf lies ahead");
		TokenVerifier exact = new TokenVerifier(Tokens.SECRET, Duration.ZERO, () -> NOW);
		assertThat(exact.verify(token("nbf", Long.toString(SECOND))).user()).isEqualTo("alice");
		assertRefused(exact, token("nbf", Long.toString(SECOND + 1)), "nbf lies ahead");
	}

	@Test
	void theLifeOfATokenIsBounded() throws Exception {
		TokenVerifier hour = verifier(new TokenRules(null, Duration.ofHours(1), SKEW, Tier.NORMAL));
		String iat = Long.toString(SECOND - 3000);
		assertThat(hour.verify(token("iat", iat, "exp", Long.toString(SECOND + 600))).user()).isEqualTo("alice");
		assertRefused(hour, token("iat", iat, "exp", Long.toString(SECOND + 601)), "at most 3600 s after its iat");
		assertRefused(token("exp", Long.toString(SECOND + 86_401)), "at most 86400 s after its iat");
		assertRefused(token("iat", "-9000000000000000", "exp", "9000000000000000"), "valid for too long");
	}

	@Test
	void theIssuerIsLookedAtWhereOneIsConfigured() throws Exception {
		TokenVerifier picky = verifier(new TokenRules("https://id.example", Duration.ofHours(1), SKEW, Tier.NORMAL));
		assertThat(picky.verify(token("iss", "\"https://id.example\"")).user()).isEqualTo("alice");
		for (String other : List.of("\"https://id.example/\"", "\"\"", "null", "\"HTTPS://ID.EXAMPLE\"")) {
			assertRefused(picky, token("iss", other), "iss");
		}
		assertRefused(picky, token(), "iss");
		assertThat(this.verifier.verify(token("iss", "\"anybody\"")).user()).isEqualTo("alice");
	}

	@Test
	void aTokenForSomethingElseIsRefused() {
		assertRefused(token("aud", "\"fanfare:api\""), "aud is not fanfare:stream");
		assertRefused(token("aud", "[\"fanfare:api\"]"), "aud is not fanfare:stream");
		assertRefused(token("aud", "[]"), "no aud");
		assertRefused(token("aud", "\"FANFARE:STREAM\""), "aud");
		assertRefused(token("sub", "\"\""), "sub");
		assertRefused(token("sub", "\"a\\u0000b\""), "sub");
		assertRefused(token("sub", "\"\\ud800\""), "");
		assertRefused(token("tier", "\"urgent\""), "tier");
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"sub\":\"bob\"", "\"exp\":99999999999", "\"iat\":1", "\"aud\":\"fanfare:stream\"",
			"\"channels\":[],\"channels\":[\"*\"]", "\"nbf\":1,\"nbf\":1", "\"iss\":\"a\",\"iss\":\"a\"",
			"\"jti\":\"a\",\"jti\":\"b\"", "\"tier\":\"low\",\"tier\":\"high\"", "\"more\":{\"a\":1,\"a\":2}",
			"\"s\\u0075b\":\"bob\"" })
	void aClaimThatStandsTwiceIsRefused(String claims) {
		String good = payload();
		String doubled = good.substring(0, good.length() - 1) + "," + claims + "}";
		assertRefused(Tokens.MINT.sign(HEADER, doubled), "malformed");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
			iss | 7
			iss | ["a"]
			jti | {}
			jti | 7
			iat | "1795000000"
			iat | true
			iat | [1]
			sub | 1.5
			sub | true
			sub | ["a"]
			sub | {}
			nbf | []
			nbf | "x"
			exp | "soon"
			exp | true
			exp | {}
			exp | 1e300
			exp | 9223372036854775807
			exp | 123456789012345678901234567890
			aud | {}
			aud | 7
			aud | true
			aud | ["fanfare:stream",7]
			aud | [null]
			aud | [["fanfare:stream"]]
			tier | 1
			channels | "news"
			channels | {}
			channels | [1,2]
			channels | [null]
			""")
	void aClaimOfAnotherTypeIsRefused(String claim, String value) {
		assertRefused(token(claim, value), "");
	}

	@Test
	void aTimeMayHaveAFraction() throws Exception {
		assertThat(this.verifier.verify(token("exp", SECOND + 9 + ".5")).expires()).isEqualTo(NOW.plusSeconds(9));
		assertThat(this.verifier.verify(token("iat", SECOND + 2 + ".9")).issued()).isEqualTo(NOW.plusSeconds(2));
	}

	// ---- form

	@ParameterizedTest
	@ValueSource(strings = { "{\"alg\":\"none\"}", "{\"alg\":\"HS384\"}", "{\"alg\":\"RS256\"}", "{\"alg\":\"hs256\"}",
			"{\"alg\":\"ES512\"}", "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "{\"alg\":\"HS256\",\"crit\":[]}",
			"{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", "{\"alg\":\"HS256\",\"b64\":false}", "{}", "[]",
			"null", "{\"alg\":7}", "{\"alg\":null}", "{\"alg\":\"HS256\",\"alg\":\"none\"}",
			"{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "", "{\"alg\":\"HS256\",\"kid\":7}",
			"{\"alg\":\"HS256\",\"typ\":7}", "{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
			"{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}", "{\"alg\":\"HS256\",\"typ\":\"\"}",
			"{\"alg\":\"HS256\",\"typ\":\"dpop+jwt\"}", "{\"alg\":\"HS256\"} {}" })
	void aHeaderOfAnotherKindIsRefusedBeforeAndAfterAGoodOne(String header) throws Exception {
		String token = Tokens.MINT.sign(header, payload());
		assertRefused(token, "");
		assertThat(this.verifier.verify(token()).user()).isEqualTo("alice");
		for (int round = 0; round < 2; round++) {
			assertRefused(token, "");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt" })
	void aTypeOfATokenIsAccepted(String type) throws Exception {
		String header = "{\"typ\":\"" + type + "\",\"alg\":\"HS256\",\"kid\":\"any\",\"jku\":\"https://evil.example\"}";
		assertThat(this.verifier.verify(Tokens.MINT.sign(header, payload())).user()).isEqualTo("alice");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "null", "[]", "7", "\"x\"", "{", "{}", "PAYLOADx", "PAYLOAD{}", "[PAYLOAD]",
			"\uFEFFPAYLOAD", "{\"sub\":\"alice\",}", "{'sub':'alice'}", "{sub:\"alice\"}" })
	void aPayloadThatIsNoObjectIsRefused(String payload) {
		assertRefused(Tokens.MINT.sign(HEADER, payload.replace("PAYLOAD", payload())), "");
	}

	@Test
	void bothPartsAreUtf8() throws Exception {
		for (byte[] bytes : List.of(new byte[] { (byte) 0xC0, (byte) 0x80 }, new byte[] { (byte) 0xFF },
				new byte[] { (byte) 0xED, (byte) 0xA0, (byte) 0x80 }, new byte[] { (byte) 0xE4 })) {
			String bad = new String(bytes, StandardCharsets.ISO_8859_1);
			assertRefused(signed(HEADER, payload("sub", "\"a" + bad + "\"")), "malformed");
			assertRefused(signed("{\"alg\":\"HS256\",\"x\":\"" + bad + "\"}", payload()), "malformed");
		}
		assertThat(this.verifier.verify(token("sub", "\"\uFFFD\u00e4\"")).user()).isEqualTo("\uFFFD\u00e4");
		String wide = new String(payload().getBytes(StandardCharsets.UTF_16), StandardCharsets.ISO_8859_1);
		assertRefused(signed(HEADER, wide), "malformed");
	}

	/** Signs bytes that are no text: each character is one. */
	private static String signed(String header, String payload) {
		return sign(BASE64.encodeToString(header.getBytes(StandardCharsets.ISO_8859_1)),
				BASE64.encodeToString(payload.getBytes(StandardCharsets.ISO_8859_1)));
	}

	/** Signs parts as they are. */
	private static String sign(String header, String payload) {
		try {
			javax.crypto.Mac mac = javax.crypto.Mac.getInstance("HmacSHA256");
			mac.init(new javax.crypto.spec.SecretKeySpec(Tokens.SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
			String text = header + "." + payload;
			return text + "." + BASE64.encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
		}
		catch (java.security.GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void aPartIsBase64UrlInItsOneForm() throws Exception {
		String header = BASE64.encodeToString(HEADER.getBytes(StandardCharsets.UTF_8));
		String odd = payload("more", "\"\"");
		while (odd.length() % 3 != 1) {
			odd = odd.replaceFirst("}$", " }");
		}
		String payload = BASE64.encodeToString(odd.getBytes(StandardCharsets.UTF_8));
		assertThat(this.verifier.verify(sign(header, payload)).user()).isEqualTo("alice");
		List<String> others = new ArrayList<>(
				List.of(payload + "==", payload + "=", payload + "\n", " " + payload, payload + " ", payload + "A",
						payload.substring(0, 4) + "\n" + payload.substring(4), payload.replaceFirst("..$", "+/")));
		others.add(payload.substring(0, payload.length() - 1) + (char) (payload.charAt(payload.length() - 1) + 1));
		for (String other : others) {
			assertRefused(sign(header, other), "malformed");
		}
		assertRefused(sign(header + "=", payload), "malformed");
		String good = sign(header, payload);
		assertRefused(good + "=", "malformed");
		String last = good.substring(good.length() - 1);
		String twin = good.substring(0, good.length() - 1) + (char) (last.charAt(0) + 1);
		assertRefused(twin, "");
	}

	@ParameterizedTest
	@EnumSource(names = { "HS256", "HS384", "HS512", "ES256", "EdDSA" })
	void aSignatureHasNoOtherText(Algorithm algorithm) throws Exception {
		String secret = Tokens.SECRET + Tokens.SECRET;
		boolean hmac = algorithm.name().startsWith("HS");
		TokenMint mint = hmac ? new TokenMint(secret, algorithm) : TokenMint.withNewKey(algorithm);
		TokenVerifier verifier = hmac ? verifier(secret(null, SignatureAlgorithm.find(algorithm.name()), secret))
				: verifier(key(null, algorithm, mint));
		int looked = 0;
		for (int number = 0; looked < 5; number++) {
			String good = mint.sign(payload("jti", "\"" + number + "\""));
			int begin = good.lastIndexOf('.') + 1;
			String signature = good.substring(begin);
			if (!signature.contains("-") || !signature.contains("_")) {
				continue;
			}
			looked++;
			assertThat(verifier.verify(good).user()).isEqualTo("alice");
			for (String other : List.of(signature.replace('-', '+'), signature.replace('_', '/'), signature + "=",
					signature + "==", signature + "\n", " " + signature, "!" + signature, signature + "~",
					signature.substring(0, 9) + "*" + signature.substring(9), signature + "A", signature + "AAAA",
					signature.substring(0, 8) + "\u00e9" + signature.substring(9))) {
				assertRefused(verifier, good.substring(0, begin) + other, "");
			}
		}
	}

	@Test
	void aDeepOrHugeTokenIsRefusedAndNotMore() {
		String deep = "{\"a\":".repeat(20_000);
		for (String token : List.of(Tokens.MINT.sign(HEADER, deep), Tokens.MINT.sign(deep, "{}"),
				Tokens.MINT.sign("{\"alg\":\"HS256\",\"a\":" + "[".repeat(20_000), "{}"),
				Tokens.MINT.sign("{\"alg\":\"HS256\",\"kid\":\"" + "k".repeat(257) + "\"}", payload()),
				Tokens.MINT.sign("{\"alg\":\"HS256\",\"x\":\"" + "k".repeat(40_000) + "\"}", payload()),
				token("exp", "9".repeat(2_000)), token("more", "[".repeat(30) + "]".repeat(30)),
				token("iat", "1e999999999"))) {
			assertRefused(token, "");
		}
	}

	@Test
	void headersOfDifferentMakersAreReadInTurn() throws Exception {
		for (String header : List.of(HEADER, "{\"typ\":\"JWT\",\"alg\":\"HS256\"}", HEADER,
				"{\"alg\":\"HS256\",\"kid\":\"x\"}")) {
			assertThat(this.verifier.verify(Tokens.MINT.sign(header, payload())).user()).isEqualTo("alice");
		}
	}

	@Test
	void aTokenThatWasGoodIsRefusedOnceItHasEnded() throws Exception {
		AtomicReference<Instant> now = new AtomicReference<>(NOW);
		TokenVerifier ageing = new TokenVerifier(Tokens.SECRET, SKEW, now::get);
		assertThat(ageing.verify(token()).user()).isEqualTo("alice");
		now.set(NOW.plusSeconds(10));
		assertRefused(ageing, token(), "expired");
	}

	@Test
	void aTokenThatLacksAPartIsRefused() throws Exception {
		String good = token();
		assertThat(this.verifier.verify(good).user()).isEqualTo("alice");
		for (int length = 0; length < good.length(); length++) {
			assertRefused(good.substring(0, length), "");
		}
		String payload = good.substring(good.indexOf('.') + 1, good.lastIndexOf('.'));
		for (String token : List.of(good + ".", "." + good, good + ".e30.e30", good.replace(payload, ""),
				good.replace(".", ""), payload, "..", ".", good.replaceFirst("\\.", ".."))) {
			assertRefused(token, "");
		}
	}

	@Test
	void aTokenOfWhichAnyCharacterWasChangedIsRefused() {
		String good = token();
		Random random = new Random(1);
		for (int round = 0; round < 300; round++) {
			char[] changed = good.toCharArray();
			changed[random.nextInt(changed.length)] = (char) random.nextInt(256);
			String token = new String(changed);
			if (!token.equals(good)) {
				assertRefused(token, "");
			}
		}
	}

	// ---- keys

	@ParameterizedTest
	@EnumSource(names = { "RS256", "PS256", "ES256", "EdDSA" })
	void eachAlgorithmWithAPublicKeyVerifiesItsTokensAndNoOthers(Algorithm algorithm) throws Exception {
		TokenMint mint = TokenMint.withNewKey(algorithm).named("k");
		TokenVerifier verifier = verifier(key("k", algorithm, mint));
		String good = mint.sign(payload());
		assertThat(verifier.verify(good).user()).isEqualTo("alice");
		assertThat(verifier(key(null, algorithm, mint)).verify(good).user()).as("a key without an id")
			.isEqualTo("alice");
		assertRefused(verifier, TokenMint.withNewKey(algorithm).named("k").sign(payload()), "signature");
		assertRefused(verifier, mint.named("other").sign(payload()), "signature");
		for (int cut = 1; cut < 90; cut++) {
			assertRefused(verifier, good.substring(0, good.length() - cut), "");
		}
		String signature = good.substring(good.lastIndexOf('.') + 1);
		int bytes = Base64.getUrlDecoder().decode(signature).length;
		String zero = BASE64.encodeToString(new byte[bytes]);
		assertRefused(verifier, good.replace(signature, zero), "signature");
		assertRefused(verifier, good.replace("." + signature, "."), "");
	}

	@ParameterizedTest
	@EnumSource(names = { "HS256", "HS384", "HS512" })
	void eachHmacVerifiesItsTokensAndNoOthers(Algorithm algorithm) throws Exception {
		String secret = Tokens.SECRET + Tokens.SECRET;
		TokenVerifier verifier = verifier(secret("k", SignatureAlgorithm.find(algorithm.name()), secret));
		assertThat(verifier.verify(new TokenMint(secret, algorithm).named("k").sign(payload())).user())
			.isEqualTo("alice");
		for (Algorithm other : List.of(Algorithm.HS256, Algorithm.HS384, Algorithm.HS512)) {
			if (other != algorithm) {
				assertRefused(verifier, new TokenMint(secret, other).named("k").sign(payload()), "signature");
				assertRefused(verifier, new TokenMint(secret, other).sign(payload()), "signature");
			}
		}
	}

	/** A key that is public must not be one that signs, however it is written. */
	@ParameterizedTest
	@EnumSource(names = { "RS256", "PS256", "ES256", "EdDSA" })
	void aPublicKeyIsNoSecret(Algorithm algorithm) {
		TokenMint mint = TokenMint.withNewKey(algorithm);
		TokenVerifier verifier = verifier(key("k", algorithm, mint),
				secret("s", SignatureAlgorithm.HS256, "x".repeat(32)));
		String pem = mint.publicKey();
		for (String secret : List.of(pem, pem.strip(), pem.replace("\n", ""),
				pem.replaceAll("-----[A-Z ]+-----|\n", ""), mint.jwk())) {
			for (Algorithm hmac : List.of(Algorithm.HS256, Algorithm.HS384, Algorithm.HS512)) {
				assertRefused(verifier, new TokenMint(secret, hmac).sign(payload()), "signature");
				assertRefused(verifier, new TokenMint(secret, hmac).named("k").sign(payload()), "signature");
			}
		}
		assertRefused(verifier,
				BASE64.encodeToString("{\"alg\":\"none\",\"kid\":\"k\"}".getBytes(StandardCharsets.UTF_8)) + "."
						+ BASE64.encodeToString(payload().getBytes(StandardCharsets.UTF_8)) + ".",
				"");
	}

	@Test
	void aKeyHasOneAlgorithmWhateverAHeaderSays() throws Exception {
		TokenMint rsa = TokenMint.withNewKey(Algorithm.RS256).named("k");
		TokenVerifier verifier = verifier(key("k", Algorithm.RS256, rsa));
		assertThat(verifier.verify(rsa.sign(payload())).user()).isEqualTo("alice");
		assertRefused(verifier, rsa.using(Algorithm.PS256).sign(payload()), "signature");
		String claimed = "{\"alg\":\"ES256\",\"kid\":\"k\"}";
		assertRefused(verifier, rsa.sign(claimed, payload()), "signature");
		assertRefused(verifier, rsa.sign("{\"alg\":\"PS256\",\"kid\":\"k\"}", payload()), "signature");
	}

	@Test
	void oldAndNewKeysStandSideBySide() throws Exception {
		String old = Tokens.SECRET;
		String young = "y".repeat(48);
		TokenMint curve = TokenMint.withNewKey(Algorithm.ES256).named("2027");
		TokenVerifier verifier = verifier(secret(null, SignatureAlgorithm.HS256, old),
				secret("2026", SignatureAlgorithm.HS256, young), key("2027", Algorithm.ES256, curve));
		for (String token : List.of(new TokenMint(old).sign(payload()),
				new TokenMint(young).named("2026").sign(payload()), new TokenMint(young).sign(payload()),
				curve.sign(payload()), new TokenMint(old).named("any").sign(payload()),
				new TokenMint(old).sign(payload()))) {
			assertThat(verifier.verify(token).user()).isEqualTo("alice");
		}
		assertRefused(verifier, new TokenMint(old).named("2026").sign(payload()), "signature");
		assertRefused(verifier, new TokenMint(young).named("2027").sign(payload()), "signature");
	}

	@Test
	void aTokenOfAnotherSecretIsRefused() {
		assertRefused(new TokenMint(Tokens.SECRET + "!").sign(payload()), "signature");
	}

	@Test
	void aShortSecretIsRefusedByItsSetting() {
		assertThatIllegalArgumentException().isThrownBy(() -> new TokenVerifier("x".repeat(31), SKEW, () -> NOW))
			.withMessageContaining("FANFARE_JWT_SECRET")
			.withMessageNotContaining("xxx");
		assertThat(new TokenVerifier("ä".repeat(16), SKEW, () -> NOW)).isNotNull();
	}

}
