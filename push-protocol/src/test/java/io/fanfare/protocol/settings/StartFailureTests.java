package io.fanfare.protocol.settings;

import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

class StartFailureTests {

	private final StartFailure failures = new StartFailure(
			Map.of("fanfare.jwt.secret", "S3CRET", "SPRING_DATA_REDIS_URL", "redis://:pass@h", "SERVER_PORT", "99999",
					"FANFARE_STREAM_SENDBUFFER", "12KB", "PATH", "/bin"));

	@ParameterizedTest
	@ValueSource(strings = { "cannot use S3CRET here", "cannot use 'it's S3CRET'", "[\"S3CRET2\"]",
			"at redis://:S3CRET2@h", "first\nS3CRET", "with redis://:pass@h" })
	void aMessageIsOneLineWithoutSecrets(String message) {
		assertThat(this.failures.reason(new IllegalStateException("S3CRET", new IllegalArgumentException(message))))
			.startsWith("IllegalArgumentException: ")
			.doesNotContain("S3CRET", "pass", "\n");
	}

	@Test
	void aMessageThatMayRepeatAnythingIsLeftOut() {
		assertThat(this.failures.reason(new RuntimeException(new URISyntaxException("S3CRET2", "no URI"))))
			.isEqualTo("URISyntaxException");
		assertThat(this.failures.reason(new IllegalArgumentException("Invalid argument syntax: --=S3CRET2")))
			.contains("--name=value")
			.doesNotContain("S3CRET2");
	}

	@Test
	void aFailureWithoutMessageIsItsClass() {
		assertThat(this.failures.reason(new RuntimeException(new NullPointerException())))
			.isEqualTo("NullPointerException");
	}

	@Test
	void theSettingWhoseValueIsRepeatedIsNamed() {
		assertThat(this.failures.reason(new IllegalArgumentException("port out of range:99999")))
			.isEqualTo("IllegalArgumentException: port out of range:99999; look at server.port (SERVER_PORT)");
		assertThat(this.failures.reason(new IllegalArgumentException("no size: '12KB'")))
			.endsWith("look at fanfare.stream.send-buffer (FANFARE_STREAM_SENDBUFFER)");
		assertThat(this.failures.reason(new IllegalArgumentException("no file: /bin"))).doesNotContain("look at");
	}

	@Test
	void theSettingThatIsNamedIsNamed() {
		assertThat(this.failures.reason(new IllegalStateException("wrong value under 'spring.profiles.active'")))
			.endsWith("; look at spring.profiles.active (SPRING_PROFILES_ACTIVE)");
	}

	@Test
	void aCertificateThatCannotBeReadIsOfABundle() {
		assertThat(this.failures.reason(
				new IllegalStateException("Unable to create trust store", new IllegalStateException("Empty input"))))
			.isEqualTo("IllegalStateException: Empty input; look at spring.ssl.bundle.* (SPRING_SSL_BUNDLE_*)");
	}

	@Test
	void aTraceHasNoMessages() {
		Exception cause = new IllegalStateException("S3CRET");
		Exception failure = new IllegalArgumentException("S3CRET", cause);
		cause.initCause(failure);
		assertThat(StartFailure.trace(failure))
			.contains("java.lang.IllegalArgumentException", "Caused by: java.lang.IllegalStateException",
					"\tat " + getClass().getName())
			.doesNotContain("S3CRET");
	}

	@Test
	void logsThatCannotBeSetUpAreWrittenToTheConsole() {
		Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
		Level level = root.getLevel();
		List<Appender<ILoggingEvent>> appenders = new ArrayList<>();
		root.iteratorForAppenders().forEachRemaining(appenders::add);
		StartFailure.openLogs();
		assertThat(root.iteratorForAppenders()).toIterable().containsExactlyElementsOf(appenders);
		appenders.forEach(root::detachAppender);
		try {
			StartFailure.openLogs();
			assertThat(root.iteratorForAppenders()).toIterable().singleElement().isInstanceOf(ConsoleAppender.class);
			assertThat(root.isDebugEnabled()).isFalse();
		}
		finally {
			root.detachAndStopAllAppenders();
			root.setLevel(level);
			appenders.forEach(root::addAppender);
		}
	}

}
