package io.fanfare.doctor.probe;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;

import io.fanfare.doctor.observation.StreamEnd;
import io.fanfare.doctor.observation.StreamSeen;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

/** What is noted of answers, by a server that says exactly this. */
@Timeout(20)
class StreamProbeTests {

	private static final String HELLO = """
			event: doctor.hello
			data: {"n":0,"at":1000,"sent":0,"nonce":"p1","script":"pace","node":"node-1","heartbeatMs":15000,\
			"silenceMs":20000,"request":{"protocol":"HTTP/1.1","authorization":true,"lastEventId":null,"cookie":false}}

			""";

	private static final String TICK = "event: doctor.tick\ndata: {\"n\":1,\"at\":1250,\"sent\":300}\n\n";

	private static final String END = "event: doctor.end\ndata: {\"n\":2,\"at\":1500,\"sent\":360}\n\n";

	private static final String STREAM = "Content-Type: text/event-stream;charset=utf-8\r\n";

	private ServerSocket server;

	private HttpClient client;

	@BeforeEach
	void listen() throws IOException {
		this.server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
		this.client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
	}

	@AfterEach
	void close() throws IOException {
		this.server.close();
		this.client.shutdownNow();
	}

	@Test
	void notesBlocksAndTheirEnd() {
		StreamSeen seen = ask(200, STREAM + "Access-Control-Allow-Origin: *\r\n", HELLO + TICK + END);
		assertThat(seen.status()).isEqualTo(200);
		assertThat(seen.isEventStream()).isTrue();
		assertThat(seen.contentEncoding()).isEmpty();
		assertThat(seen.allowOrigin()).isEqualTo("*");
		assertThat(seen.protocol()).isEqualTo("http/1.1");
		assertThat(seen.hello()).isEqualTo(new StreamSeen.Hello("p1", 1000, "node-1", 15_000, 20_000,
				new StreamSeen.Hello.Request("HTTP/1.1", true, null, false)));
		assertThat(seen.blocks()).extracting(StreamSeen.Arrival::event, StreamSeen.Arrival::n, StreamSeen.Arrival::sent)
			.containsExactly(tuple("doctor.hello", 0, 0L), tuple("doctor.tick", 1, 300L), tuple("doctor.end", 2, 360L));
		assertThat(seen.blocks())
			.allSatisfy((block) -> assertThat(block.arrived()).isBetween(seen.opened(), seen.ended()));
		assertThat(seen.end()).isEqualTo(StreamEnd.END);
	}

	@Test
	void anEndBeforeThatIsOne() {
		assertThat(ask(200, STREAM, HELLO).end()).isEqualTo(StreamEnd.EOF);
		assertThat(ask((out) -> {
			out.write(head(200, STREAM + "Transfer-Encoding: chunked\r\n"));
			out.write(bytes(Integer.toHexString(HELLO.length()) + "\r\n" + HELLO + "\r\n40\r\n: in the middle"));
		}, false).end()).isEqualTo(StreamEnd.EOF);
	}

	@Test
	void aNodeThatStopsSaysSo() {
		String drain = END.replace(":360}", ":360,\"reason\":\"drain\"}");
		assertThat(ask(200, STREAM, HELLO + drain).end()).isEqualTo(StreamEnd.DRAIN);
		assertThat(ask(200, STREAM, HELLO + drain.replace("drain", "done")).end()).isEqualTo(StreamEnd.END);
	}

	@Test
	void aResetIsOne() {
		StreamSeen seen = ask((out) -> out.write(head(200, STREAM)), true);
		assertThat(seen.end()).isEqualTo(StreamEnd.RESET);
		assertThat(seen.status()).isEqualTo(200);
	}

