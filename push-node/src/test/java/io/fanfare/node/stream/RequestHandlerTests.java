package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.node.Tokens;
import io.fanfare.node.auth.Authentication;
import io.fanfare.node.auth.Authenticator;
import io.fanfare.node.auth.StreamToken;
import io.fanfare.node.auth.TokenVerifier;
import io.fanfare.node.cluster.KnownNodes;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.connection.TestLoop;
import io.fanfare.node.ratelimit.AddressBlocks;
import io.fanfare.node.ratelimit.ArrivingBytes;
import io.fanfare.node.ratelimit.CallLimits;
import io.fanfare.node.ratelimit.DoctorLimits;
import io.fanfare.node.ratelimit.LimitSettings;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.SocketLimits;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.audit.RefusalReason;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.RedisUnavailableException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/** Which answer a request gets, and whether its connection is kept. */
class RequestHandlerTests {

	private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);

	private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(75);

	private static final Pattern KEY = Pattern.compile("\"key\":\"([^\"]+)\"");

	private final TestLoop node = new TestLoop();

	private final Errors errors = new Errors(System::nanoTime, (where) -> {
	}, (fatal) -> {
	});

	/** Which nodes there are. */
	private CompletableFuture<Set<String>> nodes = CompletableFuture.completedFuture(Set.of());

	private Authenticator authenticator = new TokenVerifier(Tokens.SECRET, Duration.ZERO, Clock.systemUTC());

	private final SocketLimits sockets = new SocketLimits(1_000,
			new LimitSettings(2, 0, 0, 0, Duration.ofMinutes(1), List.of()), AddressBlocks.parse("x", List.of()));

	private EmbeddedChannel channel;

	@BeforeEach
	void connect() {
		connect(false);
	}

	private void connect(boolean crowded) {
		StreamSettings settings = new StreamSettings(0, "127.0.0.1", 1, DataSize.ofKilobytes(128), 128, REQUEST_TIMEOUT,
				IDLE_TIMEOUT, 32, false, DataSize.ofKilobytes(1), Duration.ZERO);
		LimitSettings limits = new LimitSettings(2, 0, 0, 0, Duration.ofMinutes(1), List.of());
		RequestHandler.Gate gate = new RequestHandler.Gate(settings, 10, this.authenticator,
				new Cors(List.of("https://page.example"), List.of()), new Answers(Clock.systemUTC()),
				new TrustedProxies(AddressBlocks.parse("x", List.of()), System::nanoTime), this.sockets,
				this.node.admission, this.node.connections,
				new ForwardedCalls(new KnownNodes(() -> this.nodes, this.errors, System::nanoTime),
						new CallLimits("calls", limits, System::nanoTime), null),
				null, new NodeIdentity("node", "node"),
				new Doctor(false, new DoctorLimits(1, 1, limits), Duration.ofSeconds(15), "node", Clock.systemUTC()));
		this.channel = new EmbeddedChannel();
		this.channel.freezeTime();
		this.channel.pipeline()
			.addLast(StreamPort.DECODER, new ChannelInboundHandlerAdapter())
			.addLast(StreamPort.AGGREGATOR, new ChannelInboundHandlerAdapter())
			.addLast(new RequestHandler(gate, this.node.connections.loops().getFirst(), crowded));
	}

	/** A connection whose requests come as bytes. */
	private void connectRaw() {
		connect();
		RequestHandler handler = this.channel.pipeline().get(RequestHandler.class);
		HttpDecoderConfig config = new HttpDecoderConfig().setMaxInitialLineLength(36 * 1024)
			.setMaxHeaderSize(StreamSettings.MAX_HEADERS);
		this.channel.pipeline()
			.replace(StreamPort.DECODER, StreamPort.DECODER,
					new RequestDecoder(config, handler, this.sockets.arriving()));
		this.channel.pipeline()
			.replace(StreamPort.AGGREGATOR, StreamPort.AGGREGATOR,
					new RequestAggregator(new Cors(List.of(), List.of()), new Answers(Clock.systemUTC())));
	}

	private String sendRaw(String bytes) {
		this.channel.writeInbound(Unpooled.copiedBuffer(bytes, StandardCharsets.US_ASCII));
		this.channel.runPendingTasks();
		return written();
	}

	@AfterEach
	void disconnect() {
		this.channel.finishAndReleaseAll();
	}

	private static FullHttpRequest request(String method, String uri, String... headers) {
		FullHttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.valueOf(method), uri);
		request.headers().set("Host", "node.example");
		for (int i = 0; i < headers.length; i += 2) {
			request.headers().set(headers[i], headers[i + 1]);
		}
		return request;
	}

	private static FullHttpRequest post(String uri, String body) {
		return request("POST", uri).replace(Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
	}

	/** Sends a request and returns all that is answered. */
	private String send(FullHttpRequest request) {
		this.channel.writeInbound(request);
		this.node.run();
		this.channel.runPendingTasks();
		return written();
	}

	private String written() {
		StringBuilder text = new StringBuilder();
		ByteBuf part;
		while ((part = this.channel.readOutbound()) != null) {
			text.append(part.toString(StandardCharsets.UTF_8));
			part.release();
		}
		return text.toString();
	}

	private void pass(Duration time) {
		this.channel.advanceTimeBy(time.toMillis(), TimeUnit.MILLISECONDS);
		this.channel.runScheduledPendingTasks();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			GET     | /             | 404 | ''
			GET     | /events/      | 404 | ''
			GET     | /Events       | 404 | ''
			POST    | /events       | 405 | GET, OPTIONS
			HEAD    | /sse          | 405 | GET, OPTIONS
			GET     | /events/close | 405 | POST, OPTIONS
			DELETE  | /events/ack   | 405 | POST, OPTIONS
			OPTIONS | /events       | 204 | GET, OPTIONS
			OPTIONS | /events/ack   | 204 | POST, OPTIONS
			OPTIONS | /elsewhere    | 404 | ''
			GET     | /events       | 401 | ''
			GET     | http://node.example/sse?x=y | 401 | ''
			""")
	void aRequestIsAnsweredByItsPathAndMethodAndItsConnectionKept(String method, String uri, int status, String allow) {
		String answer = send(request(method, uri));
		assertThat(answer).startsWith("HTTP/1.1 " + status).doesNotContainIgnoringCase("Connection: close");
		if (!allow.isEmpty()) {
			assertThat(answer).contains("Allow: " + allow + "\r\n");
		}
		if (method.equals("HEAD")) {
			assertThat(answer).endsWith("\r\n\r\n");
		}
		assertThat(this.channel.isOpen()).isTrue();
		assertThat(send(request("GET", "/"))).as("the next request").startsWith("HTTP/1.1 404");
	}

	@Test
	void checksHaveAnOrder() {
		String token = "Bearer " + Tokens.token("u", "news");
		String[] nothing = { "Accept", "text/html" };
		assertThat(send(request("GET", "/events?channels=%zz", nothing))).as("the query before the token")
			.startsWith("HTTP/1.1 400");
		assertThat(send(request("GET", "/events?topic=other", nothing))).as("the token before what is accepted")
			.startsWith("HTTP/1.1 401");
		assertThat(send(request("GET", "/events?history=-1", "Authorization", token, "Accept", "text/html")))
			.as("what is accepted before what is asked for")
			.startsWith("HTTP/1.1 406");
		assertThat(send(request("GET", "/events?history=-1", "Authorization", token))).startsWith("HTTP/1.1 400")
			.contains("history");
		FullHttpRequest hosts = request("PUT", "/nowhere");
		hosts.headers().add("Host", "another.example");
		assertThat(send(hosts)).as("the host before the path").startsWith("HTTP/1.1 400");
		assertThat(this.node.admission.size()).as("no slot was taken").isZero();
	}

	@ParameterizedTest
	@CsvSource({ "GET, /events", "GET, /sse", "POST, /events/close", "POST, /events/ack", "OPTIONS, /events",
			"GET, /elsewhere" })
	void aPageOfAnotherOriginIsRefusedWhateverItAsksFor(String method, String uri) {
		String token = "Bearer " + Tokens.token("u");
		for (String[] page : new String[][] { { "Origin", "https://evil.example" }, { "Origin", "null" },
				{ "Sec-Fetch-Site", "cross-site" } }) {
			assertThat(send(request(method, uri, page[0], page[1], "Authorization", token))).startsWith("HTTP/1.1 403")
				.contains("origin-not-allowed")
				.doesNotContain("Access-Control-Allow-Origin");
		}
		this.node.run();
		assertThat(this.node.admission.size()).isZero();
		assertThat(this.node.connections.known()).isZero();
	}

	@Test
	void noAnswerLeavesItsTypeOrTheAddressToTheBrowser() {
		for (FullHttpRequest request : List.of(request("GET", "/"), request("OPTIONS", "/events"),
				request("GET", "/events?explain=1"))) {
			assertThat(send(request)).contains("\r\nX-Content-Type-Options: nosniff\r\n",
					"\r\nReferrer-Policy: no-referrer\r\n");
		}
	}

	@Test
	void aStreamTakesTheChannelOver() {
		String token = "Bearer " + Tokens.token("u");
		String answer = send(request("GET", "/events", "Authorization", token, "Origin", "https://page.example"));
		this.node.store.answer();
		this.node.run();
		this.channel.runPendingTasks();
		assertThat(answer + written()).startsWith("HTTP/1.1 200")
			.contains("text/event-stream", "Access-Control-Allow-Origin: https://page.example", "push.connected");
		assertThat(this.channel.pipeline().get(RequestHandler.class)).isNull();
		assertThat(this.channel.pipeline().get(StreamPort.DECODER)).isNull();
		assertThat(this.node.admission.size()).isEqualTo(1);
		pass(IDLE_TIMEOUT.plus(REQUEST_TIMEOUT));
		assertThat(this.channel.isOpen()).as("no time-out of requests ends it").isTrue();
	}

	@Test
	void aKickedClientThatReconnectsIsToldToStayAwayBeforeAnythingIsChecked() {
		String answer = send(request("GET", "/events", "Last-Event-ID", "k.1"));
		assertThat(answer).startsWith("HTTP/1.1 204");
	}

	@Test
	void aClientThatAsksForAnExplanationGetsTheRefusalAsABlock() {
		String answer = send(request("GET", "/events?explain=1"));
		assertThat(answer).startsWith("HTTP/1.1 200").contains("event: push.refused", "401");
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void aCallOfAClientReachesItsStreamOnThisNodeOnce() {
		EmbeddedChannel stream = this.channel;
		String opened = send(request("GET", "/events", "Authorization", "Bearer " + Tokens.token("u")));
		this.node.store.answer();
		this.node.run();
		stream.runPendingTasks();
		Matcher key = KEY.matcher(opened + written());
		assertThat(key.find()).isTrue();
		connect();
		String body = "{\"key\":\"" + key.group(1) + "\"}";
		assertThat(send(post("/events/ack", body))).startsWith("HTTP/1.1 204");
		assertThat(send(post("/events/close", body))).startsWith("HTTP/1.1 204");
		stream.runPendingTasks();
		assertThat(stream.isOpen()).isFalse();
		this.node.store.answer();
		this.node.run();
		assertThat(send(post("/events/close", body))).as("closed already").startsWith("HTTP/1.1 204");
		assertThat(send(post("/events/ack", body))).startsWith("HTTP/1.1 404");
		assertThat(this.node.admission.size()).isZero();
	}

	@Test
	void aConnectionThatGuessesKeysIsClosedWhateverItIsAnswered() {
		String body = "{\"key\":\"another.k\"}";
		for (int i = 1; i < KeptConnection.MAX_REFUSALS; i++) {
			assertThat(send(post("/events/close", body))).startsWith("HTTP/1.1 204")
				.doesNotContain("Connection: close");
		}
		assertThat(send(post("/events/close", body))).startsWith("HTTP/1.1 204").contains("Connection: close");
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void aCallThatSaysNothingIsRefusedBeforeItIsBroughtAnywhere() {
		assertThat(send(post("/events/close", "nonsense"))).startsWith("HTTP/1.1 400").contains("body:");
		assertThat(send(post("/events/close", "{\"key\":\"node\"}"))).startsWith("HTTP/1.1 400").contains("key:");
		FullHttpRequest coded = post("/events/close", "nonsense");
		coded.headers().set("Content-Encoding", "gzip");
		assertThat(send(coded)).as("the coding before the body").startsWith("HTTP/1.1 415");
		assertThat(this.channel.isOpen()).isTrue();
	}

	@Test
	void aKeyOfNoStreamIsClosedAndNotFoundAndOneThatCannotBeLookedUpUnavailable() {
		String body = "{\"key\":\"another." + "k".repeat(22) + "\"}";
		assertThat(send(post("/events/close", body))).startsWith("HTTP/1.1 204");
		assertThat(send(post("/events/close", "{\"key\":\"another.k\"}"))).startsWith("HTTP/1.1 204");
		connect();
		assertThat(send(post("/events/ack", body))).startsWith("HTTP/1.1 404");
		assertThat(send(post("/events/ack", "{\"key\":\"another.k\"}"))).startsWith("HTTP/1.1 404");
		this.nodes = CompletableFuture.failedFuture(new RedisUnavailableException("not connected", null));
		connect();
		assertThat(send(post("/events/close", body))).startsWith("HTTP/1.1 503").contains("Retry-After");
		assertThat(this.channel.isOpen()).isTrue();
	}

	@Test
	void whatIsNoRequestIsAnsweredOnceAndTheConnectionEnded() {
		FullHttpRequest broken = request("GET", "/events");
		broken.setDecoderResult(DecoderResult.failure(new IllegalArgumentException("injected")));
		assertThat(send(broken)).startsWith("HTTP/1.1 400").contains("Connection: close");
		assertThat(this.channel.pipeline().get(RequestHandler.class)).isNull();
		assertThat(this.channel.isOpen()).isFalse();
		connect();
		FullHttpRequest old = request("GET", "/events");
		old.setProtocolVersion(HttpVersion.HTTP_1_0);
		assertThat(send(old)).startsWith("HTTP/1.1 505").contains("Connection: close");
		assertThat(this.channel.isOpen()).isFalse();
	}

	@Test
	void aConnectionWithoutARequestIsAnsweredInTimeAndAnIdleOneClosedWithoutAWord() {
		pass(REQUEST_TIMEOUT.minusMillis(1));
		assertThat(written()).isEmpty();
		pass(Duration.ofMillis(1));
		assertThat(written()).startsWith("HTTP/1.1 408").contains("Connection: close");
		connect();
		send(request("OPTIONS", "/events"));
		pass(IDLE_TIMEOUT.minusMillis(1));
		assertThat(this.channel.isOpen()).isTrue();
		pass(Duration.ofMillis(1));
		assertThat(this.channel.isOpen()).isFalse();
		assertThat(written()).isEmpty();
	}

	@Test
	void aConnectionEndsWithTheLastOfManyRefusalsAndWithTheFirstAnswerOfOldAge() {
		for (int i = 1; i < KeptConnection.MAX_REFUSALS; i++) {
			assertThat(send(request("GET", "/"))).doesNotContain("Connection: close");
		}
		assertThat(send(request("GET", "/"))).contains("Connection: close");
		assertThat(this.channel.isOpen()).isFalse();
		connect();
		for (Duration age = Duration.ZERO; age.compareTo(KeptConnection.MAX_AGE) < 0; age = age.plusMinutes(1)) {
			assertThat(send(request("OPTIONS", "/events"))).doesNotContain("Connection: close");
			pass(Duration.ofMinutes(1));
		}
		assertThat(this.channel.isOpen()).as("idle for less than its time-out").isTrue();
	}

	@Test
	void aConnectionTooManyOfAnAddressIsRefusedWhateverItAsksAndHasLessTime() {
		connect(true);
		assertThat(send(request("OPTIONS", "/events"))).startsWith("HTTP/1.1 429").contains("Connection: close");
		assertThat(this.channel.isOpen()).isFalse();
		connect(true);
		pass(Duration.ofSeconds(2));
		assertThat(written()).startsWith("HTTP/1.1 408");
		connect(true);
		assertThat(send(request("GET", "/events", "Authorization", "Bearer " + Tokens.token("u"))))
			.as("a stream gets a refusal that it understands")
			.contains("push.");
		assertThat(this.node.admission.size()).isZero();
	}

	// ---- credentials that are checked elsewhere

	/**
	 * What checks that are under way call back; connects by an authenticator of these.
	 */
	private List<Consumer<Authentication>> checkLater() {
		List<Consumer<Authentication>> checks = new ArrayList<>();
		this.authenticator = (credential, address, then) -> checks.add(then);
		connect();
		return checks;
	}

	private static FullHttpRequest stream(String query) {
		return request("GET", "/events" + query, "Authorization", "Bearer x.y.z");
	}

	private static Authentication granted() {
		Instant now = Instant.now();
		return new Authentication.Granted(
				new StreamToken("u", null, now, now.plusSeconds(50), now.plusSeconds(60), Tier.NORMAL, List.of()));
	}

	/** Lets the channel's loop run what others handed to it. */
	private String after() {
		this.node.run();
		this.channel.runPendingTasks();
		return written();
	}

	@Test
	void aStreamOpensOnceItsCredentialWasCheckedElsewhere() {
		List<Consumer<Authentication>> checks = checkLater();
		assertThat(send(stream(""))).isEmpty();
		assertThat(this.node.admission.size()).isZero();
		assertThat(checks).hasSize(1);
		pass(REQUEST_TIMEOUT.plus(IDLE_TIMEOUT));
		assertThat(this.channel.isOpen()).as("no time-out of requests counts meanwhile").isTrue();
		checks.getFirst().accept(granted());
		assertThat(this.channel.pipeline().get(RequestHandler.class)).as("nothing runs on another thread").isNotNull();
		String answer = after();
		this.node.store.answer();
		assertThat(answer + after()).startsWith("HTTP/1.1 200").contains("push.connected");
		assertThat(this.node.admission.size()).isEqualTo(1);
		assertThat(this.channel.pipeline().get(RequestHandler.class)).isNull();
	}

	@Test
	void aClientThatWentMeanwhileTakesNoPlace() {
		for (Authentication late : List.of(granted(), new Authentication.Refused(RefusalReason.TOKEN_SIGNATURE, "why"),
				new Authentication.Unavailable(CloseReason.KEYS_UNAVAILABLE), new Authentication.Limited(
						new Quota("token-checks", 5, Duration.ofMinutes(1), Duration.ofSeconds(3))))) {
			List<Consumer<Authentication>> checks = checkLater();
			send(stream(""));
			this.channel.close();
			this.channel.runPendingTasks();
			checks.getFirst().accept(late);
			assertThat(after()).isEmpty();
			assertThat(this.node.admission.size()).isZero();
		}
	}

	@Test
	void aRefusalThatComesLaterIsAnsweredAsOneThatComesAtOnce() {
		List<Consumer<Authentication>> checks = checkLater();
		send(stream(""));
		checks.getFirst().accept(new Authentication.Refused(RefusalReason.TOKEN_CLAIMS, "The token is not yours"));
		assertThat(after()).startsWith("HTTP/1.1 401")
			.contains("WWW-Authenticate: Bearer error=\"invalid_token\"", "The token is not yours")
			.doesNotContain("Connection: close");
		assertThat(send(request("GET", "/"))).as("the next request").startsWith("HTTP/1.1 404");
		checks.clear();
		send(stream("?explain=1"));
		checks.getFirst().accept(new Authentication.Refused(RefusalReason.TOKEN_CLAIMS, "The token is not yours"));
		assertThat(after()).startsWith("HTTP/1.1 200").contains("event: push.refused", "The token is not yours");
	}

	@Test
	void whatCannotBeCheckedNowIsBusyOrAStatusForWhoAsksForOne() {
		Authentication unavailable = new Authentication.Unavailable(CloseReason.KEYS_UNAVAILABLE);
		Authentication limited = new Authentication.Limited(
				new Quota("token-checks", 5, Duration.ofMinutes(1), Duration.ofSeconds(3)));
		assertThat(answered("", unavailable)).startsWith("HTTP/1.1 200")
			.contains("event: push.busy", "\"reason\":\"keys-unavailable\"", "retry: ");
		assertThat(answered("?strict=1", unavailable)).startsWith("HTTP/1.1 503")
			.contains("keys-unavailable", "Retry-After: ");
		assertThat(answered("", limited)).startsWith("HTTP/1.1 200")
			.contains("event: push.busy", "\"reason\":\"rate-limited\"");
		assertThat(answered("?strict=1", limited)).startsWith("HTTP/1.1 429")
			.contains("\"token-checks\";q=5;w=60", "Retry-After: ");
		assertThat(this.node.admission.size()).isZero();
	}

	/** What is answered is the same whether a check ends at once or later. */
	private String answered(String query, Authentication authentication) {
		List<Consumer<Authentication>> checks = checkLater();
		send(stream(query));
		checks.getFirst().accept(authentication);
		String late = after();
		assertThat(this.channel.isOpen()).isFalse();
		this.authenticator = (credential, address, then) -> then.accept(authentication);
		connect();
		assertThat(send(stream(query)).lines().findFirst()).isEqualTo(late.lines().findFirst());
		return late;
	}

	@Test
	void aRequestThatTricklesInIsEndedBeforeItsTime() {
		connectRaw();
		for (char c : "GET /e".toCharArray()) {
			assertThat(sendRaw(String.valueOf(c))).isEmpty();
			pass(Duration.ofMillis(500));
		}
		assertThat(written()).as("3 s, and six bytes at the least rate").isEmpty();
		pass(Duration.ofMillis(60));
		assertThat(written()).startsWith("HTTP/1.1 408");
		connectRaw();
		sendRaw("OPTIONS /events HTTP/1.1\r\nHost: x\r\n\r\n");
		sendRaw("POST /events/ack HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
		pass(Duration.ofMillis(3_400));
		assertThat(written()).isEmpty();
		pass(Duration.ofMillis(300));
		assertThat(written()).as("a body that does not come").startsWith("HTTP/1.1 408");
	}

	@Test
	void whatIsHeldOfRequestsIsBoundedAndGivenBack() {
		ArrivingBytes arriving = this.sockets.arriving();
		String begun = "POST /events/ack HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n{\"key\"";
		connectRaw();
		sendRaw(begun);
		assertThat(arriving.held()).isPositive();
		assertThat(sendRaw(":\"a\"}")).startsWith("HTTP/1.1 400");
		assertThat(arriving.held()).isZero();
		sendRaw(begun);
		disconnect();
		assertThat(arriving.held()).as("after its connection").isZero();

	}

	@Test
	void whatIsHeldOfAHeadCountsLineByLine() {
		ArrivingBytes arriving = this.sockets.arriving();
		connectRaw();
		int sent = 0;
		for (int line = 0; line < 20; line++) {
			String text = (line == 0) ? "POST /events/ack?x=" + "x".repeat(1_000) + " HTTP/1.1\r\n"
					: "X-" + line + ": " + "y".repeat(100) + "\r\n";
			assertThat(sendRaw(text)).isEmpty();
			sent += text.length();
			assertThat(arriving.held()).as("after line " + line).isEqualTo(sent + 128 * line);
		}
		assertThat(sendRaw("Host: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")).isEmpty();
		assertThat(arriving.held()).as("within its body").isGreaterThan(sent);
		assertThat(sendRaw("cde\r\n0\r\n\r\n")).startsWith("HTTP/1.1 400");
		assertThat(arriving.held()).as("once it is there").isZero();
		assertThat(sendRaw("GET / HTTP/1.1\r\n")).isEmpty();
		assertThat(arriving.held()).as("of the next").isEqualTo("GET / HTTP/1.1\r\n".length());
		disconnect();
		assertThat(arriving.held()).isZero();
	}

	@Test
	void whoHoldsLittleGetsOnWhenAllThatMayBeHeldIs() {
		ArrivingBytes arriving = this.sockets.arriving();
		int full = 32 * 1024 * 1024;
		arriving.change(full, full);
		connectRaw();
		assertThat(sendRaw("OPTIONS /events HTTP/1.1\r\nHost: x\r\n\r\n")).as("in one piece")
			.startsWith("HTTP/1.1 204");
		assertThat(sendRaw("POST /events/ack HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n{\"key\"")).isEmpty();
		assertThat(sendRaw(":\"a\"}")).as("in two pieces").startsWith("HTTP/1.1 400");
		for (String large : List.of("GET /events?x=" + "x".repeat(8_200),
				"GET /events HTTP/1.1\r\n" + ("X: " + "x".repeat(3_000) + "\r\n").repeat(3),
				"GET /events HTTP/1.1\r\n" + "X:\r\n".repeat(70),
				"POST /events/ack HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n" + "x".repeat(8_200))) {
			connectRaw();
			assertThat(sendRaw(large)).as(large.substring(0, 20))
				.startsWith("HTTP/1.1 503")
				.contains("Retry-After: 10", "Connection: close");
			assertThat(arriving.held()).isEqualTo(full);
		}
		assertThat(arriving.refused()).isEqualTo(4);
	}

}
