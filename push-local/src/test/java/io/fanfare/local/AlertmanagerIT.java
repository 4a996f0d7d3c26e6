package io.fanfare.local;

import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What Alertmanager sends by the shipped configuration and the relay, with other
 * addresses and shorter times: each receiver gets what it takes.
 */
class AlertmanagerIT {

	private static final Duration SOON = Duration.ofSeconds(20);

	private static final String SECRET = "SEC-of-the-test";

	private final RecordingReceiver receiver = new RecordingReceiver();

	private final int relayPort = Ports.free();

	private ChildProcess relay;

	@TempDir
	private Path folder;

	@BeforeEach
	void startRelay() {
		String python = Assume.installed(RequiredTool.PYTHON3).toString();
		this.relay = ChildProcess.command(python, "-B", OpsFiles.OPS.resolve("relay/relay.py").toString())
			.environment((all) -> all
				.putAll(Map.of("RELAY_ADDRESS", "127.0.0.1", "RELAY_PORT", String.valueOf(this.relayPort),
						"DINGTALK_URL", this.receiver.url() + "/robot/send", "DINGTALK_TOKEN", "token-of-the-test",
						"DINGTALK_SECRET", SECRET, "SMS_URL", this.receiver.url() + "/sms", "SMS_BODY",
						"{\"to\": \"+491700000000\", \"text\": \"{text}\"}", "SMS_AUTHORIZATION", "Bearer sms")))
			.start()
			.awaitOutput("relay=up", SOON);
	}

	@AfterEach
	void close() {
		this.relay.close();
		this.receiver.close();
	}

	@Test
	void aCriticalAlertReachesAllReceiversAndItsEndAllButThePhone() throws Exception {
		this.receiver.refuse(1);
		int port = Ports.free();
		try (ChildProcess alertmanager = ChildProcess
			.command(Assume.installed(RequiredTool.ALERTMANAGER).toString(), "--config.file=" + configuration(),
					"--storage.path=" + this.folder.resolve("data"), "--web.listen-address=127.0.0.1:" + port,
					"--cluster.listen-address=")
			.start()) {
			alertmanager.awaitHttp(port, "/-/ready", SOON);
			post(port, Duration.ofMinutes(5));
			await().atMost(SOON).untilAsserted(() -> {
				assertThat(this.receiver.requests("/robot/send")).hasSize(2);
				assertThat(Stream.of("/webhook", "/slack", "/sms"))
					.allSatisfy((path) -> assertThat(this.receiver.requests(path)).as(path).hasSize(1));
				assertThat(this.receiver.mails()).hasSize(1);
			});
			// What DingTalk refused at first was sent again
			checkDingTalk(this.receiver.requests("/robot/send").getLast());
			assertThat(this.receiver.requests("/webhook").getFirst().authorization()).isEqualTo("Bearer of-the-test");
			assertThat(this.receiver.requests("/slack").getFirst().body()).contains("#operations",
					"[FIRING critical] FanfareRedisAway", "Redis does not answer");
			assertThat(this.receiver.mails().getFirst()).contains("operators@example.com", "FanfareRedisAway",
					"Redis does not answer", "docs/guides/alerts.md#fanfareredisaway");
			RecordingReceiver.Request text = this.receiver.requests("/sms").getFirst();
			assertThat(text.authorization()).isEqualTo("Bearer sms");
			assertThat(JsonMapper.shared().readTree(text.body()).required("text").asString())
				.isEqualTo("[FIRING critical] FanfareRedisAway Redis does not answer \"api\"");
			post(port, Duration.ofSeconds(-1));
			await().atMost(SOON).untilAsserted(() -> {
				assertThat(this.receiver.requests("/robot/send").getLast().body()).contains("[RESOLVED]", "Resolved: ");
				assertThat(this.receiver.mails()).hasSize(2);
			});
			assertThat(this.receiver.requests("/sms")).hasSize(1);
		}
	}

	@Test
	void theRelayRefusesWhatItDoesNotUnderstand() {
		assertThat(relay("/other", "{}").status()).isEqualTo(404);
		for (String body : List.of("no json", "[]", "{}", "{\"alerts\":3}", "{\"alerts\":[3]}")) {
			assertThat(relay("/dingtalk", body).status()).as(body).isEqualTo(400);
		}
		this.receiver.refuse(1);
		Answer refused = relay("/dingtalk", "{\"alerts\":[]}");
		assertThat(refused.status()).isEqualTo(502);
		assertThat(refused.text()).contains("310000");
		assertThat(this.receiver.requests("/robot/send")).hasSize(1);
		assertThat(this.relay.output()).contains("status=502").doesNotContain("token-of-the-test", SECRET);
	}

