package io.fanfare.local;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.RequiredTool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** The page at {@code /} of the API, in a real browser. */
class StartPageIT {

	private static final String AXE = "/META-INF/resources/webjars/axe-core/4.6.3/axe.min.js";

	private static Playwright playwright;

	private static Browser browser;

	private final Cluster cluster = TestCluster.shared();

	private final ApiClient backend = TestCluster.backend(this.cluster);

	private BrowserContext context;

	@BeforeAll
	static void startBrowser() {
		Path chromium = Assume.installed(RequiredTool.CHROMIUM);
		playwright = Playwright
			.create(new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
		browser = playwright.chromium()
			.launch(new BrowserType.LaunchOptions().setExecutablePath(chromium)
				.setHeadless(true)
				.setArgs(List.of("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
						"--disable-background-networking", "--disable-component-update", "--disable-sync")));
	}

	@AfterAll
	static void stopBrowser() {
		if (playwright != null) {
			playwright.close();
		}
	}

	@AfterEach
	void closeContext() {
		this.context.close();
	}

	@Test
	void showsPublishingResumingAndTakingOver() {
		Page page = open(new Browser.NewContextOptions(), "dev-secret");
		Locator left = pane(page, "Left");
		Locator right = pane(page, "Right");
		awaitState(left, "open", "open on node-1");
		awaitState(right, "open", "open on node-2");
		entry(left, "push.connected").waitFor();
		assertThat(usable(left)).containsExactly("close", "resume", "takeover", "logout", "clear");

		publish(page, "never-heard-of", "{\"for\":\"alice\"}");
		entry(left, "never-heard-of").waitFor();
		answer(page, "alice has a stream");
		page.locator("#publish textarea[name=data]").fill("{\"for\":\"everyone\"}");
		page.locator("[data-broadcast]").click();
		entry(left, "{\"for\":\"everyone\"}").waitFor();
		entry(right, "{\"for\":\"everyone\"}").waitFor();
		answer(page, "goes to every stream there is");
		assertThat(entry(right, "{\"for\":\"alice\"}").count()).isZero();

		press(left, "close");
		awaitState(left, "closed", "closed");
		assertThat(usable(left)).containsExactly("open", "resume", "clear");
		await().until(() -> !this.backend.user("alice").required("online").asBoolean());
		publish(page, "message", "{\"missed\":1}");
		answer(page, "; alice has no stream");
		press(left, "resume");
		entry(left, "{\"missed\":1}").waitFor();
		assertThat(entry(left, "{\"for\":\"alice\"}").count()).isEqualTo(1);

		awaitState(left, "open", "open on node-1");
		press(left, "takeover");
		awaitState(left, "down", "taken over by Right");
		awaitState(right, "open", "open on node-2");
		publish(page, "message", "{\"for\":\"alice, now right\"}");
		entry(right, "{\"for\":\"alice, now right\"}").waitFor();
		assertThat(entry(left, "now right").count()).isZero();
		press(right, "logout");
		awaitState(right, "down", "logged out");
	}

	@Test
	void closingLeavesNoErrorInTheConsole() {
		Page page = open(new Browser.NewContextOptions(), "dev-secret");
		Locator left = pane(page, "Left");
		List<String> messages = new CopyOnWriteArrayList<>();
		page.onConsoleMessage((message) -> messages.add(message.text()));
		for (int i = 0; i < 5; i++) {
			awaitState(left, "open", "open on node-1");
			assertThat(page.waitForResponse("**/events/close", () -> press(left, "close")).status()).isEqualTo(204);
			press(left, "open");
		}
		awaitState(left, "open", "open on node-1");
		assertThat(messages).isEmpty();
	}

	/** Its tokens live for an hour; here for seconds. */
	@Test
	void renewsItsTokensWithoutAHoleADoubleOrALoop() {
		AtomicInteger tokens = new AtomicInteger();
		List<String> published = new ArrayList<>();
		this.context = browser.newContext();
		this.context.route("**/v1/tokens", (route) -> {
			tokens.incrementAndGet();
			route.resume(new Route.ResumeOptions()
				.setPostData(route.request().postData().replaceFirst("}$", ",\"ttl\":\"PT4S\"}")));
		});
		Page page = load("dev-secret");
		Locator left = pane(page, "Left");
		awaitState(left, "open", "open on node-1");
		Locator connected = entry(left, "push.connected");
		await().pollInSameThread().pollInterval(Duration.ofMillis(100)).atMost(Duration.ofSeconds(30)).until(() -> {
			String text = "number " + published.size();
			this.backend.toUser("alice", text);
			published.add(text);
			return connected.count() >= 4;
		});
		entry(left, published.getLast()).waitFor();
		assertThat(left.locator(".log li:not(.platform) .data").allTextContents()).isEqualTo(published);
		assertThat(entry(left, "push.goaway").count()).isZero();
		int streams = connected.count() + entry(pane(page, "Right"), "push.connected").count();
		assertThat(tokens.get()).isBetween(4, streams + 2);
		awaitState(left, "open", "open on node-1");
	}

	@Test
	void noLinkMakesItConnectElsewhere() {
		this.context = browser.newContext();
		List<String> requests = new CopyOnWriteArrayList<>();
		Page page = this.context.newPage();
		page.onRequest((request) -> requests.add(request.url()));
		page.navigate(
				url("dev-secret") + "&a=http%3A%2F%2F127.0.0.2%3A9%2Fevents&b=http%3A%2F%2F127.0.0.2%3A9%2Fevents");
		awaitState(pane(page, "Left"), "open", "open on node-1");
		awaitState(pane(page, "Right"), "open", "open on node-2");
		assertThat(requests).isNotEmpty().noneMatch((url) -> url.contains("127.0.0.2"));
		assertThat(page.evaluate("fetch('http://127.0.0.2:9/').then(() => 'sent', (failure) => failure.name)"))
			.isEqualTo("TypeError");
		assertThat(requests).as("stopped by the policy").noneMatch((url) -> url.contains("127.0.0.2"));
	}

	@Test
	void saysWhyAStreamIsRefused() {
		Page page = open(new Browser.NewContextOptions(), "no-such-key");
		Locator left = pane(page, "Left");
		awaitState(left, "down", "no token");
		entry(left, "401").waitFor();
		page.locator("#key").fill("dev-secret");
		left.locator("[name=topics]").fill("user:bob");
		press(left, "open");
		left.locator(".state[data-state=down]")
			.filter(new Locator.FilterOptions().setHasText("refused: 400 channel"))
			.waitFor();

		left.locator("[name=stream]").evaluate("(select) => select.add(new Option('none', 'http://[', true, true))");
		press(left, "open");
		awaitState(left, "down", "no stream");
		entry(left, "Invalid URL").waitFor();

		page.locator("#key").fill("");
		assertThat(usable(left)).containsExactly("clear");
		assertThat(page.locator("#publish button[type=submit]").isDisabled()).isTrue();
		assertThat(page.locator("#key-needed").isVisible()).isTrue();
	}

	@ParameterizedTest
	@EnumSource(value = ColorScheme.class, names = { "LIGHT", "DARK" })
	void axeFindsNothingSerious(ColorScheme scheme) throws IOException {
		// The page's own policy takes no script from elsewhere.
		Page page = open(new Browser.NewContextOptions().setBypassCSP(true).setColorScheme(scheme), "dev-secret");
		awaitState(pane(page, "Left"), "open", "open on node-1");
		entry(pane(page, "Left"), "push.connected").waitFor();
		page.addScriptTag(new Page.AddScriptTagOptions().setContent(axe()));
		assertThat(page.evaluate("""
				async () => (await axe.run()).violations
					.filter((found) => ['serious', 'critical'].includes(found.impact))
					.map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join(' ')}`)"""))
			.isEqualTo(List.of());
		assertThat(page.evaluate("async () => (await axe.run()).passes.length > 10")).isEqualTo(true);
	}

	private static String axe() throws IOException {
		try (InputStream script = StartPageIT.class.getResourceAsStream(AXE)) {
			assertThat(script).isNotNull();
			return new String(script.readAllBytes(), StandardCharsets.UTF_8);
		}
	}

	private Page open(Browser.NewContextOptions options, String key) {
		this.context = browser.newContext(options);
		return load(key);
	}

	private Page load(String key) {
		Page page = this.context.newPage();
		page.setDefaultTimeout(15_000);
		page.navigate(url(key));
		return page;
	}

	private String url(String key) {
		return "http://127.0.0.1:" + this.cluster.apiPort() + "/#key=" + key;
	}

	private static Locator pane(Page page, String name) {
		return page.locator("section[aria-label=" + name + "]");
	}

	private static void awaitState(Locator pane, String state, String text) {
		pane.locator(".state[data-state=" + state + "]").filter(new Locator.FilterOptions().setHasText(text)).waitFor();
	}

	private static List<String> usable(Locator pane) {
		return pane.locator("[data-do]:enabled")
			.all()
			.stream()
			.map((button) -> button.getAttribute("data-do"))
			.toList();
	}

	private static void press(Locator pane, String what) {
		pane.locator("[data-do=" + what + "]").click();
	}

	private static Locator entry(Locator pane, String text) {
		return pane.locator(".log li").filter(new Locator.FilterOptions().setHasText(text));
	}

	private static void answer(Page page, String text) {
		page.locator("#answer").filter(new Locator.FilterOptions().setHasText(text)).waitFor();
	}

	/** Publishes to alice by the form. */
	private static void publish(Page page, String event, String data) {
		page.locator("#publish input[name=recipient]").fill("alice");
		page.locator("#publish input[name=event]").fill(event);
		page.locator("#publish textarea[name=data]").fill(data);
		page.locator("#publish button[type=submit]").click();
	}

}
