package io.fanfare.local;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;

import com.google.gson.JsonObject;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.PlaywrightException;
import io.fanfare.protocol.MessageId;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A tab of a {@link ClientSite} that writes down what it receives. Belongs to the thread
 * of its browser.
 */
final class ClientTab {

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

	/**
	 * What a tab received.
	 *
	 * @param at when, in milliseconds of the wall clock
	 * @param id its id
	 * @param data its data
	 */
	record Received(long at, String id, String data) {

		private static Received of(String line) {
			String[] parts = line.split(" ", 4);
			return new Received(Long.parseLong(parts[0]), parts[1], parts[3]);
		}

	}

	Page page() {
		return this.page;
	}

	/** Whether it is there. */
	boolean isAlive() {
		return !this.crashed && !this.page.isClosed();
	}

	/** What it received so far, in order. */
	List<Received> received() {
		return lines("received").stream().map(Received::of).toList();
	}

	int count() {
		return Integer.parseInt(text("String(received.length)"));
	}

	/** Lines that it wrote down. */
	List<String> lines(String log) {
		return text(log + ".join('\\n')").lines().toList();
	}

	/** The name of the state of its client. */
	String state() {
		return text("window.push?.state?.name ?? ''");
	}

	void awaitState(String state) {
		until(() -> state().equals(state));
	}

	/** Waits until it has received a message. */
	void awaitReceived(String data) {
		until(() -> text("String(received.some((line) => line.endsWith(' " + data + "')))").equals("true"));
	}

	/** No message twice, and none after one that is newer. */
	void assertInOrder() {
		assertThat(received().stream().map((one) -> MessageId.parse(one.id())).toList()).isSorted()
			.doesNotHaveDuplicates();
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

	private String text(String expression) {
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
