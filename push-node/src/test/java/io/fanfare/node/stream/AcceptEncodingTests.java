package io.fanfare.node.stream;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class AcceptEncodingTests {

	private static boolean takesGzip(String... values) {
		HttpHeaders headers = new DefaultHttpHeaders();
		for (String value : values) {
			headers.add("Accept-Encoding", value);
		}
		return AcceptEncoding.of(headers).takesGzip();
	}

	@ParameterizedTest
	@ValueSource(strings = { "gzip", "GZip", "x-gzip", "gzip, deflate, br, zstd", "br , gzip", "gzip;q=1",
			"gzip;q=1.000", "gzip;q=0.001", "gzip ; q=0.5", "gzip;Q=0.5", "*", "*;q=0.1", "br;q=1, *;q=0.5",
			"gzip, *;q=0", "identity;q=0, gzip", "identity;q=0.5, gzip;q=0.5", "gzip;q=0.1, br", "deflate,,gzip," })
	void gzipIsTaken(String value) {
		assertThat(takesGzip(value)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "identity", "deflate", "br, zstd", "gzip;q=0", "gzip;q=0.0", "gzip;q=0.000",
			"x-gzip;q=0", "*;q=0", "gzip;q=0, *", "*, gzip;q=0", "identity, gzip;q=0.5", "identity;q=0.8, *;q=0.5",
			"gzip;q=2", "gzip;q=-1", "gzip;q=", "gzip;q=abc", "gzip;level=9", "gzip;q=0.0001", "gzipped",
			"gzip deflate" })
	void gzipIsNotTaken(String value) {
		assertThat(takesGzip(value)).isFalse();
	}

	@Test
	void withoutTheHeaderNothingIsCompressed() {
		assertThat(takesGzip()).isFalse();
	}

	@Test
	void severalHeadersAreOneList() {
		assertThat(takesGzip("br", "gzip")).isTrue();
		assertThat(takesGzip("*", "gzip;q=0")).isFalse();
	}

}
