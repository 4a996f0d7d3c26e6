package io.fanfare.node.auth;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.node.Tokens;
import io.fanfare.protocol.Tier;
import io.fanfare.test.fuzz.MemberForm;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.aggregator.ArgumentsAccessor;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each claim and each header of a stream token in each form, with the verdict of
 * {@code docs/reference/tokens.md}: {@code +} is granted, {@code -} is malformed, all
 * else is a part of the refusal.
 */
class TokenFormsTests {

	private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");

	private static final long SECOND = NOW.getEpochSecond();

	private static final String ISSUER = "https://id.example";

	private static final List<String> CLAIMS = List.of("sub", "aud", "exp", "iat", "nbf", "iss", "jti", "tier",
			"channels");

	private static final List<String> HEADERS = List.of("alg", "typ", "kid", "crit", "b64", "jwk", "jku");

	private final TokenVerifier anyIssuer = verifier(null);

	private final TokenVerifier oneIssuer = verifier(ISSUER);

	private static TokenVerifier verifier(String issuer) {
		return new TokenVerifier(JwtKeys.of(List.of(JwtKeys.shortForm(Tokens.SECRET))),
				new TokenRules(issuer, Duration.ofHours(24), Duration.ofSeconds(30), Tier.NORMAL), () -> NOW, null);
	}

	private static Map<String, String> claims() {
		Map<String, String> claims = new LinkedHashMap<>();
		claims.put("sub", "\"alice\"");
		claims.put("aud", "\"fanfare:stream\"");
		claims.put("exp", Long.toString(SECOND + 10));
		claims.put("iat", Long.toString(SECOND));
		claims.put("nbf", Long.toString(SECOND));
		claims.put("iss", "\"" + ISSUER + "\"");
		claims.put("jti", "\"t-1\"");
		claims.put("tier", "\"high\"");
		claims.put("channels", "[\"news\"]");
		return claims;
	}

	private static Map<String, String> headers() {
		Map<String, String> headers = new LinkedHashMap<>();
		headers.put("alg", "\"HS256\"");
		headers.put("typ", "\"JWT\"");
		headers.put("kid", "\"k1\"");
		headers.put("crit", "[\"exp\"]");
		headers.put("b64", "true");
		headers.put("jwk", "{\"kty\":\"oct\",\"k\":\"AAAA\"}");
		headers.put("jku", "\"https://evil.example\"");
		return headers;
	}

	private static byte[] header() {
		return "{\"alg\":\"HS256\"}".getBytes(StandardCharsets.UTF_8);
	}

	private static byte[] payload() {
		return MemberForm.MISSING.write(claims(), "nbf");
	}

	private static String verdict(TokenVerifier verifier, byte[] header, byte[] payload) {
		try {
			verifier.verify(Tokens.MINT.sign(header, payload));
			return "+";
		}
		catch (InvalidTokenException ex) {
			String message = String.valueOf(ex.getMessage());
			return message.equals("The token is malformed") ? "-" : message;
		}
	}

