package io.fanfare.api.publish;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.mock.web.MockHttpServletRequest;

import static org.assertj.core.api.Assertions.assertThat;

class TraceContextTests {

	private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

	@Test
	void aTraceIsPassedOnAsItCame() {
		assertThat(of(TRACE)).isEqualTo(TRACE);
		assertThat(TraceContext.of(new MockHttpServletRequest())).isNull();
	}

	/** It is no reason to refuse a message. */
	@ParameterizedTest
	@ValueSource(strings = { "", "00", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			"00-00000000000000000000000000000000-b7ad6b7169203331-01",
			"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
			"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
			"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more" })
	void whatIsNoTraceIsLeftOut(String header) {
		assertThat(of(header)).isNull();
	}

	@Test
	void twoHeadersAreNoTrace() {
		MockHttpServletRequest request = new MockHttpServletRequest();
		request.addHeader("traceparent", TRACE);
		request.addHeader("traceparent", TRACE);
		assertThat(TraceContext.of(request)).isNull();
	}

	private static @Nullable String of(String header) {
		MockHttpServletRequest request = new MockHttpServletRequest();
		request.addHeader("traceparent", header);
		return TraceContext.of(request);
	}

}
