package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

import io.fanfare.node.auth.Authenticator;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.connection.TestLoop;
import io.fanfare.node.ratelimit.AddressBlocks;
import io.fanfare.node.ratelimit.DoctorLimits;
import io.fanfare.node.ratelimit.LimitSettings;
import io.fanfare.node.ratelimit.SocketLimits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/** The streams of a doctor by a clock that the test moves. */
class DoctorTests {

	private static final Pattern BLOCK = Pattern.compile("event: ([^\n]+)\ndata: ([^\n]+)\n\n");

	private static final String PAGE = "https://page.example";

	/** What a stream may send at most, as docs/reference/stream.md says. */
	private static final int MOST_BYTES = 72 * 1024;

	private final TestLoop node = new TestLoop();

	/** No credential of a doctor is looked at. */
	private final Authenticator authenticator = (credential, address, then) -> {
		throw new AssertionError("A credential is looked at");
	};

	private final LimitSettings limits = new LimitSettings(2, 0, 0, 0, Duration.ofMinutes(1), List.of());

	private final SocketLimits sockets = new SocketLimits(1_000, this.limits, AddressBlocks.parse("x", List.of()));

	private long nowMs = 1_764_288_000_000L;

	private Doctor doctor = doctor(true, Duration.ofSeconds(15));

	private EmbeddedChannel channel;

	/** Whether the kernel takes nothing more of what is written. */
	private boolean full;

	/** How long its present stream has been open. */
	private long elapsedMs;

	private Doctor doctor(boolean enabled, Duration heartbeat) {
		return new Doctor(enabled, new DoctorLimits(2, 3, this.limits), heartbeat, "node-1",
				() -> Instant.ofEpochMilli(this.nowMs));
	}

	@BeforeEach
	void connect() {
		connect(false);
	}

	private void connect(boolean crowded) {
		StreamSettings settings = new StreamSettings(0, "127.0.0.1", 1, DataSize.ofKilobytes(128), 128,
				Duration.ofSeconds(10), Duration.ofSeconds(75), 32, true, DataSize.ofKilobytes(1), Duration.ZERO);
		RequestHandler.Gate gate = new RequestHandler.Gate(settings, 10, this.authenticator,
				new Cors(List.of(PAGE), List.of()), new Answers(Clock.systemUTC()),
				new TrustedProxies(AddressBlocks.parse("x", List.of("127.0.0.0/8")), System::nanoTime), this.sockets,
				this.node.admission, this.node.connections, null, null, new NodeIdentity("node-1", "node-1.12345678"),
				this.doctor);
		this.full = false;
		this.channel = new EmbeddedChannel() {
			@Override
			protected void doWrite(ChannelOutboundBuffer unsent) throws Exception {
				if (!DoctorTests.this.full) {
					super.doWrite(unsent);
				}
			}
		};
		this.channel.freezeTime();
		this.channel.pipeline()
			.addLast(StreamPort.DECODER, new ChannelInboundHandlerAdapter())
			.addLast(StreamPort.AGGREGATOR, new ChannelInboundHandlerAdapter())
			.addLast(new RequestHandler(gate, this.node.connections.loops().getFirst(), crowded));
		this.elapsedMs = 0;
	}

	@AfterEach
	void disconnect() {
		this.channel.finishAndReleaseAll();
		assertThat(this.node.admission.size()).as("slots taken").isZero();
	}