	private static void compare(SoftAssertions softly, String what, String verdict, String expected) {
		softly.assertThat(verdict).as(what).contains(expected);
		softly.assertThat(verdict.length() == 1).as("%s: %s", what, verdict).isEqualTo(expected.length() == 1);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = """
			form              | sub    | aud        | exp     | iat    | nbf | iss | jti | tier | channels
			MISSING           | no user| no aud     | no exp  | no iat | +   | iss | +   | +    | +
			ESCAPED_NAME      | +      | +          | +       | +      | +   | +   | +   | +    | +
			DOUBLED           | -      | -          | -       | -      | -   | -   | -   | -    | -
			DOUBLED_BY_ESCAPE | -      | -          | -       | -      | -   | -   | -   | -    | -
			DOUBLED_BY_NULL   | -      | -          | -       | -      | -   | -   | -   | -    | -
			NULL              | no user| no aud     | no exp  | no iat | +   | iss | +   | +    | +
			EMPTY             | no user| aud is not | -       | -      | -   | iss | +   | tier | no list
			TEXT              | +      | aud is not | -       | -      | -   | iss | +   | tier | no list
			LONG_TEXT         | no user| aud is not | -       | -      | -   | iss | +   | tier | no list
			CONTROL           | no user| aud is not | -       | -      | -   | iss | +   | tier | no list
			HALF_PAIR         | no user| aud is not | -       | -      | -   | iss | +   | tier | no list
			NO_UTF8           | -      | -          | -       | -      | -   | -   | -   | -    | -
			OVERLONG          | -      | -          | -       | -      | -   | -   | -   | -    | -
			NUMBER            | +      | -          | expired | too long | + | -   | -   | tier | no list
			NEGATIVE          | +      | -          | expired | too long | + | -   | -   | tier | no list
			FRACTION          | -      | -          | expired | too long | + | -   | -   | tier | no list
			EXPONENT          | -      | -          | expired | too long | + | -   | -   | tier | no list
			HUGE              | -      | -          | -       | -      | -   | -   | -   | tier | no list
			DIGITS            | -      | -          | -       | -      | -   | -   | -   | tier | no list
			INFINITE          | -      | -          | -       | -      | -   | -   | -   | tier | no list
			TRUE              | -      | -          | -       | -      | -   | -   | -   | tier | no list
			NO_ELEMENTS       | -      | no aud     | -       | -      | -   | -   | -   | tier | +
			TEXTS             | -      | aud is not | -       | -      | -   | -   | -   | tier | +
			NUMBERS           | -      | -          | -       | -      | -   | -   | -   | tier | no list
			NULLS             | -      | -          | -       | -      | -   | -   | -   | tier | no list
			LISTS             | -      | -          | -       | -      | -   | -   | -   | tier | no list
			OBJECT            | -      | -          | -       | -      | -   | -   | -   | tier | no list
			""")
	void eachClaimInEachForm(ArgumentsAccessor row) {
		MemberForm form = row.get(0, MemberForm.class);
		SoftAssertions softly = new SoftAssertions();
		for (int i = 0; i < CLAIMS.size(); i++) {
			String claim = CLAIMS.get(i);
			compare(softly, claim, verdict(this.oneIssuer, header(), form.write(claims(), claim)),
					row.getString(i + 1));
		}
		softly.assertAll();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = """
			form              | alg       | typ | kid | crit | b64 | jwk | jku
			MISSING           | signature | +   | +   | +    | +   | +   | +
			ESCAPED_NAME      | +         | +   | +   | -    | -   | +   | +
			DOUBLED           | -         | -   | -   | -    | -   | -   | -
			DOUBLED_BY_ESCAPE | -         | -   | -   | -    | -   | -   | -
			DOUBLED_BY_NULL   | -         | -   | -   | -    | -   | -   | -
			NULL              | -         | -   | -   | -    | -   | +   | +
			EMPTY             | signature | typ | +   | -    | -   | +   | +
			TEXT              | signature | typ | +   | -    | -   | +   | +
			LONG_TEXT         | -         | -   | -   | -    | -   | -   | -
			CONTROL           | signature | typ | +   | -    | -   | +   | +
			HALF_PAIR         | signature | typ | +   | -    | -   | +   | +
			NO_UTF8           | -         | -   | -   | -    | -   | -   | -
			OVERLONG          | -         | -   | -   | -    | -   | -   | -
			NUMBER            | -         | -   | -   | -    | -   | +   | +
			NEGATIVE          | -         | -   | -   | -    | -   | +   | +
			FRACTION          | -         | -   | -   | -    | -   | +   | +
			EXPONENT          | -         | -   | -   | -    | -   | +   | +
			HUGE              | -         | -   | -   | -    | -   | +   | +
			DIGITS            | -         | -   | -   | -    | -   | +   | +
			INFINITE          | -         | -   | -   | -    | -   | +   | +
			TRUE              | -         | -   | -   | -    | -   | +   | +
			NO_ELEMENTS       | -         | -   | -   | -    | -   | +   | +
			TEXTS             | -         | -   | -   | -    | -   | +   | +
			NUMBERS           | -         | -   | -   | -    | -   | +   | +
			NULLS             | -         | -   | -   | -    | -   | +   | +
			LISTS             | -         | -   | -   | -    | -   | +   | +
			OBJECT            | -         | -   | -   | -    | -   | +   | +
			""")
	void eachHeaderInEachForm(ArgumentsAccessor row) {
		MemberForm form = row.get(0, MemberForm.class);
		SoftAssertions softly = new SoftAssertions();
		for (int i = 0; i < HEADERS.size(); i++) {
			String header = HEADERS.get(i);
			Map<String, String> headers = headers();
			headers.keySet().removeIf((name) -> !name.equals(header) && !name.equals("alg"));
			compare(softly, header, verdict(this.oneIssuer, form.write(headers, header), payload()),
					row.getString(i + 1));
		}
		softly.assertAll();
	}

