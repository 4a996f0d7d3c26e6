package io.fanfare.doctor.probe;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.fanfare.doctor.observation.Observations;
import io.fanfare.doctor.observation.Observations.AnswerSeen;
import io.fanfare.doctor.observation.Observations.PreflightSeen;
import io.fanfare.doctor.observation.Observations.Sent;
import io.fanfare.doctor.observation.StreamEnd;
import io.fanfare.doctor.observation.StreamSeen;

/**
 * Asks a node for all that the doctor judges, in parallel, and takes less than 40
 * seconds, whatever happens.
 */
public final class Prober {

	/** The node takes 25 s for its scripts, 30 s where heartbeats are rare. */
	private static final Duration DEADLINE = Duration.ofSeconds(37);

	private static final Duration CONNECT = Duration.ofSeconds(10);

	private static final Duration ANSWER = Duration.ofSeconds(10);

	/** Where the beginning of a stream takes longer, nothing has it in store. */
	private static final Duration AGAIN = Duration.ofSeconds(3);

	private static final AnswerSeen NO_ANSWER = new AnswerSeen("", null, null, null, StreamEnd.TIMEOUT);

	private static final PreflightSeen NO_PREFLIGHT = new PreflightSeen(null, null, null);

	private static final SecureRandom random = new SecureRandom();

	private final Target target;

	private final Timeline timeline = new Timeline();

	private final HttpClient client;

	private final ExecutorService threads;

	private Prober(Target target, HttpClient client, ExecutorService threads) {
		this.target = target;
		this.client = client;
		this.threads = threads;
	}

	/**
	 * Asks, and waits for everything to end.
	 * @param target what to ask
	 * @return what was seen
	 * @throws InterruptedException if the thread is interrupted
	 */
	public static Observations ask(Target target) throws InterruptedException {
		// Not closed, which waits: a name may be looked up for longer than the doctor
		// takes.
		ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
		try {
			HttpClient client = HttpClient.newBuilder()
				// Without TLS the client would ask for an upgrade, which is not what
				// clients do.
				.version(target.isTls() ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
				.followRedirects(HttpClient.Redirect.NEVER)
				.connectTimeout(CONNECT)
				.build();
			try {
				return new Prober(target, client, threads).ask();
			}
			finally {
				client.shutdownNow();
			}
		}
		finally {
			threads.shutdownNow();
		}
	}

	private Observations ask() throws InterruptedException {
		String paced = nonce();
		StreamProbe pace = stream(paced, "script=pace", false);
		StreamProbe steady = stream(nonce(), "script=steady", false);
		Future<?> pacing = this.threads.submit(pace);
		Future<?> running = this.threads.submit(steady);
		Future<AnswerSeen> unauthorized = this.threads.submit(() -> status("401"));
		Future<AnswerSeen> unavailable = this.threads.submit(() -> status("503"));
		Future<PreflightSeen> preflight = this.target.isCrossOrigin() ? this.threads.submit(this::preflight) : null;

		Map<String, StreamSeen> streams = new LinkedHashMap<>();
		StreamSeen first = await(pacing, pace, DEADLINE);
		streams.put(Observations.PACE, first);
		if (first.end() == StreamEnd.END) {
			StreamProbe again = stream(paced, "script=pace", true);
			StreamSeen second = await(this.threads.submit(again), again, again(this.timeline.elapsed()));
			if (second.hello() != null) {
				streams.put(Observations.AGAIN, second);
			}
		}
		streams.put(Observations.STEADY, await(running, steady, DEADLINE));
		Map<String, AnswerSeen> probes = new LinkedHashMap<>();
		probes.put("401", result(unauthorized, NO_ANSWER));
		probes.put("503", result(unavailable, NO_ANSWER));
		return new Observations(this.target.url().toString(), "cli", this.target.pageOrigin(),
				this.target.isCrossOrigin(), new Sent(true, true, true), streams, probes,
				(preflight != null) ? result(preflight, NO_PREFLIGHT) : null);
	}

	/** When to give up the stream that is asked for again: all of it ends in time. */
	static Duration again(Duration elapsed) {
		Duration own = elapsed.plus(AGAIN);
		return (own.compareTo(DEADLINE) < 0) ? own : DEADLINE;
	}

	private StreamProbe stream(String nonce, String parameter, boolean untilHello) {
		return new StreamProbe(this.client, this.target.request(nonce, parameter).build(), nonce, untilHello,
				this.timeline);
	}

	private AnswerSeen status(String asked) throws InterruptedException {
		String nonce = nonce();
		try {
			HttpResponse<?> answer = send(this.target.request(nonce, "status=" + asked));
			return new AnswerSeen(nonce, answer.statusCode(), header(answer, "Content-Type"),
					header(answer, "Fanfare-Doctor"), null);
		}
		catch (HttpTimeoutException ex) {
			return new AnswerSeen(nonce, null, null, null, StreamEnd.TIMEOUT);
		}
		catch (IOException ex) {
			return new AnswerSeen(nonce, null, null, null, StreamEnd.REFUSED);
		}
	}

	private PreflightSeen preflight() throws InterruptedException {
		try {
			HttpResponse<?> answer = send(this.target.preflight());
			return new PreflightSeen(answer.statusCode(), header(answer, "Access-Control-Allow-Origin"),
					header(answer, "Access-Control-Allow-Headers"));
		}
		catch (IOException ex) {
			return new PreflightSeen(null, null, null);
		}
	}

	/** The body is of no interest, and may never end. */
	private HttpResponse<?> send(HttpRequest.Builder request) throws IOException, InterruptedException {
		HttpResponse<InputStream> answer = this.client.send(request.timeout(ANSWER).build(),
				HttpResponse.BodyHandlers.ofInputStream());
		answer.body().close();
		return answer;
	}

	/** Waits until so long after the start. */
	private StreamSeen await(Future<?> running, StreamProbe probe, Duration deadline) throws InterruptedException {
		try {
			running.get(deadline.minus(this.timeline.elapsed()).toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (TimeoutException ex) {
			probe.giveUp();
			running.cancel(true);
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException("A stream could not be watched", ex.getCause());
		}
		return probe.seen();
	}

	/** Their own time-outs do not count the time in which a name is looked up. */
	private <T> T result(Future<T> future, T none) throws InterruptedException {
		try {
			return future.get(DEADLINE.minus(this.timeline.elapsed()).toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (TimeoutException ex) {
			return none;
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException("An answer could not be read", ex.getCause());
		}
	}

	private static String header(HttpResponse<?> answer, String name) {
		HttpHeaders headers = answer.headers();
		return headers.firstValue(name).orElse("");
	}

	private static String nonce() {
		byte[] bytes = new byte[8];
		random.nextBytes(bytes);
		return HexFormat.of().formatHex(bytes);
	}

}
