package io.fanfare.api.console;

import java.util.List;

import io.fanfare.protocol.settings.InvalidSettingException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class PagePolicyTests {

	@Test
	void thePageConnectsToItsOriginAndToTheStreamsThatAreSet() {
		ConsoleSettings settings = new ConsoleSettings(List.of("/events", "https://push.example/events",
				"http://localhost:8081/events", "http://localhost:8081/sse"));
		assertThat(policy(settings, "/")).contains("connect-src 'self' https://push.example http://localhost:8081; ")
			.doesNotContain("unsafe");
		assertThat(policy(settings, "/swagger-ui/index.html")).contains("connect-src 'self'; ");
	}

	@ParameterizedTest
	@ValueSource(strings = { "javascript:alert(1)", "//evil.example/events", "events", "ftp://h/events", "",
			"https://user@h/events", "https://h;script-src *", "https://a,b/events", "https://h/events?x=1",
			"https://h/events#x", "https:///events", "https://h /events" })
	void whatIsNoAddressOfStreamsIsRefused(String stream) {
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> new ConsoleSettings(List.of("/events", stream)))
			.withMessageContaining("number 2");
	}

	private static String policy(ConsoleSettings settings, String path) {
		MockHttpServletResponse response = new MockHttpServletResponse();
		new PagePolicy(settings).writeHeaders(new MockHttpServletRequest("GET", path), response);
		return String.valueOf(response.getHeader("Content-Security-Policy"));
	}

}
