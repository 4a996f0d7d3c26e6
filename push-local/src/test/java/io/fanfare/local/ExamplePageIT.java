package io.fanfare.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** {@code docs/examples/page.html}, as it stands, in a real browser. */
class ExamplePageIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final Path EXAMPLE = Path.of("..", "docs", "examples", "page.html");

	private static final Duration TOKENS = Duration.ofSeconds(LONG ? 20 : 3);

	private static final int RENEWALS = 12;

	private static final Duration DURATION = LONG ? Duration.ofHours(2) : Duration.ZERO;

	private static final Duration BETWEEN_MESSAGES = Duration.ofMillis(LONG ? 500 : 50);

	private static final Duration PATIENCE = Duration.ofSeconds(LONG ? 120 : 60);

	/**
	 * Writes down, per tab and across reloads, what the page shows and which platform
	 * blocks its streams get.
	 */
	private static final String OBSERVER = """
			(() => {
				const add = (log, line) => sessionStorage.setItem(log, (sessionStorage.getItem(log) ?? '') + line + '\\n');
				add('documents', location.pathname);
				const Native = window.EventSource;
				window.EventSource = class extends Native {
					constructor(url) {
						super(url);
						add('opens', url);
						for (const name of ['connected', 'expiring', 'gap', 'goaway', 'busy', 'refused', 'kicked', 'probe']) {
							this.addEventListener('push.' + name, (event) => add('blocks', name + ' ' + event.data));
						}
					}
				};
				new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((node) => {
					if (node.nodeName === 'LI' && change.target.id === 'messages') {
						add('shown', node.textContent);
					} else if (change.target.id === 'loaded') {
						add('loads', node.textContent);
					} else if (change.target.id === 'state') {
						add('states', node.textContent);
					}
				}))).observe(document, { childList: true, subtree: true });
			})();
			""";

	private static TestBrowser chromium;

	private static HttpServer site;

	/** What {@code GET /token} answers: a token, or a status. */
	private static volatile Supplier<Object> tokens = () -> 404;

	private static final AtomicInteger ASKED = new AtomicInteger();

	private final List<AutoCloseable> open = new ArrayList<>();

	private BrowserContext context;

	@BeforeAll
	static void startBrowser() throws IOException {
		chromium = TestBrowser.start();
		byte[] example = Files.readAllBytes(EXAMPLE);
		site = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		site.createContext("/page.html", (exchange) -> answer(exchange, 200, "text/html;charset=utf-8", example));
		site.createContext("/elsewhere.html", (exchange) -> answer(exchange, 200, "text/html;charset=utf-8",
				"<!doctype html><title>Elsewhere</title>".getBytes(StandardCharsets.UTF_8)));
		site.createContext("/token", (exchange) -> {
			ASKED.incrementAndGet();
			Object token = tokens.get();
			byte[] body = JsonMapper.shared().writeValueAsBytes(Map.of("token", token));
			answer(exchange, (token instanceof Integer status) ? status : 200, "application/json", body);
		});
		site.start();
	}

	private static void answer(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
		exchange.getResponseHeaders().set("Content-Type", type);
		exchange.sendResponseHeaders(status, body.length);
		exchange.getResponseBody().write(body);
		exchange.close();
	}

	@AfterAll
	static void stopBrowser() {
		if (site != null) {
			site.stop(0);
		}
		if (chromium != null) {
			chromium.close();
		}
	}

	@BeforeEach
	void openContext() {
		this.context = chromium.browser().newContext();
		this.context.addInitScript(OBSERVER);
	}

	@AfterEach
	void closeAll() throws Exception {
		this.context.close();
		for (AutoCloseable one : this.open.reversed()) {
			one.close();
		}
	}

	@Test
	void receivesEachMessageOnceWhateverHappens() throws Exception {
		RedisProcess redis = keep(TestRedis.start("appendonly yes", "appendfsync always"));
		Cluster cluster = keep(TestCluster.start(redis, "--logging.level.io.fanfare=ERROR",
				"--fanfare.connections.heartbeat=1s", "--fanfare.connections.min-retry=200ms",
				"--fanfare.connections.max-retry=500ms", "--fanfare.connections.max-spread=500ms",
				"--fanfare.connections.ack-timeout=500ms", "--fanfare.limits.opens-per-user=0"));
		Backend backend = TestCluster.backend(cluster);
		TcpProxy wire = keep(TcpProxy.to(cluster.streamPort(0)));
		tokens = () -> token(backend, "example", TOKENS);
		Page page = openPage(wire.port());
		awaitState(page, "open");
		Publisher publisher = keep(new Publisher(backend, "example"));
		long end = System.nanoTime() + DURATION.toNanos();

		// Renewals without a disturbance: each opens one stream, before its token ends.
		until(() -> count(page, "blocks", "expiring ") >= RENEWALS / 2);
		assertThat(count(page, "blocks", "goaway ")).isLessThan(RENEWALS / 4);
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
		cluster.stopNode(0);
		until(() -> lines(page, "blocks").stream()
			.anyMatch((block) -> block.startsWith("goaway ") && block.contains("\"drain\"")));
		awaitShown(page, publisher);
		assertThat(lines(page, "loads").size()).isEqualTo(lines(page, "documents").size());

		redis.kill();
		redis.start();
		until(() -> count(page, "blocks", "gap ") > 0);
		awaitShown(page, publisher);
		until(() -> lines(page, "loads").size() > lines(page, "documents").size());

		await().pollInSameThread()
			.pollInterval(Duration.ofMillis(LONG ? 5_000 : 100))
			.atMost(DURATION.plus(PATIENCE))
			.until(() -> count(page, "blocks", "expiring ") >= RENEWALS && System.nanoTime() - end >= 0);
		publisher.close();
		awaitShown(page, publisher);
		assertThat(lines(page, "shown")).isEqualTo(publisher.published());
		int gaps = (int) lines(page, "blocks").stream().filter((block) -> block.startsWith("gap ")).distinct().count();
		assertThat(lines(page, "loads").size() - lines(page, "documents").size()).isBetween(1, gaps);
		assertThat(lines(page, "blocks")).noneMatch((block) -> block.startsWith("kicked "));
		System.out.println("Example page: " + publisher.published().size() + " messages, " + lines(page, "opens").size()
				+ " streams opened, " + count(page, "blocks", "expiring ") + " tokens renewed, "
				+ count(page, "blocks", "goaway ") + " goaways, " + gaps + " gaps, " + count(page, "blocks", "refused ")
				+ " refusals");
	}

	@Test
	void oneTabReceivesAndAReloadIsNoTakeover() {
		Cluster cluster = TestCluster.shared();
		Backend backend = TestCluster.backend(cluster);
		tokens = () -> backend.token("example-tabs");
		Page first = openPage(cluster.streamPort(0));
		awaitState(first, "open");
		Page second = openPage(cluster.streamPort(1));
		awaitState(second, "open");
		awaitState(first, "taken over");
		second.reload();
		awaitState(second, "open");
		second.navigate(second.url().replaceFirst("page.html.*", "elsewhere.html"));
		second.evaluate("() => history.back()");
		awaitState(second, "open");

		// A duplicate gets a copy of sessionStorage, and finds no client there.
		Page duplicate = this.context.waitForPage(() -> second.evaluate("() => { window.open(location.href); }"));
		awaitState(duplicate, "open");
		awaitState(second, "taken over");
		backend.toUser("example-tabs", "to the newest");
		until(() -> duplicate.locator("#messages li").count() == 1);
		assertThat(first.locator("#messages li").count()).isZero();
		assertThat(clients(first)).hasSize(1).doesNotContainAnyElementsOf(clients(second));
		assertThat(clients(second)).hasSize(1);
		assertThat(clients(duplicate)).hasSize(2).containsAll(clients(second));

		// A page that was kicked comes back as a new client, and only on its user's wish.
		first.locator("#here").click();
		awaitState(first, "open");
		awaitState(duplicate, "taken over");
		first.reload();
		awaitState(first, "open");
		second.reload();
		awaitState(second, "open");
		awaitState(first, "taken over");
		assertThat(clients(first)).hasSize(2);
		assertThat(clients(second)).hasSize(2);
	}

	@Test
	void waitsForAPlaceOnAFullNode() {
		Cluster cluster = TestCluster.small();
		Backend backend = TestCluster.backend(cluster);
		List<SseClient> streams = TestCluster.fill(0);
		try {
			tokens = () -> backend.token("example-waiting");
			Page waiting = openPage(cluster.streamPort(0));
			awaitState(waiting, "waiting (the node is full: position 1 of 1)");
			// The waiting room takes one: the other comes back until it may wait.
			tokens = () -> backend.token("example-busy");
			Page busy = openPage(cluster.streamPort(0));
			awaitState(busy, "waiting (full, again in 1 s)");
			streams.removeFirst().close();
			awaitState(waiting, "open");
			awaitState(busy, "waiting (the node is full: position 1 of 1)");
			waiting.close();
			awaitState(busy, "open");
			backend.toUser("example-busy", "after the wait");
			until(() -> busy.locator("#messages li").count() == 1);
			assertThat(clients(busy)).hasSize(1);
			busy.close();
		}
		finally {
			streams.forEach(SseClient::close);
		}
		TestCluster.awaitEmpty();
	}

	@Test
	void tellsWhyItIsRefusedAndGetsAFreshTokenAfterSleep() throws Exception {
		Cluster cluster = TestCluster.shared();
		Backend backend = TestCluster.backend(cluster);
		tokens = () -> backend.post("/v1/tokens", Map.of("user", "example-refused", "channels", List.of("other")))
			.required("token")
			.asString();
		Page page = openPage(cluster.streamPort(0));
		awaitState(page, "refused (403: ");
		assertThat(state(page)).contains("news");
		tokens = () -> 401;
		page.locator("#here").click();
		awaitState(page, "refused (nobody is signed in)");

		// As after sleep: what the page has, and what a cache has, is over.
		String expired = token(backend, "example-refused", Duration.ofSeconds(1));
		until(() -> SseClient.request("127.0.0.1", cluster.streamPort(0), "/events")
			.bearer(expired)
			.fetch()
			.status() == 401);
		tokens = () -> expired;
		page.locator("#here").click();
		awaitState(page, "connecting (");
		int asked = ASKED.get();
		until(() -> ASKED.get() > asked);
		assertThat(count(page, "blocks", "refused {\"status\":401")).isBetween(1, 5);
		tokens = () -> 503;
		int refused = ASKED.get();
		until(() -> ASKED.get() > refused);
		tokens = () -> backend.token("example-refused");
		awaitState(page, "open");
		backend.toUser("example-refused", "received");
		until(() -> page.locator("#messages li").count() == 1);

		// As its header says: a file, a token behind it, and no backend.
		int before = ASKED.get();
		page.navigate(EXAMPLE.toAbsolutePath().normalize().toUri() + events(cluster.streamPort(0)) + "&token="
				+ backend.token("example-file"));
		awaitState(page, "open");
		backend.toUser("example-file", "by hand");
		until(() -> page.locator("#messages li").count() == 1);
		assertThat(ASKED.get()).isEqualTo(before);
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
			assertThat(this.pace.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
		}

	}

	private <T extends AutoCloseable> T keep(T one) {
		this.open.add(one);
		return one;
	}

	private Page openPage(int port) {
		Page page = this.context.newPage();
		page.navigate("http://localhost:" + site.getAddress().getPort() + "/page.html" + events(port));
		return page;
	}

	private static String events(int port) {
		return "#events=http://127.0.0.1:" + port + "/events";
	}

	private static String token(Backend backend, String user, Duration ttl) {
		JsonNode made = backend.post("/v1/tokens",
				Map.of("user", user, "channels", List.of("*"), "ttl", ttl.toString()));
		return made.required("token").asString();
	}

	/**
	 * Those of all streams that a tab opened; a duplicate has those of its original too.
	 */
	private static Set<String> clients(Page page) {
		return lines(page, "opens").stream().map((url) -> parameter(url, "client")).collect(Collectors.toSet());
	}

	private static String parameter(String url, String name) {
		return url.replaceFirst(".*[?&]" + name + "=([^&]*).*", "$1");
	}

	private static List<String> lines(Page page, String log) {
		return ((String) page.evaluate("(log) => sessionStorage.getItem(log) ?? ''", log)).lines().toList();
	}

	private static int count(Page page, String log, String beginning) {
		return (int) lines(page, log).stream().filter((line) -> line.startsWith(beginning)).count();
	}

	private static String state(Page page) {
		return page.locator("#state").textContent();
	}

	private static void awaitState(Page page, String beginning) {
		until(() -> state(page).startsWith(beginning));
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

	/** Playwright belongs to one thread. */
	private static void until(Callable<Boolean> condition) {
		await().pollInSameThread().pollInterval(Duration.ofMillis(50)).atMost(PATIENCE).until(condition);
	}

}
