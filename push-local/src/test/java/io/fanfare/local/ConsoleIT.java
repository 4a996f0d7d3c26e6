package io.fanfare.local;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.WaitForSelectorState;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The console at {@code /console} of the API, in a real browser and on a live cluster.
 * With {@code -Dfanfare.screenshots=true} the views are written to {@code docs/images}.
 */
@Isolated("Measures how soon a tail shows a message")
class ConsoleIT {

	private static final String AXE = "/META-INF/resources/webjars/axe-core/4.6.3/axe.min.js";

	private static final boolean SCREENSHOTS = Boolean.getBoolean("fanfare.screenshots");

	private static final Path IMAGES = Path.of("..", "docs", "images");

	private static final Duration SOON = Duration.ofSeconds(15);

	private static final List<String> VIEWS = List.of("cluster", "user", "publish", "channel", "try", "doctor");

	private static TestBrowser browser;

	private final Cluster cluster = TestCluster.shared();

	private final ApiClient backend = TestCluster.backend(this.cluster);

	/** What the browser says of errors. */
	private final List<String> errors = new CopyOnWriteArrayList<>();

	private BrowserContext context;

	private Page page;

	@BeforeAll
	static void startBrowser() {
		browser = TestBrowser.start();
	}

	@AfterAll
	static void stopBrowser() {
		if (browser != null) {
			browser.close();
		}
	}

	@AfterEach
	void closeContext() {
		if (this.context != null) {
			this.context.close();
		}
	}

	private void open(Browser.NewContextOptions options, Cluster where) {
		this.context = browser.browser().newContext(options);
		this.page = this.context.newPage();
		this.page.setDefaultTimeout(SOON.toMillis());
		this.page.onConsoleMessage((message) -> {
			boolean bad = message.type().equals("error") || message.type().equals("warning");
			// Of axe, which reads the colours of charts
			if (bad && !message.text().startsWith("Canvas2D: Multiple readback operations")) {
				this.errors.add(message.text());
			}
		});
		this.page.onPageError(this.errors::add);
		this.page.navigate("http://127.0.0.1:" + where.apiPort() + "/console");
	}

	private void logIn(String key) {
		this.page.getByLabel("Key or token").fill(key);
		button("Log in").click();
	}

	private void openLoggedIn() {
		open(new Browser.NewContextOptions(), this.cluster);
		logIn(TestCluster.apiKey());
		link("Cluster").waitFor();
	}

	private void view(String name) {
		link(name).click();
		this.page.locator("h2.view", new Page.LocatorOptions().setHasText(name)).waitFor();
	}

	private Locator link(String name) {
		return this.page.locator("nav a", new Page.LocatorOptions().setHasText(name));
	}

	private Locator button(String name) {
		return this.page.locator("button", new Page.LocatorOptions().setHasText(name)).first();
	}

	private void awaitText(String selector, String text) {
		this.page.locator(selector, new Page.LocatorOptions().setHasText(text)).first().waitFor();
	}

	private SseClient stream(String user, int node) {
		SseClient stream = TestCluster.stream(this.cluster, node, this.backend.token(user)).open();
		stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
		return stream;
	}

	@Test
	void theKeyStaysInTheTabAndOutOfTheAddress() {
		open(new Browser.NewContextOptions(), this.cluster);
		logIn("no-such-key");
		awaitText("#login output", "401");
		assertThat(this.errors).allMatch((error) -> error.contains("401"));
		this.errors.clear();
		logIn(TestCluster.apiKey());
		awaitText("#who", "admin");
		awaitText("h2.view", "Cluster");
		assertThat(this.page.url()).doesNotContain(TestCluster.apiKey());
		assertThat(this.page.evaluate("JSON.stringify(localStorage) + document.cookie").toString())
			.doesNotContain(TestCluster.apiKey());
		this.page.reload();
		awaitText("#who", "admin");
		button("Log out").click();
		this.page.getByLabel("Key or token").waitFor();
		assertThat(this.page.evaluate("sessionStorage.length")).isEqualTo(0);
		this.page.reload();
		this.page.getByLabel("Key or token").waitFor();
		assertThat(this.errors).isEmpty();
	}

