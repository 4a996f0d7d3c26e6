package io.fanfare.local;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

import com.microsoft.playwright.BrowserContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A web site of an origin of its own whose pages use the browser client as it stands in
 * {@code push-client}, and a real browser to visit it. Belongs to the thread that starts
 * it.
 */
final class ClientSite implements AutoCloseable {

	private static final Path CLIENT = Path.of("..", "push-client", "src");

	private static final String HTML = "text/html;charset=utf-8";

	private final TestBrowser chromium;

	private final HttpServer server;

	private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

	/** The token of a user, or null where it is not signed in. */
	private volatile Function<String, @Nullable String> tokens = (user) -> null;

	/** How often the token of a user was asked for. */
	private final Map<String, Integer> asked = new ConcurrentHashMap<>();

	/** Pages of the test, by path. */
	private volatile Map<String, String> pages = Map.of();

	private ClientSite(TestBrowser chromium, HttpServer server) {
		this.chromium = chromium;
		this.server = server;
	}

	/** What tabs of one browser share their stream by. */
	enum Sharing {

		/** A shared worker. */
		WORKER(""),

		/** Locks, where there are no shared workers. */
		LOCKS("delete window.SharedWorker;"),

		/** Messages alone, where there are no locks either. */
		MESSAGES("delete window.SharedWorker; delete Navigator.prototype.locks;");

		private final String missing;

		Sharing(String missing) {
			this.missing = missing;
		}

		/** The script that takes away what a page is to do without. */
		String missing() {
			return this.missing;
		}

	}

	/** Starts both. Where Chromium is missing, the test is skipped. */
	static ClientSite start() throws IOException {
		TestBrowser chromium = TestBrowser.start();
		HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		ClientSite site = new ClientSite(chromium, server);
		server.setExecutor(site.threads);
		server.createContext("/", site::answer);
		server.start();
		return site;
	}

	private void answer(HttpExchange exchange) throws IOException {
		String path = exchange.getRequestURI().getPath();
		String page = this.pages.get(path);
		if (page != null) {
			answer(exchange, 200, HTML, page.getBytes(StandardCharsets.UTF_8));
		}
		else if (path.equals("/token")) {
			String user = exchange.getRequestURI().getQuery().replaceFirst("user=", "");
			this.asked.merge(user, 1, Integer::sum);
			String token = this.tokens.apply(user);
			answer(exchange, (token != null) ? 200 : 401, "text/plain",
					Objects.requireNonNullElse(token, "").getBytes(StandardCharsets.UTF_8));
		}
		else if (path.equals("/tab.html")) {
			answer(exchange, 200, HTML, resource("/client/tab.html"));
		}
		else if (path.matches("/client/fanfare(-worker)?\\.js")) {
			answer(exchange, 200, "text/javascript;charset=utf-8",
					Files.readAllBytes(CLIENT.resolve(path.substring("/client/".length()))));
		}
		else {
			answer(exchange, path.equals("/elsewhere.html") ? 200 : 404, HTML,
					"<!doctype html><title>Elsewhere</title>".getBytes(StandardCharsets.UTF_8));
		}
	}

	private static byte[] resource(String name) throws IOException {
		try (InputStream stream = Objects.requireNonNull(ClientSite.class.getResourceAsStream(name))) {
			return stream.readAllBytes();
		}
	}

	private static void answer(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
		exchange.getResponseHeaders().set("Content-Type", type);
		exchange.sendResponseHeaders(status, (body.length > 0) ? body.length : -1);
		if (body.length > 0) {
			exchange.getResponseBody().write(body);
		}
		exchange.close();
	}

	@Override
	public void close() {
		this.server.stop(0);
		this.threads.close();
		this.chromium.close();
	}

	TestBrowser chromium() {
		return this.chromium;
	}

	/** Names what makes the token of a user, or null where it is not signed in. */
	void tokens(Function<String, @Nullable String> by) {
		this.tokens = by;
	}

	/** How often the token of a user was asked for. */
	int asked(String user) {
		return this.asked.getOrDefault(user, 0);
	}

	/** Has pages of its own, by path. */
	void pages(Map<String, String> byPath) {
		this.pages = byPath;
	}

	/** The origin of its pages. */
	String origin() {
		return "http://localhost:" + this.server.getAddress().getPort();
	}

	/** A browser without a past, whose tabs share by this. */
	BrowserContext newContext(Sharing sharing) {
		BrowserContext context = this.chromium.browser().newContext();
		if (!sharing.missing.isEmpty()) {
			context.addInitScript(sharing.missing);
		}
		return context;
	}

	/**
	 * Opens a tab that receives everything of a user's stream and writes it down.
	 * @param context the browser
	 * @param streams the address of streams
	 * @param user the user
	 * @param options of {@code connect}
	 * @param more what else is in the address, such as {@code &keep} for a tab that keeps
	 * what it received, and so its cursor, across its own reloads
	 */
	ClientTab open(BrowserContext context, String streams, String user, Map<String, ?> options, String more) {
		ClientTab tab = new ClientTab(context.newPage());
		tab.page().navigate(address(streams, user, options, more));
		return tab;
	}

	/** The address of such a tab. */
	String address(String streams, String user, Map<String, ?> options, String more) {
		return origin() + "/tab.html?url=" + encoded(streams) + "&user=" + encoded(user) + "&options="
				+ encoded(JsonMapper.shared().writeValueAsString(options)) + more;
	}

	private static String encoded(String text) {
		return URLEncoder.encode(text, StandardCharsets.UTF_8);
	}

}
