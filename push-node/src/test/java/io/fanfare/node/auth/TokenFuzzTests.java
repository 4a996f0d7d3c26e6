package io.fanfare.node.auth;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.SignedJWT;
import io.fanfare.node.Tokens;
import io.fanfare.test.fuzz.Mutations;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/** What a token may be that grants something. */
class TokenFuzzTests {

	private static final String HEADER = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

	private static final String CLAIMS = "{\"sub\":\"alice\",\"aud\":\"fanfare:stream\",\"iat\":%d,\"exp\":%d,"
			+ "\"channels\":[\"news\",\"sport:*\"],\"tier\":\"high\",\"jti\":\"a1\"}";

	private static final List<String> WORDS = List.of(".", "=", "\"", "{", "}", "[", "]", ":", ",", "null", "true",
			"\"exp\":", "\"iat\":", "\"sub\":", "\"aud\":", "\"alg\":\"none\"", "\"crit\":[\"exp\"]", "\\ud800",
			"\\u0000", "99999999999", "-1", "1e300", " ", "\n", "\ufeff", "\u0000");

	private final TokenVerifier verifier = new TokenVerifier(Tokens.SECRET, Duration.ofSeconds(30), Clock.systemUTC());

	private static String claims() {
		long now = Clock.systemUTC().instant().getEpochSecond();
		return CLAIMS.formatted(now, now + 3_600);
	}

	@Provide
	static Arbitrary<List<byte[]>> tokens() {
		return Mutations.of(List.of(Tokens.MINT.sign(HEADER, claims()).getBytes(StandardCharsets.US_ASCII)), WORDS)
			.list()
			.ofSize(100);
	}

	@Provide
	static Arbitrary<List<byte[]>> parts() {
		return Mutations.of(List.of((HEADER + "|" + claims()).getBytes(StandardCharsets.UTF_8)), WORDS)
			.list()
			.ofSize(100);
	}

	/** A token that was changed on its way grants nothing, or all that it did. */
	@Property
	void whatNobodySignedGrantsNothing(@ForAll("tokens") List<byte[]> tokens) throws Exception {
		for (byte[] bytes : tokens) {
			String token = new String(bytes, StandardCharsets.ISO_8859_1);
			StreamToken granted = verify(token);
			if (granted != null) {
				assertThat(SignedJWT.parse(token).verify(new MACVerifier(Tokens.SECRET))).as(token).isTrue();
				assertThat(granted.user()).isEqualTo("alice");
			}
		}
	}

	/** What is signed rightly is read, or refused by name; the library reads the same. */
	@Property
	void whatIsSignedIsReadAsTheLibraryReadsIt(@ForAll("parts") List<byte[]> parts) throws Exception {
		for (byte[] bytes : parts) {
			String text = new String(bytes, StandardCharsets.UTF_8);
			int bar = Math.max(0, text.indexOf('|'));
			String token = Tokens.MINT.sign(text.substring(0, bar), text.substring(Math.min(text.length(), bar + 1)));
			StreamToken granted = verify(token);
			if (granted != null) {
				SignedJWT jwt = SignedJWT.parse(token);
				assertThat(jwt.verify(new MACVerifier(Tokens.SECRET))).as(text).isTrue();
				assertThat(granted.user()).as(text).isEqualTo(jwt.getJWTClaimsSet().getClaim("sub").toString());
				assertThat(granted.expires()).as(text).isEqualTo(jwt.getJWTClaimsSet().getExpirationTime().toInstant());
			}
		}
	}

	private StreamToken verify(String token) {
		try {
			return this.verifier.verify(token);
		}
		catch (InvalidTokenException ex) {
			assertThat(ex.getMessage()).isNotBlank().matches("[ -~]+");
			return null;
		}
		catch (RuntimeException ex) {
			return fail(token, ex);
		}
	}

}
