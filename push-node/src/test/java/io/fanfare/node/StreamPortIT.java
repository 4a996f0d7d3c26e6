package io.fanfare.node;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.stream.IntStream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static io.fanfare.node.TestNode.A_WHILE;
import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;

/** What a request for a stream is answered. */
class StreamPortIT {

	private static final String ORIGIN = "https://elsewhere.example";

	private static final String NAMED_ORIGIN = "https://app.example";

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final TestNode node = Cluster.first();

	private final String user = newUser();

	private static void assertProblem(Answer answer, int status, String type) {
		assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
		assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
		assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
		JsonNode problem = JsonMapper.shared().readTree(answer.text());
		assertThat(problem.get("type").asString()).isEqualTo("https://fanfare.io/problems/" + type);
		assertThat(problem.get("status").asInt()).isEqualTo(status);
		assertThat(problem.get("title").asString()).isNotBlank();
		assertThat(problem.get("detail").asString()).isNotBlank();
	}

	private static String detail(Answer answer) {
		return JsonMapper.shared().readTree(answer.text()).get("detail").asString();
	}

	// ---- success

	@ParameterizedTest
	@ValueSource(strings = { "/events", "/sse" })
	void anEventStreamHasExactlyTheseHeaders(String path) {
		try (SseClient stream = this.node.request(path).bearer(Tokens.token(this.user)).open()) {
			assertThat(stream.status()).isEqualTo(200);
			assertThat(stream.headers().map()).containsOnlyKeys("Content-Type", "Cache-Control", "X-Accel-Buffering",
					"Connection", "Transfer-Encoding", "Date", "X-Content-Type-Options", "Referrer-Policy",
					"RateLimit-Policy", "RateLimit");
			assertThat(stream.headers().firstValue("Content-Type")).contains("text/event-stream;charset=utf-8");
			assertThat(stream.headers().firstValue("Cache-Control")).contains("no-cache, no-store, no-transform");
			assertThat(stream.headers().firstValue("X-Accel-Buffering")).contains("no");
			assertThat(stream.headers().firstValue("Connection")).contains("close");
			assertThat(stream.headers().firstValue("Transfer-Encoding")).contains("chunked");
		}
	}

