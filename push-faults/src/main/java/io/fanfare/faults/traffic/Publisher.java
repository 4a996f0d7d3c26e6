package io.fanfare.faults.traffic;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.fanfare.protocol.MessageId;
import io.fanfare.test.api.ApiClient;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Backend services that publish to users, topics and all, one by one and in batches. Each
 * repeats what was not answered by 200, with the same idempotency key, until it is.
 */
public final class Publisher implements AutoCloseable {

	private static final int BACKENDS = 6;

	private static final int BATCH = 10;

	/** The most that a batch may hold. */
	private static final int MAX_BATCH = 500;

	/** Below what a body may hold, for there is more in it than data. */
	private static final int MAX_BODY = 900_000;

	private static final Duration PAUSE = Duration.ofMillis(60);

	private static final Duration RETRY = Duration.ofMillis(300);

	private final ApiClient api;

	private final String scenario;

	private final List<String> users;

	private final List<String> topics;

	private volatile int size;

	/** Of a hundred messages, those from this one on go to all. */
	private volatile int all = 88;

	private final AtomicInteger numbers = new AtomicInteger();

	private final CountDownLatch stop = new CountDownLatch(1);

	private final CountDownLatch ended = new CountDownLatch(BACKENDS);

	private final Queue<Accepted> accepted = new ConcurrentLinkedQueue<>();

	private final Queue<ApiClient.Reply> refused = new ConcurrentLinkedQueue<>();

	/**
	 * Begins to publish.
	 * @param api where
	 * @param scenario marks the messages, and makes keys unique
	 * @param users to whom
	 * @param topics on which topics
	 */
	public Publisher(ApiClient api, String scenario, List<String> users, List<String> topics) {
		this.api = api;
		this.scenario = scenario;
		this.users = List.copyOf(users);
		this.topics = List.copyOf(topics);
		for (int i = 0; i < BACKENDS; i++) {
			SplittableRandom random = new SplittableRandom(i);
			Thread.ofVirtual().name("backend-" + i).start(() -> work(random));
		}
	}

	/**
	 * A message that was answered by 200.
	 *
	 * @param number its number
	 * @param channel its channel
	 * @param id its id
	 * @param at when the answer came, by {@link System#nanoTime()}
	 */
	public record Accepted(int number, String channel, long id, long at) {
	}

	/** A message with one channel, or with one for each of many users. */
	private record Item(int number, List<String> channels, Map<String, Object> to) {

		private Item(int number, String channel, Map<String, Object> to) {
			this(number, List.of(channel), to);
		}

	}

