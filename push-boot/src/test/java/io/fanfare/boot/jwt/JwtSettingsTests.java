package io.fanfare.boot.jwt;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.api.TokenMint.Algorithm;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

class JwtSettingsTests {

	private static final String PREFIX = "fanfare.stream.jwt";

	private static final String MARKER = "hunter2hunter2hunter2hunter2hunter2";

	private static KeySettings secret(@Nullable String kid, SignatureAlgorithm algorithm, @Nullable String secret) {
		return new KeySettings(kid, algorithm, secret, null);
	}

	private static KeySettings publicKey(@Nullable String kid, SignatureAlgorithm algorithm, String key) {
		return new KeySettings(kid, algorithm, null, key);
	}

	private static JwtSettings of(KeySettings... keys) {
		return new JwtSettings(List.of(keys), null, Duration.ofMinutes(5), Duration.ofHours(4), null,
				Duration.ofHours(24), null);
	}

	private static JwtSettings fetched(String uri) {
		return new JwtSettings(List.of(), uri, Duration.ofMinutes(5), Duration.ofHours(4), null, Duration.ofHours(24),
				null);
	}

	private static void assertRefused(JwtSettings settings, String property, String reason) {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> settings.check(PREFIX))
			.withMessageStartingWith(InvalidSettingException.named(PREFIX + property) + " ")
			.withMessageContaining(reason)
			.withMessageNotContainingAny("hunter2", "MIIB", "MFkw", "\n");
	}

	@Test
	void environmentVariablesSetKeys() {
		TokenMint mint = TokenMint.withNewKey(Algorithm.ES256);
		Map<String, Object> variables = new HashMap<>();
		variables.put("FANFARE_STREAM_JWT_KEYS_0_KID", "a");
		variables.put("FANFARE_STREAM_JWT_KEYS_0_ALGORITHM", "HS384");
		variables.put("FANFARE_STREAM_JWT_KEYS_0_SECRET", "s".repeat(48));
		variables.put("FANFARE_STREAM_JWT_KEYS_1_ALGORITHM", "ES256");
		variables.put("FANFARE_STREAM_JWT_KEYS_1_PUBLICKEY", mint.publicKey());
		variables.put("FANFARE_STREAM_JWT_MAXLIFE", "2h");
		variables.put("FANFARE_STREAM_JWT_ISSUER", "https://id.example");
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.replace(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, new SystemEnvironmentPropertySource(
					StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables));
		JwtSettings settings = new Binder(ConfigurationPropertySources.from(environment.getPropertySources()))
			.bindOrCreate(PREFIX, JwtSettings.class);
		settings.check(PREFIX);
		assertThat(settings.jwks(PREFIX)).extracting((key) -> key.getAlgorithm().getName())
			.containsExactly("HS384", "ES256");
		assertThat(settings.maxLife()).isEqualTo(Duration.ofHours(2));
		assertThat(settings.jwksOutageTolerance()).isEqualTo(Duration.ofHours(4));
		assertThat(settings.issuer()).isEqualTo("https://id.example");
		assertThat(settings.clockSkew(Duration.ofSeconds(7))).isEqualTo(Duration.ofSeconds(7));
		assertThat(settings.toString() + settings.keys().getFirst()).doesNotContain("ssss");
	}

	@Test
	void aPublicKeyMayBeAFileOrHaveItsLinesEscaped(@TempDir Path directory) throws IOException {
		String pem = TokenMint.withNewKey(Algorithm.EdDSA).publicKey();
		Path file = Files.writeString(directory.resolve("key.pem"), "# of 2026\n" + pem);
		for (String value : List.of(pem, pem.replace("\n", "\\n"), file.toString(), "file:" + file, " " + pem)) {
			assertThatNoException().isThrownBy(() -> of(publicKey("k", SignatureAlgorithm.EDDSA, value)).check(PREFIX));
		}
	}

	@ParameterizedTest
	@CsvSource({ "HS256, 31", "HS384, 47", "HS512, 63" })
	void aSecretIsAsLongAsItsHash(SignatureAlgorithm algorithm, int tooShort) {
		assertRefused(of(secret("k", algorithm, "s".repeat(tooShort))), ".keys[0].secret", "is too short: ");
		assertThatNoException().isThrownBy(() -> of(secret("k", algorithm, "s".repeat(tooShort + 1))).check(PREFIX));
	}

	@Test
	void aKeyThatIsWrongIsNamedByItsSettingAndNotRepeated() {
		TokenMint rsa = TokenMint.withNewKey(Algorithm.RS256);
		TokenMint curve = TokenMint.withNewKey(Algorithm.ES256);
		KeySettings good = secret("a", SignatureAlgorithm.HS256, MARKER);
		assertRefused(of(good, new KeySettings("b", null, MARKER, null)), ".keys[1].algorithm", "is not set");
		assertRefused(of(secret("k", SignatureAlgorithm.HS256, null)), ".keys[0].secret", "is not set");
		assertRefused(of(secret("k", SignatureAlgorithm.HS256, MARKER + "\n")), ".keys[0].secret", "line break");
		assertRefused(of(new KeySettings("k", SignatureAlgorithm.HS256, MARKER, rsa.publicKey())),
				".keys[0].public-key", "is set");
		assertRefused(of(new KeySettings("k", SignatureAlgorithm.RS256, MARKER, rsa.publicKey())), ".keys[0].secret",
				"is set");
		assertRefused(of(secret("k", SignatureAlgorithm.ES256, null)), ".keys[0].public-key", "is not set");
		assertRefused(of(publicKey("k", SignatureAlgorithm.ES256, rsa.publicKey())), ".keys[0].public-key",
				"is no key of ES256");
		assertRefused(of(publicKey("k", SignatureAlgorithm.RS256, curve.publicKey())), ".keys[0].public-key",
				"is no key of RS256");
		assertRefused(of(publicKey("k", SignatureAlgorithm.EDDSA, curve.publicKey())), ".keys[0].public-key",
				"is no key of EdDSA");
		assertRefused(of(publicKey("k", SignatureAlgorithm.ES256, "/no/such/" + MARKER)), ".keys[0].public-key",
				"nor the path of a file");
		assertRefused(of(publicKey("k", SignatureAlgorithm.ES256, MARKER + "\u0000")), ".keys[0].public-key",
				"nor the path of a file");
		assertRefused(of(publicKey("k", SignatureAlgorithm.ES256, curve.publicKey() + curve.publicKey())),
				".keys[0].public-key", "one public key");
		assertRefused(
				of(publicKey("k", SignatureAlgorithm.ES256,
						"-----BEGIN PRIVATE KEY-----\n" + MARKER + "\n-----END PRIVATE KEY-----")),
				".keys[0].public-key", "it holds a private key");
		assertRefused(
				of(publicKey("k", SignatureAlgorithm.ES256,
						"-----BEGIN PUBLIC KEY-----\n" + MARKER + "\n-----END PUBLIC KEY-----")),
				".keys[0].public-key", "is no key of ES256");
		assertRefused(of(good, secret("a", SignatureAlgorithm.HS512, MARKER.repeat(2))), ".keys[1].kid",
				"is the kid of fanfare.stream.jwt.keys[0]");
		assertRefused(of(good, secret("b", SignatureAlgorithm.HS256, MARKER)), ".keys[1]", "has the same key as");
		assertRefused(of(publicKey("a", SignatureAlgorithm.RS256, rsa.publicKey()),
				publicKey("b", SignatureAlgorithm.PS256, rsa.publicKey())), ".keys[1]", "one algorithm");
		assertRefused(of(java.util.stream.IntStream.range(0, 17)
			.mapToObj((i) -> secret("k" + i, SignatureAlgorithm.HS256, MARKER + i))
			.toArray(KeySettings[]::new)), ".keys", "at most 16");
	}

	@ParameterizedTest
	@ValueSource(strings = { "https://id.example/jwks", "https://id.example:8443/a?b=c", "http://127.0.0.1:1/x",
			"http://localhost/x", "http://[::1]:7/x", "HTTPS://id.example" })
	void aJwksAddressIsHttpsOrOfThisMachine(String uri) {
		assertThatNoException().isThrownBy(() -> fetched(uri).check(PREFIX));
	}

	@ParameterizedTest
	@ValueSource(strings = { "http://id.example/jwks", "http://10.0.0.1/x", "http://127.0.0.1.evil.example/x",
			"http://localhost.evil.example/", "ftp://localhost/x", "file:///etc/passwd", "https://", "jwks", "https:x",
			"https://u:hunter2@id.example/x", "https://id.example/#hunter2", "https://id example/hunter2" })
	void anyOtherJwksAddressIsRefused(String uri) {
		assertRefused(fetched(uri), ".jwks-uri", "");
	}

	@Test
	void timesHaveBounds() {
		Duration hour = Duration.ofHours(1);
		assertRefused(new JwtSettings(List.of(), null, Duration.ofSeconds(29), hour, null, hour, null), ".jwks-refresh",
				"30s to 24h");
		assertRefused(new JwtSettings(List.of(), null, hour, Duration.ofDays(8), null, hour, null),
				".jwks-outage-tolerance", "0 to 7d");
		assertRefused(new JwtSettings(List.of(), null, hour, hour, null, Duration.ZERO, null), ".max-life", "1s");
		assertRefused(new JwtSettings(List.of(), null, hour, hour, null, hour, Duration.ofMinutes(11)), ".clock-skew",
				"0 to 10m");
	}

	@Test
	void streamTokensAndApiTokensShareNoKey() {
		TokenMint rsa = TokenMint.withNewKey(Algorithm.RS256);
		JwtSettings stream = of(secret("a", SignatureAlgorithm.HS256, MARKER),
				publicKey("b", SignatureAlgorithm.RS256, rsa.publicKey()));
		JwtSettings other = of(secret("a", SignatureAlgorithm.HS256, "x".repeat(40)));
		assertThatNoException()
			.isThrownBy(() -> JwtKeys.requireDistinct(stream.jwks("s"), stream, other.jwks("a"), other));
		for (JwtSettings api : List.of(
				of(secret("c", SignatureAlgorithm.HS256, "x".repeat(40)),
						secret("d", SignatureAlgorithm.HS256, MARKER)),
				of(secret("c", SignatureAlgorithm.HS256, "x".repeat(40)),
						publicKey("d", SignatureAlgorithm.PS256, rsa.publicKey())))) {
			assertThatExceptionOfType(InvalidSettingException.class)
				.isThrownBy(() -> JwtKeys.requireDistinct(stream.jwks("s"), stream, api.jwks("a"), api))
				.withMessageStartingWith("fanfare.api.jwt.keys[1] ")
				.withMessageNotContaining("hunter2");
		}
		assertThatExceptionOfType(
				InvalidSettingException.class)
			.isThrownBy(() -> JwtKeys.requireDistinct(List.of(JwtKeys.shortForm(MARKER)), JwtSettings.NONE,
					of(secret("c", SignatureAlgorithm.HS512, MARKER.repeat(2)),
							secret("d", SignatureAlgorithm.HS256, MARKER))
						.jwks("a"),
					JwtSettings.NONE));
	}

	@Test
	void streamTokensAndApiTokensShareNoAddressHoweverItIsWritten() {
		for (List<String> same : List.of(List.of("https://id.example/jwks", "https://id.example/jwks"),
				List.of("https://id.example/jwks", "HTTPS://ID.Example.:443/jwks?"),
				List.of("https://id.example/jwks", "https://id.example/a/../%6Awks"),
				List.of("https://id.example", "https://id.example:443/"),
				List.of("http://localhost/jwks?a=1", "http://127.0.0.1:80/./jwks?a=1"))) {
			assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> requireDistinct(same))
				.withMessageStartingWith("fanfare.api.jwt.jwks-uri (FANFARE_API_JWT_JWKSURI) ");
		}
		for (List<String> distinct : List.of(List.of("https://id.example/jwks", "https://id.example/Jwks"),
				List.of("https://id.example/jwks", "https://id.example/jwks?a=1"),
				List.of("https://id.example/jwks", "https://id.example:8443/jwks"),
				List.of("https://id.example/jwks", "https://ids.example/jwks"))) {
			assertThatNoException().isThrownBy(() -> requireDistinct(distinct));
		}
	}

	private static void requireDistinct(List<String> addresses) {
		JwtSettings stream = fetched(addresses.getFirst());
		JwtSettings api = fetched(addresses.getLast());
		stream.check("s");
		api.check("a");
		JwtKeys.requireDistinct(List.of(), stream, List.of(), api);
	}

}
