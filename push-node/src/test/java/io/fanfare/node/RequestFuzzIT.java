package io.fanfare.node;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import io.fanfare.test.fuzz.Mutations;
import io.fanfare.test.redis.TestRedis;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

import static org.assertj.core.api.Assertions.assertThat;

/** What a node answers to bytes that may be anything. */
class RequestFuzzIT {

	private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 ([0-9]{3}) [A-Z]");

	private static final List<String> WORDS = List.of("\r\n", "\r", "\n", "\r\n\r\n", " ", "\t", ":", "%", "%00", "%zz",
			"?", "&", "channel=", "Host: x\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
			"Connection: close\r\n", "Expect: 100-continue\r\n", "HTTP/1.0", "HTTP/9.9", "GET ", "POST ", "\u0000",
			"\u00ff", "*", "//", "..", "0\r\n\r\n", ",", ";", "\"");

	/** How many requests are sent at once, each with a user of its own. */
	private static final int AT_ONCE = 40;

	/** Stands in the inputs where a request has the token of its user, if it is whole. */
	private static final String TOKEN = token(AT_ONCE);

	private static final List<String> TOKENS = IntStream.range(0, AT_ONCE).mapToObj(RequestFuzzIT::token).toList();

	/** These differ from one answer to the next. */
	private static final Pattern VARYING = Pattern.compile("(?m)^(Date|Retry-After): .*$");

	private static final long QUICK = 20;

	/** A call for another node may wait a second for the list of nodes. */
	private static final long PATIENT = 2_500;

	private static TestRedis redis;

	private static TestNode node;

	@BeforeContainer
	static void start() {
		redis = TestRedis.start();
		node = TestNode.start(redis, "fuzz", "--fanfare.limits.exempt=127.0.0.0/8",
				"--fanfare.limits.takeovers-per-minute=0", "--fanfare.limits.opens-per-user=0");
	}

	@AfterContainer
	static void stop() {
		node.close();
		redis.close();
	}

	private static String token(int number) {
		return Tokens.token("fuzz%02d".formatted(number), "news");
	}

	@Provide
	static Arbitrary<List<byte[]>> requests() {
		return Mutations.of(List.of(
				"GET /events?strict=1&channel=other&history=1&client=a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
						+ TOKEN + "\r\nLast-Event-ID: 1795000000000-5\r\nAccept: text/event-stream\r\n\r\n",
				"GET /events?strict=1&access_token=" + TOKEN + " HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\n\r\n",
				"POST /events/close HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n{\"key\":\"abc\"}",
				"POST /events/ack HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
						+ "1c\r\n{\"key\":\"abc\",\"nonces\":[\"a\"]}\r\n0\r\n\r\n",
				"OPTIONS /events HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nAccess-Control-Request-Method: GET\r\n\r\n"
						+ "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
			.stream()
			.map((request) -> request.getBytes(StandardCharsets.ISO_8859_1))
			.toList(), WORDS).list().ofSize(AT_ONCE);
	}

	/** In one piece as in two, with the same status and headers. */
	@Property
	void aRequestIsAnsweredOrItsConnectionClosed(@ForAll("requests") List<byte[]> requests) throws Exception {
		List<byte[]> own = IntStream.range(0, requests.size()).mapToObj((i) -> own(requests.get(i), i)).toList();
		List<List<String>> whole = new ArrayList<>(exchange(own, 1, QUICK));
		List<List<String>> halves = new ArrayList<>(exchange(own, 2, QUICK));
		int[] unequal = IntStream.range(0, own.size()).filter((i) -> !whole.get(i).equals(halves.get(i))).toArray();
		if (unequal.length > 0) {
			// The machine may have been busy.
			List<byte[]> again = IntStream.of(unequal).mapToObj(own::get).toList();
			List<List<String>> wholeAgain = exchange(again, 1, PATIENT);
			List<List<String>> halvesAgain = exchange(again, 2, PATIENT);
			for (int k = 0; k < unequal.length; k++) {
				whole.set(unequal[k], wholeAgain.get(k));
				halves.set(unequal[k], halvesAgain.get(k));
			}
		}
		for (int i = 0; i < own.size(); i++) {
			assertThat(whole.get(i)).as(new String(own.get(i), StandardCharsets.ISO_8859_1))
				.isEqualTo(halves.get(i))
				.allSatisfy((head) -> assertThat(Integer.parseInt(head.substring(0, 3))).isNotEqualTo(500)
					.isBetween(100, 505));
		}
		assertThat(node.meter("fanfare.errors")).isZero();
	}

	/** Streams of one user would replace each other, some before they are answered. */
	private static byte[] own(byte[] request, int number) {
		return new String(request, StandardCharsets.ISO_8859_1).replace(TOKEN, TOKENS.get(number))
			.getBytes(StandardCharsets.ISO_8859_1);
	}

	/**
	 * Sends all at once, each on a connection of its own.
	 * @param pieces in how many pieces each is sent
	 * @param patience how long nothing may come before there is an end, in ms
	 * @return the heads of each one's answers, from the status on
	 */
	private static List<List<String>> exchange(List<byte[]> requests, int pieces, long patience)
			throws IOException, InterruptedException {
		List<Socket> sockets = new ArrayList<>();
		List<ByteArrayOutputStream> answers = new ArrayList<>();
		try {
			for (byte[] request : requests) {
				Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.port());
				sockets.add(socket);
				answers.add(new ByteArrayOutputStream());
				socket.setTcpNoDelay(true);
				socket.getOutputStream().write(request, 0, request.length / pieces);
			}
			if (pieces > 1) {
				for (int i = 0; i < requests.size(); i++) {
					byte[] request = requests.get(i);
					int sent = request.length / pieces;
					write(sockets.get(i), request, sent);
				}
			}
			long last = System.nanoTime();
			while (System.nanoTime() - last < TimeUnit.MILLISECONDS.toNanos(patience)) {
				for (int i = 0; i < sockets.size(); i++) {
					last = read(sockets.get(i), answers.get(i)) ? System.nanoTime() : last;
				}
				TimeUnit.MILLISECONDS.sleep(1);
			}
		}
		finally {
			for (Socket socket : sockets) {
				socket.close();
			}
		}
		return answers.stream().map(RequestFuzzIT::heads).toList();
	}

	private static void write(Socket socket, byte[] request, int from) {
		try {
			socket.getOutputStream().write(request, from, request.length - from);
		}
		catch (IOException ex) {
			// It was refused meanwhile
		}
	}

	private static boolean read(Socket socket, ByteArrayOutputStream answer) {
		try {
			int length = socket.getInputStream().available();
			answer.writeBytes(socket.getInputStream().readNBytes(length));
			return length > 0;
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static List<String> heads(ByteArrayOutputStream answer) {
		String text = answer.toString(StandardCharsets.ISO_8859_1);
		return STATUS.matcher(text).results().map((found) -> {
			int end = text.indexOf("\r\n\r\n", found.start());
			String head = text.substring(found.start(1), (end < 0) ? text.length() : end);
			return VARYING.matcher(head).replaceAll("$1");
		}).toList();
	}

}
