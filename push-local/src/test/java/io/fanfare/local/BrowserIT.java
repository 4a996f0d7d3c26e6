package io.fanfare.local;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.sun.net.httpserver.HttpServer;
import io.fanfare.protocol.MessageId;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The EventSource of a real browser, on a page of another origin, and nothing between the
 * two but what a page has: no library.
 */
class BrowserIT {

	private static final Pattern OPEN = Pattern.compile("GET /(?:events|sse)\\b.*?\r\n\r\n", Pattern.DOTALL);

	private static final Pattern CURSOR = Pattern.compile("\r\nLast-Event-ID: ([^\r]*)\r\n", Pattern.CASE_INSENSITIVE);

	private static final Duration SOON = Duration.ofSeconds(15);

	private static final int CLOSED = 2;

	private static final String PAGE = """
			<!doctype html>
			<meta charset="utf-8">
			<title>A page</title>
			<link rel="icon" href="data:,">
			<script>
			var heard = [];
			var source;
			function listen(url, names, options) {
				source = new EventSource(url, options);
				for (const name of names) {
					source.addEventListener(name, (event) =>
						heard.push({ type: event.type, id: event.lastEventId, data: event.data }));
				}
			}
			</script>
			""";

	private static final List<String> NAMES = List.of("message", "order", "push.connected", "push.gap", "push.busy",
			"push.waiting", "push.goaway", "push.kicked");

	private static TestBrowser chromium;

	private static HttpServer pages;

	private final Cluster cluster = TestCluster.small();

	private final ApiClient backend = TestCluster.backend(this.cluster);

	private final List<AutoCloseable> open = new ArrayList<>();

	private BrowserContext context;

	private record Heard(String type, String id, String data) {

	}

	@BeforeAll
	static void startBrowser() throws Exception {
		chromium = TestBrowser.start();
		pages = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		pages.createContext("/", (exchange) -> {
			byte[] page = PAGE.getBytes(StandardCharsets.UTF_8);
			exchange.getResponseHeaders().set("Content-Type", "text/html;charset=utf-8");
			exchange.sendResponseHeaders(200, page.length);
			exchange.getResponseBody().write(page);
			exchange.close();
		});
		pages.start();
	}

	@AfterAll
	static void stopBrowser() {
		if (pages != null) {
			pages.stop(0);
		}
		if (chromium != null) {
			chromium.close();
		}
	}

	@BeforeEach
	void openContext() {
		this.context = chromium.browser().newContext();
	}

	@AfterEach
	void closeAll() throws Exception {
		this.context.close();
		for (AutoCloseable one : this.open.reversed()) {
			one.close();
		}
		TestCluster.awaitEmpty();
	}

	@Test
	void hearsFromAnotherOriginWhatItListensTo() {
		Page page = newPage();
		listen(page, this.cluster.streamPort(0), "browser-first", "news");
		Heard connected = awaitHeard(page, (one) -> one.type().equals("push.connected"));
		assertThat(JsonMapper.shared().readTree(connected.data()).required("user").asString())
			.isEqualTo("browser-first");
		MessageId.parse(connected.id());

		List<Heard> published = new ArrayList<>();
		published.add(new Heard("message", this.backend.toUser("browser-first", "hello"), "hello"));
		published.add(new Heard("message", this.backend.toChannel("news", "two\nlines"), "two\nlines"));
		publishEvent("browser-first", "unheard", "nobody listens");
		published.add(new Heard("order", publishEvent("browser-first", "order", "ünïcödé 🎺"), "ünïcödé 🎺"));
		published.add(new Heard("message", this.backend.toAll("all"), "all"));
		awaitHeard(page, (one) -> one.data().equals("all"));
		assertThat(heard(page).stream().filter((one) -> !one.type().startsWith("push.")).toList()).isEqualTo(published);
		assertThat(page.evaluate("() => source.withCredentials")).isEqualTo(false);
		assertThat(page.evaluate("() => source.readyState")).isEqualTo(1);
	}

