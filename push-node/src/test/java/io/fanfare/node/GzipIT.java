package io.fanfare.node;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

import io.fanfare.node.connection.Connections;
import io.fanfare.protocol.ChannelName;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Compressed streams, as decoders that are not ours read them. */
class GzipIT {

	private static final String[] SETTINGS = { "--fanfare.stream.gzip=true", "--fanfare.stream.loops=2",
			"--fanfare.connections.heartbeat=1s", "--fanfare.allowed-origins=https://app.example" };

	private static TestNode node;

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final String user = newUser();

	private final String topic = newTopic();

	@BeforeAll
	static void startNode() {
		node = TestNode.start(Cluster.redis(), "gzip", SETTINGS);
	}

	@AfterAll
	static void stopNode() {
		if (node != null) {
			node.close();
		}
	}

	private SseClient open(String of) {
		return opened(node.stream(of).gzip(), this.topic);
	}

	private String publish(String data) {
		return Cluster.backend().publish(ChannelName.topic(this.topic), data);
	}

	/** JSON of some size that says with what it was published. */
	private static String json(int number, int size) {
		StringBuilder json = new StringBuilder("{\"number\":" + number + ",\"quotes\":[");
		while (json.length() < size) {
			json.append("{\"symbol\":\"FAN").append(json.length() % 89).append("\",\"price\":1.25},");
		}
		return json.append("{}]}").toString();
	}

	/** Text that hardly gets smaller. */
	private static String noise(int seed, int size) {
		byte[] bytes = new byte[size * 3 / 4];
		new Random(seed).nextBytes(bytes);
		return Base64.getEncoder().encodeToString(bytes);
	}

	/** The JDK's decoder checks the trailer too. */
	private static void assertWhole(SseClient stream) throws IOException {
		assertThat(stream.awaitEnd(SOON)).as(stream.toString()).isEqualTo(End.COMPLETE);
		InputStream in = new GZIPInputStream(new ByteArrayInputStream(stream.body()));
		assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(stream.text());
		Blocks.assertSound(stream.blocks());
	}

	// ---- the head

