package io.fanfare.test.api;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

class TokenMintTests {

	/** The example of RFC 7515, appendix A.1, has a key of bytes: this one is text. */
	@Test
	void aTokenIsSignedAsTheStandardSays() {
		String token = new TokenMint("your-256-bit-secret")
			.sign("{\"sub\":\"1234567890\",\"name\":\"John Doe\",\"iat\":1516239022}");
		assertThat(token).isEqualTo("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
				+ ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
				+ ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c");
	}

	@Test
	void aStreamTokenHasUserTopicsAndEnd() {
		long before = Instant.now().getEpochSecond();
		String token = new TokenMint("secret").stream("a\"\\\n\u00e9", Duration.ofMinutes(1), "news", "sport:*");
		JsonNode claims = JsonMapper.shared()
			.readTree(new String(Base64.getUrlDecoder().decode(token.split("\\.")[1]), StandardCharsets.UTF_8));
		assertThat(claims.required("sub").asString()).isEqualTo("a\"\\\n\u00e9");
		assertThat(claims.required("aud").asString()).isEqualTo("fanfare:stream");
		assertThat(claims.required("channels").toString()).isEqualTo("[\"news\",\"sport:*\"]");
		assertThat(claims.required("exp").asLong()).isBetween(before + 60, Instant.now().getEpochSecond() + 60);
	}

}
