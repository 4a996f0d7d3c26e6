package io.fanfare.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import io.fanfare.local.ClientSite.Sharing;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.RequiredTool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static io.fanfare.local.ClientTab.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** What one user sees of the browser client in one browser and in two, through nginx. */
class ClientIT {

	private static final String TOPIC = "client.news";

	private static final Path README = Path.of("..", "README.md");

	/** The first code that the README shows for pages. */
	private static final Pattern LINES = Pattern.compile("## From a page\n\n```js\n(.*?)```", Pattern.DOTALL);

	private static final String README_PAGE = """
			<!doctype html>
			<title>The lines of the README</title>
			<link rel="icon" href="data:,">
			<script>
			var shown = [];
			const show = (data) => shown.push(data.number);
			const fetchToken = async () => (await fetch('/token?user=client-readme')).text();
			</script>
			<script type="module">
			%s</script>
			""";

	private static final Map<String, ?> NEWS = Map.of("channels", List.of(TOPIC));

	private static ClientSite site;

	private static NginxProcess nginx;

	private final ApiClient backend = TestCluster.backend(TestCluster.shared());

	private final List<BrowserContext> contexts = new ArrayList<>();

	@BeforeAll
	static void start() throws IOException {
		Assume.installed(RequiredTool.NGINX);
		site = ClientSite.start();
		Cluster cluster = TestCluster.shared();
		nginx = NginxProcess.start(ClientOpens.logged(site), cluster.apiPort(), cluster.streamPort(0),
				cluster.streamPort(1));
	}

	@AfterAll
	static void stop() {
		if (nginx != null) {
			nginx.close();
		}
		if (site != null) {
			site.close();
		}
	}

	@BeforeEach
	void signIn() {
		site.tokens(this.backend::token);
	}

	@AfterEach
	void closeContexts() {
		this.contexts.forEach(BrowserContext::close);
		ClientOpens.assertNoneInATightLoop(nginx);
	}

	@Test
	void twoTabsWithTheTwoLinesOfTheReadmeReceiveEverything() throws IOException {
		Matcher lines = LINES.matcher(Files.readString(README));
		assertThat(lines.find()).isTrue();
		assertThat(lines.group(1).lines()).hasSize(2);
		site.pages(Map.of("/readme.html",
				README_PAGE.formatted(lines.group(1).replace("https://push.example", nginx.url()))));
		BrowserContext context = newContext();
		List<Page> tabs = List.of(context.newPage(), context.newPage());
		tabs.forEach((tab) -> tab.navigate(site.origin() + "/readme.html"));
		AtomicInteger published = new AtomicInteger();
		until(() -> {
			this.backend.publish(Map.of("to", Map.of("user", "client-readme"), "event", "order", "data",
					Map.of("number", published.incrementAndGet())))
				.ok();
			return tabs.stream().allMatch((tab) -> shown(tab).size() > 20);
		});
		int last = published.get();
		for (Page tab : tabs) {
			until(() -> shown(tab).getLast() == last);
			assertThat(shown(tab)).isEqualTo(IntStream.rangeClosed(shown(tab).getFirst(), last).boxed().toList());
		}
		assertThat(ClientOpens.of(this.backend, "client-readme")).isEqualTo(1);
	}

	private static List<Integer> shown(Page tab) {
		List<Integer> shown = new ArrayList<>();
		((List<?>) tab.evaluate("() => shown")).forEach((number) -> shown.add((Integer) number));
		return shown;
	}

	@Test
	void anotherBrowserTakesOverAndTheFirstDoesNotFight() {
		BrowserContext first = newContext();
		List<ClientTab> tabs = List.of(open(first, "client-two", NEWS), open(first, "client-two", NEWS));
		tabs.forEach((tab) -> tab.awaitState("open"));
		BrowserContext second = newContext();
		ClientTab other = open(second, "client-two", NEWS);
		other.awaitState("open");
		tabs.forEach((tab) -> tab.awaitState("kicked"));
		String holder = connection("client-two");
		assertStays(() -> connection("client-two").equals(holder)
				&& tabs.stream().allMatch((tab) -> tab.state().equals("kicked")));
		assertThat(tabs.getFirst().lines("states").getLast()).contains("\"reason\":\"takeover\"");

		tabs.getFirst().page().evaluate("() => push.takeOver()");
		tabs.forEach((tab) -> tab.awaitState("open"));
		other.awaitState("kicked");
		this.backend.toUser("client-two", "to the first again");
		tabs.forEach((tab) -> tab.awaitReceived("to the first again"));
		assertStays(() -> other.state().equals("kicked") && other.count() == 0);
		assertThat(tabs.getFirst().lines("failures")).isEmpty();
	}

