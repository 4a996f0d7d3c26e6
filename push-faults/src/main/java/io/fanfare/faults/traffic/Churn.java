package io.fanfare.faults.traffic;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

import io.fanfare.test.api.ApiClient;
import tools.jackson.databind.json.JsonMapper;

/**
 * Clients that come and go in every way they can, many at once: they close, reset, say
 * goodbye, break off in the middle of a request, take each other over, wait for a place
 * and give up, or stay until they are sent away.
 */
public final class Churn {

	private static final int CROWD = 96;

	private static final int TOPICS = 40;

	/** How long a client stays that does not go by itself. */
	private static final int PATIENCE_MS = 6_000;

	private final List<Integer> ports;

	private final List<String> tokens = new ArrayList<>();

	private final AtomicInteger left = new AtomicInteger();

	private final Map<Way, LongAdder> gone = new ConcurrentSkipListMap<>();

	/** How a client goes. */
	public enum Way {

		/** Closes the connection once the stream began. */
		CLOSE,
		/** Resets it. */
		RESET,
		/** Says so to the node, or another one, which ends the stream. */
		GOODBYE,
		/** Before anything was answered. */
		AT_ONCE,
		/** In the middle of the request. */
		HALF_ASKED,
		/** Is refused for its token. */
		REFUSED,
		/** Stays until the stream ends. */
		SENT_AWAY

	}

	/**
	 * Makes a crowd.
	 * @param api makes tokens
	 * @param users how many users they are; fewer than clients, so that some take others
	 * over
	 * @param ports the nodes' stream ports
	 */
	public Churn(ApiClient api, int users, List<Integer> ports) {
		this.ports = List.copyOf(ports);
		for (int i = 0; i < users; i++) {
			this.tokens.add(api.token("churn-" + i));
		}
	}

	/**
	 * Comes and goes.
	 * @param times how often, all together
	 * @param seed of the randomness
	 */
	public void run(int times, long seed) {
		this.left.set(times);
		SplittableRandom random = new SplittableRandom(seed);
		List<Thread> crowd = new ArrayList<>();
		for (int i = 0; i < CROWD; i++) {
			SplittableRandom own = random.split();
			crowd.add(Thread.ofVirtual().name("churn-" + i).start(() -> {
				while (this.left.getAndDecrement() > 0) {
					comeAndGo(own);
				}
			}));
		}
		try {
			for (Thread one : crowd) {
				one.join();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * How many went in which way so far.
	 * @return the counts
	 */
	public Map<Way, LongAdder> gone() {
		return this.gone;
	}

	private void comeAndGo(SplittableRandom random) {
		int dice = random.nextInt(100);
		Way way = (dice < 35) ? Way.CLOSE : (dice < 60) ? Way.RESET : (dice < 75) ? Way.GOODBYE
				: (dice < 87) ? Way.AT_ONCE : (dice < 93) ? Way.HALF_ASKED : (dice < 98) ? Way.REFUSED : Way.SENT_AWAY;
		try (Socket socket = new Socket()) {
			socket.setSoTimeout(PATIENCE_MS);
			socket.setTcpNoDelay(true);
			socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port(random)), PATIENCE_MS);
			go(way, socket, random);
		}
		catch (IOException ex) {
			// A client that is reset or refused has gone as well.
		}
		this.gone.computeIfAbsent(way, (first) -> new LongAdder()).increment();
	}

	private int port(SplittableRandom random) {
		return this.ports.get(random.nextInt(this.ports.size()));
	}

	private void go(Way way, Socket socket, SplittableRandom random) throws IOException {
		byte[] request = request(way == Way.REFUSED, random);
		int length = (way == Way.HALF_ASKED) ? 1 + random.nextInt(request.length - 1) : request.length;
		socket.getOutputStream().write(request, 0, length);
		if (random.nextInt(4) == 0) {
			socket.setSoLinger(true, 0);
		}
		switch (way) {
			case AT_ONCE, HALF_ASKED -> {
			}
			case REFUSED, CLOSE -> awaitBlock(socket);
			case RESET -> {
				awaitBlock(socket);
				socket.setSoLinger(true, 0);
			}
			case GOODBYE -> {
				sayGoodbye(awaitBlock(socket), random);
				awaitEnd(socket);
			}
			case SENT_AWAY -> {
				awaitBlock(socket);
				awaitEnd(socket);
			}
		}
	}

	private byte[] request(boolean bad, SplittableRandom random) {
		String token = bad ? "no.such.token" : this.tokens.get(random.nextInt(this.tokens.size()));
		StringBuilder query = new StringBuilder("?access_token=").append(token)
			.append("&client=c")
			.append(random.nextInt(3));
		for (int i = random.nextInt(3); i > 0; i--) {
			query.append("&channel=churn.").append(random.nextInt(TOPICS));
		}
		query.append(switch (random.nextInt(8)) {
			case 0 -> "&strict=1";
			case 1 -> "&ack=1";
			case 2 -> "&history=2";
			case 3 -> "&lastEventId=earliest";
			default -> "";
		});
		return ("GET /events" + query + " HTTP/1.1\r\nHost: churn\r\nAccept: text/event-stream\r\n\r\n")
			.getBytes(StandardCharsets.US_ASCII);
	}

	/** What was read up to the end of the first block that says something. */
	private static String awaitBlock(Socket socket) throws IOException {
		StringBuilder text = new StringBuilder();
		byte[] bytes = new byte[2048];
		InputStream in = socket.getInputStream();
		int read;
		while (text.indexOf("data: ") < 0 && text.indexOf("problem+json") < 0 && (read = in.read(bytes)) >= 0) {
			text.append(new String(bytes, 0, read, StandardCharsets.UTF_8));
		}
		return text.toString();
	}

	private static void awaitEnd(Socket socket) throws IOException {
		byte[] bytes = new byte[2048];
		InputStream in = socket.getInputStream();
		while (in.read(bytes) >= 0) {
			// reads on
		}
	}

	private void sayGoodbye(String head, SplittableRandom random) throws IOException {
		int data = head.indexOf("event: push.connected\ndata: ");
		if (data < 0) {
			throw new IOException("Not admitted");
		}
		int json = head.indexOf('{', data);
		String key = JsonMapper.shared()
			.readTree(head.substring(json, head.indexOf('\n', json)))
			.required("key")
			.asString();
		byte[] body = ("{\"key\":\"" + key + "\"}").getBytes(StandardCharsets.US_ASCII);
		try (Socket other = new Socket()) {
			other.setSoTimeout(PATIENCE_MS);
			other.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port(random)), PATIENCE_MS);
			other.getOutputStream()
				.write(("POST /events/close HTTP/1.1\r\nHost: churn\r\nConnection: close\r\nContent-Length: "
						+ body.length + "\r\n\r\n")
					.getBytes(StandardCharsets.US_ASCII));
			other.getOutputStream().write(body);
			awaitEnd(other);
		}
	}

}
