package io.fanfare.protocol.settings;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.junit.jupiter.api.Assertions.assertTimeout;

class SecretsTests {

	@ParameterizedTest
	@ValueSource(strings = { "The HTTP header line [Authorization: Bearer marker\rmarker] does not conform",
			"received GET /events?channel=a&access_token=marker&x=y HTTP/1.1", "GET /events?token=marker",
			"Cookie: fanfare=marker; other=marker", "authorization=marker", "x-api-key: marker",
			"Basic bWFya2Vy:marker", "Bearer%20marker", "bearer marker",
			"{\"message\":\"Authorization: Bearer mar\\\"ker marker\",\"level\":1}",
			"{\"authorization\":\"Bearer marker\"}", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYXJrZXIifQ.marker",
			"redis://user:marker@host:6379/0", "redis://:mar@marker@host", "rediss://marker@h", "password=marker",
			"secret=marker", "Parameter [access_token] with value [mar]ker%zz] has been ignored. Note",
			"with value [marker", "headers [authorization:\"Bearer marker\", a:\"b\"]", "access_token%3Dmarker" })
	void whatMayBeASecretIsMasked(String line) {
		assertThat(Secrets.mask(line)).doesNotContain("marker").contains("***");
	}

	@ParameterizedTest
	@ValueSource(strings = { "redis=down link=commands reason=\"Connection refused: localhost/127.0.0.1:6379\"",
			"stream=listening port=8081 loops=1 transport=epoll", "memory=short heap=0.9 streams=10",
			"fanfare.jwt.secret (FANFARE_JWT_SECRET) is too short", "see https://fanfare.io/problems/x and a@b.example",
			"call=drain state=failed" })
	void otherLinesStayAsTheyAre(String line) {
		assertThat(Secrets.mask(line)).isSameAs(line);
	}

	@Test
	void aMaskedJsonLineIsStillJson() {
		assertThat(Secrets.mask("{\"message\":\"Authorization: Bearer a\\\"b\",\"level\":\"INFO\"}"))
			.isEqualTo("{\"message\":\"Authorization: ***\",\"level\":\"INFO\"}");
	}

	@Test
	void aLongLineIsReadInOnePass() {
		for (String part : new String[] { "a://", "eyJ", "Authorization", "Bearer ", "token=", "\\\"", "a@", "secret",
				"cookie :", "aaaaaaaaaa", "with value [" }) {
			String line = part.repeat(200_000 / part.length());
			assertTimeout(Duration.ofSeconds(5), () -> Secrets.mask(line + "="), part);
		}
	}

	@Test
	void everyAppenderMasksWhateverItsEncoder() {
		LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
		ByteArrayOutputStream written = new ByteArrayOutputStream();
		PatternLayoutEncoder encoder = new PatternLayoutEncoder();
		encoder.setContext(context);
		encoder.setPattern("%msg %ex%n");
		encoder.start();
		OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();
		appender.setContext(context);
		appender.setEncoder(encoder);
		appender.setOutputStream(written);
		appender.start();
		Logger logger = context.getLogger("masked");
		logger.setLevel(Level.INFO);
		logger.setAdditive(false);
		logger.addAppender(appender);
		try {
			MaskedLogs.install();
			MaskedLogs.install();
			logger.info("asked with access_token={}", "marker",
					new IllegalStateException("no redis://:marker@h", new IllegalStateException("Bearer marker")));
			assertThat(written.toString(StandardCharsets.UTF_8)).contains("asked with access_token=***")
				.contains("redis://***@h")
				.doesNotContain("marker");
		}
		finally {
			logger.detachAndStopAllAppenders();
		}
	}

	@Test
	void signingSecretsAreLongAndWithoutWhatAFileAdds() {
		String secret = "x".repeat(32);
		assertThatNoException().isThrownBy(() -> SigningSecret.check(secret));
		assertThatNoException().isThrownBy(() -> SigningSecret.check("two words are " + secret));
		for (String bad : new String[] { "x".repeat(31), secret + "\n", secret + "\r\n", " " + secret, secret + "\t",
				secret + " ", "x\n" + secret, "" }) {
			assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> SigningSecret.check(bad))
				.withMessageStartingWith("fanfare.jwt.secret (FANFARE_JWT_SECRET) ")
				.satisfies((failure) -> assertThat(failure.getMessage()).doesNotContain("xxxx"));
		}
	}

}
