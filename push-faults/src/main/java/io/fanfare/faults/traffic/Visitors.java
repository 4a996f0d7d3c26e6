package io.fanfare.faults.traffic;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Clients beside the crowd: they see how the edge serves, each as a user of its own, and
 * one of them abuses it. Used by one thread.
 */
public final class Visitors implements AutoCloseable {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final Duration PATIENCE = Duration.ofSeconds(5);

	/** Some 25 of them a second. */
	private static final Duration ABUSE_INTERVAL = Duration.ofMillis(40);

	private static final List<String> ABUSE = List.of("GET /events HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
			"POST /events HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
			"POST /events HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n" + "x".repeat(20_000),
			"GET /events HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
			"HEAD /events HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
			"GET /events HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
			"GET /events HTTP/1.1\r\nHost: h\r\nA: " + "a".repeat(19_000) + "\r\nB: " + "b".repeat(19_000) + "\r\n\r\n",
			"GET /events HTTP/1.1\r\nHost: h\r\nAccept: a" + " ".repeat(39_000) + "b\r\n\r\n",
			"GET /events HTTP/1.1\r\nHost: h\r\nAccept-Encoding: a" + " ".repeat(39_000) + "b\r\n\r\n",
			"GET /events HTTP/1.1\r\nHost: h\r\nCookie: " + "c=d; ".repeat(7_800) + "\r\n\r\n",
			"GET /events HTTP/1.1\r\nHost: h\r\n" + "H: v\r\n".repeat(1_000) + "\r\n",
			"GET /events?" + "p=v&".repeat(5_000) + " HTTP/1.1\r\nHost: h\r\n\r\n",
			"GET /events?x=" + "x".repeat(41_000) + " HTTP/1.1\r\nHost: h\r\n\r\n",
			"GET /%65vents HTTP/1.1\r\nHost: h\r\n\r\n",
			"POST /v1/users/x/disconnect HTTP/1.1\r\nHost: h\r\nContent-Length: 2200000\r\n\r\n"
					+ "x".repeat(2_200_000),
			"POST /events/close HTTP/1.1\r\nHost: h\r\nContent-Length: 16384\r\n\r\n" + "x".repeat(16_384),
			"GET /events HTTP/1.0\r\n\r\n");

	/** Each is begun and left: what answers waits for the rest. */
	private static final List<String> UNFINISHED = List.of(
			"POST /events/close HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
			"POST /events/ack HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx");

	/** How many different requests the abuser sends that are answered. */
	public static final int ABUSES = ABUSE.size();

	private final String scenario;

	private final ApiClient api;

	private final NginxProcess nginx;

	private final CountDownLatch leaving = new CountDownLatch(1);

	private final AtomicInteger answered = new AtomicInteger();

	private final List<Visit> visits = new ArrayList<>();

	private @Nullable Thread abuser;

	/**
	 * Prepares them.
	 * @param scenario marks their users
	 * @param api makes their tokens
	 * @param nginx where they connect
	 */
	public Visitors(String scenario, ApiClient api, NginxProcess nginx) {
		this.scenario = scenario;
		this.api = api;
		this.nginx = nginx;
	}

	/**
	 * What a visitor was answered.
	 *
	 * @param status the status
	 * @param event the first platform event; empty if none came
	 * @param key the key of the stream; empty if it was not admitted
	 * @param stream the stream
	 */
	public record Visit(int status, String event, String key, SseClient stream) {

		@Override
		public String toString() {
			return this.status + " " + this.event;
		}

	}

	/**
	 * Opens a stream, which stays open.
	 * @return what was answered
	 */
	public Visit open() {
		return open((request) -> {
		});
	}

	/**
	 * Opens a stream, which stays open.
	 * @param change asks for more
	 * @return what was answered
	 */
	public Visit open(Consumer<SseRequest> change) {
		String user = this.scenario + "-visitor-" + this.visits.size();
		SseRequest request = this.nginx.stream(this.api.token(user)).query("client", "visitor");
		change.accept(request);
		SseClient stream = request.open();
		String event = "";
		String key = "";
		try {
			SseBlock first = stream.awaitBlock((block) -> block.type().startsWith("push."), PATIENCE);
			event = first.type();
			if (first.fires("push.connected")) {
				key = JSON.readTree(Objects.requireNonNull(first.data())).required("key").asString();
			}
		}
		catch (AssertionError ex) {
			// It ended without an event, or nothing came.
		}
		Visit visit = new Visit(stream.hasAnswered() ? stream.status() : 0, event, key, stream);
		this.visits.add(visit);
		return visit;
	}

	/**
	 * Says that a stream is to end.
	 * @param key the key of the stream
	 * @return the status
	 */
	public int close(String key) {
		return this.nginx.request("/events/close")
			.method("POST")
			.body("text/plain", JSON.writeValueAsString(Map.of("key", key)))
			.fetch()
			.status();
	}

	/** From now on one of them sends what servers stumble at. */
	public void abuse() {
		this.abuser = Thread.ofVirtual().name("abuser").start(() -> {
			try {
				for (int i = 0; !this.leaving.await(ABUSE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS); i++) {
					String request = ABUSE.get(i % ABUSE.size());
					send(request, false);
					if (i % 3 == 0) {
						send(request, true);
						send(UNFINISHED.get(i / 3 % UNFINISHED.size()), true);
					}
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
	}

	private void send(String request, boolean leave) {
		try (SseClient client = SseClient.connect("127.0.0.1", this.nginx.port())) {
			client.send(request);
			if (!leave) {
				client.status();
				this.answered.incrementAndGet();
			}
		}
		catch (UncheckedIOException | AssertionError ex) {
			// How it is answered is for others to look at.
		}
	}

	/**
	 * Returns whether there was abuse at all.
	 * @return how many of the abuser's requests were answered so far
	 */
	public int answered() {
		return this.answered.get();
	}

	/** Ends all of their streams. */
	public void leave() {
		this.visits.forEach((visit) -> visit.stream().close());
	}

	@Override
	public void close() {
		this.leaving.countDown();
		leave();
		Thread running = this.abuser;
		if (running != null) {
			try {
				running.join();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
	}

}
