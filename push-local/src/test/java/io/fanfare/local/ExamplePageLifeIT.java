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

import com.microsoft.playwright.Page;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.redis.RedisProcess;
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
 * {@code docs/examples/page.html}, as it stands, in a real browser, for as long as twelve
 * tokens of 20 s live. Nearly all of that is waiting, so it runs beside the other classes
 * of this module; it shares nothing with them.
 */
@Execution(ExecutionMode.CONCURRENT)
class ExamplePageLifeIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final Duration TOKENS = Duration.ofSeconds(20);

	private static final int RENEWALS = 12;

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
		ClusterProcess cluster = keep(ClusterProcess.start(redis.url(), this.directory,
				"fanfare.connections.heartbeat=1s", "fanfare.connections.min-retry=200ms",
				"fanfare.connections.max-retry=500ms", "fanfare.connections.max-spread=500ms",
				"fanfare.connections.ack-timeout=500ms", "fanfare.limits.opens-per-user=0"));
		Backend backend = cluster.backend();
		TcpProxy wire = keep(TcpProxy.to(cluster.streamPort(0)));
		site.tokens(() -> token(backend, "example", TOKENS));
		Page page = site.open(site.newContext(), wire.port());
		awaitState(page, "open");
		Publisher publisher = keep(new Publisher(backend, "example"));
		long end = System.nanoTime() + DURATION.toNanos();

		// Renewals without a disturbance: each opens one stream, before its token ends.
		awaitRenewals(page, RENEWALS / 2);
		assertThat(count(page, "blocks", "goaway ")).isZero();
		assertThat(lines(page, "opens").size()).isBetween(RENEWALS / 2, RENEWALS);
		assertThat(clients(page)).hasSize(1);
		awaitShown(page, publisher);
		until(() -> backend.get("/v1/nodes/node-1/connections?user=example")
			.required("connections")
			.path(0)
			.has("roundTripMs"));

		for (int reload = 0; reload < 3; reload++) {
			page.reload();
			awaitShown(page, publisher);
		}
		assertThat(clients(page)).hasSize(1);
		assertThat(lines(page, "opens").stream().map((url) -> parameter(url, "page")).distinct()).hasSize(4);

		wire.cut();
		awaitShown(page, publisher);
		// Dead: the browser is not told, only silence shows it.
		int opens = lines(page, "opens").size();
		wire.loseServer();
		until(() -> lines(page, "opens").size() > opens);
		wire.restore();
		awaitShown(page, publisher);
		wire.blackHole();
		awaitState(page, "connecting (nothing received)");
		wire.restore();
		awaitShown(page, publisher);

		wire.redirect(cluster.streamPort(1));
		backend.post("/v1/nodes/node-1/drain", Map.of());
		until(() -> lines(page, "blocks").stream()
			.anyMatch((block) -> block.startsWith("goaway ") && block.contains("\"drain\"")));
		awaitShown(page, publisher);
		assertThat(lines(page, "loads").size()).isEqualTo(lines(page, "documents").size());

		redis.kill();
		redis.start();
		until(() -> count(page, "blocks", "gap ") > 0);
		awaitShown(page, publisher);
		until(() -> lines(page, "loads").size() > lines(page, "documents").size());

		awaitRenewals(page, RENEWALS);
		while (System.nanoTime() - end < 0) {
			awaitRenewals(page, count(page, "blocks", "expiring ") + 1);
		}
		publisher.close();
		awaitShown(page, publisher);
		assertThat(lines(page, "shown")).isEqualTo(publisher.published());
		int gaps = (int) lines(page, "blocks").stream().filter((block) -> block.startsWith("gap ")).distinct().count();
		assertThat(lines(page, "loads").size() - lines(page, "documents").size()).isBetween(1, gaps);
		assertLoadsWaitForTheirTime(page);
		assertThat(lines(page, "blocks")).noneMatch((block) -> block.startsWith("kicked "));
		System.out.println("Example page: " + publisher.published().size() + " messages, " + lines(page, "opens").size()
				+ " streams opened, " + count(page, "blocks", "expiring ") + " tokens renewed, "
				+ count(page, "blocks", "goaway ") + " goaways, " + gaps + " gaps, " + count(page, "blocks", "refused ")
				+ " refusals");
	}

	private static void awaitRenewals(Page page, int renewals) {
		await().dontCatchUncaughtExceptions()
			.pollInSameThread()
			.pollInterval(Duration.ofMillis(250))
			.atMost(TOKENS.multipliedBy(renewals).plusSeconds(60))
			.until(() -> count(page, "blocks", "expiring ") >= renewals);
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
	 * Publishes to the user, a topic and all in turn, each message until it is stored.
	 */
	private static final class Publisher implements AutoCloseable {

		private final Backend backend;

		private final List<Map<String, ?>> recipients;

		private final Queue<String> published = new ConcurrentLinkedQueue<>();

		private final ScheduledExecutorService pace = Executors
			.newSingleThreadScheduledExecutor(Thread.ofVirtual().factory());

		Publisher(Backend backend, String user) {
			this.backend = backend;
			this.recipients = List.of(Map.of("user", user), Map.of("channel", "news"), Map.of("all", true));
			this.pace.scheduleWithFixedDelay(this::publishNext, 0, BETWEEN_MESSAGES.toMillis(), TimeUnit.MILLISECONDS);
		}

		private void publishNext() {
			int number = this.published.size();
			String event = (number % 2 == 0) ? "message" : "order";
			Map<String, ?> message = Map.of("to", this.recipients.get(number % this.recipients.size()), "event", event,
					"data", Integer.toString(number), "idempotencyKey", "example-" + number);
			try {
				JsonNode answer = this.backend.post("/v1/messages/batch", Map.of("messages", List.of(message)));
				if (answer.required("results").required(0).has("id")) {
					this.published.add(event + ": " + number);
				}
			}
			catch (IllegalStateException ex) {
				// Redis is away: the next turn publishes it once more
			}
		}

		boolean isClosed() {
			return this.pace.isShutdown();
		}

		List<String> published() {
			return List.copyOf(this.published);
		}

		@Override
		public void close() throws InterruptedException {
			this.pace.shutdown();
			assertThat(this.pace.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
		}

	}

	/**
	 * Waits until the page has what is published by now, and looks whether it shows each
	 * message once, in order.
	 */
	private static void awaitShown(Page page, Publisher publisher) {
		int before = publisher.published().size();
		until(() -> publisher.isClosed() || publisher.published().size() > before + 3);
		List<String> published = publisher.published();
		until(() -> lines(page, "shown").size() >= published.size());
		assertThat(lines(page, "shown").subList(0, published.size())).isEqualTo(published);
	}

	private <T extends AutoCloseable> T keep(T one) {
		this.open.add(one);
		return one;
	}

}