	@Test
	void withCookiesAnOriginThatIsNotNamedHearsNothing() {
		Page page = newPage();
		page.navigate("http://other.localhost:" + pages.getAddress().getPort() + "/");
		page.evaluate("([url, names]) => listen(url, names, { withCredentials: true })",
				List.of(url(this.cluster.streamPort(0), "browser-cookies", "news"), NAMES));
		awaitState(page, CLOSED);
		assertThat(heard(page)).isEmpty();
	}

	@Test
	void aCutLosesNothingAndDoublesNothing() throws Exception {
		TcpProxy relay = relay(0);
		Page page = newPage();
		listen(page, relay.port(), "browser-cut", "browser.cut");
		awaitHeard(page, (one) -> one.type().equals("push.connected"));
		Queue<String> published = new ConcurrentLinkedQueue<>();
		AtomicBoolean enough = new AtomicBoolean();
		Thread publisher = Thread.ofVirtual().start(() -> {
			for (int i = 0; !enough.get(); i++) {
				String data = "message " + i;
				String id = switch (i % 3) {
					case 0 -> this.backend.toUser("browser-cut", data);
					case 1 -> this.backend.toChannel("browser.cut", data);
					default -> this.backend.toAll(data);
				};
				published.add(id + " " + data);
			}
		});
		for (int cut = 1; cut <= 4; cut++) {
			int before = messages(page).size();
			until(() -> messages(page).size() > before + 5);
			relay.refuse();
			int missed = published.size();
			until(() -> published.size() > missed + 10);
			relay.accept();
			int opens = 1 + cut;
			until(() -> opens(relay).size() >= opens);
		}
		enough.set(true);
		assertThat(publisher.join(SOON)).isTrue();
		until(() -> messages(page).size() >= published.size());
		assertThat(messages(page).stream().map((one) -> one.id() + " " + one.data()).toList())
			.isEqualTo(List.copyOf(published));
		assertThat(heard(page)).noneMatch((one) -> one.type().equals("push.gap"));
		assertThat(opens(relay)).hasSize(5).first().isEqualTo("");
		List<Long> cursors = opens(relay).stream().skip(1).map(MessageId::parse).toList();
		assertThat(cursors).isSorted().doesNotHaveDuplicates();
	}

