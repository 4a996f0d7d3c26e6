package io.fanfare.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.Cookie;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fanfare.test.api.ApiClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.awaitility.Awaitility.await;

/**
 * A web site with the pages of {@code docs/examples}, as they stand, and a real browser
 * to visit it. Belongs to the thread that starts it.
 */
final class ExampleSite implements AutoCloseable {

	private static final Path EXAMPLES = Path.of("..", "docs", "examples");

	static final Path EXAMPLE = EXAMPLES.resolve("page.html");

	/** Pages with the library. */
	private static final List<String> WITH_LIBRARY = List.of("plain.html", "react.html");

	/**
	 * Writes down, per tab and across reloads, what the page shows and which platform
	 * blocks its streams get.
	 */
	private static final String OBSERVER = """
			(() => {
				const now = () => Math.round(performance.timeOrigin + performance.now());
				const add = (log, line) => sessionStorage.setItem(log, (sessionStorage.getItem(log) ?? '') + line + '\\n');
				add('documents', location.pathname);
				const Native = window.EventSource;
				window.EventSource = class extends Native {
					constructor(url) {
						super(url);
						add('opens', url);
						this.addEventListener('push.gap', (event) => add('times', `gap ${now()} ${event.data}`));
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
						add('times', 'load ' + now());
					} else if (change.target.id === 'state') {
						add('states', node.textContent);
					}
				}))).observe(document, { childList: true, subtree: true });
			})();
			""";

	/** Names the user who is signed in. */
	private static final String COOKIE = "user";

	private final TestBrowser chromium;

	private final HttpServer server;

	private final AtomicInteger asked = new AtomicInteger();

	/** What {@code GET /token} answers a user: a token, or a status. */
	private volatile Function<String, Object> tokens = (user) -> 404;

	private ExampleSite(TestBrowser chromium, HttpServer server) {
		this.chromium = chromium;
		this.server = server;
	}

	/** Starts both. Where Chromium is missing, the test is skipped. */
	static ExampleSite start() throws IOException {
		byte[] example = Files.readAllBytes(EXAMPLE);
		TestBrowser chromium = TestBrowser.start();
		HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		ExampleSite site = new ExampleSite(chromium, server);
		server.createContext("/page.html", (exchange) -> answer(exchange, 200, "text/html;charset=utf-8", example));
		for (String name : WITH_LIBRARY) {
			byte[] page = Files.readAllBytes(EXAMPLES.resolve(name));
			server.createContext("/" + name, (exchange) -> answer(exchange, 200, "text/html;charset=utf-8", page));
		}
		server.createContext("/elsewhere.html", (exchange) -> answer(exchange, 200, "text/html;charset=utf-8",
				"<!doctype html><title>Elsewhere</title>".getBytes(StandardCharsets.UTF_8)));
		server.createContext("/token", site::answerToken);
		server.start();
		return site;
	}

	private void answerToken(HttpExchange exchange) throws IOException {
		this.asked.incrementAndGet();
		Object token = this.tokens.apply(user(exchange));
		byte[] body = JsonMapper.shared().writeValueAsBytes(Map.of("token", token));
		answer(exchange, (token instanceof Integer status) ? status : 200, "application/json", body);
	}

	/** Empty where nobody is signed in. */
	private static String user(HttpExchange exchange) {
		String cookies = Objects.requireNonNullElse(exchange.getRequestHeaders().getFirst("Cookie"), "");
		return cookies.startsWith(COOKIE + "=") ? cookies.substring(COOKIE.length() + 1) : "";
	}

	private static void answer(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
		exchange.getResponseHeaders().set("Content-Type", type);
		exchange.sendResponseHeaders(status, body.length);
		exchange.getResponseBody().write(body);
		exchange.close();
	}

	@Override
	public void close() {
		this.server.stop(0);
		this.chromium.close();
	}

	/** What {@code GET /token} answers from now on: a token, or a status. */
	void tokens(Supplier<Object> answer) {
		this.tokens = (user) -> answer.get();
	}

	/** What {@code GET /token} answers each user from now on: a token, or a status. */
	void tokens(Function<String, Object> answer) {
		this.tokens = answer;
	}

	/** How often {@code GET /token} was asked. */
	int asked() {
		return this.asked.get();
	}

	/** A browser without a past, whose tabs write down what they see. */
	BrowserContext newContext() {
		BrowserContext context = this.chromium.browser().newContext();
		context.addInitScript(OBSERVER);
		return context;
	}

	/** The same, with a user who is signed in. */
	BrowserContext newContext(String user) {
		BrowserContext context = newContext();
		context.addCookies(List.of(new Cookie(COOKIE, user).setDomain("localhost").setPath("/")));
		return context;
	}

	/** Opens the page in a new tab, with streams of this port. */
	Page open(BrowserContext context, int port) {
		return open(context, "page.html", events(port));
	}

	/** Opens a page in a new tab, with this at the end of its address. */
	Page open(BrowserContext context, String name, String fragment) {
		Page page = context.newPage();
		page.navigate("http://localhost:" + this.server.getAddress().getPort() + "/" + name + fragment);
		return page;
	}

	static String events(int port) {
		return "#events=http://127.0.0.1:" + port + "/events";
	}

	static String token(ApiClient backend, String user, Duration ttl) {
		JsonNode made = backend
			.post("/v1/tokens", Map.of("user", user, "channels", List.of("*"), "ttl", ttl.toString()))
			.ok();
		return made.required("token").asString();
	}

	/**
	 * Those of all streams that a tab opened; a duplicate has those of its original too.
	 */
	static Set<String> clients(Page page) {
		return lines(page, "opens").stream().map((url) -> parameter(url, "client")).collect(Collectors.toSet());
	}

	static String parameter(String url, String name) {
		return url.replaceFirst(".*[?&]" + name + "=([^&]*).*", "$1");
	}

	static List<String> lines(Page page, String log) {
		return ((String) page.evaluate("(log) => sessionStorage.getItem(log) ?? ''", log)).lines().toList();
	}

	static int count(Page page, String log, String beginning) {
		return (int) lines(page, log).stream().filter((line) -> line.startsWith(beginning)).count();
	}

	static String state(Page page) {
		return page.locator("#state").textContent();
	}

	static void awaitState(Page page, String beginning) {
		until(() -> state(page).startsWith(beginning));
	}

	/** Playwright belongs to one thread. */
	static void until(Callable<Boolean> condition) {
		await().dontCatchUncaughtExceptions()
			.pollInSameThread()
			.pollInterval(Duration.ofMillis(50))
			.atMost(Duration.ofSeconds(60))
			.until(condition);
	}

}