	@Test
	void readsWhatWasCompressed() throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
			gzip.write(bytes(HELLO + TICK + END));
		}
		StreamSeen seen = ask((out) -> {
			out.write(head(200, STREAM + "Content-Encoding: gzip\r\n"));
			out.write(bytes.toByteArray());
		}, false);
		assertThat(seen.contentEncoding()).isEqualTo("gzip");
		assertThat(seen.hello()).isNotNull();
		assertThat(seen.end()).isEqualTo(StreamEnd.END);
	}

	@Test
	void aHelloThatIsNotTheNodesIsNone() {
		assertThat(ask(200, STREAM, "event: doctor.hello\ndata: hello\n\n").hello()).isNull();
		assertThat(ask(200, STREAM, "event: doctor.hello\ndata: {}\n\n").hello()).isNull();
		assertThat(ask(200, STREAM, "event: doctor.hello\ndata: [1]\n\n").hello()).isNull();
		String request = HELLO.substring(HELLO.indexOf("{\"protocol\""), HELLO.lastIndexOf('}'));
		for (String other : new String[] { "null", "{}", "[]", "{\"protocol\":null}", "{\"protocol\":{}}" }) {
			StreamSeen seen = ask(200, STREAM, HELLO.replace(request, other) + END);
			assertThat(seen.hello()).as(other).isNull();
			assertThat(seen.blocks()).as(other).hasSize(2);
		}
		assertThat(ask(200, STREAM, HELLO.replace(",\"request\":" + request, "") + END).hello()).isNull();
	}

	@Test
	void otherStreamsAreNoted() {
		StreamSeen retry = ask(200, STREAM, "retry: 5200\n\n");
		assertThat(retry.retry()).isEqualTo(5200);
		assertThat(retry.blocks()).isEmpty();
		assertThat(ask(200, STREAM, "event: push.connected\ndata: {}\n\nevent: order\ndata: {}\n\n").blocks())
			.extracting(StreamSeen.Arrival::event)
			.containsExactly("push.connected");
	}

	@Test
	void theTypeOfAProblemIsNoted() {
		String problem = "Content-Type: application/problem+json\r\n";
		assertThat(ask(401, problem, "{\"type\":\"https://fanfare.io/problems/invalid-token\"}").problem())
			.isEqualTo("invalid-token");
		assertThat(ask(429, problem, "{\"type\":\"https://iana.org/types#quota-exceeded\"}").problem())
			.isEqualTo("quota-exceeded");
		assertThat(ask(401, problem, "no").problem()).isNull();
		assertThat(ask(401, "Content-Type: text/html\r\n", "{\"type\":\"x\"}").problem()).isNull();
	}

	@Test
	void whatIsNoAnswerIsSaid() throws IOException {
		StreamSeen seen = ask((out) -> out.write(bytes("SSH-2.0-OpenSSH_9.2\r\n\r\n")), false);
		assertThat(seen.status()).isNull();
		assertThat(seen.end()).isEqualTo(StreamEnd.REFUSED);
		assertThat(seen.error()).isNotBlank();
		this.server.close();
		StreamProbe probe = probe();
		probe.run();
		assertThat(probe.seen().error()).isEqualTo("the connection is refused");
	}

	@Test
	void whatDoesNotEndIsGivenUp() throws Exception {
		StreamProbe probe = probe();
		Thread running = Thread.ofVirtual().start(probe);
		try (Socket socket = this.server.accept()) {
			socket.getOutputStream().write(head(200, STREAM));
			probe.giveUp();
			running.interrupt();
			running.join();
		}
		assertThat(probe.seen().end()).isEqualTo(StreamEnd.TIMEOUT);
	}

	/** What a server does once it was asked. */
	private interface Answer {

		void write(OutputStream out) throws IOException;

	}

	private StreamSeen ask(int status, String headers, String body) {
		return ask((out) -> {
			out.write(head(status, headers));
			out.write(bytes(body));
		}, false);
	}

	private StreamSeen ask(Answer answer, boolean reset) {
		StreamProbe probe = probe();
		Thread running = Thread.ofVirtual().start(probe);
		try (Socket socket = this.server.accept()) {
			socket.getInputStream().read(new byte[8192]);
			answer.write(socket.getOutputStream());
			if (reset) {
				// Once the head was read: a reset overtakes what was not.
				await().until(probe::isOpen);
				socket.setSoLinger(true, 0);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		try {
			running.join();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return probe.seen();
	}

	private StreamProbe probe() {
		URI uri = URI.create("http://127.0.0.1:" + this.server.getLocalPort() + "/events");
		return new StreamProbe(this.client, HttpRequest.newBuilder(uri).build(), "p1", false, new Timeline());
	}

	private static byte[] head(int status, String headers) {
		return bytes("HTTP/1.1 " + status + " Status\r\n" + headers + "Connection: close\r\n\r\n");
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

}
