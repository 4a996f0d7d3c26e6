package io.fanfare.local;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.fanfare.local.ClientSite.Sharing;
import io.fanfare.local.TabGroup.Disturbance;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Seven tabs of a real browser, through nginx, with one stream: by a shared worker, by
 * locks and by messages alone. Each group of tabs is in a browser without a past, and all
 * undergo the same at the same time, and beside other classes, for it is waiting mostly.
 */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("ClientTabsIT") // Its own methods one after the other
class ClientTabsIT {

	private static final int TABS = 7;

	private static final String DEBUGGED = "client-debugged";

	private static final String TOPIC = "client.tabs";

	private static final Map<String, ?> OPTIONS = Map.of("channels", List.of(TOPIC));

	/** So long may a message take where the holder of the stream is gone. */
	private static final long HEALED_MILLIS = 5_000;

	/** Whether a tab holds the stream of its group. */
	private static final String HOLDS = "String(push.stats().connections.every(({ tab }) => tab === push.stats().tab))";

	private static ClientSite site;

	private static NginxProcess nginx;

	private static RedisProcess redis;

	/** Not that of other classes, which run beside this one and send to all. */
	private static Cluster cluster;

	private static ApiClient backend;

	@BeforeAll
	static void start() throws IOException {
		Assume.installed(RequiredTool.NGINX);
		site = ClientSite.start();
		redis = TestRedis.start();
		cluster = TestCluster.start(redis, "--logging.level.root=WARN", "--logging.level.io.fanfare=WARN",
				"--fanfare.allowed-origins=*", "--fanfare.limits.takeovers-per-minute=0",
				"--fanfare.limits.opens-per-user=0");
		backend = TestCluster.backend(cluster);
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
		if (cluster != null) {
			cluster.close();
			redis.close();
		}
	}

	@Test
	void theOthersGoOnWhateverHappensToTheHolderOfTheStream() throws Exception {
		site.tokens(backend::token);
		List<TabGroup> groups = List.of(new TabGroup(site, Sharing.WORKER, "client-worker"),
				new TabGroup(site, Sharing.WORKER, DEBUGGED), new TabGroup(site, Sharing.LOCKS, "client-locks"),
				new TabGroup(site, Sharing.MESSAGES, "client-messages"));
		for (int tab = 0; tab < TABS; tab++) {
			groups.forEach((group) -> group.open(nginx.url() + "/events", OPTIONS));
		}
		groups.forEach((group) -> group.running().forEach((tab) -> tab.awaitState("open")));
		awaitOneStreamEach(groups);
		try (SteadyPublisher publisher = new SteadyPublisher(backend, "tabs",
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
	 * The tab that was opened first holds the stream, unless a worker does. It is hidden,
	 * and frozen as browsers freeze tabs that were hidden for long: no timer runs, and
	 * nothing of a stream arrives, but messages of other tabs do.
	 */
	@Test
	void theOthersGoOnWhereTheHolderIsFrozen(@TempDir Path directory) throws Exception {
		site.tokens(backend::token);
		Map<String, List<DevToolsBrowser.Tab>> groups = new LinkedHashMap<>();
		try (DevToolsBrowser browser = DevToolsBrowser.start(directory)) {
			for (Sharing sharing : Sharing.values()) {
				String user = "client-frozen-" + sharing.name().toLowerCase(Locale.ROOT);
				String address = site.address(nginx.url() + "/events", user, OPTIONS, "");
				List<DevToolsBrowser.Tab> tabs = new ArrayList<>();
				for (int tab = 0; tab < TABS; tab++) {
					tabs.add(browser.open(sharing.missing(), address));
					if (tab == 0) {
						tabs.getFirst().awaitState("open");
					}
				}
				tabs.forEach((tab) -> tab.awaitState("open"));
				assertThat(streams(user)).as(user).isEqualTo(1);
				assertThat(tabs.getFirst().text(HOLDS)).as(user).isEqualTo(String.valueOf(sharing != Sharing.WORKER));
				groups.put(user, tabs);
			}
			freezeAndResume(groups);
			groups.keySet().forEach((user) -> ClientTab.until(() -> streams(user) == 1));
		}
		groups.keySet().forEach((user) -> ClientTab.until(() -> streams(user) == 0));
		ClientOpens.assertNoneInATightLoop(nginx);
	}

	private void freezeAndResume(Map<String, List<DevToolsBrowser.Tab>> groups) throws Exception {
		try (SteadyPublisher publisher = new SteadyPublisher(backend, "frozen", List.copyOf(groups.keySet()), TOPIC,
				Duration.ofMillis(50))) {
			awaitReceived(groups, 0, publisher);
			long began = System.currentTimeMillis();
			groups.values().forEach((tabs) -> tabs.getFirst().freeze());
			Map<String, Integer> received = new HashMap<>();
			groups.forEach((user, tabs) -> received.put(user, tabs.getFirst().lines("received").size()));
			awaitReceived(groups, 1, publisher);
			groups.forEach((user, tabs) -> {
				long slowest = tabs.stream()
					.skip(1)
					.mapToLong((tab) -> publisher.slowest(tab, user, began))
					.max()
					.orElseThrow();
				System.out.println(user + ": slowest message " + slowest + " ms");
				assertThat(slowest).as(user).isLessThan(HEALED_MILLIS);
				assertThat(tabs.getFirst().lines("received")).as(user).hasSize(received.get(user));
				assertThat(tabs.getFirst().lines("shows")).as(user).last().isEqualTo("freeze");
			});
			groups.values().forEach((tabs) -> tabs.getFirst().resume());
			awaitReceived(groups, 0, publisher);
			publisher.close();
			awaitReceived(groups, 0, publisher);
		}
	}

	/** What is published by now is received by the tabs of each user from one on. */
	private static void awaitReceived(Map<String, List<DevToolsBrowser.Tab>> groups, int first,
			SteadyPublisher publisher) {
		publisher.awaitMore();
		groups.forEach((user, tabs) -> tabs.stream().skip(first).forEach((tab) -> publisher.awaitReceived(tab, user)));
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
		return ClientOpens.of(backend, user);
	}

}
