package io.fanfare.api.audit;

import java.util.List;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.fanfare.api.TestApi;
import io.fanfare.protocol.audit.AuditLog;
import io.fanfare.test.redis.RedisExtension;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@ExtendWith(RedisExtension.class)
class AuditIT {

	private final TestApi api = TestApi.shared();

	private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

	private final Logger logger = (Logger) LoggerFactory.getLogger(AuditLog.NAME);

	@BeforeEach
	void listen() {
		this.lines.start();
		this.logger.addAppender(this.lines);
	}

	@AfterEach
	void stop() {
		this.logger.detachAppender(this.lines);
	}

	private List<String> acts() {
		return List.copyOf(this.lines.list)
			.stream()
			.map(ILoggingEvent::getFormattedMessage)
			.filter((line) -> line.startsWith("audit=act"))
			.toList();
	}

	private double refusals(String reason) {
		return this.api.bean(MeterRegistry.class).counter("fanfare.refusals", "reason", reason).count();
	}

	@Test
	void eachActIsALineOfWhoFromWhereWhatWhomAndOutcome() {
		this.api.post("/v1/users/alice/disconnect", "{\"reason\":\"revoked\",\"mode\":\"now\"}");
		this.api.send("DELETE", "/v1/users/a%22b/data", null, "Authorization", "Bearer " + TestApi.KEY);
		this.api.send("DELETE", "/v1/users/bob/data", null, "Authorization", "Bearer " + TestApi.KEY);
		this.api.post("/v1/disconnect", "{\"users\":[\"a\",\"b\"],\"reason\":\"logout\"}");
		this.api.post("/v1/tokens", "{\"user\":\"carol\"}");
		this.api.postAs(TestApi.READ_KEY, "/v1/users/alice/disconnect", "{}");
		this.api.post("/v1/users/alice/disconnect", "{\"reason\":\"nonsense\\n\\\"\"}");
		// A line is written when the answer is.
		await().until(() -> acts().size() >= 7);
		assertThat(acts())
			.satisfiesExactly((line) -> assertThat(line).matches("audit=act operation=\"disconnectUser\" caller=\"dev\""
					+ " address=\"[0-9.:]+\" request=\"[0-9a-f]{32}\" user=\"alice\" reason=\"revoked\" mode=\"now\" status=202"),
					(line) -> assertThat(line).contains("operation=\"eraseUser\"", "user=\"a\\\"b\"")
						.endsWith("status=200"),
					(line) -> assertThat(line).contains("operation=\"eraseUser\"", "user=\"bob\"")
						.endsWith("messages=0 tickets=0 status=200"),
					(line) -> assertThat(line).contains("operation=\"disconnectMany\"", "users=2", "connections=0")
						.endsWith("status=202"),
					(line) -> assertThat(line).contains("caller=\"dev\"", "user=\"carol\"").endsWith("status=200"),
					(line) -> assertThat(line)
						.contains("operation=\"disconnectUser\"", "caller=\"look\"", "user=\"alice\"")
						.endsWith("status=403"),
					(line) -> assertThat(line).contains("reason=\"nonsense\\u000a\\\"\"").endsWith("status=400"));
		assertThat(acts()).allSatisfy((line) -> assertThat(line).doesNotContain("\n", "eyJ"));
	}

	@Test
	void readingAndPublishingAreNoActs() {
		this.api.get("/v1/users/alice");
		this.api.post("/v1/presence", "{\"users\":[\"alice\"]}");
		this.api.post("/v1/messages", "{\"to\":{\"channel\":\"news\"},\"data\":\"x\"}");
		this.api.send("OPTIONS", "/v1/users/alice/disconnect", null, "Authorization", "Bearer " + TestApi.KEY);
		assertThat(acts()).isEmpty();
	}

	@Test
	void refusalsAreCountedByReason() {
		double missing = refusals("credential-missing");
		double wrong = refusals("key-wrong");
		double scope = refusals("scope");
		for (int i = 0; i < 20; i++) {
			this.api.send("GET", "/v1/users/alice", null);
			this.api.send("GET", "/v1/users/alice", null, "Authorization", "Bearer wrong-secret-" + i);
			this.api.send("GET", "/v1/nodes/x/connections", null, "Authorization", "Bearer " + TestApi.READ_KEY);
		}
		await().untilAsserted(() -> {
			assertThat(refusals("credential-missing") - missing).isEqualTo(20);
			assertThat(refusals("key-wrong") - wrong).isEqualTo(20);
			assertThat(refusals("scope") - scope).isEqualTo(20);
		});
		double malformed = refusals("token-malformed");
		double twice = refusals("credential-malformed");
		this.api.send("GET", "/v1/users/alice", null, "Authorization", "Bearer a.b.c");
		this.api.send("GET", "/v1/users/alice", null, "Authorization", "Bearer ");
		await().untilAsserted(() -> {
			assertThat(refusals("token-malformed") - malformed).isOne();
			assertThat(refusals("credential-malformed") - twice).isOne();
		});
		List<String> refused = this.lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
		assertThat(refused).hasSizeLessThan(10).noneMatch((line) -> line.contains("wrong-secret"));
	}

}