	@Test
	void whoAcceptsGzipGetsIt() {
		try (SseClient stream = node.stream(this.user).gzip().header("Origin", "https://app.example").open()) {
			assertThat(stream.headers().allValues("Content-Encoding")).containsExactly("gzip");
			assertThat(stream.headers().allValues("Vary")).containsExactlyInAnyOrder("Accept-Encoding", "Origin");
			assertThat(stream.headers().firstValue("Content-Type")).contains("text/event-stream;charset=utf-8");
			assertThat(stream.headers().firstValue("Cache-Control")).contains("no-cache, no-store, no-transform");
			assertThat(stream.nextBlock(SOON).event()).isEqualTo("push.connected");
		}
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "", "identity", "br, deflate", "gzip;q=0", "*;q=0", "gzip;q=0, *", "identity, gzip;q=0.5" })
	void whoDoesNotGetsItPlain(String accepted) {
		try (SseClient stream = opened(node.stream(this.user).header("Accept-Encoding", accepted))) {
			assertThat(stream.headers().allValues("Content-Encoding")).isEmpty();
			assertThat(stream.headers().allValues("Vary")).containsExactly("Accept-Encoding", "Origin");
			assertThat(stream.body()).isEqualTo(stream.text().getBytes(StandardCharsets.UTF_8));
		}
		try (SseClient stream = opened(node.stream(this.user))) {
			assertThat(stream.headers().allValues("Content-Encoding")).isEmpty();
		}
	}

	@Test
	void unlessTurnedOnNobodyGetsIt() {
		try (SseClient stream = opened(Cluster.first().stream(this.user).gzip())) {
			assertThat(stream.headers().map()).doesNotContainKeys("Content-Encoding", "Vary");
		}
	}

	// ---- what is in it

	@Test
	void messagesOfAnySizeArriveOneByOneBesidePlainStreams() throws IOException {
		try (SseClient stream = open(this.user);
				SseClient other = open(newUser());
				SseClient plain = node.open(newUser(), this.topic)) {
			for (int size : new int[] { 0, 1, 900, 1_100, 4_096, 60_000, 10, 70_000, 200_000, 4_096 }) {
				String data = json(size, size);
				int before = stream.chunks().size();
				String id = publish(data);
				for (SseClient each : List.of(stream, other, plain)) {
					SseBlock block = each.awaitBlock(Blocks::isMessage, SOON);
					assertThat(block.id()).isEqualTo(id);
					assertThat(block.data()).isEqualTo(data);
				}
				assertThat(stream.chunks()).hasSizeGreaterThan(before);
			}
			await().atMost(SOON).until(() -> !stream.comments().isEmpty());
			assertThat(stream.body().length).isLessThan(stream.text().length() / 5);
			assertThat(plain.body().length).isEqualTo(plain.text().length());
			String noise = noise(1, 100_000);
			publish(noise);
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON).data()).isEqualTo(noise);
			close(stream);
			assertWhole(stream);
		}
	}

	private static void close(SseClient stream) {
		String key = Blocks.json(stream.blocks().getFirst()).get("key").asString();
		assertThat(node.request("/events/close")
			.method("POST")
			.body("text/plain", "{\"key\":\"" + key + "\"}")
			.fetch()
			.status()).isEqualTo(204);
	}

	@Test
	void manyMessagesAtOnceAreMergedAndWhole() throws IOException {
		List<SseClient> streams = new ArrayList<>();
		try {
			for (int i = 0; i < 20; i++) {
				streams.add(open(newUser()));
			}
			List<String> published = new ArrayList<>();
			for (int i = 0; i < 300; i++) {
				published.add(publish(json(i, (i % 3 == 0) ? 3_000 : 100)));
			}
			for (SseClient stream : streams) {
				stream.awaitBlock((block) -> published.getLast().equals(block.id()), SOON);
				assertThat(Blocks.messages(stream.blocks())).extracting(SseBlock::id).isEqualTo(published);
				close(stream);
			}
			for (SseClient stream : streams) {
				assertWhole(stream);
			}
		}
		finally {
			streams.forEach(SseClient::close);
		}
	}

	@Test
	void aResumedStreamGetsWhatItMissedFromHistory() throws IOException {
		List<String> published = new ArrayList<>();
		String cursor;
		try (SseClient stream = open(this.user)) {
			publish(json(0, 4_096));
			cursor = String.valueOf(stream.awaitBlock(Blocks::isMessage, SOON).id());
		}
		for (int i = 1; i <= 400; i++) {
			published.add(publish(json(i, (i % 2 == 0) ? 4_096 : 50)));
		}
		try (SseClient stream = opened(node.stream(this.user).gzip().lastEventId(cursor), this.topic)) {
			stream.awaitBlock((block) -> published.getLast().equals(block.id()), SOON);
			assertThat(Blocks.messages(stream.blocks())).extracting(SseBlock::id).isEqualTo(published);
			assertThat(Blocks.json(stream.blocks().getFirst()).get("resumed").asBoolean()).isTrue();
			close(stream);
			assertWhole(stream);
		}
	}

	@Test
	void aSlowReaderCatchesUpFromHistory() throws IOException {
		try (SseClient slow = opened(node.stream(this.user).gzip().receiveBuffer(8 * 1024), this.topic)) {
			slow.pause();
			double before = node.meter("sse.slow.consumers");
			List<String> published = new ArrayList<>();
			for (int i = 0; i < 60; i++) {
				published.add(publish(noise(i, 60_000)));
				published.add(publish(json(i, 5_000)));
			}
			slow.resume();
			slow.awaitBlock((block) -> published.getLast().equals(block.id()), Duration.ofSeconds(30));
			assertThat(Blocks.messages(slow.blocks())).extracting(SseBlock::id).isEqualTo(published);
			assertThat(node.meter("sse.slow.consumers")).isGreaterThan(before);
			close(slow);
			assertWhole(slow);
		}
	}

	// ---- ends

	@Test
	void aKickEndsItInOrder() throws IOException {
		try (SseClient first = opened(node.stream(this.user).gzip().query("client", "a"), this.topic)) {
			publish(json(1, 4_096));
			first.awaitBlock(Blocks::isMessage, SOON);
			try (SseClient second = opened(node.stream(this.user).gzip().query("client", "b"))) {
				assertThat(first.awaitBlock((block) -> block.fires("push.kicked"), SOON).id()).startsWith("k.");
				assertWhole(first);
				assertThat(second.end()).isNull();
				// Its page comes back by its own query and is told at once.
				try (SseClient again = node.stream(this.user).gzip().query("client", "a").open()) {
					assertThat(again.headers().allValues("Content-Encoding")).containsExactly("gzip");
					assertWhole(again);
					assertThat(again.blocks()).singleElement().matches((block) -> block.fires("push.kicked"));
				}
			}
		}
	}

	@Test
	void aReplacedStreamEndsInOrder() throws IOException {
		try (SseClient first = opened(node.stream(this.user).gzip().query("client", "a"));
				SseClient second = opened(node.stream(this.user).gzip().query("client", "a"))) {
			assertWhole(first);
			assertThat(first.blocks()).hasSize(1);
			assertThat(second.end()).isNull();
		}
	}

	@Test
	void aNodeThatStopsEndsItInOrder() throws IOException {
		TestNode mine = TestNode.start(Cluster.redis(), "gzip-stops", SETTINGS);
		try (SseClient stream = opened(mine.stream(this.user).gzip(), this.topic)) {
			publish(json(1, 4_096));
			stream.awaitBlock(Blocks::isMessage, SOON);
			mine.close();
			stream.awaitBlock((block) -> block.fires("push.goaway"), SOON);
			assertWhole(stream);
		}
		finally {
			mine.close();
		}
	}

	// ---- refusals

	@Test
	void refusalsArePlain() {
		try (TestNode full = TestNode.start(Cluster.redis(), "gzip-full", "--fanfare.stream.gzip=true",
				"--fanfare.connections.max=1", "--fanfare.admission.when-full=reject");
				SseClient only = opened(full.stream(this.user).gzip())) {
			Answer busy = full.stream(newUser()).gzip().fetch();
			assertThat(busy.status()).isEqualTo(200);
			assertThat(busy.headers().allValues("Content-Encoding")).isEmpty();
			assertThat(busy.headers().allValues("Vary")).containsExactly("Accept-Encoding", "Origin");
			assertThat(busy.text()).contains("event: push.busy\n");
			assertPlainProblem(full.stream(newUser()).gzip().query("strict", "1").fetch(), 503);
			assertPlainProblem(full.request("/events").gzip().fetch(), 401);
			assertPlainProblem(full.stream(this.user).gzip().query("channel", "*").fetch(), 400);
			assertPlainProblem(full.request("/nowhere").gzip().fetch(), 404);
			Answer head = full.stream(newUser()).gzip().method("HEAD").fetch();
			assertThat(head.status()).isEqualTo(405);
			assertThat(head.headers().allValues("Content-Encoding")).isEmpty();
			assertThat(only.end()).isNull();
		}
	}

	private static void assertPlainProblem(Answer answer, int status) {
		assertThat(answer.status()).isEqualTo(status);
		assertThat(answer.headers().allValues("Content-Encoding")).isEmpty();
		assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
		assertThat(answer.text()).startsWith("{");
	}

	// ---- other decoders

	@Test
	void curlShowsEachEventAsItComes() throws Exception {
		String curl = Assume.installed(RequiredTool.CURL).toString();
		hearsEachEventAtOnce("curl", curl, "-sSN", "--compressed", "-H",
				"Authorization: Bearer " + Tokens.token(this.user, "*"), url());
	}

	@Test
	void nodeJsShowsEachEventAsItComes() throws Exception {
		String program = """
				const headers = { 'Accept-Encoding': 'gzip', Authorization: 'Bearer ' + process.argv[2] };
				require('http').get(process.argv[1], { headers }, (answer) => {
					if (answer.headers['content-encoding'] !== 'gzip') throw new Error('plain');
					answer.pipe(require('zlib').createGunzip()).pipe(process.stdout);
				});
				""";
		hearsEachEventAtOnce("Node.js", Assume.installed(RequiredTool.NODE).toString(), "-e", program, url(),
				Tokens.token(this.user, "*"));
	}

	private String url() {
		return "http://127.0.0.1:" + node.port() + "/events?channel=" + this.topic;
	}

	private void hearsEachEventAtOnce(String name, String... command) throws Exception {
		try (ChildProcess process = ChildProcess.command(command).piped().start()) {
			hearsEachEventAtOnce(process.stdout(), name);
			assertThat(process.awaitEnd(SOON)).isZero();
			assertThat(process.output()).as("errors").isEmpty();
		}
	}

	@Test
	void theJdkShowsEachEventAsItComes() throws Exception {
		try (HttpClient client = HttpClient.newHttpClient()) {
			HttpResponse<InputStream> answer = client.send(HttpRequest.newBuilder(URI.create(url()))
				.header("Authorization", "Bearer " + Tokens.token(this.user, "*"))
				.header("Accept-Encoding", "gzip")
				.build(), HttpResponse.BodyHandlers.ofInputStream());
			assertThat(answer.headers().firstValue("Content-Encoding")).contains("gzip");
			try (InputStream body = answer.body()) {
				hearsEachEventAtOnce(new GZIPInputStream(body), "JDK");
			}
		}
	}

	/**
	 * Each event is there before the next one is published; in the end the stream is
	 * closed in order, and the decoder with it.
	 */
	private void hearsEachEventAtOnce(InputStream in, String name) throws Exception {
		BlockingQueue<String> lines = new LinkedBlockingQueue<>();
		Thread reader = Thread.ofVirtual().start(() -> {
			try (in) {
				readLines(in, lines::add);
				lines.add("END");
			}
			catch (IOException | RuntimeException ex) {
				lines.add(ex.toString());
			}
		});
		String connected = awaitLine(lines, "data: ");
		List<Long> millis = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			String data = json(i, (i % 2 == 0) ? 4_096 : 100);
			Instant published = Instant.now();
			publish(data);
			assertThat(awaitLine(lines, "data: ")).isEqualTo("data: " + data);
			millis.add(Duration.between(published, Instant.now()).toMillis());
		}
		System.out.println("Compressed, from publish to a line of " + name + ": " + millis + " ms");
		assertThat(millis.stream().sorted().toList().get(10)).isLessThan(200);
		assertThat(awaitLine(lines, ":")).isEqualTo(":");
		String connection = connected.replaceAll(".*\"connection\":\"([^\"]*)\".*", "$1");
		assertThat(node.bean(Connections.class).closeByClient(connection)).isTrue();
		assertThat(awaitLine(lines, "")).isEqualTo("END");
		reader.join();
	}

	/**
	 * Not by an InputStreamReader: it waits for 8 192 characters, since a GZIPInputStream
	 * always says that more is available.
	 */
	private static void readLines(InputStream in, Consumer<String> lines) throws IOException {
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		byte[] buffer = new byte[8192];
		for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
			for (int i = 0; i < read; i++) {
				if (buffer[i] == '\n') {
					lines.accept(line.toString(StandardCharsets.UTF_8));
					line.reset();
				}
				else {
					line.write(buffer[i]);
				}
			}
		}
	}

	private static String awaitLine(BlockingQueue<String> lines, String start) throws InterruptedException {
		while (true) {
			String line = lines.poll(10, TimeUnit.SECONDS);
			assertThat(line).as("a line that begins with '%s'", start).isNotNull();
			if (line.startsWith(start) && (!start.isEmpty() || !line.startsWith(":"))) {
				return line;
			}
			assertThat(line).doesNotContain("Exception");
		}
	}

}
