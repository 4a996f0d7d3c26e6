package io.fanfare.local;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static io.fanfare.local.ExampleSite.awaitState;
import static io.fanfare.local.ExampleSite.clients;
import static io.fanfare.local.ExampleSite.count;
import static io.fanfare.local.ExampleSite.events;
import static io.fanfare.local.ExampleSite.state;
import static io.fanfare.local.ExampleSite.token;
import static io.fanfare.local.ExampleSite.until;
import static org.assertj.core.api.Assertions.assertThat;

/** {@code docs/examples/page.html}, as it stands, in a real browser. */
class ExamplePageIT {

	private static ExampleSite site;

	private BrowserContext context;

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

	@BeforeEach
	void openContext() {
		this.context = site.newContext();
	}

	@AfterEach
	void closeContext() {
		this.context.close();
	}

	@Test
	void oneTabReceivesAndAReloadIsNoTakeover() {
		Cluster cluster = TestCluster.shared();
		ApiClient backend = TestCluster.backend(cluster);
		site.tokens(() -> backend.token("example-tabs"));
		Page first = site.open(this.context, cluster.streamPort(0));
		awaitState(first, "open");
		Page second = site.open(this.context, cluster.streamPort(1));
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
		ApiClient backend = TestCluster.backend(cluster);
		List<SseClient> streams = TestCluster.fill(0);
		try {
			site.tokens(() -> backend.token("example-waiting"));
			Page waiting = site.open(this.context, cluster.streamPort(0));
			awaitState(waiting, "waiting (the node is full: position 1 of 1)");
			// The waiting room takes one: the other comes back until it may wait.
			site.tokens(() -> backend.token("example-busy"));
			Page busy = site.open(this.context, cluster.streamPort(0));
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
		ApiClient backend = TestCluster.backend(cluster);
		site.tokens(() -> backend.post("/v1/tokens", Map.of("user", "example-refused", "channels", List.of("other")))
			.ok()
			.required("token")
			.asString());
		Page page = site.open(this.context, cluster.streamPort(0));
		awaitState(page, "refused (403: ");
		assertThat(state(page)).contains("news");
		site.tokens(() -> 401);
		page.locator("#here").click();
		awaitState(page, "refused (nobody is signed in)");

		// As after sleep: what the page has, and what a cache has, is over.
		String expired = token(backend, "example-refused", Duration.ofSeconds(1));
		until(() -> SseClient.request("127.0.0.1", cluster.streamPort(0), "/events")
			.bearer(expired)
			.fetch()
			.status() == 401);
		site.tokens(() -> expired);
		page.locator("#here").click();
		awaitState(page, "connecting (");
		int asked = site.asked();
		until(() -> site.asked() > asked);
		assertThat(count(page, "blocks", "refused {\"status\":401")).isBetween(1, 5);
		site.tokens(() -> 503);
		int refused = site.asked();
		until(() -> site.asked() > refused);
		site.tokens(() -> backend.token("example-refused"));
		awaitState(page, "open");
		backend.toUser("example-refused", "received");
		until(() -> page.locator("#messages li").count() == 1);

		// As its header says: a file, a token behind it, and no backend.
		int before = site.asked();
		page.navigate(ExampleSite.EXAMPLE.toAbsolutePath().normalize().toUri() + events(cluster.streamPort(0))
				+ "&token=" + backend.token("example-file"));
		awaitState(page, "open");
		backend.toUser("example-file", "by hand");
		until(() -> page.locator("#messages li").count() == 1);
		assertThat(site.asked()).isEqualTo(before);
	}

}