	@Test
	void theFirstBlockTellsOfTheConnectionAndSetsTheCursor() {
		try (SseClient stream = this.node.stream(this.user).query("client", "page-1").open()) {
			SseBlock first = stream.nextBlock(SOON);
			assertThat(first.event()).isEqualTo("push.connected");
			assertThat(first.retry()).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(5));
			JsonNode data = Blocks.json(first);
			assertThat(data.propertyNames()).containsExactly("connection", "key", "client", "node", "user", "resumed",
					"replayed", "heartbeatMs");
			assertThat(data.get("connection").asString()).matches("first\\.[a-z0-9]{8}\\.[A-Za-z0-9_-]{16}")
				.startsWith(this.node.identity());
			assertThat(data.get("key").asString()).matches("first\\.[a-z0-9]{8}\\.[A-Za-z0-9_-]{22}")
				.startsWith(this.node.identity());
			assertThat(data.get("client").asString()).isEqualTo("page-1");
			assertThat(data.get("node").asString()).isEqualTo(this.node.identity());
			assertThat(data.get("user").asString()).isEqualTo(this.user);
			assertThat(data.get("resumed").asBoolean()).isFalse();
			assertThat(data.get("replayed").asBoolean()).isFalse();
			assertThat(data.get("heartbeatMs").asInt()).isEqualTo(1000);
			assertThat(stream.lastEventId()).isEqualTo(first.id());
			assertThat(Blocks.id(first)).isEqualTo(Cluster.backend().owner(this.user).generation());
			Blocks.assertSound(stream.blocks());
		}
	}

	@Test
	void withoutAClientTheConnectionIdStandsIn() {
		try (SseClient stream = this.node.stream(this.user).open()) {
			JsonNode data = Blocks.json(stream.nextBlock(SOON));
			assertThat(data.get("client").asString()).isEqualTo(data.get("connection").asString());
		}
	}

	@Test
	void everyStreamHearsItsUserAndAllAndTheTopicsItAskedFor() {
		String topic = newTopic();
		String other = newTopic();
		try (SseClient stream = this.node.open(this.user, topic)) {
			Cluster.backend().publish(ChannelName.topic(other), "not heard");
			Cluster.backend().publish(ChannelName.user(newUser()), "not heard");
			String forTopic = Cluster.backend().publish(ChannelName.topic(topic), "order", "{\"n\":1}");
			String forUser = Cluster.backend().publish(ChannelName.user(this.user), "hello");
			String forAll = Cluster.backend().publish(ChannelName.ALL, "everybody");
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON)).satisfies((block) -> {
				assertThat(block.id()).isEqualTo(forTopic);
				assertThat(block.event()).isEqualTo("order");
				assertThat(block.data()).isEqualTo("{\"n\":1}");
			});
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON)).satisfies((block) -> {
				assertThat(block.id()).isEqualTo(forUser);
				assertThat(block.event()).isNull();
				assertThat(block.data()).isEqualTo("hello");
			});
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(forAll);
			assertThat(stream.lastEventId()).isEqualTo(forAll);
			Blocks.assertSound(stream.blocks());
		}
	}

	@Test
	void anyPayloadArrivesAsItWasPublished() {
		List<String> payloads = List.of("", " leading space", "  two", ":colon", "data: x", "id: 1\nevent: forged",
				"a\nb", "a\r\nb", "a\rb", "\n", "a\n", "\r\n\r\n", "a\n\nb", "ünïcödé 🎺 \u2028", "\uFEFFbom",
				"x".repeat(60_000), "\t tab ");
		try (SseClient stream = this.node.open(this.user)) {
			for (String payload : payloads) {
				String id = Cluster.backend().publish(ChannelName.user(this.user), payload);
				SseBlock block = stream.awaitBlock(Blocks::isMessage, SOON);
				assertThat(block.id()).isEqualTo(id);
				assertThat(block.type()).isEqualTo("message");
				assertThat(block.data()).isEqualTo(payload.replace("\r\n", "\n").replace('\r', '\n'));
			}
			Blocks.assertSound(stream.blocks());
		}
	}

	// ---- the token

	@Test
	void theTokenMayComeByHeaderQueryOrCookie() {
		String token = Tokens.token(this.user);
		List<SseRequest> requests = List.of(this.node.request("/events").bearer(token),
				this.node.request("/events").header("Authorization", "bearer " + token),
				this.node.request("/events").query("access_token", token),
				this.node.request("/events").header("Cookie", "a=b; fanfare=" + token + "; c=d"),
				this.node.request("/events").header("Cookie", "__Host-fanfare=" + token));
		for (SseRequest request : requests) {
			try (SseClient stream = opened(request)) {
				assertThat(Blocks.json(stream.blocks().getFirst()).get("user").asString()).isEqualTo(this.user);
			}
		}
	}

	@Test
	void moreThanOneCredentialIs400NamingThem() {
		String token = Tokens.token(this.user);
		Answer answer = this.node.request("/events").bearer(token).query("access_token", token).fetch();
		assertProblem(answer, 400, "invalid-request");
		assertThat(detail(answer)).startsWith("Authorization, access_token:").doesNotContain(token);
		assertThat(Cluster.backend().presenceField(this.user)).isNull();
	}

	@Test
	void aPageOfAnotherOriginCannotUseTheCookieOfAUser() {
		String cookie = "__Host-fanfare=" + Tokens.token(this.user);
		SseRequest request = this.node.request("/events").header("Cookie", cookie);
		assertProblem(request.header("Origin", "https://evil.example").fetch(), 403, "origin-not-allowed");
		assertThat(Cluster.backend().presenceField(this.user)).isNull();
		opened(this.node.request("/events").header("Cookie", cookie).header("Origin", NAMED_ORIGIN)).close();
		opened(this.node.request("/events").header("Cookie", cookie).header("Sec-Fetch-Site", "same-origin")).close();
	}

	@Test
	void withoutATokenTheAnswerIs401WithAChallenge() {
		double before = this.node.meter("fanfare.refusals", "reason", "credential-missing");
		Answer answer = this.node.request("/events").fetch();
		assertProblem(answer, 401, "invalid-token");
		assertThat(this.node.meter("fanfare.refusals", "reason", "credential-missing")).isEqualTo(before + 1);
		assertThat(answer.header("WWW-Authenticate")).startsWith("Bearer");
	}

	@Test
	void aTokenThatDoesNotHoldIs401InvalidToken() {
		String unsigned = Base64.getUrlEncoder()
			.withoutPadding()
			.encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8)) + "."
				+ Tokens.token(this.user).split("\\.")[1] + ".";
		String stretched = Tokens.SECRET + "and so long that it does for HS512 as well, which is not wanted";
		List<String> tokens = List.of(unsigned, " ", "garbage", "bnVsbA.bnVsbA.x", "a.b.c", "..", "é",
				new TokenMint("another secret, which has 32 bytes too").stream(this.user, Duration.ofHours(1)),
				new TokenMint(stretched, TokenMint.Algorithm.HS512).stream(this.user, Duration.ofHours(1)),
				Tokens.sign(Tokens.claims(this.user).expirationTime(null)),
				Tokens.sign(Tokens.claims(this.user).expirationTime(Date.from(Instant.now().minusSeconds(1)))),
				Tokens.sign(Tokens.claims(this.user).expirationTime(Date.from(Instant.EPOCH))),
				Tokens.sign(Tokens.claims(this.user).notBeforeTime(Date.from(Instant.now().plusSeconds(60)))),
				Tokens.sign(Tokens.claims(this.user).audience("fanfare:api")),
				Tokens.sign(Tokens.claims(this.user).audience((String) null)),
				Tokens.sign(Tokens.claims(this.user).issueTime(null)), Tokens.sign(Tokens.claims("")),
				Tokens.sign(Tokens.claims("x".repeat(129))), Tokens.sign(Tokens.claims("a\nb")),
				Tokens.sign(Tokens.claims(this.user).subject(null)),
				Tokens.sign(Tokens.claims(this.user).claim("tier", "highest")),
				Tokens.sign(Tokens.claims(this.user).claim("channels", "news")));
		for (String token : tokens) {
			Answer answer = this.node.request("/events").query("access_token", token).fetch();
			assertProblem(answer, 401, "invalid-token");
			assertThat(answer.header("WWW-Authenticate")).as(token).startsWith("Bearer error=\"invalid_token\"");
			assertThat(answer.toString()).doesNotContain("eyJ");
		}
	}

	@Test
	void aTokenMayNameAnyUser() {
		for (String name : List.of("x".repeat(128), "Jörg 🎺", "a b", "a:b", "{0}")) {
			try (SseClient stream = opened(this.node.request("/events").bearer(Tokens.sign(Tokens.claims(name))))) {
				Cluster.backend().publish(ChannelName.user(name), "for " + name);
				assertThat(stream.awaitBlock(Blocks::isMessage, SOON).data()).isEqualTo("for " + name);
			}
		}
	}

	// ---- channels

	@ParameterizedTest
	@ValueSource(strings = { "*", "news:*", "ne*ws" })
	void aPatternDoesNotSubscribe(String pattern) {
		Answer answer = this.node.stream(this.user).query("channel", pattern).fetch();
		assertProblem(answer, 400, "invalid-request");
		assertThat(detail(answer)).startsWith("channel").contains("pattern");
	}

	@ParameterizedTest
	@ValueSource(strings = { " ", "all", "user:bob", "push.x", "-a", "a b", "ä", "a/b", "a\nb", "{0}" })
	void whatIsNoTopicIs400(String name) {
		Answer answer = this.node.stream(this.user).query("channel", name).fetch();
		assertProblem(answer, 400, "invalid-request");
		assertThat(detail(answer)).startsWith("channel");
	}

	@Test
	void aTopicOf128CharactersIsOneAndOf129IsNone() {
		this.node.open(this.user, "t".repeat(128)).close();
		assertThat(this.node.stream(this.user).query("channel", "t".repeat(129)).fetch().status()).isEqualTo(400);
	}

	@Test
	void oneTopicThatIsNotCoveredRefusesTheWholeRequest() {
		SseRequest request = this.node.request("/events")
			.bearer(Tokens.token(this.user, "covered"))
			.query("channel", "covered")
			.query("channel", "other");
		Answer answer = request.fetch();
		assertProblem(answer, 403, "insufficient-scope");
		assertThat(answer.header("WWW-Authenticate")).contains("insufficient_scope");
		assertThat(detail(answer)).contains("other");
		assertThat(Cluster.backend().presenceField(this.user)).isNull();
	}

	@Test
	void aRefusalIsABlockForAClientThatAsks() {
		String expired = Tokens.expiringIn(this.user, Duration.ofSeconds(-1));
		String cursor = "1763704424521-1";
		SseRequest open = this.node.request("/events").query("explain", "1").query("lastEventId", cursor);
		try (SseClient stream = open.query("token", expired).open()) {
			assertRefused(stream, 401, "invalid-token", "The token has expired");
		}
		try (SseClient stream = this.node.stream(this.user).query("explain", "1").query("channel", "a*").open()) {
			assertRefused(stream, 400, "invalid-request", "channel");
		}
		try (SseClient stream = this.node.request("/events?explain=1&channel=b")
			.bearer(Tokens.token(this.user, "a"))
			.open()) {
			assertRefused(stream, 403, "insufficient-scope", "b");
		}
		assertProblem(this.node.request("/events?explain=1&strict=1").fetch(), 401, "invalid-token");
		assertThat(this.node.request("/events?explain=1").lastEventId("k.0").fetch().status()).isEqualTo(204);
	}

	private static void assertRefused(SseClient stream, int status, String type, String detail) {
		assertThat(stream.status()).isEqualTo(200);
		assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
		assertThat(stream.blocks()).hasSize(1);
		SseBlock refused = stream.blocks().getFirst();
		assertThat(refused.type()).isEqualTo("push.refused");
		assertThat(refused.id()).isEqualTo("k.0");
		assertThat(Blocks.json(refused).get("status").asInt()).isEqualTo(status);
		assertThat(Blocks.json(refused).get("type").asString()).isEqualTo("https://fanfare.io/problems/" + type);
		assertThat(Blocks.json(refused).get("detail").asString()).contains(detail);
	}

	@Test
	void theTokenMayBeCalledToken() {
		opened(this.node.request("/events").query("token", Tokens.token(this.user))).close();
	}

	@Test
	void aTokenWithoutChannelsCoversNoTopic() {
		String token = Tokens.sign(Tokens.claims(this.user).claim("channels", null));
		assertThat(this.node.request("/events").bearer(token).query("channel", "a").fetch().status()).isEqualTo(403);
		opened(this.node.request("/events").bearer(token)).close();
	}

	@ParameterizedTest
	@CsvSource({ "news:*,news:sport,200", "news:*,news:a:b,200", "news:*,news,403", "news:*,newsx,403", "*,any,200",
			"exact,exact,200", "exact,exactly,403", "ne*,news,403" })
	void aGrantIsANameOrAPrefixOrAll(String grant, String topic, int status) {
		try (SseClient stream = this.node.request("/events")
			.bearer(Tokens.token(this.user, grant))
			.query("channel", topic)
			.open()) {
			assertThat(stream.status()).isEqualTo(status);
		}
	}

	@Test
	void aStreamHears32TopicsAndNotMore() {
		SseRequest request = this.node.stream(this.user);
		IntStream.range(0, 32).forEach((i) -> request.query("channel", "many-" + i));
		request.query("channel", "many-0");
		try (SseClient stream = opened(request)) {
			Cluster.backend().publish(ChannelName.topic("many-0"), "once");
			Cluster.backend().publish(ChannelName.topic("many-31"), "last");
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON).data()).isEqualTo("once");
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON).data()).isEqualTo("last");
		}
		Answer answer = request.query("channel", "many-32").fetch();
		assertProblem(answer, 400, "invalid-request");
		assertThat(detail(answer)).contains("32");
	}

	// ---- client, cursor, history

	@ParameterizedTest
	@ValueSource(strings = { " ", "a b", "a/b", "ä", "a\nb",
			"0123456789012345678901234567890123456789012345678901234567890123x" })
	void aClientThatIsNoneIs400(String client) {
		Answer answer = this.node.stream(this.user).query("client", client).fetch();
		assertProblem(answer, 400, "invalid-request");
		assertThat(detail(answer)).startsWith("client");
	}

	@Test
	void whatIsEmptyIsAbsent() {
		try (SseClient stream = TestNode.opened(this.node.request("/events")
			.query("access_token", "")
			.query("token", Tokens.token(this.user, "news"))
			.query("client", "")
			.query("page", "")
			.query("history", ""), "", "news")) {
			assertThat(stream.status()).isEqualTo(200);
		}
		Answer answer = this.node.request("/events").query("access_token", "").fetch();
		assertProblem(answer, 401, "invalid-token");
		assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
	}

	@Test
	void theHeaderBeatsTheStaleQuery() {
		String before = Cluster.backend().publish(ChannelName.user(this.user), "first");
		String after = Cluster.backend().publish(ChannelName.user(this.user), "second");
		try (SseClient stream = opened(this.node.stream(this.user).query("lastEventId", before).lastEventId(after))) {
			SseBlock first = stream.blocks().getFirst();
			assertThat(first.id()).isEqualTo(after);
			assertThat(Blocks.json(first).get("resumed").asBoolean()).isTrue();
			stream.expectNone(Blocks::isMessage, A_WHILE);
		}
		try (SseClient stream = opened(this.node.stream(this.user).query("lastEventId", before).lastEventId(""))) {
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(after);
		}
	}

	@Test
	void theCursorOfAKickInTheQueryIs400() {
		Answer answer = this.node.stream(this.user).query("lastEventId", "k.1-1").fetch();
		assertProblem(answer, 400, "invalid-request");
		assertThat(detail(answer)).startsWith("lastEventId:");
	}

	@ParameterizedTest
	@ValueSource(strings = { "-1", "x", "1001", "99999999999", " " })
	void aBadHistoryIs400NamingTheField(String history) {
		Answer answer = this.node.stream(this.user).query("history", history).fetch();
		assertProblem(answer, 400, "invalid-request");
		assertThat(detail(answer)).startsWith("history:");
	}

	@Test
	void theCursorOfAKickIs204WithoutAskingAnybody() {
		Answer answer = this.node.request("/events").lastEventId("k.1763704424521-0").header("Origin", ORIGIN).fetch();
		assertThat(answer.status()).isEqualTo(204);
		assertThat(answer.text()).isEmpty();
		assertThat(answer.headers().firstValue("Content-Length")).isEmpty();
		assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("*");
		assertThat(this.node.stream(this.user).lastEventId("k.1-1").fetch().status()).isEqualTo(204);
		assertThat(Cluster.backend().presenceField(this.user)).isNull();
	}

	// ---- CORS

	private List<SseRequest> oneOfEach() {
		return List.of(this.node.stream(this.user), this.node.request("/events").lastEventId("k.1-1"),
				this.node.stream(this.user).query("channel", "*"), this.node.request("/events"),
				this.node.request("/events").bearer(Tokens.token(this.user)).query("channel", "x"),
				this.node.request("/nothing"), this.node.stream(this.user).method("PUT"),
				this.node.stream(this.user).method("HEAD"), this.node.stream(this.user).header("Accept", "text/html"),
				this.node.request("/events/close").method("POST").body("text/plain", "{\"key\":\"a.b\"}"),
				this.node.request("/events/close").method("POST").header("Content-Length", "99999"),
				this.node.request("/events").header("X-Long", "x".repeat(50_000)));
	}

	@Test
	void everyAnswerHasItsDate() {
		for (SseRequest request : oneOfEach()) {
			try (SseClient client = request.open()) {
				List<String> dates = client.headers().allValues("Date");
				assertThat(dates).as("%s", client).hasSize(1);
				Instant date = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(dates.getFirst()));
				assertThat(date).isBetween(Instant.now().minusSeconds(10), Instant.now());
				assertThat(dates.getFirst()).hasSize("Sun, 06 Nov 1994 08:49:37 GMT".length()).endsWith(" GMT");
			}
		}
	}

	@Test
	void everyAnswerMayBeReadFromAnyOriginWhereAllAreAllowed() {
		for (SseRequest request : oneOfEach()) {
			try (SseClient client = request.header("Origin", ORIGIN).open()) {
				assertThat(client.headers().allValues("Access-Control-Allow-Origin")).as("%s", client)
					.containsExactly("*");
				assertThat(client.headers().firstValue("Access-Control-Allow-Credentials")).isEmpty();
				assertThat(client.headers().firstValue("Vary")).contains("Origin");
			}
		}
	}

	@Test
	void anOriginThatIsNamedMaySendCookies() {
		for (SseRequest request : oneOfEach()) {
			try (SseClient client = request.header("Origin", NAMED_ORIGIN).open()) {
				if (client.status() == 431) {
					continue;
				}
				assertThat(client.headers().allValues("Access-Control-Allow-Origin")).as("%s", client)
					.containsExactly(NAMED_ORIGIN);
				assertThat(client.headers().firstValue("Access-Control-Allow-Credentials")).contains("true");
				assertThat(client.headers().firstValue("Vary")).contains("Origin");
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "/events", "/sse", "/events/close" })
	void aPreflightIsGranted(String path) {
		Answer answer = this.node.request(path)
			.method("OPTIONS")
			.header("Origin", ORIGIN)
			.header("Access-Control-Request-Method", "GET")
			.header("Access-Control-Request-Headers", "last-event-id, authorization")
			.fetch();
		assertThat(answer.status()).isEqualTo(204);
		assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("*");
		assertThat(answer.header("Access-Control-Allow-Methods")).isEqualTo("GET, POST");
		assertThat(answer.header("Access-Control-Allow-Headers"))
			.isEqualTo("Authorization, Cache-Control, Last-Event-ID, Content-Type, traceparent, baggage,"
					+ " X-Requested-With");
		assertThat(answer.header("Access-Control-Max-Age")).isEqualTo("7200");
		assertThat(answer.headers().allValues("Vary")).containsExactly("Origin");
	}

	// ---- other refusals

	@ParameterizedTest
	@ValueSource(strings = { "/", "/event", "/events/", "/events/x", "/events/ack/", "/EVENTS", "/actuator/health",
			"//events", "/%65vents" })
	void anotherPathIs404(String path) {
		assertProblem(this.node.request(path).fetch(), 404, "not-found");
	}

	@Test
	void theControlPortServesWhatIsInTheJar() {
		Answer sbom = this.node.control("/actuator/sbom/application").fetch();
		assertThat(sbom.status()).isEqualTo(200);
		assertThat(sbom.header("Content-Type")).startsWith("application/vnd.cyclonedx+json");
		assertThat(sbom.text()).contains("\"CycloneDX\"", "\"lettuce-core\"", "\"netty-codec-http\"")
			.doesNotContain("\"push-test\"", "\"junit-jupiter\"");
	}

	@Test
	void anotherMethodIs405WithAllow() {
		for (String method : List.of("POST", "PUT", "DELETE", "PATCH", "TRACE", "FROB")) {
			Answer answer = this.node.stream(this.user).method(method).fetch();
			assertProblem(answer, 405, "method-not-allowed");
			assertThat(answer.header("Allow")).isEqualTo("GET, OPTIONS");
		}
		Answer head = this.node.stream(this.user).method("HEAD").fetch();
		assertThat(head.status()).isEqualTo(405);
		assertThat(head.header("Allow")).isEqualTo("GET, OPTIONS");
		assertThat(head.text()).isEmpty();
		Answer get = this.node.request("/events/close").fetch();
		assertProblem(get, 405, "method-not-allowed");
		assertThat(get.header("Allow")).isEqualTo("POST, OPTIONS");
		Answer options = this.node.request("/events").method("OPTIONS").fetch();
		assertThat(options.status()).isEqualTo(204);
		assertThat(options.header("Allow")).isEqualTo("GET, OPTIONS");
	}

	@ParameterizedTest
	@ValueSource(strings = { "text/event-stream", "*/*", "text/*", "TEXT/EVENT-STREAM",
			"text/html, text/event-stream;q=0.1", "text/html, */*;q=0.1", "text/event-stream;charset=utf-8", "", ";",
			",", "text/event-stream;q=1, */*;q=0" })
	void anAcceptThatDoesNotExcludeEventStreamsIsGranted(String accept) {
		try (SseClient stream = this.node.stream(this.user).header("Accept", accept).open()) {
			assertThat(stream.status()).isEqualTo(accept.equals(";") ? 406 : 200);
		}
	}

	@Test
	void aRequestWithoutAcceptIsGranted() {
		try (SseClient stream = this.node.stream(this.user).without("Accept").open()) {
			assertThat(stream.status()).isEqualTo(200);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "text/html", "application/json", "text/event-stream;q=0",
			"text/event-stream; q=0.000, */*", "text/html, image/*", "*/*;q=0" })
	void anAcceptThatExcludesEventStreamsIs406(String accept) {
		assertProblem(this.node.stream(this.user).header("Accept", accept).fetch(), 406, "not-acceptable");
	}

	// ---- closing

	private Answer close(TestNode by, String type, String body) {
		return by.request("/events/close").method("POST").body(type, body).fetch();
	}

	@ParameterizedTest
	@ValueSource(strings = { "application/json", "text/plain;charset=UTF-8" })
	void aClientEndsItsOwnStream(String type) {
		try (SseClient stream = this.node.open(this.user)) {
			String key = Blocks.json(stream.blocks().getFirst()).get("key").asString();
			Answer answer = close(this.node, type, "{\"key\":\"" + key + "\"}");
			assertThat(answer.status()).isEqualTo(204);
			assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			assertThat(stream.blocks()).noneMatch((block) -> block.type().matches("push\\.(kicked|goaway|busy)"));
			assertThat(close(this.node, type, "{\"key\":\"" + key + "\"}").status()).as("again").isEqualTo(204);
		}
	}

	@Test
	void aNodeForwardsTheCloseOfAnothersConnection() {
		TestNode second = Cluster.second();
		try (SseClient stream = this.node.open(this.user)) {
			String key = Blocks.json(stream.blocks().getFirst()).get("key").asString();
			assertThat(close(second, "text/plain", "{\"key\":\"" + key + "\"}").status()).isEqualTo(204);
			assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
		}
		assertThat(close(second, "text/plain", "{\"key\":\"gone.12345678.abcdefghijklmnopqrstuv\"}").status())
			.isEqualTo(204);
	}

	@Test
	void aByteOrderMarkBeforeABodyIsIgnored() {
		try (SseClient stream = this.node.open(this.user)) {
			String key = Blocks.json(stream.blocks().getFirst()).get("key").asString();
			assertThat(close(this.node, "application/json", "\uFEFF{\"key\":\"" + key + "\"}").status()).isEqualTo(204);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "/events/close", "/events/ack" })
	void aBodyInACodingThatIsNotUnderstoodIs415(String path) {
		String body = "{\"key\":\"gone.12345678.abcdefghijklmnopqrstuv\"}";
		for (String coding : List.of("gzip", "br", "GZIP", "identity, gzip")) {
			Answer answer = this.node.request(path)
				.method("POST")
				.body("application/json", body)
				.header("Content-Encoding", coding)
				.fetch();
			assertProblem(answer, 415, "unsupported-media-type");
			assertThat(answer.header("Accept-Encoding")).isEqualTo("identity");
			assertThat(detail(answer)).startsWith("Content-Encoding:");
		}
		assertThat(this.node.request(path)
			.method("POST")
			.body("application/json", body)
			.header("Content-Encoding", "identity")
			.fetch()
			.status()).isEqualTo(path.endsWith("close") ? 204 : 404);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "{", "[]", "7", "null", "{}", "{\"key\":7}", "{\"key\":\"\"}", "{\"key\":\"nodot\"}",
			"{\"key\":\"a.\"}", "{\"key\":\".a\"}", "{\"key\":\"a b.c\"}", "{\"key\":\"a\\n.c\"}", "{\"key\":null}" })
	void aBadCloseIs400(String body) {
		assertProblem(close(this.node, "application/json", body), 400, "invalid-request");
	}

	@Test
	void aDeepBodyIs400() {
		assertProblem(close(this.node, "application/json", "[".repeat(10_000)), 400, "invalid-request");
	}

}
