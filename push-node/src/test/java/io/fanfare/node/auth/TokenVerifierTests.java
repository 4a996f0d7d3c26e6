package io.fanfare.node.auth;

import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

import com.nimbusds.jwt.JWTClaimsSet;
import io.fanfare.node.Tokens;
import io.fanfare.protocol.Tier;
import io.fanfare.test.api.TokenMint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class TokenVerifierTests {

	private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");

	private static final Duration SKEW = Duration.ofSeconds(30);

	private final TokenVerifier verifier = new TokenVerifier(Tokens.SECRET, SKEW, () -> NOW);

	private static JWTClaimsSet.Builder claims() {
		return Tokens.claims("alice", "news", "sport:*").expirationTime(Date.from(NOW.plusSeconds(10)));
	}

	private void assertRefused(String token, String why) {
		assertThatExceptionOfType(InvalidTokenException.class).isThrownBy(() -> this.verifier.verify(token))
			.withMessageContaining(why);
	}

	@Test
	void aGoodTokenGrantsWhatItSays() throws Exception {
		StreamToken token = this.verifier.verify(Tokens.sign(claims().claim("tier", "high")));
		assertThat(token).isEqualTo(new StreamToken("alice", null, NOW, NOW.plusMillis(7_500), NOW.plusSeconds(10),
				Tier.HIGH, List.of("news", "sport:*")));
		assertThat(this.verifier.verify(Tokens.sign(claims())).tier()).isEqualTo(Tier.NORMAL);
		assertThat(this.verifier.verify(Tokens.sign(claims().claim("channels", null))).channels()).isEmpty();
		assertThat(this.verifier.verify(Tokens.sign(claims().audience(List.of("other", "fanfare:stream")))).user())
			.isEqualTo("alice");
	}

	@Test
	void aTokenWithoutATierHasTheDefaultOne() throws Exception {
		for (Tier tier : Tier.values()) {
			TokenVerifier verifier = new TokenVerifier(Tokens.SECRET, SKEW, tier, () -> NOW);
			assertThat(verifier.verify(Tokens.sign(claims())).tier()).isEqualTo(tier);
			assertThat(verifier.verify(Tokens.sign(claims().claim("tier", "high"))).tier()).isEqualTo(Tier.HIGH);
		}
	}

	@Test
	void aTokenIsRenewedInItsLastQuarterAndAMinuteBeforeItsEndAtTheLatest() throws Exception {
		assertRenewal("\"iat\":99999999979,\"exp\":99999999999", Duration.ofSeconds(5));
		assertRenewal("\"iat\":99999999759,\"exp\":99999999999", Duration.ofMinutes(1));
		assertRenewal("\"exp\":99999999999", Duration.ofMinutes(1));
		assertRenewal("\"iat\":-9000000000000000,\"exp\":9000000000000000", Duration.ofMinutes(1));
	}

	private void assertRenewal(String times, Duration beforeItsEnd) throws Exception {
		TokenVerifier verifier = new TokenVerifier(Tokens.SECRET, Duration.ofDays(10_000_000), () -> NOW);
		StreamToken token = verifier
			.verify(Tokens.MINT.sign("{\"alg\":\"HS256\"}", "{\"sub\":\"alice\"," + times + "}"));
		assertThat(Duration.between(token.renewal(), token.expires())).isEqualTo(beforeItsEnd);
	}

	@Test
	void aNumberAsSubjectIsReadAsText() throws Exception {
		assertThat(
				this.verifier.verify(Tokens.MINT.sign("{\"alg\":\"HS256\"}", "{\"sub\":7,\"exp\":99999999999}")).user())
			.isEqualTo("7");
	}

	@Test
	void aTokenEndsAtItsVeryExp() throws Exception {
		assertRefused(Tokens.sign(claims().expirationTime(Date.from(NOW))), "expired");
		assertRefused(Tokens.sign(claims().expirationTime(Date.from(NOW.minus(Duration.ofDays(1))))), "expired");
		assertThat(this.verifier.verify(Tokens.sign(claims().expirationTime(Date.from(NOW.plusSeconds(1))))).user())
			.isEqualTo("alice");
		assertRefused(Tokens.sign(claims().expirationTime(null)), "no exp");
	}

	@Test
	void aClockOfWhoeverMakesTokensMayRunAheadByTheSkew() throws Exception {
		Date within = Date.from(NOW.plus(SKEW));
		assertThat(this.verifier.verify(Tokens.sign(claims().notBeforeTime(within).issueTime(within))).user())
			.isEqualTo("alice");
		Date beyond = Date.from(NOW.plus(SKEW).plusSeconds(1));
		assertRefused(Tokens.sign(claims().notBeforeTime(beyond)), "nbf");
		assertRefused(Tokens.sign(claims().issueTime(beyond)), "iat");
		TokenVerifier exact = new TokenVerifier(Tokens.SECRET, Duration.ZERO, () -> NOW);
		assertThat(exact.verify(Tokens.sign(claims().notBeforeTime(Date.from(NOW)).issueTime(Date.from(NOW)))).user())
			.isEqualTo("alice");
		assertThatExceptionOfType(InvalidTokenException.class)
			.isThrownBy(() -> exact.verify(Tokens.sign(claims().issueTime(within))));
	}

	@Test
	void aTokenForSomethingElseIsRefused() {
		assertRefused(Tokens.sign(claims().audience("fanfare:api")), "aud");
		assertRefused(Tokens.sign(claims().subject("")), "sub");
		assertRefused(Tokens.sign(claims().subject("a\u0000b")), "sub");
		assertRefused(Tokens.sign(claims().claim("tier", "urgent")), "tier");
		assertRefused(Tokens.sign(claims().claim("tier", 1)), "tier");
		assertRefused(Tokens.sign(claims().claim("channels", List.of(1, 2))), "channels");
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"alg\":\"none\"}", "{\"alg\":\"HS384\"}", "{\"alg\":\"RS256\"}", "{\"alg\":\"hs256\"}",
			"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", "{}",
			"[]", "null", "{\"alg\":7}", "{\"alg\":\"HS256\",\"alg\":\"none\"}", "" })
	void aHeaderOfAnotherKindIsRefused(String header) throws Exception {
		String token = Tokens.MINT.sign(header, "{\"sub\":\"alice\",\"exp\":99999999999}");
		assertThatExceptionOfType(InvalidTokenException.class).isThrownBy(() -> this.verifier.verify(token));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "null", "[]", "7", "\"x\"", "{", "{\"sub\":\"a\",\"exp\":\"soon\"}",
			"{\"sub\":\"a\",\"exp\":true}", "{\"sub\":\"a\",\"exp\":null}", "{\"sub\":\"a\",\"exp\":-1}",
			"{\"sub\":\"a\",\"exp\":99999999999,\"aud\":7}", "{\"sub\":\"a\",\"exp\":99999999999,\"aud\":[7]}",
			"{\"sub\":\"a\",\"exp\":99999999999,\"channels\":{}}",
			"{\"sub\":\"a\",\"exp\":99999999999,\"channels\":[null]}",
			"{\"sub\":\"a\",\"exp\":99999999999,\"nbf\":\"x\"}", "{\"sub\":null,\"exp\":99999999999}",
			"{\"sub\":\"\\ud800\",\"exp\":99999999999}" })
	void aPayloadThatIsNoGoodIsRefusedAndNotMore(String payload) throws Exception {
		String token = Tokens.MINT.sign("{\"alg\":\"HS256\"}", payload);
		assertThatExceptionOfType(InvalidTokenException.class).isThrownBy(() -> this.verifier.verify(token));
	}

	/** Each would pass where the header of the last good token stood for its own. */
	@ParameterizedTest
	@ValueSource(strings = { "{\"alg\":\"none\"}", "{\"alg\":\"HS512\"}", "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
			"{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", "{\"alg\":\"HS256\",\"b64\":false}",
			"{\"alg\":\"HS256\",\"alg\":\"HS256\"}" })
	void aHeaderOfAnotherKindIsRefusedAfterAGoodOneAsWell(String header) throws Exception {
		String payload = "{\"sub\":\"alice\",\"exp\":99999999999}";
		assertThat(this.verifier.verify(Tokens.MINT.sign("{\"alg\":\"HS256\"}", payload)).user()).isEqualTo("alice");
		String token = Tokens.MINT.sign(header, payload);
		for (int round = 0; round < 2; round++) {
			assertThatExceptionOfType(InvalidTokenException.class).isThrownBy(() -> this.verifier.verify(token));
		}
	}

	@Test
	void headersOfDifferentMakersAreReadInTurn() throws Exception {
		for (String header : List.of("{\"alg\":\"HS256\"}", "{\"typ\":\"JWT\",\"alg\":\"HS256\"}",
				"{\"alg\":\"HS256\"}", "{\"alg\":\"HS256\",\"kid\":\"x\"}")) {
			assertThat(this.verifier.verify(Tokens.MINT.sign(header, "{\"sub\":\"alice\",\"exp\":99999999999}")).user())
				.isEqualTo("alice");
		}
	}

	@Test
	void aTokenOfAnotherKeyOrAlgorithmIsRefused() throws Exception {
		String good = Tokens.sign(claims());
		assertThat(this.verifier.verify(good).user()).isEqualTo("alice");
		assertRefused(new TokenMint(Tokens.SECRET + "!").sign(claims().build().toString()), "signature");
		String longSecret = Tokens.SECRET.repeat(2);
		assertRefused(new TokenMint(longSecret, TokenMint.Algorithm.HS512).sign(claims().build().toString()),
				"signature");
		assertThatExceptionOfType(InvalidTokenException.class)
			.isThrownBy(() -> new TokenVerifier(longSecret, SKEW, () -> NOW).verify(good));
	}

	@Test
	void aTokenThatWasGoodIsRefusedOnceItHasEnded() throws Exception {
		AtomicReference<Instant> now = new AtomicReference<>(NOW);
		TokenVerifier ageing = new TokenVerifier(Tokens.SECRET, SKEW, now::get);
		String token = Tokens.sign(claims());
		assertThat(ageing.verify(token).user()).isEqualTo("alice");
		now.set(NOW.plusSeconds(10));
		assertThatExceptionOfType(InvalidTokenException.class).isThrownBy(() -> ageing.verify(token))
			.withMessageContaining("expired");
	}

	@Test
	void aTokenThatLacksAPartIsRefused() throws Exception {
		String good = Tokens.sign(claims());
		assertThat(this.verifier.verify(good).user()).isEqualTo("alice");
		for (int length = 0; length < good.length() - 1; length++) {
			String token = good.substring(0, length);
			assertThatExceptionOfType(InvalidTokenException.class).as(token)
				.isThrownBy(() -> this.verifier.verify(token));
		}
		String payload = good.substring(good.indexOf('.') + 1, good.lastIndexOf('.'));
		for (String token : List.of(good + ".", "." + good, good + ".e30.e30", good.replace(payload, ""),
				good.replace(".", ""), payload, "..", ".", good.replaceFirst("\\.", ".."))) {
			assertRefused(token, "");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"sub\":\"alice\",\"sub\":\"bob\"", "\"sub\":\"alice\",\"exp\":99999999998",
			"\"sub\":\"alice\",\"channels\":[],\"channels\":[\"*\"]", "\"sub\":\"alice\",\"more\":{\"a\":1,\"a\":2}" })
	void aClaimThatStandsTwiceIsRefused(String claims) throws Exception {
		assertRefused(Tokens.MINT.sign("{\"alg\":\"HS256\"}", "{\"exp\":99999999999," + claims + "}"), "malformed");
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"iss\":7", "\"jti\":{}", "\"iat\":\"x\"", "\"sub\":1.5", "\"sub\":true",
			"\"sub\":[\"a\"]", "\"nbf\":[]", "\"nbf\":99999999998", "\"exp\":1e300", "\"exp\":9223372036854775807",
			"\"exp\":123456789012345678901234567890", "\"aud\":{}", "\"aud\":[\"fanfare:stream\",7]", "\"aud\":[null]",
			"\"aud\":\"\"", "\"channels\":\"news\"" })
	void aClaimOfAnotherTypeIsRefused(String claim) throws Exception {
		String name = claim.substring(0, claim.indexOf(':'));
		String sub = name.equals("\"sub\"") ? "" : "\"sub\":\"alice\",";
		String exp = name.equals("\"exp\"") ? "" : "\"exp\":99999999999,";
		String token = Tokens.MINT.sign("{\"alg\":\"HS256\"}", "{" + sub + exp + claim + "}");
		assertThatExceptionOfType(InvalidTokenException.class).isThrownBy(() -> this.verifier.verify(token));
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"sub\":\"alice\",\"exp\":99999999999}x", "{\"sub\":\"alice\",\"exp\":99999999999}{}",
			"{'sub':'alice','exp':99999999999}", "{sub:\"alice\",\"exp\":99999999999}",
			"{\"sub\":\"alice\",\"exp\":99999999999,}", "[{\"sub\":\"alice\",\"exp\":99999999999}]" })
	void aPayloadThatIsNoJsonObjectIsRefused(String payload) throws Exception {
		assertRefused(Tokens.MINT.sign("{\"alg\":\"HS256\"}", payload), "malformed");
	}

	@Test
	void aTimeMayHaveAFraction() throws Exception {
		assertThat(this.verifier
			.verify(Tokens.MINT.sign("{\"alg\":\"HS256\"}", "{\"sub\":\"alice\",\"exp\":99999999999.5}"))
			.expires()).isEqualTo(Instant.ofEpochSecond(99999999999L));
	}

	@Test
	void aDeepTokenIsRefusedAndNotMore() throws Exception {
		String deep = "{\"a\":".repeat(20_000);
		for (String token : List.of(Tokens.MINT.sign("{\"alg\":\"HS256\"}", deep), Tokens.MINT.sign(deep, "{}"),
				Tokens.MINT.sign("{\"alg\":\"HS256\",\"a\":" + "[".repeat(20_000), "{}"))) {
			assertThatExceptionOfType(InvalidTokenException.class).isThrownBy(() -> this.verifier.verify(token));
		}
	}

	@Test
	void aTokenThatWasChangedIsRefused() {
		String good = Tokens.sign(claims());
		Random random = new Random(1);
		for (int round = 0; round < 300; round++) {
			char[] changed = good.toCharArray();
			changed[random.nextInt(changed.length)] = (char) random.nextInt(256);
			String token = new String(changed);
			if (!token.equals(good) && !isSameBytes(token, good)) {
				assertThatExceptionOfType(InvalidTokenException.class).as(token)
					.isThrownBy(() -> this.verifier.verify(token));
			}
		}
	}

	/** The last character of a signature carries bits that do not count. */
	private static boolean isSameBytes(String token, String good) {
		return token.substring(0, token.length() - 1).equals(good.substring(0, good.length() - 1));
	}

	@Test
	void aShortSecretIsRefusedByItsSetting() {
		assertThatIllegalArgumentException().isThrownBy(() -> new TokenVerifier("x".repeat(31), SKEW, () -> NOW))
			.withMessageContaining("FANFARE_JWT_SECRET")
			.withMessageNotContaining("xxx");
		assertThat(new TokenVerifier("ä".repeat(16), SKEW, () -> NOW)).isNotNull();
	}

}