	/** Alertmanager repeats what is answered 5xx, and nothing that is answered 400. */
	@Test
	void theRelayHasNothingRepeatedInVainAndNoSmsSentTwice() {
		for (int status : new int[] { 400, 401, 403, 404, 422 }) {
			this.receiver.answerSms(status);
			Answer answer = relay("/sms", "{\"alerts\":[]}");
			assertThat(answer.status()).as("" + status).isEqualTo(400);
			assertThat(answer.text()).contains("status " + status);
		}
		for (int status : new int[] { 408, 425, 429, 500, 503 }) {
			this.receiver.answerSms(status);
			assertThat(relay("/sms", "{\"alerts\":[]}").status()).as("" + status).isEqualTo(502);
		}
		for (int status : new int[] { 0, 502, 504 }) {
			this.receiver.answerSms(status);
			Answer unanswered = relay("/sms", "{\"alerts\":[]}");
			assertThat(unanswered.status()).as("" + status).isEqualTo(400);
			assertThat(unanswered.text()).contains("it may have been sent");
		}
		assertThat(this.receiver.requests("/sms")).hasSize(13);
		this.receiver.answerSms(200);
		assertThat(relay("/sms", "{\"alerts\":[]}").status()).isEqualTo(200);
	}

	/** No time-out begins anew with each byte. */
	@Test
	void theRelayGivesUpOnAnAnswerThatComesTooSlowly() throws Exception {
		this.receiver.answerSlowly();
		long start = System.nanoTime();
		try (HttpClient client = HttpClient.newHttpClient()) {
			HttpResponse<String> answer = client
				.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + this.relayPort + "/dingtalk"))
					.timeout(SOON)
					.POST(HttpRequest.BodyPublishers.ofString("{\"alerts\":[]}"))
					.build(), HttpResponse.BodyHandlers.ofString());
			assertThat(answer.statusCode()).isEqualTo(502);
			assertThat(answer.body()).contains("no answer within 10 s");
		}
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofSeconds(9),
				Duration.ofSeconds(15));
	}

	private Answer relay(String path, String body) {
		return SseClient.request("127.0.0.1", this.relayPort, path)
			.method("POST")
			.body("application/json", body)
			.fetch();
	}

	/** As DingTalk checks it: the time and the secret, signed by the secret. */
	private static void checkDingTalk(RecordingReceiver.Request request) throws Exception {
		Map<String, String> query = Stream.of(request.query().split("&"))
			.map((part) -> part.split("=", 2))
			.collect(Collectors.toMap((part) -> part[0], (part) -> URLDecoder.decode(part[1], StandardCharsets.UTF_8)));
		assertThat(query).containsEntry("access_token", "token-of-the-test").containsKeys("timestamp", "sign");
		assertThat(Long.parseLong(query.get("timestamp"))).isBetween(System.currentTimeMillis() - 60_000,
				System.currentTimeMillis());
		Mac mac = Mac.getInstance("HmacSHA256");
		mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
		assertThat(query).containsEntry("sign", Base64.getEncoder()
			.encodeToString(mac.doFinal((query.get("timestamp") + "\n" + SECRET).getBytes(StandardCharsets.UTF_8))));
		assertThat(request.type()).isEqualTo("application/json");
		JsonNode body = JsonMapper.shared().readTree(request.body());
		assertThat(body.required("msgtype").asString()).isEqualTo("markdown");
		assertThat(body.at("/markdown/title").asString()).isEqualTo("[FIRING critical] FanfareRedisAway");
		assertThat(body.at("/markdown/text").asString()).contains("**Redis does not answer \"api\"**",
				"Publishes are answered 503.", "docs/guides/alerts.md#fanfareredisaway");
	}

	/** The shipped file with the addresses of this test. */
	private Path configuration() throws IOException {
		String shipped = OpsFiles.read(OpsFiles.OPS.resolve("alertmanager/alertmanager.yml"));
		String changed = shipped.replace("smtp.example.com:587", "127.0.0.1:" + this.receiver.mailPort())
			.replace("smtp_require_tls: true", "smtp_require_tls: false")
			.replace("https://alerts.example.com/fanfare", this.receiver.url() + "/webhook")
			.replace("http://relay:8060", "http://127.0.0.1:" + this.relayPort)
			.replace("/etc/alertmanager/secrets", this.folder.toString())
			.replace("/etc/alertmanager", OpsFiles.OPS.resolve("alertmanager").toString())
			.replace("group_wait: 15s", "group_wait: 100ms")
			.replace("group_interval: 2m", "group_interval: 500ms");
		Files.writeString(this.folder.resolve("webhook-token"), "of-the-test");
		Files.writeString(this.folder.resolve("slack-url"), this.receiver.url() + "/slack");
		Files.writeString(this.folder.resolve("smtp-password"), "of-the-test");
		return Files.writeString(this.folder.resolve("alertmanager.yml"), changed);
	}

	/** As Prometheus posts an alert that lasts for so long from now on. */
	private static void post(int port, Duration lasts) {
		Map<String, Object> alert = Map.of("labels",
				Map.of("alertname", "FanfareRedisAway", "severity", "critical", "instance", "api"), "annotations",
				Map.of("summary", "Redis does not answer \"api\"", "description", "Publishes are answered 503.",
						"runbook", "docs/guides/alerts.md#fanfareredisaway"),
				"endsAt", Instant.now().plus(lasts).toString());
		assertThat(SseClient.request("127.0.0.1", port, "/api/v2/alerts")
			.method("POST")
			.body("application/json", JsonMapper.shared().writeValueAsString(List.of(alert)))
			.fetch()
			.status()).isEqualTo(200);
	}

}
