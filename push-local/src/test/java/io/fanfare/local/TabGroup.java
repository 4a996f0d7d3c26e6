package io.fanfare.local;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Page;
import io.fanfare.local.ClientSite.Sharing;
import org.jspecify.annotations.Nullable;

/**
 * Tabs of one browser and one user, which share a stream. Belongs to the thread of its
 * browser.
 */
final class TabGroup implements AutoCloseable {

	private static final String WORKER = "shared_worker";

	private final ClientSite site;

	private final String user;

	private final BrowserContext context;

	private final List<ClientTab> tabs = new ArrayList<>();

	private final Set<ClientTab> everStopped = new HashSet<>();

	/** The tab whose scripts stand still now. */
	private @Nullable ClientTab stopped;

	/** The tab that asked for a stream last. */
	private @Nullable Page asker;

	TabGroup(ClientSite site, Sharing sharing, String user) {
		this.site = site;
		this.user = user;
		this.context = site.newContext(sharing);
		this.context.onRequest((request) -> {
			if (request.method().equals("GET") && request.url().contains("/events?")) {
				this.asker = request.frame().page();
			}
		});
	}

	/** What happens to the holder of a stream. */
	enum Disturbance {

		/** Its tab is closed, or its worker ended. */
		CLOSED,

		/** The process of its tab is gone. */
		CRASHED,

		/** Its scripts stand still, as in a debugger. */
		PAUSED;

		/** The other one, where they are seen in a mirror. */
		Disturbance mirrored() {
			return values()[values().length - 1 - ordinal()];
		}

	}

	String user() {
		return this.user;
	}

	/** Opens one more tab. */
	ClientTab open(String streams, Map<String, ?> options) {
		ClientTab tab = this.site.open(this.context, streams, this.user, options, "");
		this.tabs.add(tab);
		return tab;
	}

	/** The tabs whose scripts run. */
	List<ClientTab> running() {
		return this.tabs.stream().filter((tab) -> tab.isAlive() && tab != this.stopped).toList();
	}

	/** Whether the scripts of a tab ever stood still. */
	boolean wasStopped(ClientTab tab) {
		return this.everStopped.contains(tab);
	}

	/** Disturbs the holder of the stream, whichever it is. */
	void disturb(Disturbance disturbance) {
		boolean worker = this.asker == null;
		ClientTab holder = holder();
		switch (disturbance) {
			case CLOSED -> {
				if (worker) {
					closeWorkers();
				}
				else {
					holder.page().close();
				}
			}
			case CRASHED -> {
				holder.crash();
				running().forEach(ClientTab::look);
			}
			case PAUSED -> {
				if (worker) {
					pauseWorkers();
				}
				else {
					stopped(holder);
					holder.pause();
				}
			}
		}
	}

	private void stopped(ClientTab tab) {
		this.stopped = tab;
		this.everStopped.add(tab);
	}

	/** Lets the scripts of a tab that stands still run on. */
	void makeGood() {
		if (this.stopped != null) {
			this.stopped.goOn();
			this.stopped = null;
		}
	}

	/**
	 * The tab that holds the stream; any where a worker does, whose requests are not
	 * those of a tab.
	 */
	private ClientTab holder() {
		List<ClientTab> running = running();
		return (this.asker == null) ? running.getFirst()
				: running.stream().filter((tab) -> tab.page() == this.asker).findFirst().orElseThrow();
	}

	/** Ends the worker that holds the stream, as a browser that is short of memory. */
	private void closeWorkers() {
		for (String target : workers()) {
			JsonObject parameters = new JsonObject();
			parameters.addProperty("targetId", target);
			browser().send("Target.closeTarget", parameters);
		}
	}

	/** Stops the worker that holds the stream where it is. */
	private void pauseWorkers() {
		for (String target : workers()) {
			JsonObject parameters = new JsonObject();
			parameters.addProperty("targetId", target);
			CDPSession browser = browser();
			String session = browser.send("Target.attachToTarget", parameters).get("sessionId").getAsString();
			send(browser, session, 1, "Debugger.enable");
			send(browser, session, 2, "Debugger.pause");
		}
	}

	private static void send(CDPSession browser, String session, int id, String method) {
		JsonObject message = new JsonObject();
		message.addProperty("id", id);
		message.addProperty("method", method);
		JsonObject parameters = new JsonObject();
		parameters.addProperty("sessionId", session);
		parameters.addProperty("message", message.toString());
		browser.send("Target.sendMessageToTarget", parameters);
	}

	private List<String> workers() {
		String context = this.tabs.getFirst().browserContext();
		List<String> targets = new ArrayList<>();
		for (JsonElement one : browser().send("Target.getTargets").getAsJsonArray("targetInfos")) {
			JsonObject target = one.getAsJsonObject();
			if (target.get("type").getAsString().equals(WORKER)
					&& target.get("browserContextId").getAsString().equals(context)) {
				targets.add(target.get("targetId").getAsString());
			}
		}
		return targets;
	}

	private CDPSession browser() {
		return Objects.requireNonNull(this.context.browser()).newBrowserCDPSession();
	}

	@Override
	public void close() {
		this.context.close();
	}

}