	private void work(SplittableRandom random) {
		try {
			while (!this.stop.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
				if (random.nextInt(12) == 0) {
					batch(random);
				}
				else {
					single(item(random));
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		finally {
			this.ended.countDown();
		}
	}

	private Item item(SplittableRandom random) {
		int kind = random.nextInt(100);
		if (kind < 60) {
			String user = this.users.get(random.nextInt(this.users.size()));
			return new Item(this.numbers.getAndIncrement(), "user:" + user, Map.of("user", user));
		}
		if (kind < this.all) {
			String topic = this.topics.get(random.nextInt(this.topics.size()));
			return new Item(this.numbers.getAndIncrement(), topic, Map.of("channel", topic));
		}
		return all();
	}

	private Item all() {
		return new Item(this.numbers.getAndIncrement(), "all", Map.of("all", true));
	}

	private Map<String, Object> body(Item item) {
		return Map.of("to", item.to(), "data", data(item));
	}

	private String data(Item item) {
		return Text.write(this.scenario, item.number(), item.channels().getFirst(), this.size);
	}

	private String key(Item item) {
		return this.scenario + "-" + item.number();
	}

	private Accepted single(Item item) throws InterruptedException {
		while (true) {
			ApiClient.Reply reply = this.api.post("/v1/messages", body(item), key(item));
			if (reply.status() == 200) {
				return accept(item, reply.ok());
			}
			refuse(reply);
		}
	}

	private void batch(SplittableRandom random) throws InterruptedException {
		List<Item> waiting = new ArrayList<>();
		for (int i = 0; i < BATCH; i++) {
			waiting.add(item(random));
		}
		batch(waiting);
	}

	private void batch(List<Item> items) throws InterruptedException {
		List<Item> waiting = items;
		while (!waiting.isEmpty()) {
			List<Map<String, Object>> messages = waiting.stream()
				.map((item) -> Map.of("to", item.to(), "data", data(item), "idempotencyKey", key(item)))
				.toList();
			ApiClient.Reply reply = this.api.post("/v1/messages/batch", Map.of("messages", messages), null);
			if (reply.status() != 200) {
				refuse(reply);
				continue;
			}
			JsonNode results = reply.ok().required("results");
			List<Item> again = new ArrayList<>();
			for (int i = 0; i < waiting.size(); i++) {
				JsonNode result = results.get(i);
				if (result.has("id")) {
					accept(waiting.get(i), result);
				}
				else {
					again.add(waiting.get(i));
				}
			}
			if (!again.isEmpty()) {
				this.refused.add(new ApiClient.Reply(503, results, true, reply.took()));
				TimeUnit.NANOSECONDS.sleep(RETRY.toNanos());
			}
			waiting = again;
		}
	}

	/** Returns the first of them. */
	private Accepted accept(Item item, JsonNode answer) {
		List<Accepted> all = new ArrayList<>();
		for (int i = 0; i < item.channels().size(); i++) {
			JsonNode id = answer.has("id") ? answer.required("id")
					: answer.required("recipients").get(i).required("id");
			all.add(new Accepted(item.number(), item.channels().get(i), MessageId.parse(id.asString()),
					System.nanoTime()));
		}
		this.accepted.addAll(all);
		return all.getFirst();
	}

	private void refuse(ApiClient.Reply reply) throws InterruptedException {
		this.refused.add(reply);
		TimeUnit.NANOSECONDS.sleep(RETRY.toNanos());
	}

	/**
	 * Stops, and waits until all that was begun is accepted.
	 * @param atMost how long to wait
	 * @return whether all is accepted
	 */
	public boolean finish(Duration atMost) {
		this.stop.countDown();
		try {
			return this.ended.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	/**
	 * Publishes a message to all, and repeats it until it is accepted.
	 * @return the message
	 */
	public @Nullable Accepted toAll() {
		try {
			return single(all());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return null;
		}
	}

	/**
	 * Publishes a message to each of many topics, and repeats each until it is accepted.
	 * @param each the topics
	 */
	public void toEach(List<String> each) {
		try {
			int together = Math.min(MAX_BATCH, MAX_BODY / Math.max(1, this.size));
			for (int from = 0; from < each.size(); from += together) {
				batch(each.subList(from, Math.min(from + together, each.size()))
					.stream()
					.map((topic) -> new Item(this.numbers.getAndIncrement(), topic, Map.of("channel", topic)))
					.toList());
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Publishes one message to many users, and repeats it until it is accepted.
	 * @param many the users
	 */
	public void toUsers(List<String> many) {
		try {
			single(new Item(this.numbers.getAndIncrement(), many.stream().map((user) -> "user:" + user).toList(),
					Map.of("users", many)));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * How long messages are from now on.
	 * @param bytes of their data, at least
	 */
	public void size(int bytes) {
		this.size = bytes;
	}

	/** From now on hardly anything goes to all: there are thousands of them. */
	public void spareAll() {
		this.all = 100;
	}

	/**
	 * What was answered by 200.
	 * @return the messages so far
	 */
	public List<Accepted> accepted() {
		return List.copyOf(this.accepted);
	}

	/**
	 * What was answered otherwise, or not.
	 * @return the answers so far
	 */
	public List<ApiClient.Reply> refused() {
		return List.copyOf(this.refused);
	}

	@Override
	public void close() {
		this.stop.countDown();
	}

}
