package io.fanfare.local;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.fanfare.local.ClientSite.Sharing;
import io.fanfare.local.SteadyPublisher.Published;
import io.fanfare.local.TabGroup.Disturbance;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.RequiredTool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seven tabs of a real browser, through nginx, with one stream: by a shared worker, by
 * locks and by messages alone. Each group of tabs is in a browser without a past, and all
 * undergo the same at the same time, for it is waiting mostly.
 */
class ClientTabsIT {

	private static final int TABS = 7;

	private static final String DEBUGGED = "client-debugged";

	private static final String TOPIC = "client.tabs";

	private static final Map<String, ?> OPTIONS = Map.of("channels", List.of(TOPIC));

	/** So long may a message take where the holder of the stream is gone. */
	private static final long HEALED_MILLIS = 5_000;

	private static ClientSite site;

	private static NginxProcess nginx;

	private final Cluster cluster = TestCluster.shared();

	private final ApiClient backend = TestCluster.backend(this.cluster);

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

	@Test
	void theOthersGoOnWhateverHappensToTheHolderOfTheStream() throws Exception {
		site.tokens(this.backend::token);
		List<TabGroup> groups = List.of(new TabGroup(site, Sharing.WORKER, "client-worker"),
				new TabGroup(site, Sharing.WORKER, DEBUGGED), new TabGroup(site, Sharing.LOCKS, "client-locks"),
				new TabGroup(site, Sharing.MESSAGES, "client-messages"));
		for (int tab = 0; tab < TABS; tab++) {
			groups.forEach((group) -> group.open(nginx.url() + "/events", OPTIONS));
		}
		groups.forEach((group) -> group.running().forEach((tab) -> tab.awaitState("open")));
		awaitOneStreamEach(groups);
		try (SteadyPublisher publisher = new SteadyPublisher(this.backend, "tabs",
				groups.stream().map(TabGroup::user).toList(), TOPIC, Duration.ofMillis(50))) {
			awaitAll(groups, publisher);
			for (Disturbance disturbance : Disturbance.values()) {
				long began = System.currentTimeMillis();
				// So each of the workers is disturbed in another way
				groups.forEach(
						(group) -> group.disturb(group.user().equals(DEBUGGED) ? disturbance.mirrored() : disturbance));
				awaitAll(groups, publisher);
				for (TabGroup group : groups) {
					long slowest = slowest(group, publisher, began);
					System.out
						.println(group.user() + ", holder " + disturbance + ": slowest message " + slowest + " ms");
					assertThat(slowest).as(group.user() + disturbance).isLessThan(HEALED_MILLIS);
				}
				groups.forEach(TabGroup::makeGood);
				awaitAll(groups, publisher);
				awaitOneStreamEach(groups);
			}
			publisher.close();
			awaitAll(groups, publisher);
		}
		groups.forEach(TabGroup::close);
		ClientTab.until(() -> groups.stream().allMatch((group) -> streams(group) == 0));
		ClientOpens.assertNoneInATightLoop(nginx);
	}

	/**
	 * The tab that was opened first holds the stream; it is hidden, and frozen as
	 * browsers freeze tabs that were hidden for long.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "", "delete Navigator.prototype.locks;" })
	void theOthersGoOnWhereTheHolderIsFrozen(String missing, @TempDir Path directory) throws Exception {
		site.tokens(this.backend::token);
		String user = missing.isEmpty() ? "client-frozen-locks" : "client-frozen-messages";
		String address = site.address(nginx.url() + "/events", user, OPTIONS,
				"&missing=" + URLEncoder.encode("delete window.SharedWorker;" + missing, StandardCharsets.UTF_8));
		try (DevToolsBrowser browser = DevToolsBrowser.start(directory);
				SteadyPublisher publisher = new SteadyPublisher(this.backend, user, List.of(user), TOPIC,
						Duration.ofMillis(50))) {
			List<DevToolsBrowser.Tab> tabs = new ArrayList<>();
			for (int tab = 0; tab < 3; tab++) {
				tabs.add(browser.open(address));
				awaitReceived(tabs, publisher, user);
			}
			assertThat(streams(user)).isEqualTo(1);
			tabs.getFirst().freeze();
			long began = System.nanoTime();
			awaitReceived(tabs.subList(1, 3), publisher, user);
			assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(HEALED_MILLIS));
			tabs.getFirst().resume();
			awaitReceived(tabs, publisher, user);
			assertThat(tabs.getFirst().text("shows.join()")).contains("freeze");
			ClientTab.until(() -> streams(user) == 1);
			publisher.close();
			awaitReceived(tabs, publisher, user);
			for (DevToolsBrowser.Tab tab : tabs) {
				List<String> received = tab.text("received.map((line) => line.split(' ')[3]).join('\\n')")
					.lines()
					// Other tests publish to all as well
					.filter((data) -> data.startsWith(user + "-"))
					.toList();
				List<String> published = publisher.publishedTo(user).stream().map(Published::data).toList();
				assertThat(received).isEqualTo(published.subList(published.size() - received.size(), published.size()));
			}
		}
	}

	private static void awaitReceived(List<DevToolsBrowser.Tab> tabs, SteadyPublisher publisher, String user) {
		publisher.awaitMore();
		String last = publisher.publishedTo(user).getLast().data();
		String found = "String(window.received?.some((line) => line.endsWith(' " + last + "')))";
		ClientTab.until(() -> tabs.stream().allMatch((tab) -> tab.text(found).equals("true")));
	}

	/** Each tab that runs has what is published by now, each message once, in order. */
	private static void awaitAll(List<TabGroup> groups, SteadyPublisher publisher) {
		publisher.awaitMore();
		for (TabGroup group : groups) {
			assertThat(group.running()).as(group.user()).hasSizeGreaterThan(1);
			group.running().forEach((tab) -> publisher.awaitReceived(tab, group.user()));
		}
	}

	/** Of the tabs that are there and were never stopped. */
	private static long slowest(TabGroup group, SteadyPublisher publisher, long since) {
		return group.running()
			.stream()
			.filter((tab) -> !group.wasStopped(tab))
			.mapToLong((tab) -> publisher.slowest(tab, group.user(), since))
			.max()
			.orElseThrow();
	}

	private void awaitOneStreamEach(List<TabGroup> groups) {
		ClientTab.until(() -> groups.stream().allMatch((group) -> streams(group) == 1));
	}

	private int streams(TabGroup group) {
		return streams(group.user());
	}

	private int streams(String user) {
		return ClientOpens.of(this.backend, user);
	}

}
