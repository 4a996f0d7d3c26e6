package io.fanfare.faults.traffic;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.sse.SseRequest;

/**
 * The users of a scenario: most keep one page, some lose their network all the time, some
 * open one page after another.
 */
public final class Crowd implements AutoCloseable {

	private static final int STEADY = 18;

	private static final int FLAPPING = 4;

	private static final int RESTLESS = 4;

	private static final int TOPICS = 5;

	private static final Duration UNREST = Duration.ofMillis(700);

	private final String scenario;

	private final ApiClient api;

	private final NginxProcess nginx;

	private final List<String> users;

	private final List<String> topics;

	private final List<String> tokens = new ArrayList<>();

	private final List<StreamClient> pages = new CopyOnWriteArrayList<>();

	private final CountDownLatch quiet = new CountDownLatch(1);

	/**
	 * Opens a page for every user.
	 * @param scenario marks users and topics
	 * @param api makes tokens
	 * @param nginx where pages connect
	 */
	public Crowd(String scenario, ApiClient api, NginxProcess nginx) {
		this.scenario = scenario;
		this.api = api;
		this.nginx = nginx;
		this.users = IntStream.range(0, STEADY + FLAPPING + RESTLESS).mapToObj((i) -> scenario + "-user-" + i).toList();
		this.topics = IntStream.range(0, TOPICS + FLAPPING + RESTLESS).mapToObj((i) -> scenario + "." + i).toList();
		for (int i = 0; i < this.users.size(); i++) {
			this.tokens.add(this.api.token(this.users.get(i)));
			open(i);
		}
	}

	/**
	 * Opens one more page, which takes its user over.
	 * @param index the user's
	 * @return the page
	 */
	public StreamClient open(int index) {
		List<String> mine = new ArrayList<>(
				List.of(this.topics.get(index % TOPICS), this.topics.get((index + 1) % TOPICS)));
		if (index >= STEADY) {
			// Only this user receives it: a node subscribes anew with every page of this
			// user.
			mine.add(this.topics.get(TOPICS + index - STEADY));
		}
		String token = this.tokens.get(index);
		StreamClient page = new StreamClient(this.users.get(index), mine, this.scenario, () -> request(token));
		this.pages.add(page);
		return page;
	}

	/**
	 * Opens one more page for the user of another.
	 * @param page the other one
	 * @return the page
	 */
	public StreamClient open(StreamClient page) {
		return open(this.users.indexOf(page.user()));
	}

	private SseRequest request(String token) {
		return this.nginx.stream(token);
	}

	/**
	 * From now on networks fail and users open further pages, until {@link #calmDown()}.
	 */
	public void stirUp() {
		Thread.ofVirtual().name("unrest").start(() -> {
			SplittableRandom random = new SplittableRandom(7);
			try {
				while (!this.quiet.await(UNREST.toMillis(), TimeUnit.MILLISECONDS)) {
					this.pages.get(STEADY + random.nextInt(FLAPPING)).cut();
					open(STEADY + FLAPPING + random.nextInt(RESTLESS));
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
	}

	/** Leaves networks and users in peace. */
	public void calmDown() {
		this.quiet.countDown();
	}

	/**
	 * The users.
	 * @return their names
	 */
	public List<String> users() {
		return this.users;
	}

	/**
	 * The users who keep one page, whether or not its network fails.
	 * @return their names
	 */
	public List<String> faithful() {
		return this.users.subList(0, STEADY + FLAPPING);
	}

	/**
	 * The topics.
	 * @return their names
	 */
	public List<String> topics() {
		return this.topics;
	}

	/**
	 * All pages, those included that have stopped.
	 * @return the pages in the order of their opening
	 */
	public List<StreamClient> pages() {
		return List.copyOf(this.pages);
	}

	/**
	 * The pages of users who do nothing but listen.
	 * @return the pages
	 */
	public List<StreamClient> steady() {
		return List.copyOf(this.pages).subList(0, STEADY);
	}

	/**
	 * The first page that a user opened.
	 * @param index the user's
	 * @return the page
	 */
	public StreamClient page(int index) {
		return this.pages.get(index);
	}

	/**
	 * The streams that a user has now.
	 * @param user the user
	 * @return the connection ids, of all pages of the user
	 */
	public List<String> connectionsOf(String user) {
		return pages().stream()
			.filter((page) -> page.user().equals(user))
			.map(StreamClient::connection)
			.filter(Objects::nonNull)
			.toList();
	}

	@Override
	public void close() {
		calmDown();
		this.pages.forEach(StreamClient::close);
	}

}