	/** A request whose headers nothing has checked. */
	private static FullHttpRequest request(String method, String query, String... headers) {
		FullHttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.valueOf(method),
				"/events?doctor=1" + query, Unpooled.buffer(0),
				DefaultHttpHeadersFactory.headersFactory().withValidation(false),
				DefaultHttpHeadersFactory.trailersFactory());
		request.headers().set("Host", "node.example");
		for (int i = 0; i < headers.length; i += 2) {
			request.headers().add(headers[i], headers[i + 1]);
		}
		return request;
	}

	private String send(FullHttpRequest request) {
		this.channel.writeInbound(request);
		this.channel.runPendingTasks();
		return written();
	}

	private String ask(String query, String... headers) {
		return send(request("GET", query, headers));
	}

	/** What was written meanwhile, as UTF-8. */
	private String written() {
		StringBuilder text = new StringBuilder();
		ByteBuf part;
		while ((part = this.channel.readOutbound()) != null) {
			text.append(part.toString(StandardCharsets.UTF_8));
			part.release();
		}
		return text.toString();
	}

	private String pass(long millis) {
		this.channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
		this.channel.runScheduledPendingTasks();
		this.elapsedMs += millis;
		return written();
	}

	/**
	 * A block as it was sent.
	 *
	 * @param event its name
	 * @param atMs how long after the hello
	 * @param data its data
	 * @param bytes how many it had
	 */
	private record Sent(String event, long atMs, JsonNode data, int bytes) {

	}

	/** The blocks of a piece of a chunked body, each of which is one chunk. */
	private List<Sent> blocks(String piece) {
		List<Sent> blocks = new ArrayList<>();
		Matcher block = BLOCK.matcher(piece);
		while (block.find()) {
			int bytes = block.group().getBytes(StandardCharsets.UTF_8).length;
			assertThat(piece.substring(0, block.start())).endsWith("\r\n" + Integer.toHexString(bytes) + "\r\n");
			blocks.add(new Sent(block.group(1), this.elapsedMs, JsonMapper.shared().readTree(block.group(2)), bytes));
		}
		return blocks;
	}

	/** All blocks of a stream, to its end. */
	private List<Sent> play(String query, String... headers) {
		List<Sent> all = new ArrayList<>(blocks(ask(query, headers)));
		String last = "";
		while (this.channel.isOpen() && this.elapsedMs < 60_000) {
			String piece = pass(50);
			all.addAll(blocks("\r\n" + piece));
			last = piece.isEmpty() ? last : piece;
		}
		assertThat(last).as("the end of the body").endsWith("\r\n0\r\n\r\n");
		return all;
	}

	private JsonNode hello(String query, String... headers) {
		List<Sent> first = blocks(ask(query, headers));
		assertThat(first).extracting(Sent::event).containsExactly("doctor.hello");
		return first.getFirst().data();
	}

	// ---- the hello

	@Test
	void theHelloShowsWhatReachedTheNode() {
		JsonNode hello = hello("&nonce=a_Z-09", "Authorization", "Bearer doctor", "Last-Event-ID", "doctor-a_Z-09",
				"Cookie", "a=b; fanfare-doctor=1", "Accept-Encoding", "gzip, br", "Origin", PAGE);
		assertThat(hello.toString())
			.isEqualTo("{\"n\":0,\"at\":1764288000000,\"sent\":0,\"nonce\":\"a_Z-09\",\"script\":\"pace\","
					+ "\"node\":\"node-1\",\"heartbeatMs\":15000,\"silenceMs\":20000,\"request\":{"
					+ "\"protocol\":\"HTTP/1.1\",\"authorization\":true,\"lastEventId\":\"doctor-a_Z-09\","
					+ "\"cookie\":true,\"acceptEncoding\":\"gzip, br\",\"origin\":\"" + PAGE + "\","
					+ "\"host\":\"node.example\"}}");
	}

	@Test
	void aNameWithoutAValueIsNoAuthorization() {
		for (String value : List.of("", " ")) {
			JsonNode hello = hello("", "Authorization", value);
			assertThat(hello.get("request").get("authorization").asBoolean()).as("'%s'", value).isFalse();
			connect();
		}
	}

	@Test
	void whatDidNotReachTheNodeIsFalseOrNull() {
		JsonNode hello = hello("&script=steady&nonce=", "Cookie", "a=fanfare-doctor; xfanfare-doctor=1");
		assertThat(hello.get("nonce").isNull()).isTrue();
		assertThat(hello.get("script").asString()).isEqualTo("steady");
		JsonNode request = hello.get("request");
		assertThat(request.get("authorization").asBoolean()).isFalse();
		assertThat(request.get("cookie").asBoolean()).isFalse();
		for (String absent : List.of("lastEventId", "acceptEncoding", "origin")) {
			assertThat(request.get(absent).isNull()).as(absent).isTrue();
		}
	}

	@Test
	void theHeadIsThatOfAStreamAndMarkedAndNeverCompressed() {
		String answer = ask("&nonce=n1", "Origin", PAGE, "Accept-Encoding", "gzip");
		assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n")
			.contains("\r\nContent-Type: text/event-stream;charset=utf-8\r\n",
					"\r\nCache-Control: no-cache, no-store, no-transform\r\n", "\r\nX-Accel-Buffering: no\r\n",
					"\r\nConnection: close\r\n", "\r\nAccess-Control-Allow-Origin: " + PAGE + "\r\n",
					"\r\nAccess-Control-Expose-Headers: Content-Encoding, Fanfare-Doctor\r\n",
					"\r\nFanfare-Doctor: n1\r\n")
			.doesNotContain("\r\nContent-Encoding:");
		connect();
		assertThat(ask("")).contains("\r\nFanfare-Doctor: -\r\n").doesNotContain("Access-Control-Expose");
	}

	@Test
	void aCredentialIsNeitherLookedAtNorShown() {
		for (String script : List.of("pace", "steady")) {
			connect();
			StringBuilder all = new StringBuilder(
					ask("&script=" + script + "&access_token=s3cret&token=s3cret&ticket=s3cret", "Authorization",
							"Bearer s3cret", "Authorization", "Basic s3cret", "Cookie",
							"fanfare-doctor=s3cret; __Host-fanfare=s3cret; fanfare=s3cret"));
			assertThat(all).contains("\"authorization\":true", "\"cookie\":true");
			while (this.channel.isOpen()) {
				all.append(pass(500));
			}
			assertThat(all).contains("doctor.end").doesNotContain("s3cret");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"}}\n\nevent: push.kicked\ndata: {}\n\n", "\r\nevent: x\r\n", "\\\"\\",
			"\u0000\u0001\u001b[31m", "\u007f\u0085\u00a0\u00e4\u00ff", "</script><script>alert(1)</script>", "data:",
			"" })
	void hostileHeadersAreQuotedAndForgeNothing(String value) {
		JsonNode hello = hello("", "Last-Event-ID", value, "Accept-Encoding", value);
		assertThat(hello.get("request").get("lastEventId").asString()).isEqualTo(value);
		assertThat(hello.get("request").get("acceptEncoding").asString()).isEqualTo(value);
	}

	@Test
	void ofALongHeaderTheBeginningIsShown() {
		String text = "\u0001".repeat(99) + "ab";
		JsonNode request = hello("", "Last-Event-ID", text, "Accept-Encoding", "x".repeat(30_000), "Last-Event-ID",
				"second")
			.get("request");
		assertThat(request.get("lastEventId").asString()).isEqualTo(text.substring(0, 100));
		assertThat(request.get("acceptEncoding").asString()).isEqualTo("x".repeat(100));
	}

	// ---- the scripts

	@Test
	void paceIsPlayedAsItIsWritten() {
		List<Sent> blocks = play("");
		assertThat(blocks).hasSize(30);
		assertPositions(blocks);
		for (Sent block : blocks) {
			int number = block.data().get("n").asInt();
			long due = (number == 0) ? 0 : DoctorScript.PACE.step(number, Duration.ofSeconds(20)).atMs();
			assertThat(block.atMs()).as("block %s", number).isEqualTo(due);
			assertThat(block.event()).isEqualTo((number == 0) ? "doctor.hello"
					: (number <= 12) ? "doctor.tick" : (number <= 28) ? "doctor.fill" : "doctor.end");
			if (block.event().equals("doctor.fill")) {
				assertThat(block.bytes()).isEqualTo(4_096);
				assertThat(block.data().get("pad").asString()).matches("x{3900,4096}");
			}
		}
		assertThat(blocks.getLast().data().get("reason").asString()).isEqualTo("done");
	}

	@Test
	void steadyIsPlayedAsItIsWritten() {
		List<Sent> blocks = play("&script=steady");
		assertThat(blocks).hasSize(26);
		assertPositions(blocks);
		assertThat(blocks.subList(1, 25)).extracting(Sent::event).containsOnly("doctor.tick");
		assertThat(blocks).extracting(Sent::atMs)
			.isEqualTo(LongStream.rangeClosed(0, 25).mapToObj((i) -> 1_000 * i).toList());
		assertThat(blocks.getLast().event()).isEqualTo("doctor.end");
	}

	/** Numbers, times and bytes before each are what came. */
	private static void assertPositions(List<Sent> blocks) {
		long sent = 0;
		for (int i = 0; i < blocks.size(); i++) {
			JsonNode data = blocks.get(i).data();
			assertThat(data.get("n").asInt()).isEqualTo(i);
			assertThat(data.get("at").asLong()).isEqualTo(1_764_288_000_000L + blocks.get(i).atMs());
			assertThat(data.get("sent").asLong()).isEqualTo(sent);
			sent += blocks.get(i).bytes();
		}
	}

	@Test
	void aClockThatIsSetDoesNotLookLikeADelay() {
		ask("");
		this.nowMs += 3_600_000;
		assertThat(blocks("\r\n" + pass(250)).getFirst().data().get("at").asLong()).isEqualTo(1_764_288_000_250L);
	}

	@Test
	void aLoopThatWasLateIsLateNoLonger() {
		ask("");
		assertThat(blocks("\r\n" + pass(600))).extracting((block) -> block.data().get("at").asLong())
			.containsOnly(1_764_288_000_600L);
		assertThat(blocks("\r\n" + pass(150))).hasSize(1);
	}

	// ---- what it may cost

	@ParameterizedTest
	@CsvSource({ "pace, 100", "pace, 15000", "pace, 3600000", "steady, 100", "steady, 15000", "steady, 3600000" })
	void aStreamSendsABoundedNumberOfBytesForABoundedTimeWhateverItsRequestHolds(String script, long heartbeatMs) {
		this.doctor = doctor(true, Duration.ofMillis(heartbeatMs));
		connect();
		String worst = "\u0001".repeat(8_000);
		FullHttpRequest request = request("GET", "&script=" + script + "&nonce=" + "n".repeat(32), "Last-Event-ID",
				worst, "Accept-Encoding", worst, "Cookie", "fanfare-doctor=1;".repeat(400));
		request.headers().set("Host", worst);
		int bytes = send(request).getBytes(StandardCharsets.UTF_8).length;
		int pieces = 1;
		while (this.channel.isOpen() && this.elapsedMs < 60_000) {
			String piece = pass(10);
			bytes += piece.length();
			pieces += piece.isEmpty() ? 0 : 1;
		}
		assertThat(bytes).isLessThan(MOST_BYTES);
		assertThat(pieces).isLessThanOrEqualTo(31);
		assertThat(this.elapsedMs).isLessThanOrEqualTo(30_000);
		assertThat(this.doctor.open()).isZero();
	}

	@ParameterizedTest
	@ValueSource(longs = { 0, 3_000, 3_500 })
	void aReaderThatStopsHoldsLittleMemoryAndIsClosed(long reads) {
		ask("");
		pass(reads);
		this.full = true;
		long most = 0;
		while (this.channel.isOpen()) {
			pass(50);
			ChannelOutboundBuffer unsent = this.channel.unsafe().outboundBuffer();
			most = Math.max(most, (unsent != null) ? unsent.totalPendingWriteBytes() : 0);
		}
		assertThat(this.elapsedMs).as("before the silence").isLessThanOrEqualTo(4_600);
		assertThat(most).isBetween(16L * 1024, 24L * 1024);
		assertThat(this.doctor.open()).isZero();
	}

	@Test
	void aReaderThatDoesNotTakeTheLastBytesIsClosedSoon() {
		ask("&script=steady");
		pass(24_500);
		this.full = true;
		pass(500);
		assertThat(this.channel.isOpen()).isTrue();
		pass(4_900);
		assertThat(this.channel.isOpen()).isTrue();
		pass(100);
		assertThat(this.channel.isOpen()).isFalse();
		assertThat(this.doctor.open()).isZero();
	}

	@Test
	void noTimerIsLeftOfAStreamThatWasLeft() {
		ask("");
		assertThat(this.channel.runScheduledPendingTasks()).as("the next block")
			.isEqualTo(Duration.ofMillis(250).toNanos());
		this.channel.close();
		this.channel.runPendingTasks();
		assertThat(this.channel.runScheduledPendingTasks()).as("none").isEqualTo(-1);
		assertThat(this.doctor.open()).isZero();
	}

	@Test
	void whatAClientSendsOnItsStreamIsDropped() {
		ask("");
		ByteBuf more = Unpooled.copiedBuffer("GET / HTTP/1.1\r\n", StandardCharsets.US_ASCII);
		this.channel.writeInbound(more);
		assertThat(more.refCnt()).isZero();
		assertThat(written()).isEmpty();
		assertThat(blocks("\r\n" + pass(250))).hasSize(1);
	}

	@Test
	void anAddressAndTheNodeHaveSoManyAtOnce() {
		List<EmbeddedChannel> open = new ArrayList<>();
		for (String address : List.of("203.0.113.1", "203.0.113.1", "203.0.113.2")) {
			connect();
			open.add(this.channel);
			assertThat(ask("", "X-Forwarded-For", address)).startsWith("HTTP/1.1 200");
		}
		assertThat(this.doctor.open()).isEqualTo(3);
		connect();
		assertThat(ask("", "X-Forwarded-For", "203.0.113.1", "Origin", PAGE)).startsWith("HTTP/1.1 429")
			.contains("\r\nRateLimit-Policy: \"doctor\";q=2;qu=\"concurrent-requests\"\r\n", "\r\nRetry-After: ",
					"\r\nCache-Control: no-store\r\n", "\"violated-policies\":[\"doctor\"]",
					"Access-Control-Expose-Headers: RateLimit, RateLimit-Policy, Retry-After");
		assertThat(ask("", "X-Forwarded-For", "203.0.113.3")).startsWith("HTTP/1.1 429")
			.contains("\"doctor-node\";q=3");
		open.getFirst().close();
		open.getFirst().runPendingTasks();
		assertThat(ask("", "X-Forwarded-For", "203.0.113.1")).startsWith("HTTP/1.1 200");
		open.forEach(EmbeddedChannel::finishAndReleaseAll);
	}

	@Test
	void anAddressWithTooManyConnectionsHasNone() {
		for (String query : List.of("", "&status=401")) {
			connect(true);
			assertThat(ask(query)).startsWith("HTTP/1.1 429").contains("\"connections\";q=68", "Connection: close");
			assertThat(this.channel.isOpen()).isFalse();
		}
		assertThat(this.doctor.open()).isZero();
	}

	// ---- a status instead

	@ParameterizedTest
	@CsvSource({ "401, invalid-token, WWW-Authenticate: Bearer",
			"403, insufficient-scope, WWW-Authenticate: Bearer error", "503, unavailable, Retry-After: 2" })
	void aStatusIsAnsweredAtOnceAsAProblemThatIsMarked(int status, String type, String header) {
		String answer = ask("&status=" + status + "&nonce=n1", "Origin", PAGE, "Accept", "application/json");
		assertThat(answer).startsWith("HTTP/1.1 " + status)
			.contains("\r\nFanfare-Doctor: n1\r\n", "\r\n" + header, "\r\nCache-Control: no-store\r\n",
					"Content-Type: application/problem+json", "problems/" + type + "\"",
					"\r\nAccess-Control-Allow-Origin: " + PAGE + "\r\n",
					"\r\nAccess-Control-Expose-Headers: Content-Encoding, Fanfare-Doctor\r\n")
			.doesNotContain("Connection: close");
		assertThat(ask("&status=" + status)).as("on the same connection").contains("\r\nFanfare-Doctor: -\r\n");
		assertThat(this.doctor.open()).isZero();
	}

	// ---- what is refused

	@ParameterizedTest
	@CsvSource({ "&script=fast, script", "&script=PACE, script", "&nonce=a.b, nonce", "&nonce=%0d%0aX:y, nonce",
			"&nonce=%C3%A4, nonce", "&nonce=123456789012345678901234567890123, nonce", "&status=200, status",
			"&status=4010, status", "&status=abc, status" })
	void anUnknownValueIs400NamingTheField(String query, String field) {
		assertThat(ask(query)).startsWith("HTTP/1.1 400")
			.contains("invalid-request", "\"detail\":\"" + field + ": ", "Cache-Control: no-store")
			.doesNotContain("Fanfare-Doctor");
		assertThat(this.doctor.open()).isZero();
	}

	@Test
	void anotherValueOfDoctorIs400AndNoneIsNoDoctor() {
		for (String value : List.of("2", "true", "01", "1%00")) {
			FullHttpRequest request = request("GET", "");
			request.setUri("/sse?doctor=" + value);
			assertThat(send(request)).startsWith("HTTP/1.1 400").contains("\"detail\":\"doctor: ");
		}
		for (String uri : List.of("/events?doctor=", "/events?Doctor=1", "/events?script=fast")) {
			FullHttpRequest request = request("GET", "");
			request.setUri(uri);
			assertThat(send(request)).startsWith("HTTP/1.1 401");
		}
	}

	@Test
	void itIsRefusedWhereStreamsAre() {
		assertThat(send(request("HEAD", ""))).startsWith("HTTP/1.1 405").contains("Allow: GET, OPTIONS");
		assertThat(send(request("POST", ""))).startsWith("HTTP/1.1 405");
		assertThat(send(request("OPTIONS", "", "Origin", PAGE, "Access-Control-Request-Method", "GET")))
			.startsWith("HTTP/1.1 204")
			.contains("Access-Control-Allow-Headers: Authorization");
		assertThat(ask("", "Accept", "text/html")).startsWith("HTTP/1.1 406");
		assertThat(ask("", "Origin", "https://evil.example")).startsWith("HTTP/1.1 403").contains("origin-not-allowed");
		FullHttpRequest old = request("GET", "");
		old.setProtocolVersion(HttpVersion.HTTP_1_0);
		assertThat(send(old)).startsWith("HTTP/1.1 505");
		assertThat(this.doctor.open()).isZero();
	}

	@Test
	void whereItIsSwitchedOffTheAnswerSaysSo() {
		this.doctor = doctor(false, Duration.ofSeconds(15));
		connect();
		for (String query : List.of("", "&status=503")) {
			assertThat(ask(query)).startsWith("HTTP/1.1 400").contains("doctor: is switched off");
		}
	}

	// ---- the end of the node

	@Test
	void aNodeThatStopsEndsThemInOrderAndBeginsNone() {
		ask("");
		pass(250);
		EmbeddedChannel open = this.channel;
		this.doctor.stop();
		open.runPendingTasks();
		String last = written();
		assertThat(blocks("\r\n" + last)).extracting((block) -> block.data().get("reason").asString())
			.containsExactly("drain");
		assertThat(last).endsWith("\r\n0\r\n\r\n");
		assertThat(open.isOpen()).isFalse();
		assertThat(this.doctor.open()).isZero();
		connect();
		assertThat(ask("")).startsWith("HTTP/1.1 503").contains("\"detail\":\"draining\"", "Retry-After: ");
		assertThat(ask("", "Fanfare-Next-Upstream", "404")).startsWith("HTTP/1.1 404").contains("draining");
		assertThat(ask("&status=401")).startsWith("HTTP/1.1 401");
	}

	@Test
	void oneThatBeginsWhileTheNodeStopsEndsAtOnce() {
		DoctorRequest asked = asked();
		DoctorStream stream = this.doctor.stream(this.channel, asked,
				this.node.connections.loops().getFirst().context().errors());
		this.doctor.stop();
		this.doctor.begin(stream, "HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII), asked,
				request("GET", ""));
		assertThat(blocks(written())).extracting(Sent::event).containsExactly("doctor.hello", "doctor.end");
		assertThat(this.channel.isOpen()).isFalse();
	}

	private static DoctorRequest asked() {
		return new DoctorRequest(DoctorScript.PACE, null, null);
	}

}
