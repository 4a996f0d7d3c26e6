package io.fanfare.test.sse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;

import io.fanfare.test.sse.LittleServer.Peer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@Timeout(30)
class SseClientTests {

	private static final Duration SOON = Duration.ofSeconds(5);

	private final LittleServer server = new LittleServer();

	SseClientTests() throws IOException {
	}

	@AfterEach
	void close() throws IOException {
		this.server.close();
	}

	@Test
	void theRequestGoesOutAsItWasPutTogether() throws IOException {
		try (SseClient client = this.server.request("/events")
			.query("channel", "a b")
			.query("channel", "c")
			.bearer("t")
			.lastEventId("1-0")
			.without("Accept")
			.open(); Peer peer = this.server.accept()) {
			assertThat(peer.readRequest()).startsWith("GET /events?channel=a+b&channel=c HTTP/1.1\r\nHost: 127.0.0.1:")
				.endsWith("\r\nAuthorization: Bearer t\r\nLast-Event-ID: 1-0\r\n\r\n")
				.doesNotContain("Accept");
			assertThat(client.lastEventId()).isEqualTo("1-0");
			assertThat(client.hasAnswered()).isFalse();
		}
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void aClientHasTheAddressThatItWasGiven() throws IOException {
		try (SseClient client = this.server.request("/events").from("127.0.0.9").open();
				Peer peer = this.server.accept()) {
			assertThat(peer.socket().getInetAddress().getHostAddress()).isEqualTo("127.0.0.9");
			assertThat(client.hasAnswered()).isFalse();
		}
	}

	@Test
	void blocksAreSeenAsTheyCome() throws IOException {
		try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
			peer.write(Peer.STREAM).chunk("id: 1\ndata: a\n\n");
			assertThat(client.status()).isEqualTo(200);
			assertThat(client.headers().firstValue("content-type")).contains("text/event-stream;charset=utf-8");
			assertThat(client.nextBlock(SOON).data()).isEqualTo("a");
			peer.chunk("id: 2\nda").chunk("ta: b\n\n:\n");
			assertThat(client.nextBlock(SOON).data()).isEqualTo("b");
			assertThat(client.lastEventId()).isEqualTo("2");
			Awaitility.await().until(() -> client.comments().size() == 1);
			assertThat(client.chunks()).containsExactly(15L, 8L, 9L);
			assertThat(client.text()).isEqualTo("id: 1\ndata: a\n\nid: 2\ndata: b\n\n:\n");
			assertThat(client.end()).isNull();
			peer.write("0\r\n\r\n");
			assertThat(client.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			peer.close();
			client.awaitDisconnect(SOON);
			assertThat(client.surplus()).isEmpty();
		}
	}

	@Test
	void awaitPassesWhatDoesNotMatchAndCountsNoBlockTwice() throws IOException {
		try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
			peer.write(Peer.STREAM).chunk("event: x\ndata: 1\n\ndata: 2\n\nevent: x\ndata: 3\n\n");
			assertThat(client.awaitBlock((block) -> block.fires("x"), SOON).data()).isEqualTo("1");
			assertThat(client.awaitBlock((block) -> block.fires("x"), SOON).data()).isEqualTo("3");
			client.expectNone((block) -> block.fires("x"), Duration.ofMillis(50));
			assertThat(client.awaitBlocks(3, SOON)).extracting(SseBlock::data).containsExactly("1", "2", "3");
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> client.nextBlock(Duration.ofMillis(50)))
				.withMessageContaining("3 of 3 blocks");
		}
	}

	@Test
	void expectNoneFailsForWhatComes() throws IOException {
		try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
			peer.write(Peer.STREAM).chunk("data: 1\n\n");
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> client.expectNone((block) -> true, SOON));
		}
	}

	@Test
	void waitingEndsWithTheConnection() throws IOException {
		try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
			peer.readRequest();
			peer.close();
			assertThatExceptionOfType(AssertionError.class).isThrownBy(client::status).withMessageContaining("end=CUT");
		}
	}

	@Test
	void aGzipStreamIsReadAsItComes() throws IOException {
		ByteArrayOutputStream compressed = new ByteArrayOutputStream();
		GZIPOutputStream gzip = new GZIPOutputStream(compressed, 512, true);
		try (SseClient client = this.server.request("/events").gzip().open(); Peer peer = this.server.accept()) {
			assertThat(peer.readRequest()).contains("Accept-Encoding: gzip, ");
			peer.write(Peer.GZIP_STREAM);
			for (String text : List.of("id: 1\ndata: a\n\n", "id: 2\ndata: b\n\n", ":\n")) {
				gzip.write(text.getBytes(StandardCharsets.UTF_8));
				gzip.flush();
				peer.chunk(compressed.toByteArray());
				compressed.reset();
				client.awaitText((all) -> all.endsWith(text), SOON);
			}
			assertThat(client.blocks()).extracting(SseBlock::data).containsExactly("a", "b");
			assertThat(client.body()).startsWith(0x1f, 0x8b);
			gzip.close();
			peer.chunk(compressed.toByteArray()).write("0\r\n\r\n");
			assertThat(client.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
		}
	}

	@Test
	void aGzipStreamThatIsNotSoundIsMalformed() throws IOException {
		ByteArrayOutputStream compressed = new ByteArrayOutputStream();
		try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
			gzip.write("data: a\n\n".getBytes(StandardCharsets.UTF_8));
		}
		byte[] whole = compressed.toByteArray();
		byte[] wrongSum = whole.clone();
		wrongSum[whole.length - 8]++;
		byte[] wrongLength = whole.clone();
		wrongLength[whole.length - 1]++;
		for (byte[] body : List.of(wrongSum, wrongLength, Arrays.copyOf(whole, whole.length - 1),
				Arrays.copyOf(whole, whole.length - 9), Arrays.copyOf(whole, whole.length + 1), new byte[20])) {
			try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
				peer.readRequest();
				peer.write(Peer.GZIP_STREAM).chunk(body).write("0\r\n\r\n");
				assertThat(client.awaitEnd(SOON)).isEqualTo(End.MALFORMED);
			}
		}
	}

	@Test
	void aCutAResetAndNonsenseAreToldApart() throws IOException {
		try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
			peer.readRequest();
			peer.write(Peer.STREAM).write("5\r\nab").close();
			assertThat(client.awaitEnd(SOON)).isEqualTo(End.CUT);
			assertThat(client.text()).isEqualTo("ab");
		}
		try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
			peer.readRequest();
			peer.write(Peer.STREAM);
			assertThat(client.status()).isEqualTo(200);
			peer.socket().setSoLinger(true, 0);
			peer.close();
			assertThat(client.awaitEnd(SOON)).isEqualTo(End.RESET);
		}
		try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
			peer.readRequest();
			peer.write("HTTP/1.1 200 OK\nContent-Type: text/plain\n\n").close();
			assertThat(client.awaitEnd(SOON)).isEqualTo(End.MALFORMED);
		}
		try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
			peer.write(Peer.STREAM);
			client.close();
			assertThat(client.awaitEnd(SOON)).isEqualTo(End.CLOSED_HERE);
		}
	}

	@Test
	void ordinaryAnswersAreFetchedWhole() throws IOException {
		assertThat(fetch("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-A: 1\r\nX-A: 2\r\n\r\nnono"))
			.satisfies((a) -> {
				assertThat(a.status()).isEqualTo(403);
				assertThat(a.text()).isEqualTo("nono");
				assertThat(a.headers().allValues("x-a")).containsExactly("1", "2");
				assertThat(a.header("absent")).isEmpty();
			});
		assertThat(fetch("HTTP/1.1 204 No Content\r\n\r\n").text()).isEmpty();
		assertThat(fetch("HTTP/1.0 200 OK\r\n\r\nall of it").text()).isEqualTo("all of it");
		assertThat(
				fetch("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n0\r\nT: 1\r\n\r\n").text())
			.isEqualTo("ab");
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> fetch("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"))
			.withMessageContaining("CUT");
	}

	@Test
	void bytesAreSentAsTheyAre() throws IOException {
		try (SseClient client = this.server.connect(); Peer peer = this.server.accept()) {
			client.send("BREW /pot HTCPCP/1.0\nx\r\n\r\n");
			assertThat(peer.readRequest()).isEqualTo("BREW /pot HTCPCP/1.0\nx\r\n\r\n");
			peer.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\nmore").close();
			assertThat(client.answer().status()).isEqualTo(400);
			client.awaitDisconnect(SOON);
			assertThat(client.surplus()).asString(StandardCharsets.UTF_8).isEqualTo("more");
		}
	}

	@Test
	void afterAHalfCloseTheStreamGoesOn() throws IOException {
		try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
			peer.readRequest();
			client.halfClose();
			assertThat(peer.socket().getInputStream().read()).isEqualTo(-1);
			peer.write(Peer.STREAM).chunk("data: a\n\n");
			assertThat(client.nextBlock(SOON).data()).isEqualTo("a");
		}
	}

	@Test
	void anAbortIsAResetToTheServer() throws IOException {
		try (SseClient client = this.server.request("/events").open(); Peer peer = this.server.accept()) {
			peer.readRequest();
			client.abort();
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> peer.socket().getInputStream().read())
				.withMessageContaining("reset");
		}
	}

	@Test
	void aPausedClientStopsTheServerAndLosesNothing() throws IOException {
		int blocks = 5_000;
		String block = "data: " + "x".repeat(1_000) + "\n\n";
		try (SseClient client = this.server.request("/events").receiveBuffer(4_096).open();
				Peer peer = this.server.accept()) {
			peer.socket().setSendBufferSize(4_096);
			peer.write(Peer.STREAM);
			assertThat(client.status()).isEqualTo(200);
			client.pause();
			AtomicLong written = new AtomicLong();
			CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
				try {
					for (int i = 0; i < blocks; i++) {
						peer.chunk(block);
						written.incrementAndGet();
					}
				}
				catch (IOException ex) {
					throw new IllegalStateException(ex);
				}
			});
			Awaitility.await().during(Duration.ofMillis(300)).until(written::get, (now) -> now < 1_000);
			assertThat(writer).isNotDone();
			assertThat(client.blocks()).isEmpty();
			client.resume();
			assertThat(client.awaitBlocks(blocks, SOON)).hasSize(blocks);
			assertThat(writer).succeedsWithin(SOON);
		}
	}

	private Answer fetch(String answer) throws IOException {
		CompletableFuture<Void> peer = CompletableFuture.runAsync(() -> {
			try (Peer accepted = this.server.accept()) {
				assertThat(accepted.readRequest()).contains("Connection: close");
				accepted.write(answer);
			}
			catch (IOException ex) {
				throw new IllegalStateException(ex);
			}
		});
		try {
			return this.server.request("/").fetch();
		}
		finally {
			assertThat(peer).succeedsWithin(SOON);
		}
	}

}
