package io.fanfare.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static io.fanfare.local.ExampleSite.awaitState;
import static io.fanfare.local.ExampleSite.events;
import static io.fanfare.local.ExampleSite.until;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code docs/examples/plain.html} and {@code react.html}, as they stand, in a real
 * browser, with the library that the API serves.
 */
class ExampleLibraryIT {

	/** What the tests of push-client install. */
	private static final Path PACKAGES = Path.of("..", "push-client", "target", "npm", "node_modules");

	/** Where the page loads React from. */
	private static final String REACT = "https://esm.sh/";

	private static ExampleSite site;

	@BeforeAll
	static void startSite() throws IOException {
		site = ExampleSite.start();
	}

	@AfterAll
	static void stopSite() {
		if (site != null) {
			site.close();
		}
	}

	@Test
	void tabsOfThePlainPageShareAStream() {
		try (BrowserContext context = site.newContext()) {
			tabsShareAStream(context, "plain.html", "plain-example");
		}
	}

	@Test
	void tabsOfTheReactPageShareAStream() {
		Assumptions.assumeTrue(Files.exists(PACKAGES.resolve("react")) || "true".equals(System.getenv("CI")),
				"React is installed by the tests of push-client");
		try (BrowserContext context = site.newContext()) {
			context.route((url) -> url.startsWith(REACT), ExampleLibraryIT::answerReact);
			tabsShareAStream(context, "react.html", "react-example");
		}
	}

	private static void tabsShareAStream(BrowserContext context, String name, String user) {
		Cluster cluster = TestCluster.shared();
		ApiClient backend = TestCluster.backend(cluster);
		site.tokens(() -> backend.token(user));
		List<String> problems = new ArrayList<>();
		context.onConsoleMessage((message) -> {
			if (message.type().equals("error")) {
				problems.add(message.text());
			}
		});
		String address = events(cluster.streamPort(0)) + "&library=http://localhost:" + cluster.apiPort()
				+ "/client/fanfare.js";
		Page first = site.open(context, name, address);
		awaitState(first, "open");
		Page second = site.open(context, name, address);
		awaitState(second, "open");
		backend.toUser(user, "to both");
		backend.post("/v1/messages", Map.of("to", Map.of("channel", "news"), "event", user, "data", Map.of("n", 1)))
			.ok();
		for (Page page : List.of(first, second)) {
			until(() -> page.locator("#messages li").count() >= 2);
			assertThat(page.locator("#messages").textContent()).contains("to both", user + ": {\"n\":1}");
		}
		try (SseClient elsewhere = SseClient.request("127.0.0.1", cluster.streamPort(1), "/events")
			.bearer(backend.token(user))
			.open()) {
			awaitState(first, "kicked (takeover)");
			awaitState(second, "kicked (takeover)");
			second.locator("#here").click();
			awaitState(first, "open");
			awaitState(second, "open");
		}
		first.close();
		awaitState(second, "open");
		backend.toUser(user, "to the one that is left");
		until(() -> second.locator("#messages").textContent().contains("to the one that is left"));
		assertThat(problems).isEmpty();
	}

	/**
	 * A module of React, of the files that npm has: these are made for another kind of
	 * module.
	 */
	private static void answerReact(Route route) {
		String path = route.request().url().substring(REACT.length());
		String module;
		if (path.startsWith("react-dom@") && path.endsWith("/client")) {
			module = module("react-dom/cjs/react-dom-client.production.js", "createRoot", "react", "react-dom",
					"scheduler");
		}
		else if (path.startsWith("react-dom")) {
			module = module("react-dom/cjs/react-dom.production.js", "flushSync", "react");
		}
		else if (path.startsWith("react")) {
			module = module("react/cjs/react.production.js", "createElement, useCallback, useSyncExternalStore");
		}
		else {
			module = module("scheduler/cjs/scheduler.production.js", "unstable_now");
		}
		route.fulfill(new Route.FulfillOptions().setContentType("text/javascript")
			.setHeaders(Map.of("Access-Control-Allow-Origin", "*"))
			.setBody(module));
	}

	private static String module(String file, String names, String... needs) {
		StringBuilder module = new StringBuilder("const exports = {}; const module = { exports }; const needs = {};\n");
		for (int i = 0; i < needs.length; i++) {
			module.append("import need%d from '%s%s%s'; needs['%s'] = need%d;\n".formatted(i, REACT, needs[i],
					needs[i].equals("react") ? reactVersion() : "", needs[i], i));
		}
		try {
			return module.append("const require = (name) => needs[name];\n")
				.append(Files.readString(PACKAGES.resolve(file)))
				.append("\nexport default module.exports; export const { " + names + " } = module.exports;\n")
				.toString();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** As in the page: a module of another address would be another React. */
	private static String reactVersion() {
		try {
			return Files.readString(Path.of("..", "docs", "examples", "react.html"))
				.replaceFirst("(?s).*" + REACT + "react(@[0-9.]+)\".*", "$1");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