	@Test
	void showsWhatTheScopesAllow() {
		open(new Browser.NewContextOptions(), this.cluster);
		this.context.route("**/v1/me",
				(route) -> route.fulfill(new Route.FulfillOptions().setContentType("application/json")
					.setBody("{\"caller\":\"support\",\"scopes\":[\"read:user:*\",\"disconnect\"]}")));
		logIn(TestCluster.apiKey());
		awaitText("main", "This view needs the scope read");
		view("User");
		assertThat(button("Disconnect").isEnabled()).isTrue();
		assertThat(button("Tail").isDisabled()).isTrue();
		view("Publish");
		assertThat(this.page.locator("#message button").isDisabled()).isTrue();
		view("Channel");
		assertThat(button("Show newest").isEnabled()).isTrue();
		assertThat(this.errors).isEmpty();
	}

	@Test
	void theClusterIsShownAsItIs() {
		String version = this.backend.get("/v1/nodes")
			.ok()
			.required("nodes")
			.required(0)
			.required("version")
			.asString();
		try (SseClient alice = stream("console-cluster", 0)) {
			openLoggedIn();
			awaitText("tr[data-node=node-1] td", "up");
			awaitText("tr[data-node=node-2] td", "up");
			awaitText(".totals", "2 nodes");
			assertThat(this.page.locator("tbody tr").count()).isEqualTo(2);
			assertThat(this.page.locator("tr[data-node=node-1]").textContent()).contains(" of ", "heap ", " well",
					" ago", version);
			assertThat(this.page.locator("fanfare-charts canvas").count()).isEqualTo(4);
			// Rates need two reports of a node, which come every 5 s.
			this.page.waitForCondition(() -> {
				this.backend.toUser("console-cluster", "x");
				return this.page.locator(".chart", new Page.LocatorOptions().setHasText("Messages per second"))
					.locator("b")
					.textContent()
					.matches("[1-9].*/s|0\\.[1-9]/s");
			});
			assertThat(this.page.locator("tr[data-node=node-1]").textContent()).matches(".* s.*");
			button("Rebalance").click();
			this.page.locator("dialog button[value='']").click();
			// Browsers report that a dialog was closed in a task of its own, after the
			// click.
			this.page.locator("dialog").waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.DETACHED));
			button("Rebalance").click();
			this.page.locator("dialog button[value=yes]").click();
			awaitText("fanfare-cluster output", "streams are sent on");
			assertThat(this.errors).isEmpty();
		}
	}

	@Test
	void nodesAreDrainedOneByOneAndAlone() {
		try (TestRedis redis = TestRedis.start();
				Cluster own = TestCluster.start(redis, "--logging.level.root=WARN",
						"--logging.level.io.fanfare=WARN")) {
			open(new Browser.NewContextOptions(), own);
			logIn(TestCluster.apiKey());
			awaitText("tr[data-node=node-2] td", "up");
			this.page.getByLabel("Drain node-2").click();
			awaitText("dialog h2", "Drain node-2");
			this.page.locator("dialog input").fill("0");
			this.page.locator("dialog button[value=yes]").click();
			awaitText("fanfare-cluster output", "node-2 sends 0 streams on");
			awaitText("tr[data-node=node-2] td", "drained");
			assertThat(this.page.getByLabel("Drain node-2").isDisabled()).isTrue();
			button("Drain all, one by one").click();
			this.page.locator("dialog input").fill("0");
			this.page.locator("dialog button[value=yes]").click();
			awaitText("fanfare-cluster output", "drains ");
			awaitText("#drain-title", "Drain of the cluster: running");
			awaitText("fanfare-cluster section li", "node-2: ");
			assertThat(this.page.locator("progress").count()).isEqualTo(1);
			assertThat(this.errors).isEmpty();
		}
	}

	@Test
	void aUserIsLookedUpTailedAndDisconnected() {
		String user = "console/user";
		try (SseClient stream = stream(user, 1)) {
			openLoggedIn();
			view("User");
			this.page.getByLabel("User", new Page.GetByLabelOptions().setExact(true)).fill(user);
			button("Look up").click();
			awaitText("p.state", user + " is online");
			assertThat(this.page.locator("dl").textContent()).contains("node-2", "normal", "127.0.0.1", "never");
			button("Tail").click();
			awaitText(".log li", "copied from here");
			List<Integer> took = new ArrayList<>();
			for (int i = 0; i < 5; i++) {
				took.add(((Number) this.page.evaluate(
						"""
								async ([user, data]) => {
									const shown = new Promise((resolve) => new MutationObserver((changes, observer) => {
										if (document.querySelector('.log').textContent.includes(data)) {
											observer.disconnect();
											resolve();
										}
									}).observe(document.querySelector('.log'), { childList: true, subtree: true }));
									const began = performance.now();
									await fetch('v1/messages', { method: 'POST', body: JSON.stringify({ to: { user }, event: 'order', data }),
										headers: { 'Authorization': `Bearer ${sessionStorage.getItem('fanfare.key')}`, 'Content-Type': 'application/json' } });
									await shown;
									return performance.now() - began;
								}""",
						List.of(user, "number " + i + ".")))
					.intValue());
			}
			took.sort(null);
			assertThat(took.get(took.size() / 2)).as("milliseconds: " + took).isLessThan(200);
			this.page.locator("#disconnect [name=delay]").fill("1");
			this.page.locator("#disconnect [name=message]").fill("see you");
			button("Disconnect").click();
			awaitText("#disconnect output", "ends node-2");
			SseBlock kicked = stream.awaitBlock((block) -> block.fires("push.kicked"), SOON);
			assertThat(kicked.data()).contains("\"reason\":\"logout\"", "\"delayMs\":1000", "see you");
			awaitText(".log li", "push.kicked");
			awaitText(".log li", "ended: logout");
		}
		try (SseClient stream = stream(user, 0)) {
			// The tail follows
			awaitText(".log li", "push.connected");
			this.page.locator("#disconnect [name=mode]").selectOption("now");
			this.page.locator("#disconnect [name=reason]").selectOption("permission-change");
			button("Disconnect").click();
			assertThat(stream.awaitBlock((block) -> block.fires("push.kicked"), SOON).data())
				.contains("\"reason\":\"permission-change\"")
				.doesNotContain("delayMs");
		}
		awaitText(".log li", "ended: permission-change");
		button("Stop").click();
		awaitText(".head .state", "off");
		button("Clear").click();
		assertThat(this.page.locator(".log li").count()).isZero();
		button("Look up").click();
		awaitText("p.state", "is offline");
		button("Disconnect").click();
		awaitText("#disconnect output", "has no stream");
		assertThat(this.errors).isEmpty();
	}

	@Test
	void whatIsPublishedIsAnsweredAndInTheHistory() {
		openLoggedIn();
		view("Publish");
		this.page.locator("#message [name=kind]").selectOption("users");
		this.page.locator("#message [name=recipient]").fill("console-a, console-b");
		this.page.locator("#message [name=idempotency]").fill("console-once-" + System.nanoTime());
		button("Publish").click();
		awaitText("pre.answer", "\"user\": \"console-b\"");
		String answer = this.page.locator("pre.answer").textContent();
		button("Publish").click();
		awaitText("#message output", "stored");
		this.page.waitForCondition(() -> this.page.locator("pre.answer").textContent().equals(answer));
		this.page.locator("#message [name=idempotency]").fill("");
		this.page.locator("#message [name=ttl]").fill("soon");
		button("Publish").click();
		awaitText("#message output[data-failed]", "ttl");
		this.page.locator("#message [name=ttl]").fill("PT1H");
		this.page.locator("#message [name=kind]").selectOption("channel");
		this.page.locator("#message [name=recipient]").fill("console-topic");
		this.page.locator("#message [name=ephemeral]").check();
		button("Publish").click();
		awaitText("#message output", "sent");
		this.page.locator("#message [name=ephemeral]").uncheck();
		this.page.locator("#message [name=format]").selectOption("text");
		this.page.locator("#message textarea").fill("<b>not bold</b>");
		button("Publish").click();
		awaitText("#message output", "stored");
		assertThat(this.errors).hasSize(1).allMatch((error) -> error.contains("400"));
		this.errors.clear();

		for (int i = 1; i <= 45; i++) {
			this.backend.toChannel("console-topic", "number " + i + ".");
		}
		view("Channel");
		this.page.locator("#channel [name=channel]").fill("console-topic");
		button("Show newest").click();
		awaitText("td.data", "number 45.");
		assertThat(this.page.locator("tbody tr").count()).isEqualTo(20);
		assertThat(button("Newer").isDisabled()).isTrue();
		button("Older").click();
		awaitText("td.data", "number 25.");
		button("Older").click();
		awaitText("td.data", "<b>not bold</b>");
		assertThat(this.page.locator("tbody tr").count()).isEqualTo(6);
		assertThat(button("Older").isDisabled()).isTrue();
		button("Newer").click();
		awaitText("td.data", "number 6.");
		this.page.locator("[data-do=newest]").click();
		awaitText("td.data", "number 45.");
		button("Oldest").click();
		awaitText("td.data", "number 1.");
		this.page.locator("#channel [name=channel]").fill("console-nothing");
		button("Show newest").click();
		awaitText("#channel output", "nothing is retained");
		assertThat(this.errors).isEmpty();
	}

	@Test
	void theTwoPanesAreThereAsWell() {
		openLoggedIn();
		view("Cluster");
		link("Try it").click();
		awaitText("section[aria-label=Left] .state[data-state=open]", "open on node-1");
		awaitText("section[aria-label=Right] .state[data-state=open]", "open on node-2");
		this.page.locator("#publish input[name=event]").fill("from-the-console");
		this.page.locator("#publish button[type=submit]").click();
		awaitText("section[aria-label=Left] .log li", "from-the-console");
		view("Cluster");
		await().atMost(SOON).until(() -> !this.backend.user("alice").required("online").asBoolean());
		assertThat(this.errors).isEmpty();
	}

	@Test
	void theDoctorShowsWhatToMend() {
		openLoggedIn();
		view("Doctor");
		BrokenWay.before(this.page);
		button("Examine").click();
		awaitText("#doctor output[data-failed]", "3 problems");
		assertThat(this.page.locator(".finding[data-severity=problem] h3").allTextContents()).containsExactly(
				"A proxy replaces the node's answers to errors", "A proxy holds events back",
				"The header Authorization does not reach the node");
		Locator buffered = this.page.locator("[data-finding=buffered]");
		assertThat(buffered.textContent()).contains("held back for up to 3 s");
		buffered.locator("summary", new Locator.LocatorOptions().setHasText("nginx")).focus();
		this.page.keyboard().press("Enter");
		assertThat(buffered.locator("details[open] pre").textContent()).startsWith("proxy_buffering off;");
		assertThat(this.errors).isEmpty();
	}

	@Test
	void theThemeIsChosenAndKept() {
		openLoggedIn();
		Locator theme = this.page.locator("#theme");
		assertThat(theme.textContent()).isEqualTo("Theme: auto");
		Object light = background();
		theme.click();
		assertThat(background()).isEqualTo(light);
		theme.click();
		assertThat(theme.textContent()).isEqualTo("Theme: dark");
		assertThat(background()).isNotEqualTo(light);
		this.page.reload();
		awaitText("#theme", "Theme: dark");
		assertThat(background()).isNotEqualTo(light);
	}

	private Object background() {
		return this.page.evaluate("getComputedStyle(document.body).backgroundColor");
	}

	/** All that can be done can be done without a mouse. */
	@Test
	void keysAreEnough() {
		open(new Browser.NewContextOptions(), this.cluster);
		this.page.locator("#key:focus").waitFor();
		this.page.keyboard().type(TestCluster.apiKey());
		this.page.keyboard().press("Enter");
		awaitText("h2.view", "Cluster");
		link("Publish").focus();
		this.page.keyboard().press("Enter");
		awaitText("h2.view", "Publish");
		assertThat(this.page.evaluate("document.activeElement.localName")).isEqualTo("main");
		this.page.keyboard().press("Tab");
		assertThat(this.page.evaluate("document.activeElement.name")).isEqualTo("kind");
		link("Cluster").focus();
		this.page.keyboard().press("Enter");
		awaitText("tr[data-node=node-1] td", "up");
		button("Drain all, one by one").focus();
		this.page.keyboard().press("Enter");
		this.page.locator("dialog").waitFor();
		this.page.keyboard().press("Escape");
		await().atMost(SOON).until(() -> this.page.locator("dialog").count() == 0);
		assertThat(this.page.evaluate("document.activeElement.dataset.do")).isEqualTo("drain-all");
	}

	/** Both themes and both widths; for pictures each with each. */
	private static List<Arguments> screens() {
		List<Arguments> screens = new ArrayList<>(
				List.of(Arguments.of(ColorScheme.LIGHT, 1280, 800), Arguments.of(ColorScheme.DARK, 390, 844)));
		if (SCREENSHOTS) {
			screens.add(Arguments.of(ColorScheme.DARK, 1280, 800));
			screens.add(Arguments.of(ColorScheme.LIGHT, 390, 844));
		}
		return screens;
	}

	@ParameterizedTest
	@MethodSource("screens")
	void axeFindsNothingSeriousAndNothingIsWiderThanTheScreen(ColorScheme scheme, int width, int height)
			throws IOException {
		// The page's own policy takes no script from elsewhere.
		open(new Browser.NewContextOptions().setBypassCSP(true).setColorScheme(scheme).setViewportSize(width, height),
				this.cluster);
		String suffix = ((width < 600) ? "-phone" : "") + "-" + scheme.name().toLowerCase(Locale.ROOT);
		this.page.addScriptTag(new Page.AddScriptTagOptions().setContent(axe()));
		this.page.getByLabel("Key or token").waitFor();
		check("login", width);
		try (SseClient stream = stream("erin", 0)) {
			for (int i = 1; i <= 5; i++) {
				this.backend.publish(Map.of("to", Map.of("channel", "console-shown"), "event", "headline", "data",
						Map.of("number", i, "text", "What happened today")));
			}
			logIn(TestCluster.apiKey());
			awaitText("tr[data-node=node-1] td", "up");
			for (String view : VIEWS) {
				show(view);
				check(view, width);
				if (SCREENSHOTS) {
					Files.createDirectories(IMAGES);
					byte[] picture = this.page.screenshot(new Page.ScreenshotOptions().setFullPage(width > 600));
					Files.write(IMAGES.resolve("console-" + view + suffix + ".png"), IndexedImage.reduce(picture));
				}
			}
			assertThat(stream.end()).isNull();
		}
		assertThat(this.errors).isEmpty();
	}

	private void show(String view) {
		this.page.evaluate("scrollTo(0, 0)");
		this.page.evaluate("(view) => location.hash = `#/${view}`", view);
		switch (view) {
			case "cluster" -> {
				for (int i = 0; SCREENSHOTS && i < 150; i++) {
					this.backend
						.publish(Map.of("to", Map.of("user", "erin"), "event", "order", "data", Map.of("id", i)));
					this.page.waitForTimeout(60 + 40 * (i / 30 % 2));
				}
			}
			case "user" -> {
				this.page.getByLabel("User", new Page.GetByLabelOptions().setExact(true)).fill("erin");
				button("Look up").click();
				awaitText("p.state", "erin is online");
				button("Tail").click();
				awaitText(".log li", "copied from here");
				this.backend.publish(Map.of("to", Map.of("user", "erin"), "event", "order", "data", Map.of("id", 42)));
				awaitText(".log li", "{\"id\":42}");
			}
			case "publish" -> {
				button("Publish").click();
				awaitText("pre.answer", "\"recipients\"");
			}
			case "channel" -> {
				this.page.locator("#channel [name=channel]").fill("console-shown");
				button("Show newest").click();
				awaitText("td.data", "What happened today");
			}
			case "doctor" -> {
				BrokenWay.before(this.page);
				button("Examine").click();
				awaitText("#doctor output", "3 problems");
				this.page.locator("[data-finding=buffered] summary").first().click();
				this.page.evaluate("scrollTo(0, 0)");
			}
			default -> awaitText("section[aria-label=Right] .state[data-state=open]", "open on node-2");
		}
	}

	private void check(String view, int width) {
		assertThat(this.page.evaluate("""
				async () => (await axe.run()).violations
					.filter((found) => ['serious', 'critical'].includes(found.impact))
					.map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join(' ')}`)""")).as(view)
			.isEqualTo(List.of());
		assertThat(((Number) this.page.evaluate("document.documentElement.scrollWidth")).intValue()).as(view)
			.isLessThanOrEqualTo(width);
	}

	private static String axe() throws IOException {
		try (InputStream script = ConsoleIT.class.getResourceAsStream(AXE)) {
			assertThat(script).isNotNull();
			return new String(script.readAllBytes(), StandardCharsets.UTF_8);
		}
	}

}
