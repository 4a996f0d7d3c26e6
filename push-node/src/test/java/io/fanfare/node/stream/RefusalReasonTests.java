package io.fanfare.node.stream;

import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class RefusalReasonTests {

	@ParameterizedTest
	@CsvSource(quoteCharacter = '|', textBlock = """
			The token has expired, token-expired
			The token's signature is not valid, token-signature
			The token is malformed, token-malformed
			The token's aud is not fanfare:stream, token-audience
			The token's iss is not the issuer that is accepted, token-issuer
			The token has no exp, token-times
			The token is not valid yet: its nbf lies ahead, token-times
			The token's tier is none of high normal low, token-claims""")
	void eachKindOfTokenHasItsReason(String detail, String reason) {
		assertThat(RefusalReason.of(Problem.unauthorized(detail, true))).isEqualTo(reason);
	}

	@Test
	void otherRefusalsOfClientsHaveTheirsAndFaultsOfRequestsHaveNone() {
		assertThat(RefusalReason.of(Problem.unauthorized("Send a token", false))).isEqualTo("credential-missing");
		assertThat(RefusalReason.of(Problem.forbidden("The token does not grant it"))).isEqualTo("scope");
		assertThat(RefusalReason.of(Problem.notFound("x"))).isNull();
		assertThat(RefusalReason.of(Problem.timeout())).isNull();
		assertThat(RefusalReason.of(Problem.unavailable("full", Duration.ofSeconds(1)))).isNull();
	}

}
