package io.fanfare.api;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.fanfare.test.docs.SettingsPage;
import io.fanfare.test.process.FailedStart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/** Every setting of the API has bounds, and ends the start beyond them, in one line. */
@ExtendWith(OutputCaptureExtension.class)
class SettingBoundsIT {

	/** Each setting with a value that is wrong. */
	private static final String WRONG = """
			fanfare.development=perhaps
			fanfare.trusted-proxies=proxy.example
			fanfare.limits.exempt=proxy.example
			fanfare.jwt.secret=short
			fanfare.stream.jwt.keys[0].algorithm=HS256
			fanfare.stream.jwt.jwks-uri=http://192.0.2.1/keys
			fanfare.stream.jwt.max-life=0
			fanfare.history.length=1000001
			fanfare.history.age=8d
			fanfare.redis.prefix=Shop
			fanfare.redis.durable=perhaps
			fanfare.redis.command-timeout=2s
			fanfare.redis.url=nowhere
			fanfare.redis.tls.ca=no/such/file
			fanfare.redis.tls.certificate=no/such/file
			fanfare.redis.tls.key=no/such/file
			fanfare.control.port=65536
			fanfare.control.address=no.such.host.invalid
			fanfare.api.port=http
			fanfare.api.idle-timeout=2h
			fanfare.api.limits.bytes-per-second=1B
			fanfare.api.limits.burst=1GB
			fanfare.api.limits.new-channels-per-minute=-1
			fanfare.api.limits.callers=a:0:0:many
			fanfare.api.limits.refusals-per-minute=100001
			fanfare.api.streams=ftp://push.example/events
			fanfare.api.warm-up=6m
			fanfare.api.jwt.keys[0].algorithm=HS256
			fanfare.api.jwt.jwks-uri=http://192.0.2.1/keys
			fanfare.api.jwt.jwks-refresh=1s
			fanfare.api.jwt.jwks-outage-tolerance=8d
			fanfare.api.jwt.issuer=LONG
			fanfare.api.jwt.max-life=0
			fanfare.api.jwt.clock-skew=11m
			fanfare.body.max=65MB
			fanfare.publish.users=0
			fanfare.publish.batch=5001
			fanfare.publish.data=2MB
			fanfare.publish.ttl=8d
			fanfare.idempotency.retention=1s
			fanfare.events.presence=perhaps
			fanfare.receipts.enabled=perhaps
			fanfare.events.stream-closed=perhaps
			fanfare.events.offline-delay=11m
			fanfare.events.length=999
			fanfare.webhook.url=http://backend.example/events
			fanfare.webhook.secret=whsec_c2hvcnQ=
			fanfare.webhook.allow-private=perhaps
			fanfare.webhook.timeout=31s
			fanfare.webhook.attempts=0
			fanfare.revocations.keep=0
			fanfare.alerts.name=a\tname
			fanfare.alerts.interval=31s
			fanfare.alerts.window=2h
			fanfare.alerts.repeat-interval=8d
			fanfare.alerts.connections.threshold=80
			fanfare.alerts.connections.hold=2h
			fanfare.alerts.memory.threshold=0
			fanfare.alerts.memory.hold=2h
			fanfare.alerts.error-rate.threshold=5
			fanfare.alerts.error-rate.minimum=0
			fanfare.alerts.error-rate.hold=2h
			fanfare.alerts.response-time.threshold=21s
			fanfare.alerts.response-time.minimum=0
			fanfare.alerts.response-time.hold=2h
			fanfare.alerts.redis-away.hold=2h
			fanfare.alerts.webhook.url=ftp://alerts.example/fanfare
			fanfare.alerts.webhook.secret=whsec_c2hvcnQ=
			fanfare.alerts.mail.to=operators
			fanfare.alerts.mail.from=fanfare@example.com
			fanfare.alerts.dingtalk.url=https://robots.example/send?access_token=x
			fanfare.alerts.dingtalk.token=two words
			fanfare.alerts.dingtalk.secret=SEC-without-a-token
			fanfare.tokens.enabled=perhaps
			fanfare.tracing.enabled=perhaps
			fanfare.tokens.ttl=0
			fanfare.tokens.max-ttl=3651d
			""";

	/** All settings are bound and looked at, and nothing else is made. */
	@ConfigurationPropertiesScan({ "io.fanfare.api", "io.fanfare.boot" })
	static class Settings {

	}

	@ParameterizedTest
	@MethodSource("wrong")
	void aValueBeyondTheBoundsEndsTheStartInOneLine(String setting, CapturedOutput output) {
		assertThat(catchThrowable(() -> new SpringApplicationBuilder(Settings.class).web(WebApplicationType.NONE)
			.registerShutdownHook(false)
			.run("--spring.config.name=push-api", "--" + setting)
			.close())).isNotNull();
		FailedStart.assertNames(output.getAll(), setting.substring(0, setting.indexOf('=')));
	}

	static Stream<Arguments> wrong() {
		return WRONG.lines().map((line) -> Arguments.of(line.replace("LONG", "x".repeat(513))));
	}

	@Test
	void everySettingOfThePageIsTried() {
		Set<String> tried = WRONG.lines()
			.map((line) -> line.strip().replaceAll("(\\[.*)?=.*", ""))
			.collect(Collectors.toCollection(TreeSet::new));
		tried.add("fanfare.api.keys"); // SettingsIT: the keys are looked at where they
										// are used
		assertThat(tried).isEqualTo(SettingsPage.read().names("API"));
	}

}
