package io.fanfare.local;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;

import com.google.gson.JsonObject;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.PlaywrightException;
import org.jspecify.annotations.Nullable;

import static org.awaitility.Awaitility.await;

/** A tab that Playwright drives. Belongs to the thread of its browser. */
final class ClientTab implements ReceivingTab {

	private final Page page;

	private boolean crashed;

	/** Whether it went back. */
	private boolean back;

	/** Null unless its scripts are stopped. */
	private @Nullable CDPSession stopping;

	ClientTab(Page page) {
		this.page = page;
		page.onCrash((gone) -> this.crashed = true);
	}

	Page page() {
		return this.page;
	}

	/** Whether it is there. */
	boolean isAlive() {
		return !this.crashed && !this.page.isClosed();
	}

	int count() {
		return Integer.parseInt(text("String(received.length)"));
	}

	/** Stops its scripts where they are; the rest of the page goes on. */
	void pause() {
		CDPSession debugger = session();
		this.stopping = debugger;
		debugger.send("Debugger.enable");
		debugger.send("Debugger.pause");
	}

	/** Makes good that it was paused. */
	void goOn() {
		Objects.requireNonNull(this.stopping, "Not stopped").detach();
		this.stopping = null;
	}

	/**
	 * Goes back, to the page that it was before. Playwright loses sight of a page that
	 * the back-forward cache kept, so it is asked by the protocol itself from then on.
	 */
	void back() {
		this.back = true;
		text("history.back(), ''");
		until(() -> text("location.pathname").equals("/tab.html"));
	}

	@Override
	public String text(String expression) {
		if (!this.back) {
			return (String) this.page.evaluate(expression);
		}
		JsonObject parameters = new JsonObject();
		parameters.addProperty("expression", expression);
		CDPSession session = session();
		try {
			return session.send("Runtime.evaluate", parameters).getAsJsonObject("result").get("value").getAsString();
		}
		finally {
			session.detach();
		}
	}

	/** Ends its process. */
	void crash() {
		try {
			this.page.navigate("chrome://crash", new Page.NavigateOptions().setTimeout(5_000));
		}
		catch (PlaywrightException ex) {
			// The page is gone.
		}
		look();
	}

	/**
	 * Looks whether its process is gone, which it may have had in common with another.
	 */
	void look() {
		try {
			count();
		}
		catch (PlaywrightException ex) {
			this.crashed = true;
		}
	}

	/** The id of the browser without a past that it belongs to. */
	String browserContext() {
		return session().send("Target.getTargetInfo")
			.getAsJsonObject("targetInfo")
			.get("browserContextId")
			.getAsString();
	}

	private CDPSession session() {
		return this.page.context().newCDPSession(this.page);
	}

	/** Playwright belongs to one thread. */
	static void until(Callable<Boolean> condition) {
		await().dontCatchUncaughtExceptions()
			.pollInSameThread()
			.pollInterval(Duration.ofMillis(50))
			.atMost(Duration.ofSeconds(30))
			.until(condition);
	}

}
