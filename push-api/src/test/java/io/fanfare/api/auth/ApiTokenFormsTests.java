package io.fanfare.api.auth;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.JwtSettings;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.fuzz.MemberForm;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.aggregator.ArgumentsAccessor;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each claim and each header of a caller's token in each form, with the verdict of
 * {@code docs/reference/http-api.md}: {@code +} is accepted, {@code -} is answered 401.
 */
class ApiTokenFormsTests {

	private static final Instant NOW = Instant.parse("2026-07-01T12:00:00Z");

	private static final long SECOND = NOW.getEpochSecond();

	private static final String ISSUER = "https://id.example";

	private static final TokenMint MINT = new TokenMint("0123456789abcdef0123456789abcdef");

	private static final List<String> CLAIMS = List.of("sub", "aud", "exp", "iat", "nbf", "iss", "jti", "scope",
			"max_tier", "channels");

	private static final List<String> HEADERS = List.of("alg", "typ", "kid", "crit", "b64", "jku");

	private final AuthenticationProvider tokens = ApiTokens.provider(
			JwtKeys.of(List.of(JwtKeys.shortForm("0123456789abcdef0123456789abcdef"))), new JwtSettings(List.of(), null,
					Duration.ofMinutes(5), Duration.ofHours(4), ISSUER, Duration.ofHours(24), null),
			Clock.fixed(NOW, ZoneOffset.UTC));

	private static Map<String, String> claims() {
		Map<String, String> claims = new LinkedHashMap<>();
		claims.put("sub", "\"shop\"");
		claims.put("aud", "\"fanfare:api\"");
		claims.put("exp", Long.toString(SECOND + 10));
		claims.put("iat", Long.toString(SECOND));
		claims.put("nbf", Long.toString(SECOND));
		claims.put("iss", "\"" + ISSUER + "\"");
		claims.put("jti", "\"t-1\"");
		claims.put("scope", "\"read tokens\"");
		claims.put("max_tier", "\"high\"");
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
		headers.put("jku", "\"https://evil.example\"");
		return headers;
	}

	private String verdict(byte[] header, byte[] payload) {
		try {
			this.tokens.authenticate(new BearerTokenAuthenticationToken(MINT.sign(header, payload)));
			return "+";
		}
		catch (OAuth2AuthenticationException ex) {
			return "-";
		}
		catch (AuthenticationException ex) {
			return ex.toString();
		}
	}

	private String ofClaims(byte[] payload) {
		return verdict("{\"alg\":\"HS256\"}".getBytes(StandardCharsets.UTF_8), payload);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = """
			form              | sub | aud | exp | iat | nbf | iss | jti | scope | max_tier | channels
			MISSING           | -   | -   | -   | -   | +   | -   | +   | +     | +        | +
			ESCAPED_NAME      | +   | +   | +   | +   | +   | +   | +   | +     | +        | +
			DOUBLED           | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			DOUBLED_BY_ESCAPE | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			DOUBLED_BY_NULL   | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			NULL              | -   | -   | -   | -   | +   | -   | +   | +     | +        | +
			EMPTY             | -   | -   | -   | -   | -   | -   | +   | +     | -        | -
			TEXT              | +   | -   | -   | -   | -   | -   | +   | +     | -        | -
			LONG_TEXT         | -   | -   | -   | -   | -   | -   | +   | +     | -        | -
			CONTROL           | -   | -   | -   | -   | -   | -   | +   | +     | -        | -
			HALF_PAIR         | -   | -   | -   | -   | -   | -   | +   | +     | -        | -
			NO_UTF8           | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			OVERLONG          | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			NUMBER            | +   | -   | -   | -   | +   | -   | -   | -     | -        | -
			NEGATIVE          | +   | -   | -   | -   | +   | -   | -   | -     | -        | -
			FRACTION          | -   | -   | -   | -   | +   | -   | -   | -     | -        | -
			EXPONENT          | -   | -   | -   | -   | +   | -   | -   | -     | -        | -
			HUGE              | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			DIGITS            | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			INFINITE          | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			TRUE              | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			NO_ELEMENTS       | -   | -   | -   | -   | -   | -   | -   | -     | -        | +
			TEXTS             | -   | -   | -   | -   | -   | -   | -   | -     | -        | +
			NUMBERS           | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			NULLS             | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			LISTS             | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			OBJECT            | -   | -   | -   | -   | -   | -   | -   | -     | -        | -
			""")
	void eachClaimInEachForm(ArgumentsAccessor row) {
		MemberForm form = row.get(0, MemberForm.class);
		SoftAssertions softly = new SoftAssertions();
		for (int i = 0; i < CLAIMS.size(); i++) {
			String claim = CLAIMS.get(i);
			softly.assertThat(ofClaims(form.write(claims(), claim))).as(claim).isEqualTo(row.getString(i + 1));
		}
		softly.assertAll();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = """
			form              | alg | typ | kid | crit | b64 | jku
			MISSING           | -   | +   | +   | +    | +   | +
			ESCAPED_NAME      | +   | +   | +   | -    | -   | +
			DOUBLED           | -   | -   | -   | -    | -   | -
			DOUBLED_BY_ESCAPE | -   | -   | -   | -    | -   | -
			DOUBLED_BY_NULL   | -   | -   | -   | -    | -   | -
			NULL              | -   | -   | -   | -    | -   | +
			EMPTY             | -   | -   | +   | -    | -   | +
			TEXT              | -   | -   | +   | -    | -   | +
			LONG_TEXT         | -   | -   | -   | -    | -   | -
			CONTROL           | -   | -   | +   | -    | -   | -
			HALF_PAIR         | -   | -   | +   | -    | -   | +
			NO_UTF8           | -   | -   | -   | -    | -   | -
			OVERLONG          | -   | -   | -   | -    | -   | -
			NUMBER            | -   | -   | -   | -    | -   | -
			HUGE              | -   | -   | -   | -    | -   | -
			DIGITS            | -   | -   | -   | -    | -   | -
			TRUE              | -   | -   | -   | -    | -   | -
			NO_ELEMENTS       | -   | -   | -   | -    | -   | -
			TEXTS             | -   | -   | -   | -    | -   | -
			NULLS             | -   | -   | -   | -    | -   | -
			OBJECT            | -   | -   | -   | -    | -   | -
			""")
	void eachHeaderInEachForm(ArgumentsAccessor row) {
		MemberForm form = row.get(0, MemberForm.class);
		SoftAssertions softly = new SoftAssertions();
		for (int i = 0; i < HEADERS.size(); i++) {
			String header = HEADERS.get(i);
			Map<String, String> headers = headers();
			headers.keySet().removeIf((name) -> !name.equals(header) && !name.equals("alg"));
			softly.assertThat(verdict(form.write(headers, header), MemberForm.MISSING.write(claims(), "jti")))
				.as(header)
				.isEqualTo(row.getString(i + 1));
		}
		softly.assertAll();
	}

