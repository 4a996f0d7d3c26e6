package io.fanfare.local;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The doctor of the console, which listens for half a minute, in a real browser and
 * before a cluster of its own. What else the console shows is tested by
 * {@link ConsoleIT}.
 */
@Execution(ExecutionMode.CONCURRENT)
class ConsoleDoctorIT {

	private static final Duration SOON = Duration.ofSeconds(15);

	private static final Duration DIAGNOSIS = Duration.ofSeconds(40);

	private static TestBrowser browser;

	/** What the browser says of errors. */
	private final List<String> errors = new CopyOnWriteArrayList<>();

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

	private void open(Cluster where) {
		this.page = browser.browser().newPage();
		this.page.setDefaultTimeout(SOON.toMillis());
		this.page.onConsoleMessage((message) -> {
			if (List.of("error", "warning").contains(message.type())) {
				this.errors.add(message.text());
			}
		});
		this.page.onPageError(this.errors::add);
		this.page.navigate("http://127.0.0.1:" + where.apiPort() + "/console");
		this.page.getByLabel("Key or token").fill(TestCluster.apiKey());
		button("Log in").click();
		this.page.locator("nav a", new Page.LocatorOptions().setHasText("Doctor")).click();
		awaitText("h2.view", "Doctor");
	}

	private Locator button(String name) {
		return this.page.locator("button", new Page.LocatorOptions().setHasText(name)).first();
	}

	private void awaitText(String selector, String text) {
		this.page.locator(selector, new Page.LocatorOptions().setHasText(text)).first().waitFor();
	}

	/** The console knows where streams are before nginx is started. */
	@Test
	void theDoctorFindsNoProblemBehindNginx() {
		try (TestRedis redis = TestRedis.start();
				TcpProxy wire = TcpProxy.to(0);
				Cluster own = TestCluster.start(redis, "--logging.level.root=WARN", "--logging.level.io.fanfare=WARN",
						"--fanfare.api.streams=http://127.0.0.1:" + wire.port() + "/events");
				NginxProcess nginx = NginxProcess.start(
						Map.of("\"http://127.0.0.1:8080\"", "\"http://127.0.0.1:" + own.apiPort() + "\""),
						own.apiPort(), own.streamPort(0), own.streamPort(1))) {
			wire.redirect(nginx.port());
			open(own);
			this.page.locator("#doctor [name=stream]").selectOption("http://127.0.0.1:" + wire.port() + "/events");
			button("Examine").click();
			awaitText("#doctor output", "listens for some 25 s");
			this.page.locator("#doctor progress").waitFor();
			assertThat(button("Examine").isDisabled()).isTrue();
			this.page.locator("#doctor output", new Page.LocatorOptions().setHasText("problem"))
				.waitFor(new Locator.WaitForOptions().setTimeout(DIAGNOSIS.toMillis()));
			assertThat(this.page.locator("#doctor output").textContent()).startsWith("no problem");
			assertThat(this.page.locator("[data-severity=problem]").count()).isZero();
			assertThat(this.page.locator("fanfare-doctor dl").textContent()).contains("each 15 s", "agree");
			assertThat(this.page.locator("#doctor progress").isVisible()).isFalse();

			button("Examine").click();
			button("Stop").click();
			awaitText("#doctor output", "stopped");
			assertThat(this.page.locator(".finding").count()).isZero();
			assertThat(button("Examine").isEnabled()).isTrue();
			// What the browser says of the answers that were asked for
			assertThat(this.errors).allMatch((error) -> error.contains("401") || error.contains("503"));
		}
	}

}
