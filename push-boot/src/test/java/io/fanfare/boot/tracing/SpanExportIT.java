package io.fanfare.boot.tracing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Objects;

import io.fanfare.boot.tracing.Tracing.Role;
import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.test.tracing.SpanCollector;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** Spans leave a process that Boot started, or are given up. */
@ExtendWith(OutputCaptureExtension.class)
class SpanExportIT {

	private static final Duration SOON = Duration.ofSeconds(20);

	private static final int QUEUE = 64;

	private static final int MANY = 2_000;

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(
			excludeName = "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration")
	@Import(TracingConfiguration.class)
	static class Process {

		@Bean
		MeterRegistry meters() {
			return new SimpleMeterRegistry();
		}

	}

	private static ConfigurableApplicationContext start(String endpoint, String... more) {
		return new SpringApplicationBuilder(Process.class).web(WebApplicationType.NONE)
			.properties(more)
			.run("--spring.config.name=none", "--spring.application.name=a-process", "--fanfare.tracing.enabled=true",
					"--" + TracingSettings.ENDPOINT + "=" + endpoint,
					"--management.opentelemetry.tracing.export.max-queue-size=" + QUEUE,
					"--management.opentelemetry.tracing.export.max-batch-size=16",
					"--management.opentelemetry.tracing.export.schedule-delay=20ms",
					"--management.tracing.sampling.probability=1.0");
	}

	private static double count(MeterRegistry meters, String outcome) {
		return meters.get("fanfare.spans").tag("outcome", outcome).counter().count();
	}

	private static void recordSpans(ConfigurableApplicationContext process, int spans) {
		Tracing tracing = process.getBean(Tracing.class);
		for (int i = 0; i < spans; i++) {
			Objects.requireNonNull(tracing.begin("claim", Role.CLIENT, null)).end();
		}
	}

	@Test
	void aSpanReachesTheCollector() {
		try (SpanCollector collector = new SpanCollector();
				ConfigurableApplicationContext process = start(collector.endpoint())) {
			recordSpans(process, 1);
			await().atMost(SOON).until(() -> !collector.spans().isEmpty());
			assertThat(collector.spans()).hasSize(1);
			assertThat(collector.spans().getFirst().name()).isEqualTo("claim");
			assertThat(collector.spans().getFirst().service()).isEqualTo("a-process");
			await().atMost(SOON).until(() -> count(process.getBean(MeterRegistry.class), "sent") == 1);
			assertThat(count(process.getBean(MeterRegistry.class), "recorded")).isOne();
			assertThat(count(process.getBean(MeterRegistry.class), "unsent")).isZero();
		}
	}

	/** By Fanfare, and not by the exporter, which would show all of it. */
	@Test
	void anEndpointThatIsNoUrlEndsTheStart() {
		assertThatThrownBy(() -> start("collector:4318").close()).rootCause()
			.isInstanceOf(InvalidSettingException.class);
	}

	/** What waits when the process ends is sent. */
	@Test
	void theLastSpansReachTheCollector() {
		try (SpanCollector collector = new SpanCollector()) {
			try (ConfigurableApplicationContext process = start(collector.endpoint())) {
				recordSpans(process, 10);
			}
			assertThat(collector.spans()).hasSize(10);
		}
	}

	@Test
	void aCollectorThatIsNotThereCostsFewLines(CapturedOutput output) throws IOException {
		String endpoint;
		try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			endpoint = "http://127.0.0.1:" + closed.getLocalPort() + "/v1/traces";
		}
		try (ConfigurableApplicationContext process = start(endpoint,
				"management.opentelemetry.tracing.export.otlp.timeout=500ms")) {
			recordSpans(process, MANY);
			await().atMost(Duration.ofSeconds(60))
				.until(() -> count(process.getBean(MeterRegistry.class), "unsent") >= QUEUE / 2);
			assertThat(count(process.getBean(MeterRegistry.class), "recorded")).isEqualTo(MANY);
			assertThat(count(process.getBean(MeterRegistry.class), "sent")).isZero();
			assertThat(output.getOut().lines().filter((line) -> line.contains("Failed to export"))).hasSizeBetween(1,
					6);
		}
	}

	/** Its socket takes what is sent, and nothing comes back. */
	@Test
	void aCollectorThatDoesNotAnswerHoldsUpNeitherSpansNorTheEnd() throws IOException {
		try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
			ConfigurableApplicationContext process = start("http://127.0.0.1:" + silent.getLocalPort() + "/v1/traces");
			MeterRegistry meters = process.getBean(MeterRegistry.class);
			// More than wait, or are on their way: the rest is dropped at once
			assertThat(duration(() -> recordSpans(process, MANY))).isLessThan(Duration.ofSeconds(2));
			assertThat(count(meters, "recorded")).isEqualTo(MANY);
			assertThat(duration(process::close)).isLessThan(SentSpans.GRACE.plus(Duration.ofSeconds(3)));
			assertThat(count(meters, "sent")).isZero();
			assertThat(count(meters, "unsent")).isBetween(1.0, 2.0 * QUEUE);
		}
	}

	private static Duration duration(Runnable task) {
		long begin = System.nanoTime();
		task.run();
		return Duration.ofNanos(System.nanoTime() - begin);
	}

}