	/** {@code N} is the present second. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
			sub | 9223372036854775807 | +
			sub | -9223372036854775808 | +
			sub | 9223372036854775808 | -
			sub | -0 | +
			sub | "\\u00e4\\ud83d\\ude00" | +
			sub | "a\\u2028b" | no user
			sub | "a\\u0085b" | no user
			aud | ["x","fanfare:stream","fanfare:stream"] | +
			aud | ["fanfare:stream",null] | -
			aud | ["fanfare:stream",7] | -
			aud | "fanfare:stream " | aud is not
			aud | "fanfare:stream fanfare:api" | aud is not
			aud | ["fanfare:api"] | aud is not
			exp | N | expired
			exp | N.0 | expired
			exp | N.999 | expired
			exp | Ne0 | expired
			exp | N1e0 | too long
			exp | N00e-2 | expired
			exp | 9223372036854775 | -
			exp | 9223372036854774 | too long
			exp | 9223372036854775807 | -
			exp | -9223372036854775808 | -
			exp | 1e19 | -
			exp | 1e15 | too long
			iat | N.999 | +
			iat | Ne0 | +
			iat | 1e15 | iat lies ahead
			iat | -1e15 | too long
			iat | 9223372036854775807 | -
			nbf | Ne0 | +
			nbf | 0 | +
			nbf | -0.5 | +
			nbf | -1e15 | +
			nbf | 1e15 | nbf lies ahead
			nbf | 9223372036854775807 | -
			nbf | -9223372036854775808 | -
			iss | "https://id.example " | iss
			iss | "https:\\/\\/id\\u002eexample" | +
			tier | "HIGH" | tier
			tier | "high " | tier
			tier | "h\\u0069gh" | +
			channels | ["news","news"] | +
			channels | ["news",null] | no list
			channels | ["news",["news"]] | no list
			channels | [""] | +
			""")
	void whatAClaimMayBe(String claim, String value, String expected) {
		Map<String, String> claims = claims();
		claims.put(claim, value.replace("N", Long.toString(SECOND)));
		SoftAssertions softly = new SoftAssertions();
		compare(softly, claim, verdict(this.oneIssuer, header(), MemberForm.ESCAPED_NAME.write(claims, claim)),
				expected);
		softly.assertAll();
	}

	@Test
	void withoutAnIssuerAnyTextIsOne() {
		for (MemberForm form : MemberForm.values()) {
			String verdict = verdict(this.oneIssuer, header(), form.write(claims(), "iss"));
			assertThat(verdict(this.anyIssuer, header(), form.write(claims(), "iss"))).as(form.name())
				.isEqualTo((verdict.length() > 1) ? "+" : verdict);
		}
	}

	@ParameterizedTest
	@CsvSource({ "sub, 128, 129", "kid, 256, 257" })
	void aTextHasABound(String name, int longest, int tooLong) {
		assertThat(longest(name, longest)).isEqualTo("+");
		assertThat(longest(name, tooLong)).isNotEqualTo("+");
	}

	private String longest(String name, int length) {
		Map<String, String> claims = claims();
		String value = "\"" + "x".repeat(length) + "\"";
		claims.computeIfPresent(name, (_, _) -> value);
		Map<String, String> headers = new LinkedHashMap<>(Map.of("alg", "\"HS256\""));
		headers.put("kid", "\"k\"");
		headers.computeIfPresent(name, (_, _) -> value);
		return verdict(this.oneIssuer, MemberForm.ESCAPED_NAME.write(headers, "kid"),
				MemberForm.ESCAPED_NAME.write(claims, "sub"));
	}

}
