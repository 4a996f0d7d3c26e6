package io.fanfare.local;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.RequiredTool;

/** The installed Chromium, without a window. Belongs to the thread that starts it. */
final class TestBrowser implements AutoCloseable {

	private final Playwright playwright;

	private final Browser browser;

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
				.setIgnoreDefaultArgs(List.of("--disable-back-forward-cache"))
				.setArgs(List.of("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
						"--disable-background-networking", "--disable-component-update", "--disable-sync")));
		return new TestBrowser(playwright, browser);
	}

	Browser browser() {
		return this.browser;
	}

	@Override
	public void close() {
		this.playwright.close();
	}

}