	/** {@code N} is the present second. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
			sub | 9223372036854775807 | +
			sub | 9223372036854775808 | -
			sub | "a\\u2028b" | -
			sub | "\\u00e4:\\ud83d\\ude00" | +
			aud | ["x","fanfare:api"] | +
			aud | ["fanfare:api",null] | -
			aud | ["fanfare:api",7] | -
			aud | ["fanfare:stream"] | -
			exp | N | -
			exp | N.999 | -
			exp | N1e0 | -
			exp | 9223372036854775807 | -
			exp | 1e15 | -
			iat | N.999 | +
			iat | Ne0 | +
			iat | -1e15 | -
			iat | 1e15 | -
			nbf | -0.5 | +
			nbf | 1e15 | -
			nbf | 9223372036854775807 | -
			nbf | 9223372036854775 | -
			nbf | -9223372036854775808 | -
			iss | "https:\\/\\/id\\u002eexample" | +
			scope | "read read" | +
			scope | " " | +
			max_tier | "HIGH" | -
			channels | ["news",null] | -
			channels | [""] | -
			""")
	void whatAClaimMayBe(String claim, String value, String expected) {
		Map<String, String> claims = claims();
		claims.put(claim, value.replace("N", Long.toString(SECOND)));
		assertThat(ofClaims(MemberForm.ESCAPED_NAME.write(claims, claim))).isEqualTo(expected);
	}

	/** The library counts milliseconds in 64 bits, which wrap around. */
	@Test
	void aTimeThatWrapsAroundIsNone() {
		long wrapped = (1L << 61) + SECOND;
		assertThat(wrapped * 1000).isEqualTo(SECOND * 1000);
		for (Map.Entry<String, Long> time : Map.of("exp", wrapped + 8, "iat", wrapped, "nbf", wrapped).entrySet()) {
			Map<String, String> claims = claims();
			claims.put(time.getKey(), time.getValue().toString());
			assertThat(ofClaims(MemberForm.ESCAPED_NAME.write(claims, time.getKey()))).as(time.getKey()).isEqualTo("-");
		}
	}

	@Test
	void aSubjectHasABound() {
		Map<String, String> claims = claims();
		claims.put("sub", "\"" + "x".repeat(255) + "\"");
		assertThat(ofClaims(MemberForm.ESCAPED_NAME.write(claims, "sub"))).isEqualTo("+");
		claims.put("sub", "\"" + "x".repeat(256) + "\"");
		assertThat(ofClaims(MemberForm.ESCAPED_NAME.write(claims, "sub"))).isEqualTo("-");
	}

}
