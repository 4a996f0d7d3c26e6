package io.fanfare.api.alert;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.GreenMailUtil;
import com.icegreen.greenmail.util.ServerSetup;
import io.fanfare.api.TestApi;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.NodeStatus.Bucket;
import io.fanfare.protocol.NodeStatus.Delivery;
import io.fanfare.protocol.NodeStatus.Memory;
import io.fanfare.test.process.Ports;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Two API processes notify by all channels of what nodes report, as one of them: a
 * recording HTTP server and a mail server hold what was sent.
 */
class AlertsIT {

	private static final Duration SOON = Duration.ofSeconds(15);

	private static final Duration REPEAT = Duration.ofSeconds(4);

	private static final byte[] SECRET = "a secret of 24 bytes or more".getBytes(StandardCharsets.UTF_8);

	private static final String ROBOT_SECRET = "SEC-of-the-test";

	private static final List<String> RULES = List.of("connections", "memory", "error-rate", "response-time");

	private final HttpRecorder http = new HttpRecorder();

	private final GreenMail mail = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));

	private final long started = System.currentTimeMillis();

	private RedisProcess redis;

	private long ended;

	private long errors;

	private long fast;

	private long slow;

	@BeforeEach
	void start() {
		this.mail.start();
		this.redis = TestRedis.start();
	}

	@AfterEach
	void stop() {
		this.redis.close();
		this.mail.stop();
		this.http.close();
	}

	@Test
	void eachRuleFiresIsRepeatedAndResolvedByOneOfTwoProcesses() throws Exception {
		try (TestApi first = startApi()) {
			await().atMost(SOON)
				.until(() -> this.redis.ask((commands) -> commands.exists("fanfare:alerts:leader")) == 1);
			try (TestApi second = startApi()) {
				await().atMost(SOON).untilAsserted(() -> {
					report(broken());
					RULES.forEach((rule) -> assertThat(notices(rule, "firing")).as(rule).isNotEmpty());
					assertThat(this.mail.getReceivedMessages()).isNotEmpty();
					assertThat(this.http.posts("/robot")).isNotEmpty();
				});
				checkWebhook(this.http.posts("/webhook").getFirst());
				checkRobot(this.http.posts("/robot").getFirst());
				assertThat(subjects().getFirst()).startsWith("[FIRING shop] ").contains(": n1");
				assertThat(mailText(0)).contains("n1 has 90 of the 100 streams that it takes (90.0 %).");
				// What was sent is still known after Redis did not answer
				this.redis.ask((commands) -> commands.clientPause(1_600));
				await().atMost(SOON).untilAsserted(() -> {
					report(broken());
					RULES.forEach((rule) -> assertThat(notices(rule, "firing")).as(rule).hasSizeGreaterThan(1));
				});
				RULES.forEach((rule) -> assertThat(gap(rule)).as(rule).isGreaterThan(REPEAT.minusMillis(500)));
				assertThat(sent(first, "webhook")).isPositive();
				assertThat(sent(second, "webhook")).isZero();
				assertThat(firing(second)).isEqualTo(1);
				String leader = this.redis.ask((commands) -> commands.get("fanfare:alerts:leader"));
				first.close();
				// Released, so that the other need not wait for the end of the lead
				String next = this.redis.ask((commands) -> commands.get("fanfare:alerts:leader"));
				assertThat(next).isNotEqualTo(leader);
				await().atMost(SOON).untilAsserted(() -> {
					report(well());
					RULES.forEach((rule) -> assertThat(notices(rule, "resolved")).as(rule).isNotEmpty());
					assertThat(subjects().getLast()).startsWith("[RESOLVED shop] ");
					assertThat(this.http.posts("/robot").getLast().body()).contains("Resolved (");
				});
				RULES.forEach((rule) -> assertThat(notices(rule, "resolved")).as(rule).hasSize(1));
				await().atMost(SOON).until(() -> this.redis.ask((commands) -> commands.exists("fanfare:alerts")) == 0);
				assertThat(firing(second)).isZero();
				// A mail server that is away is no reason to take the API out of service
				this.mail.stop();
				assertThat(second.sendTo(second.controlPort(), "GET", "/actuator/health", null).status())
					.isEqualTo(200);
			}
		}
	}

	@Test
	void aChannelSaysWhatBecameOfAMessageAndNeverWhere() {
		AlertMessage message = new AlertMessage("shop", "webhook", List
			.of(Alert.firing(Reading.of(AlertRule.MEMORY, "n1\r\nBcc: all", "n1", Duration.ZERO, 2, 1, "full"), 0)));
		assertThat(message.title()).isEqualTo("[FIRING shop] memory: n1  Bcc: all");
		for (String path : List.of("/moved", "/refuses", "/fails")) {
			try (AlertChannel channel = new WebhookChannel(URI.create(this.http.url(path)), null, Clock.systemUTC())) {
				AlertNotSentException failure = catchThrowableOfType(AlertNotSentException.class,
						() -> channel.send(message));
				assertThat(failure.outcome()).as(path).isEqualTo(path.equals("/refuses") ? "refused" : "failed");
				assertThat(failure.getMessage()).startsWith("status ").doesNotContain(path);
			}
		}
		try (AlertChannel channel = new WebhookChannel(URI.create(this.http.url("/long")), null, Clock.systemUTC())) {
			assertThatCode(() -> channel.send(message)).doesNotThrowAnyException();
		}
		try (AlertChannel channel = new WebhookChannel(URI.create("http://127.0.0.1:" + Ports.free() + "/"), null,
				Clock.systemUTC())) {
			AlertNotSentException failure = catchThrowableOfType(AlertNotSentException.class,
					() -> channel.send(message));
			assertThat(failure.outcome()).isEqualTo("failed");
			assertThat(failure.isCertain()).isTrue();
		}
		assertThat(this.http.posts("/webhook")).isEmpty();
		try (AlertChannel robot = new DingTalkChannel(this.http.url("/robot-refuses"), "token-of-the-test", null,
				Clock.systemUTC())) {
			AlertNotSentException failure = catchThrowableOfType(AlertNotSentException.class,
					() -> robot.send(message));
			assertThat(failure.outcome()).isEqualTo("refused");
			assertThat(failure.getMessage()).isEqualTo("errcode 310000: sign not match");
		}
	}

	@Test
	void aRobotIsSentNoMoreThanFits() throws Exception {
		try (AlertChannel robot = new DingTalkChannel(this.http.url("/robot"), "token-of-the-test", null,
				Clock.systemUTC())) {
			// Two characters each, so that one of two lengths would cut the last
			for (String pad : List.of("", "x")) {
				String text = pad + "\ud83d\ude80".repeat(1_000);
				robot.send(new AlertMessage("shop", "dingtalk",
						IntStream.range(0, robot.limit())
							.mapToObj((i) -> Alert
								.firing(Reading.of(AlertRule.MEMORY, "n" + i, "n", Duration.ZERO, 2, 1, text), 0))
							.toList()));
				String sent = this.http.posts("/robot").getLast().json().at("/markdown/text").asString();
				assertThat(sent.lines().filter((line) -> line.startsWith("- Firing"))).hasSize(robot.limit());
				assertThat(sent.getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(20_000);
				assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(sent)).isTrue();
			}
		}
	}

	private TestApi startApi() {
		String hold = "0s";
		return TestApi.start(this.redis, "--fanfare.alerts.name=shop", "--fanfare.alerts.interval=200ms",
				"--fanfare.alerts.repeat-interval=" + REPEAT.toSeconds() + "s",
				"--fanfare.alerts.connections.hold=" + hold, "--fanfare.alerts.memory.hold=" + hold,
				"--fanfare.alerts.error-rate.hold=" + hold, "--fanfare.alerts.response-time.hold=" + hold,
				"--fanfare.alerts.webhook.url=" + this.http.url("/webhook"),
				"--fanfare.alerts.webhook.secret=whsec_" + Base64.getEncoder().encodeToString(SECRET),
				"--fanfare.alerts.mail.to=operators@example.com", "--fanfare.alerts.mail.from=fanfare@example.com",
				"--spring.mail.host=127.0.0.1", "--spring.mail.port=" + this.mail.getSmtp().getPort(),
				"--fanfare.alerts.dingtalk.url=" + this.http.url("/robot"),
				"--fanfare.alerts.dingtalk.token=token-of-the-test",
				"--fanfare.alerts.dingtalk.secret=" + ROBOT_SECRET);
	}

	private void report(NodeStatus status) {
		this.redis
			.ask((commands) -> commands.hset("fanfare:nodes", status.node(), TestApi.JSON.writeValueAsString(status)));
	}

	private NodeStatus well() {
		this.ended += 1_000_000;
		this.fast += 1_000_000;
		return status(10, new Memory("ok", 0.5, 0.1, 0.1, false));
	}

	/** Each report counts more than the one before. */
	private NodeStatus broken() {
		this.ended += 100;
		this.errors += 20;
		this.slow += 200;
		return status(90, new Memory("heap", 0.9, 0.1, 0.1, false));
	}

	private NodeStatus status(int active, Memory memory) {
		long samples = this.fast + this.slow;
		Delivery delivery = new Delivery(0, samples, 0,
				List.of(new Bucket(100, this.fast), new Bucket(5_000, samples)));
		return new NodeStatus("n1.abcdefgh", "n1", "1", "up", this.started, System.currentTimeMillis(), 100, active, 0,
				active, this.ended, this.ended, 0, 0, this.errors, 0, 0, memory, null, null, delivery);
	}

	/** When each notice of a rule came, in nanoseconds. */
	private List<Long> notices(String rule, String status) {
		return this.http.posts("/webhook")
			.stream()
			.filter((post) -> alerts(post).stream()
				.anyMatch((alert) -> alert.required("rule").asString().equals(rule)
						&& alert.required("status").asString().equals(status)))
			.map(HttpRecorder.Post::nanos)
			.toList();
	}

	private static List<JsonNode> alerts(HttpRecorder.Post post) {
		return post.json().required("alerts").valueStream().toList();
	}

	private Duration gap(String rule) {
		List<Long> firing = notices(rule, "firing");
		return Duration.ofNanos(firing.get(1) - firing.get(0));
	}

	private static void checkWebhook(HttpRecorder.Post post) throws Exception {
		assertThat(post.header("Content-Type")).isEqualTo("application/json");
		String signed = post.header("webhook-id") + "." + post.header("webhook-timestamp") + "." + post.body();
		assertThat(post.header("webhook-signature")).isEqualTo("v1," + hmac(SECRET, signed));
		JsonNode alert = alerts(post).getFirst();
		assertThat(post.json().required("version").asInt()).isEqualTo(1);
		assertThat(post.json().required("installation").asString()).isEqualTo("shop");
		assertThat(alert.required("node").asString()).isEqualTo("n1.abcdefgh");
		assertThat(alert.required("name").asString()).isEqualTo("n1");
		assertThat(alert.required("since").asString()).endsWith("Z");
		assertThat(alert.required("value").asDouble()).isGreaterThan(alert.required("threshold").asDouble());
	}

	private static void checkRobot(HttpRecorder.Post post) throws Exception {
		String timestamp = post.query().replaceAll(".*&timestamp=(\\d{1,20})&.*", "$1");
		String sign = hmac(ROBOT_SECRET.getBytes(StandardCharsets.UTF_8), timestamp + "\n" + ROBOT_SECRET);
		assertThat(post.query()).isEqualTo("access_token=token-of-the-test&timestamp=" + timestamp + "&sign="
				+ URLEncoder.encode(sign, StandardCharsets.UTF_8));
		assertThat(post.json().required("msgtype").asString()).isEqualTo("markdown");
		assertThat(post.json().at("/markdown/title").asString()).startsWith("[FIRING shop] ");
		assertThat(post.json().at("/markdown/text").asString()).contains("- Firing (");
	}

	private static String hmac(byte[] key, String text) throws Exception {
		Mac mac = Mac.getInstance("HmacSHA256");
		mac.init(new SecretKeySpec(key, "HmacSHA256"));
		return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
	}

	private List<String> subjects() {
		return Arrays.stream(this.mail.getReceivedMessages())
			.map((message) -> GreenMailUtil.getHeaders(message).replaceAll("(?s).*Subject: ([^\\r\\n]*).*", "$1"))
			.toList();
	}

	private String mailText(int number) {
		return GreenMailUtil.getBody(this.mail.getReceivedMessages()[number]);
	}

	private static double sent(TestApi api, String channel) {
		return api.bean(MeterRegistry.class)
			.get("fanfare.alerts.sent")
			.tag("channel", channel)
			.tag("outcome", "sent")
			.counter()
			.count();
	}

	private static double firing(TestApi api) {
		return api.bean(MeterRegistry.class).get("fanfare.alerts.firing").tag("rule", "connections").gauge().value();
	}

}