	@Test
	void itsOwnDecoderShowsEachEventOfACompressedStream() {
		Cluster compressing = TestCluster.compressing();
		ApiClient compressed = TestCluster.backend(compressing);
		TcpProxy relay = TcpProxy.tapped(compressing.streamPort(0));
		this.open.add(relay);
		Page page = newPage();
		List<String> codings = new ArrayList<>();
		page.onResponse((answer) -> codings.add(answer.headers().get("content-encoding")));
		page.evaluate("([url, names]) => listen(url, names)", List.of(events(relay.port())
				+ "?client=page-gzip&channel=gzip&access_token=" + compressed.token("browser-gzip"), NAMES));
		awaitHeard(page, (one) -> one.type().equals("push.connected"));
		List<String> published = new ArrayList<>();
		List<Long> millis = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			String data = ("event " + i + " ünïcödé 🎺 ").repeat((i % 2 == 0) ? 200 : 1);
			long begun = System.nanoTime();
			String id = switch (i % 3) {
				case 0 -> compressed.toUser("browser-gzip", data);
				case 1 -> compressed.toChannel("gzip", data);
				default -> compressed.toAll(data);
			};
			published.add(id + " " + data);
			awaitHeard(page, (one) -> one.id().equals(id));
			millis.add((System.nanoTime() - begun) / 1_000_000);
			if (i == 9) {
				relay.refuse();
				published.add(compressed.toChannel("gzip", "missed") + " missed");
				relay.accept();
				awaitHeard(page, (one) -> one.data().equals("missed"));
			}
		}
		System.out.println("Compressed, from publish to the page: " + millis + " ms");
		assertThat(messages(page).stream().map((one) -> one.id() + " " + one.data()).toList()).isEqualTo(published);
		assertThat(codings).isNotEmpty().containsOnly("gzip");
		SseClient other = TestCluster.stream(compressing, 1, compressed.token("browser-gzip")).open();
		this.open.add(other);
		awaitHeard(page, (one) -> one.type().equals("push.kicked"));
		awaitState(page, CLOSED);
		assertThat(opens(relay)).hasSize(3);
	}

	@Test
	void aKickedPageStaysDownAndAFreshPageTakesOver() {
		TcpProxy relay = relay(0);
		Page page = newPage();
		listen(page, relay.port(), "browser-kicked", "news");
		awaitHeard(page, (one) -> one.type().equals("push.connected"));
		SseClient other = TestCluster.stream(this.cluster, 1, this.backend.token("browser-kicked")).open();
		this.open.add(other);
		Heard kicked = awaitHeard(page, (one) -> one.type().equals("push.kicked"));
		assertThat(kicked.id()).startsWith("k.");
		assertThat(JsonMapper.shared().readTree(kicked.data()).required("reason").asString()).isEqualTo("takeover");
		awaitState(page, CLOSED);
		assertThat(opens(relay)).containsExactly("", kicked.id());
		await().pollInSameThread()
			.during(Duration.ofSeconds(1))
			.until(() -> opens(relay).size() == 2 && state(page) == CLOSED);
		assertThat(other.end()).isNull();

		page.reload();
		listen(page, relay.port(), "browser-kicked", "news");
		awaitHeard(page, (one) -> one.type().equals("push.connected"));
		other.awaitBlock((block) -> block.fires("push.kicked"), SOON);
		String id = this.backend.toUser("browser-kicked", "to the fresh page");
		awaitHeard(page, (one) -> one.id().equals(id));
	}

	@Test
	void aFullNodeDoesNotCostTheCursor() {
		TcpProxy relay = relay(0);
		Page page = newPage();
		listen(page, relay.port(), "browser-busy", "news");
		awaitHeard(page, (one) -> one.type().equals("push.connected"));
		String last = this.backend.toUser("browser-busy", "before");
		awaitHeard(page, (one) -> one.id().equals(last));
		relay.refuse();
		TestCluster.awaitEmpty();
		List<SseClient> others = TestCluster.fill(0);
		this.open.addAll(others);
		SseClient waiter = TestCluster
			.stream(TestCluster.small(), 0, TestCluster.backend(TestCluster.small()).token("first in line"))
			.open();
		this.open.add(waiter);
		waiter.awaitBlock((block) -> block.fires("push.waiting"), SOON);
		String missed = this.backend.toUser("browser-busy", "meanwhile");
		relay.accept();
		until(() -> heard(page).stream().filter((one) -> one.type().equals("push.busy")).count() >= 2);
		waiter.close();
		Heard waiting = awaitHeard(page, (one) -> one.type().equals("push.waiting"));
		assertThat(waiting.id()).isEqualTo(last);
		others.getFirst().close();
		awaitHeard(page, (one) -> one.id().equals(missed));
		assertThat(heard(page)).filteredOn((one) -> one.type().equals("push.busy"))
			.allMatch((one) -> one.id().equals(last) && one.data().contains("\"full\""));
		assertThat(opens(relay)).hasSizeGreaterThanOrEqualTo(4).first().isEqualTo("");
		assertThat(opens(relay).stream().skip(1)).containsOnly(last);
		assertThat(messages(page)).extracting(Heard::data).containsExactly("before", "meanwhile");
	}

	@Test
	void nginxsFallbackDoesNotCostTheCursor() {
		Assume.installed(RequiredTool.NGINX);
		List<TcpProxy> nodes = List.of(relay(0), relay(1));
		String origin = "\"http://localhost:" + pages.getAddress().getPort() + "\"";
		NginxProcess nginx = NginxProcess.start(Map.of("\"http://localhost:8080\"", origin), this.cluster.apiPort(),
				nodes.get(0).port(), nodes.get(1).port());
		this.open.add(nginx);
		Page page = newPage();
		listen(page, nginx.port(), "browser-fallback", "news");
		awaitHeard(page, (one) -> one.type().equals("push.connected"));
		String last = this.backend.toUser("browser-fallback", "before");
		awaitHeard(page, (one) -> one.id().equals(last));
		nodes.forEach(TcpProxy::refuse);
		until(() -> nginx.accessLog()
			.lines()
			.anyMatch((line) -> line.contains("\"GET /events HTTP/1.1\" 200 ") && line.contains("502")));
		assertThat(state(page)).isNotEqualTo(CLOSED);
		String missed = this.backend.toUser("browser-fallback", "meanwhile");
		nodes.forEach(TcpProxy::accept);
		awaitHeard(page, (one) -> one.id().equals(missed));
		List<String> opens = new ArrayList<>();
		nodes.forEach((node) -> opens.addAll(opens(node)));
		assertThat(opens).containsExactlyInAnyOrder("", last);
		assertThat(messages(page)).extracting(Heard::data).containsExactly("before", "meanwhile");
	}

	/**
	 * The cursors with which streams were asked for so far, each as its header says;
	 * empty where there was none.
	 */
	private static List<String> opens(TcpProxy relay) {
		List<String> cursors = new ArrayList<>();
		for (String text : relay.requests()) {
			Matcher open = OPEN.matcher(text);
			while (open.find()) {
				Matcher cursor = CURSOR.matcher(open.group());
				cursors.add(cursor.find() ? cursor.group(1) : "");
			}
		}
		return cursors;
	}

	private TcpProxy relay(int node) {
		TcpProxy relay = TcpProxy.tapped(this.cluster.streamPort(node));
		this.open.add(relay);
		return relay;
	}

	private Page newPage() {
		Page page = this.context.newPage();
		page.navigate("http://localhost:" + pages.getAddress().getPort() + "/");
		return page;
	}

	private void listen(Page page, int port, String user, String topic) {
		page.evaluate("([url, names]) => listen(url, names)", List.of(url(port, user, topic), NAMES));
	}

	/** A stream for a page that has just been loaded. */
	private String url(int port, String user, String topic) {
		return events(port) + "?client=page-" + System.nanoTime() + "&channel=" + topic + "&access_token="
				+ this.backend.token(user);
	}

	private static String events(int port) {
		return "http://127.0.0.1:" + port + "/events";
	}

	private String publishEvent(String user, String event, String data) {
		return this.backend.post("/v1/messages", Map.of("to", Map.of("user", user), "event", event, "data", data))
			.ok()
			.required("id")
			.asString();
	}

	private static int state(Page page) {
		return (int) page.evaluate("() => source.readyState");
	}

	private static List<Heard> heard(Page page) {
		List<?> heard = (List<?>) page.evaluate("() => heard");
		return heard.stream()
			.map((one) -> (Map<?, ?>) one)
			.map((one) -> new Heard((String) one.get("type"), (String) one.get("id"), (String) one.get("data")))
			.toList();
	}

	private static List<Heard> messages(Page page) {
		return heard(page).stream().filter((one) -> one.type().equals("message")).toList();
	}

	private static Heard awaitHeard(Page page, Predicate<Heard> wanted) {
		until(() -> heard(page).stream().anyMatch(wanted));
		return heard(page).stream().filter(wanted).findFirst().orElseThrow();
	}

	private static void awaitState(Page page, int state) {
		until(() -> state(page) == state);
	}

	/** Playwright belongs to one thread. */
	private static void until(Callable<Boolean> condition) {
		await().pollInSameThread().pollInterval(Duration.ofMillis(20)).atMost(SOON).until(condition);
	}

}