	@Test
	void aUserWhoIsLoggedOutStaysOut() {
		BrowserContext context = newContext();
		List<ClientTab> tabs = List.of(open(context, "client-out", NEWS), open(context, "client-out", NEWS));
		tabs.forEach((tab) -> tab.awaitState("open"));
		this.backend.post("/v1/users/client-out/disconnect", Map.of("mode", "now", "reason", "logout")).ok();
		tabs.forEach((tab) -> tab.awaitState("kicked"));
		assertThat(tabs.getFirst().lines("states").getLast()).contains("\"reason\":\"logout\"");
		// Neither by itself, nor because the browser wakes it
		tabs.getFirst().page().evaluate("() => { dispatchEvent(new Event('online')); }");
		assertStays(() -> !this.backend.user("client-out").required("online").asBoolean()
				&& tabs.stream().allMatch((tab) -> tab.state().equals("kicked")));
	}

	@Test
	void tabsThatDoNotShareTakeOverFromEachOther() {
		BrowserContext context = newContext();
		Map<String, ?> each = Map.of("channels", List.of(TOPIC), "tabs", "each");
		ClientTab first = open(context, "client-each", each);
		List<String> warnings = new ArrayList<>();
		first.page().onConsoleMessage((message) -> warnings.add(message.type() + " " + message.text()));
		first.awaitState("open");
		ClientTab second = open(context, "client-each", each);
		second.awaitState("open");
		first.awaitState("kicked");
		until(() -> warnings.stream().anyMatch((line) -> line.startsWith("warning fanfare: another tab")));
		this.backend.toUser("client-each", "to the newest");
		second.awaitReceived("to the newest");
		assertStays(() -> first.state().equals("kicked") && first.count() == 0);
	}

	@Test
	void itAcknowledgesWhatItsListenersGot() {
		BrowserContext context = newContext();
		List<ClientTab> tabs = List.of(open(context, "client-acks", NEWS), open(context, "client-acks", NEWS));
		tabs.forEach((tab) -> tab.awaitState("open"));
		String automatic = this.backend.toUser("client-acks", "one");
		until(() -> automatic.equals(details("client-acks").path("acknowledged").asString()));

		ClientTab tab = tabs.getFirst();
		tab.page().evaluate("""
				() => {
					window.kept = [];
					push.on('message', (data, event) => kept.push(event), { ack: 'manual' });
				}""");
		String held = this.backend.toUser("client-acks", "two");
		String later = this.backend.toUser("client-acks", "three");
		until(() -> (int) tab.page().evaluate("() => kept.length") == 2);
		tab.page().evaluate("() => kept[1].ack()");
		until(() -> details("client-acks").path("acknowledgedAbove").asInt() == 1);
		assertThat(details("client-acks").path("acknowledged").asString()).isEqualTo(automatic);
		tab.page().evaluate("() => kept[0].ack()");
		until(() -> later.equals(details("client-acks").path("acknowledged").asString()));
		assertThat(held).isLessThan(later);
	}

	@Test
	void aTopicIsAddedAndNothingIsMissed() {
		ClientTab tab = open(newContext(), "client-topics", NEWS);
		tab.awaitState("open");
		int opens = opens(tab);
		tab.page().evaluate("() => ['a', 'b', 'c'].forEach((topic) => push.subscribe('client.' + topic))");
		String all = "() => window.push.stats().opens";
		until(() -> (int) tab.page().evaluate(all) == opens + 1);
		tab.awaitState("open");
		await().pollInSameThread().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
			this.backend.toChannel("client.b", "b");
			tab.awaitReceived("b");
		});
		this.backend.toChannel(TOPIC, "news");
		tab.awaitReceived("news");
		tab.page().evaluate("() => push.unsubscribe('client.a')");
		until(() -> (int) tab.page().evaluate(all) == opens + 2);
		assertThat(tab.lines("failures")).isEmpty();
	}

	private static int opens(ClientTab tab) {
		return (int) tab.page().evaluate("() => push.stats().opens");
	}

	private BrowserContext newContext() {
		BrowserContext context = site.newContext(Sharing.WORKER);
		this.contexts.add(context);
		return context;
	}

	private static ClientTab open(BrowserContext context, String user, Map<String, ?> options) {
		return site.open(context, nginx.url() + "/events", user, options, "");
	}

	private JsonNode details(String user) {
		return this.backend.user(user).path("details");
	}

	private String connection(String user) {
		return String.valueOf(this.backend.connectionOf(user));
	}

	private static void assertStays(Callable<Boolean> condition) {
		await().pollInSameThread().during(Duration.ofSeconds(3)).atMost(Duration.ofSeconds(10)).until(condition);
	}

}
