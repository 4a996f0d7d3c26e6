package io.fanfare.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static io.fanfare.local.ExampleSite.awaitState;
import static io.fanfare.local.ExampleSite.clients;
import static io.fanfare.local.ExampleSite.count;
import static io.fanfare.local.ExampleSite.lines;
import static io.fanfare.local.ExampleSite.parameter;
import static io.fanfare.local.ExampleSite.token;
import static io.fanfare.local.ExampleSite.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * {@code docs/examples/page.html}, as it stands, in a real browser, with tokens of 20 s:
 * the pages of two users, who come at the same moment and undergo the same disturbances,
 * renew twelve tokens. Nearly all of that is waiting, so it runs beside the other classes
 * of this module; it shares nothing with them.
 */
@Execution(ExecutionMode.CONCURRENT)
class ExamplePageLifeIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final Duration TOKENS = Duration.ofSeconds(20);

	private static final List<String> USERS = List.of("example-1", "example-2");

	private static final int RENEWALS_PER_PAGE = 6;

	private static final Duration DURATION = LONG ? Duration.ofHours(2) : Duration.ZERO;

	private static final Duration BETWEEN_MESSAGES = Duration.ofMillis(LONG ? 500 : 100);

	private static final JsonMapper JSON = JsonMapper.shared();

	@TempDir
	Path directory;

	private final List<AutoCloseable> open = new ArrayList<>();

	@AfterEach
	void closeAll() throws Exception {
		for (AutoCloseable one : this.open.reversed()) {
			one.close();
		}
	}

	@Test
	void receivesEachMessageOnceWhateverHappens() throws Exception {
		ExampleSite site = keep(ExampleSite.start());
		RedisProcess redis = keep(TestRedis.start("appendonly yes", "appendfsync always"));
		ClusterProcess cluster = keep(ClusterProcess.start(redis.url(RedisUser.BOTH), this.directory,
				"fanfare.connections.heartbeat=1s", "fanfare.connections.min-retry=200ms",
				"fanfare.connections.max-retry=500ms", "fanfare.connections.max-spread=500ms",
				"fanfare.connections.ack-timeout=500ms", "fanfare.limits.opens-per-user=0"));
		ApiClient backend = cluster.backend();
		TcpProxy wire = keep(TcpProxy.to(cluster.streamPort(0)));
		site.tokens((user) -> token(backend, user, TOKENS));
		List<BrowserContext> contexts = USERS.stream().map(site::newContext).toList();
		List<Page> pages = contexts.stream().map((context) -> site.open(context, wire.port())).toList();
		pages.forEach((page) -> awaitState(page, "open"));
		Publisher publisher = keep(new Publisher(backend));
		long end = System.nanoTime() + DURATION.toNanos();

		renewWithoutDisturbance(pages, publisher, backend);
		reload(pages, publisher);
		disturb(wire, pages, publisher);

		wire.redirect(cluster.streamPort(1));
		backend.post("/v1/nodes/node-1/drain", Map.of()).ok();
		pages.forEach((page) -> until(() -> lines(page, "blocks").stream()
			.anyMatch((block) -> block.startsWith("goaway ") && block.contains("\"drain\""))));
		awaitShown(pages, publisher);
		pages.forEach((page) -> assertThat(lines(page, "loads").size()).isEqualTo(lines(page, "documents").size()));

		redis.kill();
		redis.start();
		pages.forEach((page) -> until(() -> count(page, "blocks", "gap ") > 0));
		awaitShown(pages, publisher);
		pages.forEach((page) -> until(() -> lines(page, "loads").size() > lines(page, "documents").size()));

		awaitRenewals(pages, RENEWALS_PER_PAGE);
		while (System.nanoTime() - end < 0) {
			awaitRenewals(pages, renewals(pages.getFirst()) + 1);
		}
		publisher.close();
		awaitShown(pages, publisher);
		for (int i = 0; i < USERS.size(); i++) {
			assertLived(pages.get(i), USERS.get(i), publisher);
		}
	}

	/** Each renewal opens one stream, before its token ends. */
	private static void renewWithoutDisturbance(List<Page> pages, Publisher publisher, ApiClient backend) {
		awaitRenewals(pages, RENEWALS_PER_PAGE / 2);
		for (Page page : pages) {
			assertThat(count(page, "blocks", "goaway ")).isZero();
			int opens = lines(page, "opens").size();
			// To the page, a machine that stands still for 2.5 s is a dead wire.
			int dead = count(page, "states", "connecting (nothing received)");
			assertThat(opens).isBetween(RENEWALS_PER_PAGE / 2 + 1, 1 + count(page, "blocks", "expiring ") + dead);
			assertThat(clients(page)).hasSize(1);
		}
		awaitShown(pages, publisher);
		for (String user : USERS) {
			until(() -> backend.get("/v1/nodes/node-1/connections?user=" + user)
				.ok()
				.required("connections")
				.path(0)
				.has("roundTripMs"));
		}
	}

	private static void reload(List<Page> pages, Publisher publisher) {
		for (int reload = 0; reload < 3; reload++) {
			pages.forEach(Page::reload);
			awaitShown(pages, publisher);
		}
		for (Page page : pages) {
			assertThat(clients(page)).hasSize(1);
			assertThat(lines(page, "opens").stream().map((url) -> parameter(url, "page")).distinct()).hasSize(4);
		}
	}

	private static void disturb(TcpProxy wire, List<Page> pages, Publisher publisher) {
		wire.cut();
		awaitShown(pages, publisher);
		// Dead: the browser is not told, only silence shows it.
		List<Integer> opens = pages.stream().map((page) -> lines(page, "opens").size()).toList();
		wire.loseServer();
		for (int i = 0; i < pages.size(); i++) {
			Page page = pages.get(i);
			int before = opens.get(i);
			until(() -> lines(page, "opens").size() > before);
		}
		wire.restore();
		awaitShown(pages, publisher);
		wire.blackHole();
		pages.forEach((page) -> awaitState(page, "connecting (nothing received)"));
		wire.restore();
		awaitShown(pages, publisher);
	}

	/** No hole, no double, at most one load per gap, and none too early. */
	private static void assertLived(Page page, String user, Publisher publisher) {
		List<String> published = publisher.publishedTo(user);
		assertThat(lines(page, "shown")).as(user).isEqualTo(published);
		int gaps = (int) lines(page, "blocks").stream().filter((block) -> block.startsWith("gap ")).distinct().count();
		assertThat(lines(page, "loads").size() - lines(page, "documents").size()).as(user).isBetween(1, gaps);
		assertLoadsWaitForTheirTime(page);
		assertThat(lines(page, "blocks")).as(user).noneMatch((block) -> block.startsWith("kicked "));
		System.out
			.println("Example page of " + user + ": " + published.size() + " messages, " + lines(page, "opens").size()
					+ " streams opened, " + renewals(page) + " tokens renewed, " + count(page, "blocks", "goaway ")
					+ " goaways, " + gaps + " gaps, " + count(page, "blocks", "refused ") + " refusals");
	}

	private static void awaitRenewals(List<Page> pages, int renewals) {
		for (Page page : pages) {
			await().dontCatchUncaughtExceptions()
				.pollInSameThread()
				.pollInterval(Duration.ofMillis(250))
				.atMost(TOKENS.multipliedBy(renewals).plusSeconds(60))
				.until(() -> renewals(page) >= renewals);
		}
	}

	/** How often a token was about to end and another stream was there afterwards. */
	private static int renewals(Page page) {
		int renewals = 0;
		boolean expiring = false;
		for (String block : lines(page, "blocks")) {
			if (block.startsWith("expiring ")) {
				expiring = true;
			}
			else if (expiring && block.startsWith("connected ")) {
				renewals++;
				expiring = false;
			}
		}
		return renewals;
	}

	/**
	 * A load after a gap comes when the {@code retryMs} of the first gap since the last
	 * load are over, which the node spreads.
	 */
	private static void assertLoadsWaitForTheirTime(Page page) {
		List<Long> waited = new ArrayList<>();
		long due = 0;
		for (String line : lines(page, "times")) {
			String[] words = line.split(" ", 3);
			long at = Long.parseLong(words[1]);
			if (words[0].equals("gap")) {
				due = (due > 0) ? due : at + JSON.readTree(words[2]).required("retryMs").asLong();
			}
			else if (due > 0) {
				waited.add(at - due);
				due = 0;
			}
		}
		// Milliseconds from when it is due; timers of browsers are early by less than one
		assertThat(waited).isNotEmpty().allMatch((late) -> late >= -2 && late < 10_000);
	}

	/**
	 * Publishes to each user, a topic and all in turn, each message until it is stored.
	 */
	private static final class Publisher implements AutoCloseable {

		private static final List<Map<String, ?>> RECIPIENTS = Stream
			.<Map<String, ?>>concat(USERS.stream().map((user) -> Map.of("user", user)),
					Stream.of(Map.of("channel", "news"), Map.of("all", true)))
			.toList();

		private final ApiClient backend;

		private final Queue<Published> published = new ConcurrentLinkedQueue<>();

		private final ScheduledExecutorService pace = Executors
			.newSingleThreadScheduledExecutor(Thread.ofVirtual().factory());

		Publisher(ApiClient backend) {
			this.backend = backend;
			this.pace.scheduleWithFixedDelay(this::publishNext, 0, BETWEEN_MESSAGES.toMillis(), TimeUnit.MILLISECONDS);
		}

		private void publishNext() {
			int number = this.published.size();
			Map<String, ?> to = RECIPIENTS.get(number % RECIPIENTS.size());
			String event = (number / RECIPIENTS.size() % 2 == 0) ? "message" : "order";
			Map<String, ?> message = Map.of("to", to, "event", event, "data", Integer.toString(number),
					"idempotencyKey", "example-" + number);
			try {
				JsonNode answer = this.backend.post("/v1/messages/batch", Map.of("messages", List.of(message))).ok();
				if (answer.required("results").required(0).has("id")) {
					this.published.add(new Published(to, event + ": " + number));
				}
			}
			catch (IllegalStateException ex) {
				// Redis is away: the next turn publishes it once more
			}
		}

		boolean isClosed() {
			return this.pace.isShutdown();
		}

		/** How many messages are stored. */
		int count() {
			return this.published.size();
		}

		/** What a user's page shows by now. */
		List<String> publishedTo(String user) {
			return this.published.stream()
				.filter((one) -> user.equals(one.to().get("user")) || !one.to().containsKey("user"))
				.map(Published::shown)
				.toList();
		}

		@Override
		public void close() throws InterruptedException {
			this.pace.shutdown();
			assertThat(this.pace.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
		}

		private record Published(Map<String, ?> to, String shown) {
		}

	}

	/**
	 * Waits until each page has what is published by now, and looks whether it shows each
	 * message once, in order.
	 */
	private static void awaitShown(List<Page> pages, Publisher publisher) {
		int before = publisher.count();
		until(() -> publisher.isClosed() || publisher.count() > before + Publisher.RECIPIENTS.size());
		for (int i = 0; i < USERS.size(); i++) {
			Page page = pages.get(i);
			List<String> published = publisher.publishedTo(USERS.get(i));
			until(() -> lines(page, "shown").size() >= published.size());
			assertThat(lines(page, "shown").subList(0, published.size())).as(USERS.get(i)).isEqualTo(published);
		}
	}

	private <T extends AutoCloseable> T keep(T one) {
		this.open.add(one);
		return one;
	}

}
