package io.fanfare.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Playwright;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.RequiredTool;

/** The installed Chromium, without a window. Belongs to the thread that starts it. */
final class TestBrowser implements AutoCloseable {

	/** What Playwright switches off that every browser does. */
	private static final List<String> UNLIKE_A_BROWSER = List.of("--disable-back-forward-cache",
			"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
			"--disable-renderer-backgrounding", "--disable-ipc-flooding-protection");

	private final Playwright playwright;

	private final Browser browser;

	/** The ids of those that stand still. */
	private final List<String> processes = new ArrayList<>();

	private TestBrowser(Playwright playwright, Browser browser) {
		this.playwright = playwright;
		this.browser = browser;
	}

	/** Starts it. Where Chromium is missing, the test is skipped. */
	static TestBrowser start() {
		Path chromium = Assume.installed(RequiredTool.CHROMIUM);
		Playwright playwright = Playwright
			.create(new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
		Browser browser = playwright.chromium()
			.launch(new BrowserType.LaunchOptions().setExecutablePath(chromium)
				.setHeadless(true)
				.setIgnoreDefaultArgs(UNLIKE_A_BROWSER)
				.setArgs(List.of("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
						"--disable-background-networking", "--disable-component-update", "--disable-sync")));
		return new TestBrowser(playwright, browser);
	}

	Browser browser() {
		return this.browser;
	}

	/** All of it stands still, as when a machine sleeps. */
	void freeze() {
		signal("STOP");
	}

	/** It goes on. */
	void thaw() {
		signal("CONT");
	}

	private void signal(String signal) {
		if (this.processes.isEmpty()) {
			CDPSession session = this.browser.newBrowserCDPSession();
			session.send("SystemInfo.getProcessInfo")
				.getAsJsonArray("processInfo")
				.forEach((process) -> this.processes.add(process.getAsJsonObject().get("id").getAsString()));
		}
		List<String> command = new ArrayList<>(List.of("kill", "-" + signal));
		command.addAll(this.processes);
		ChildProcess.command(command).run(Duration.ofSeconds(5)).orThrow();
		if (signal.equals("CONT")) {
			this.processes.clear();
		}
	}

	@Override
	public void close() {
		this.playwright.close();
	}

}
