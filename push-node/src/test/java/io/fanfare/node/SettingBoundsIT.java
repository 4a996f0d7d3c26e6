package io.fanfare.node;

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

/** Every setting of a node has bounds, and ends the start beyond them, in one line. */
@ExtendWith(OutputCaptureExtension.class)
class SettingBoundsIT {

	/** Each setting with a value that is wrong. */
	private static final String WRONG = """
			fanfare.node.name=a/b
			fanfare.development=perhaps
			fanfare.stream.port=65536
			fanfare.stream.address=no.such.host.invalid
			fanfare.stream.loops=-1
			fanfare.stream.loops=1025
			fanfare.stream.send-buffer=1KB
			fanfare.stream.backlog=0
			fanfare.stream.request-timeout=1ms
			fanfare.stream.idle-timeout=2h
			fanfare.stream.max-channels=1001
			fanfare.stream.history-bytes=1KB
			fanfare.stream.gzip=perhaps
			fanfare.stream.gzip-threshold=2GB
			fanfare.stream.warm-up=6m
			fanfare.allowed-origins=https://app.example/path
			fanfare.allowed-headers=a/b
			fanfare.trusted-proxies=proxy.example
			fanfare.log.streams=perhaps
			fanfare.receipts.enabled=perhaps
			fanfare.tracing.enabled=perhaps
			fanfare.doctor.enabled=perhaps
			fanfare.doctor.per-address=0
			fanfare.doctor.per-address=1001
			fanfare.doctor.max=0
			fanfare.doctor.max=10001
			fanfare.connections.max=0
			fanfare.connections.lifetime=31d
			fanfare.connections.lifetime=1ms
			fanfare.connections.idle-close=31d
			fanfare.connections.ack-timeout=1ms
			fanfare.connections.probe-timeout=2h
			fanfare.connections.unreachable-after=2h
			fanfare.connections.idle-after=31d
			fanfare.connections.show-active=perhaps
			fanfare.connections.drain-window=2h
			fanfare.connections.heartbeat=1ms
			fanfare.connections.cursor-interval=2d
			fanfare.connections.admission=2m
			fanfare.connections.slow-limit=2h
			fanfare.connections.min-retry=1ms
			fanfare.connections.max-retry=2h
			fanfare.connections.max-retry=1s
			fanfare.connections.max-spread=2h
			fanfare.connections.max-spread=1s
			fanfare.admission.when-full=never
			fanfare.admission.waiting-room=-1
			fanfare.admission.keep-place=2h
			fanfare.admission.notice-interval=1ms
			fanfare.limits.connections-per-address=-1
			fanfare.limits.opens-per-minute=1000001
			fanfare.limits.opens-per-user=100001
			fanfare.limits.refusals-per-minute=-1
			fanfare.limits.window=2h
			fanfare.limits.takeovers-per-minute=100001
			fanfare.limits.exempt=proxy.example
			fanfare.twins.replacements=1
			fanfare.twins.replacements=1001
			fanfare.twins.within=25h
			fanfare.twins.returns=0
			fanfare.twins.returns=11
			fanfare.twins.window=0
			fanfare.memory.interval=2h
			fanfare.memory.heap=1.1
			fanfare.memory.process-limit=-1B
			fanfare.memory.step=0
			fanfare.memory.direct=2
			fanfare.memory.process=0
			fanfare.memory.owed=90%
			fanfare.rebalance.automatic=perhaps
			fanfare.rebalance.skew=0
			fanfare.rebalance.interval=2h
			fanfare.rebalance.window=25h
			fanfare.recorder.bytes=2GB
			fanfare.jwt.secret=short
			fanfare.jwt.clock-skew=11m
			fanfare.jwt.default-tier=best
			fanfare.stream.jwt.keys[0].algorithm=HS256
			fanfare.stream.jwt.jwks-uri=http://192.0.2.1/keys
			fanfare.stream.jwt.jwks-refresh=1s
			fanfare.stream.jwt.jwks-outage-tolerance=8d
			fanfare.stream.jwt.issuer=LONG
			fanfare.stream.jwt.max-life=0
			fanfare.stream.jwt.clock-skew=11m
			fanfare.history.length=0
			fanfare.history.age=8d
			fanfare.redis.prefix=Shop
			fanfare.redis.durable=perhaps
			fanfare.redis.command-timeout=2s
			fanfare.redis.connect-timeout=1m
			fanfare.redis.lease=1m
			fanfare.redis.renew-interval=15s
			fanfare.redis.url=nowhere
			fanfare.redis.tls.ca=no/such/file
			fanfare.redis.tls.certificate=no/such/file
			fanfare.redis.tls.key=no/such/file
			fanfare.control.port=http
			fanfare.control.address=no.such.host.invalid
			""";

	/** All settings are bound and looked at, and nothing else is made. */
	@ConfigurationPropertiesScan({ "io.fanfare.node", "io.fanfare.boot" })
	static class Settings {

	}

	@ParameterizedTest
	@MethodSource("wrong")
	void aValueBeyondTheBoundsEndsTheStartInOneLine(String setting, CapturedOutput output) {
		assertThat(catchThrowable(() -> new SpringApplicationBuilder(Settings.class).web(WebApplicationType.NONE)
			.registerShutdownHook(false)
			.run("--spring.config.name=push-node", "--" + setting)
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
		assertThat(tried).isEqualTo(SettingsPage.read().names("node"));
	}

}
