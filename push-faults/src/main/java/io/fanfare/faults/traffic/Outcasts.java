package io.fanfare.faults.traffic;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.fanfare.faults.deployment.Deployment;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.sse.SseRequest;
import org.jspecify.annotations.Nullable;

/**
 * Users beside the crowd who listen to its topics, and the backend that takes their right
 * away, of one user after the other. What is not answered by 200 it repeats until it is.
 * Methods may be called from any thread.
 */
public final class Outcasts implements AutoCloseable {

	/** How many users there are. */
	public static final int USERS = 8;

	/** Topics that all of the crowd's users share. */
	private static final int TOPICS = 5;

	private static final Duration RETRY = Duration.ofMillis(300);

	/** What a backend repeats: the API, or the proxy before it, does not answer now. */
	private static final Set<Integer> UNAVAILABLE = Set.of(0, 502, 503, 504);

	private final ApiClient api;

	private final List<Outcast> all;

	private final CountDownLatch stop = new CountDownLatch(1);

	private final Queue<ApiClient.Reply> wrong = new ConcurrentLinkedQueue<>();

	private volatile @Nullable Thread backend;

	/**
	 * Opens a stream for each user.
	 * @param scenario marks the users
	 * @param api where rights are taken away
	 * @param deployment makes tokens; where the clients connect
	 * @param topics what the crowd listens to
	 */
	public Outcasts(String scenario, ApiClient api, Deployment deployment, List<String> topics) {
		this.api = api;
		this.all = IntStream.range(0, USERS).mapToObj((i) -> {
			String user = scenario + "-outcast-" + i;
			String token = deployment.token(user, user);
			return new Outcast(user, () -> {
				SseRequest request = deployment.nginx().stream(token);
				topics.subList(0, TOPICS).forEach((topic) -> request.query("channel", topic));
				return request;
			});
		}).toList();
	}

	/**
	 * Begins to take rights away.
	 * @param pause before each
	 */
	public void begin(Duration pause) {
		this.backend = Thread.ofVirtual().name("revocations").start(() -> {
			try {
				String node = "";
				Outcast next = next(node);
				while (next != null && !this.stop.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
					node = Objects.requireNonNullElse(next.node(), node);
					revoke(next);
					next = next(node);
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
	}

	/** One that has a stream, if possible on another node than the one before. */
	private @Nullable Outcast next(String node) {
		return this.all.stream()
			.filter((one) -> !one.isRevoked())
			.min(Comparator.comparing((Outcast one) -> !one.isLive()).thenComparing((one) -> node.equals(one.node())))
			.orElse(null);
	}

	private void revoke(Outcast outcast) throws InterruptedException {
		while (true) {
			ApiClient.Reply reply = this.api.post("/v1/revocations", Map.of("user", outcast.user()));
			if (reply.status() == 200) {
				outcast.revoked(!reply.ok().required("unanswered").isEmpty());
				return;
			}
			if (!UNAVAILABLE.contains(reply.status())) {
				this.wrong.add(reply);
				return;
			}
			TimeUnit.NANOSECONDS.sleep(RETRY.toNanos());
		}
	}

	/**
	 * Whether each user who has the right has a stream.
	 * @return whether each has
	 */
	public boolean isLive() {
		return this.all.stream().allMatch((one) -> one.isRevoked() || one.isLive());
	}

	/**
	 * Takes no more rights away, and waits until what was begun is answered. Users who
	 * have the right leave.
	 * @param atMost how long to wait
	 * @return whether it is answered
	 */
	public boolean finish(Duration atMost) {
		this.stop.countDown();
		Thread running = this.backend;
		try {
			boolean ended = running == null || running.join(atMost);
			this.all.stream().filter((one) -> !one.isRevoked()).forEach(Outcast::close);
			return ended;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	/**
	 * Whether each user whose right was taken away has no stream, and asked for one since
	 * a time and was told that it has no right.
	 * @param time the time, by {@link System#nanoTime()}
	 * @return whether each was
	 */
	public boolean areRefusedSince(long time) {
		return this.all.stream().filter(Outcast::isRevoked).allMatch((one) -> one.isRefusedSince(time));
	}

	/**
	 * Revocations that were answered as they never should be.
	 * @return the answers
	 */
	public List<ApiClient.Reply> wrong() {
		return List.copyOf(this.wrong);
	}

	/**
	 * The users whose right was taken away.
	 * @return what they received
	 */
	public List<RevokedUser> revoked() {
		return this.all.stream().filter(Outcast::isRevoked).map(Outcast::result).toList();
	}

	@Override
	public void close() {
		this.stop.countDown();
		this.all.forEach(Outcast::close);
	}

}
