package io.fanfare.api.auth;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.function.Consumer;

import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.test.api.TokenMint;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class ApiTokensTests {

	private static final String SECRET = "0123456789abcdef0123456789abcdef-and-as-much-again-for-512-bits..";

	private static final Instant NOW = Instant.parse("2026-07-01T12:00:00Z");

	private final ApiTokens tokens;

	ApiTokensTests() throws Exception {
		this.tokens = new ApiTokens(new JwtSettings(SECRET, Duration.ofSeconds(30)), Clock.fixed(NOW, ZoneOffset.UTC));
	}

	@Test
	void aTokenTellsWhoCallsAndWhatIsAllowed() throws Exception {
		Caller caller = this.tokens.read(token((claims) -> claims.claim("scope", "read publish:news unheard:of")));
		assertThat(caller.id()).isEqualTo("~shop%3A1");
		assertThat(caller.holds(Scope.READ)).isTrue();
		assertThat(caller.holds(Scope.ADMIN)).isFalse();
		assertThat(caller.mayPublishTo(ChannelName.topic("news"))).isTrue();
		assertThat(caller.mayPublishTo(ChannelName.ALL)).isFalse();
	}

	@Test
	void withoutScopesNothingIsAllowed() throws Exception {
		assertThat(this.tokens.read(token((claims) -> {
		})).holds(Scope.READ)).isFalse();
	}

	@Test
	void aTokenForAStreamIsNoneForTheApi() throws Exception {
		assertThat(this.tokens.read(token((claims) -> claims.audience("fanfare:stream")))).isNull();
		assertThat(this.tokens.read(token((claims) -> claims.audience((String) null)))).isNull();
	}

	@Test
	void aTokenThatIsOverOrNotYetOrForeverIsRefused() throws Exception {
		assertThat(this.tokens.read(token((claims) -> claims.expirationTime(Date.from(NOW))))).isNull();
		assertThat(this.tokens.read(token((claims) -> claims.expirationTime(null)))).isNull();
		assertThat(this.tokens.read(token((claims) -> claims.notBeforeTime(Date.from(NOW.plusSeconds(31)))))).isNull();
		assertThat(this.tokens.read(token((claims) -> claims.notBeforeTime(Date.from(NOW.plusSeconds(30))))))
			.isNotNull();
		assertThat(this.tokens.read(token((claims) -> claims.issueTime(Date.from(NOW.plusSeconds(31)))))).isNull();
		assertThat(this.tokens.read(token((claims) -> claims.issueTime(Date.from(NOW.plusSeconds(30)))))).isNotNull();
	}

	@Test
	void aTokenWithoutSubjectIsRefused() throws Exception {
		assertThat(this.tokens.read(token((claims) -> claims.subject(null)))).isNull();
		assertThat(this.tokens.read(token((claims) -> claims.subject("")))).isNull();
	}

	@Test
	void otherAlgorithmsSecretsAndFormsAreRefused() throws Exception {
		assertThat(this.tokens.read(new TokenMint(SECRET, TokenMint.Algorithm.HS512).sign(claims().build().toString())))
			.isNull();
		assertThat(this.tokens.read(new TokenMint(SECRET + "x").sign(claims().build().toString()))).isNull();
		assertThat(this.tokens.read(new PlainJWT(claims().build()).serialize())).isNull();
		assertThat(this.tokens.read("a.b.c")).isNull();
		assertThat(this.tokens.read("")).isNull();
	}

	@Test
	void aSecretThatIsTooShortNamesTheSetting() {
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> new JwtSettings("short", Duration.ZERO))
			.withMessageContaining("fanfare.jwt.secret (FANFARE_JWT_SECRET)")
			.withMessageNotContaining("short'");
	}

	private static String token(Consumer<JWTClaimsSet.Builder> change) throws Exception {
		JWTClaimsSet.Builder claims = claims();
		change.accept(claims);
		return new TokenMint(SECRET).sign(claims.build().toString());
	}

	private static JWTClaimsSet.Builder claims() {
		return new JWTClaimsSet.Builder().subject("shop:1")
			.audience("fanfare:api")
			.expirationTime(Date.from(NOW.plusSeconds(1)));
	}

}
