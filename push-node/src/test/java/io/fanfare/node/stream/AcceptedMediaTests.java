package io.fanfare.node.stream;

import java.time.Duration;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class AcceptedMediaTests {

	/** As long as all headers of a request may be. */
	private static final int LONGEST = 40_000;

	private static boolean takesStream(String... values) {
		HttpHeaders headers = new DefaultHttpHeaders();
		for (String value : values) {
			headers.add("Accept", value);
		}
		return AcceptedMedia.of(headers).takesStream();
	}

	@ParameterizedTest
	@ValueSource(strings = { "text/event-stream", "*/*", "text/*", "TEXT/Event-Stream", "", ",", ", ,",
			"text/html, */*;q=0.1", "text/event-stream ; charset=utf-8", "text/event-stream;q=0.001",
			"text/event-stream;q=1, */*;q=0", "*/*;q=0, text/event-stream", "text/event-stream;q=0.x",
			"text/event-stream;;", "text/event-stream;=0" })
	void aStreamIsTaken(String value) {
		assertThat(takesStream(value)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "text/html", ";", "a b", "text/event-stream;q=0", "text/event-stream ; Q = 0.000, */*",
			"*/*;q=0", "text/*;q=0, */*", "text/event-stream;level=1;q=0." })
	void aStreamIsNotTaken(String value) {
		assertThat(takesStream(value)).isFalse();
	}

	@Test
	void severalHeadersAreOneList() {
		assertThat(takesStream()).isTrue();
		assertThat(takesStream("text/html", "*/*")).isTrue();
		assertThat(takesStream("*/*", "text/event-stream;q=0")).isFalse();
	}

	/** With quadratic work each of these would take seconds. */
	@ParameterizedTest
	@ValueSource(strings = { " ", "\t", ";", ",", "; ", "q=", "text/event-stream;q=0.0,", "*/*;q = " })
	void aLongHeaderTakesLittleTime(String part) {
		String value = "a" + part.repeat(LONGEST / part.length()) + "b";
		HttpHeaders headers = new DefaultHttpHeaders().add("Accept", value).add("Accept-Encoding", value);
		long began = System.nanoTime();
		for (int round = 0; round < 20; round++) {
			AcceptedMedia.of(headers).takesStream();
			AcceptEncoding.of(headers).takesGzip();
		}
		assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(2));
	}

}
