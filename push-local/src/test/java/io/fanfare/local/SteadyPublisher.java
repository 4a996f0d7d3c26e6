package io.fanfare.local;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.fanfare.test.api.ApiClient;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Publishes to each of some users, to a topic and to all in turn, each message until it
 * is stored. Any thread may look at what was published.
 */
final class SteadyPublisher implements AutoCloseable {

	private final ApiClient backend;

	/** Distinguishes its messages from those of others. */
	private final String name;

	private final List<Map<String, ?>> recipients = new ArrayList<>();

	private final Queue<Published> published = new ConcurrentLinkedQueue<>();

	private final ScheduledExecutorService pace = Executors
		.newSingleThreadScheduledExecutor(Thread.ofVirtual().factory());

	SteadyPublisher(ApiClient backend, String name, List<String> users, String topic, Duration between) {
		this.backend = backend;
		this.name = name;
		users.forEach((user) -> this.recipients.add(Map.of("user", user)));
		this.recipients.add(Map.of("channel", topic));
		this.recipients.add(Map.of("all", true));
		this.pace.scheduleWithFixedDelay(this::publishNext, 0, between.toMillis(), TimeUnit.MILLISECONDS);
	}

	/**
	 * A message that is stored.
	 *
	 * @param to for whom it is
	 * @param data what it says
	 * @param at when it was stored, in milliseconds of the wall clock
	 */
	record Published(Map<String, ?> to, String data, long at) {
	}

	private void publishNext() {
		int number = this.published.size();
		Map<String, ?> to = this.recipients.get(number % this.recipients.size());
		String data = this.name + "-" + number;
		Map<String, ?> message = Map.of("to", to, "data", data, "idempotencyKey", data);
		try {
			JsonNode answer = this.backend.post("/v1/messages/batch", Map.of("messages", List.of(message))).ok();
			if (answer.required("results").required(0).has("id")) {
				this.published.add(new Published(to, data, System.currentTimeMillis()));
			}
		}
		catch (IllegalStateException ex) {
			// Redis is away: the next turn publishes it once more
		}
	}

	int count() {
		return this.published.size();
	}

	/** What a stream of a user carries of it, in order. */
	List<Published> publishedTo(String user) {
		return this.published.stream()
			.filter((one) -> !one.to().containsKey("user") || user.equals(one.to().get("user")))
			.toList();
	}

	/** Waits until each recipient had something more, unless it publishes no more. */
	void awaitMore() {
		int before = count();
		ClientTab.until(() -> this.pace.isTerminated() || count() > before + this.recipients.size());
	}

	/**
	 * Waits until a tab has what is published by now, from the first on that it received,
	 * and looks whether it received each of it once, in order.
	 */
	void awaitReceived(ReceivingTab tab, String user) {
		List<String> published = publishedTo(user).stream().map(Published::data).toList();
		tab.awaitReceived(published.getLast());
		List<String> received = tab.received()
			.stream()
			.map(ReceivingTab.Received::data)
			.filter((data) -> data.startsWith(this.name + "-"))
			.toList();
		int first = published.indexOf(received.getFirst());
		assertThat(first).isNotNegative();
		List<String> expected = published.subList(first, published.size());
		assertThat(received.subList(0, Math.min(received.size(), expected.size()))).as(user).isEqualTo(expected);
		tab.assertInOrder();
	}

	/**
	 * The longest that a message took from its publishing to a tab, in milliseconds.
	 * @param since of those published from then on
	 */
	long slowest(ReceivingTab tab, String user, long since) {
		Map<String, Long> sent = publishedTo(user).stream()
			.filter((one) -> one.at() >= since)
			.collect(Collectors.toMap(Published::data, Published::at));
		long slowest = 0;
		for (ReceivingTab.Received one : tab.received()) {
			slowest = Math.max(slowest, one.at() - sent.getOrDefault(one.data(), one.at()));
		}
		return slowest;
	}

	/** Publishes no more. */
	private void stop() {
		this.pace.shutdown();
	}

	@Override
	public void close() throws InterruptedException {
		stop();
		assertThat(this.pace.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
	}

}
