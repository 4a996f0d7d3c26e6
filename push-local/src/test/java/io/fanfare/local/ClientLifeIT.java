package io.fanfare.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.microsoft.playwright.BrowserContext;
import io.fanfare.local.ClientSite.Sharing;
import io.fanfare.node.NodeApplication;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import static io.fanfare.local.ClientTab.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tabs of real browsers, through nginx, with tokens of some seconds, while everything
 * between a page and Redis fails in turn. Nearly all of that is waiting, so it runs
 * beside the other classes of this module; it shares nothing with them.
 */
@Execution(ExecutionMode.CONCURRENT)
class ClientLifeIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final Duration TOKENS = Duration.ofSeconds(12);

	private static final Duration SLEEP = Duration.ofSeconds(LONG ? 90 : 5);

	private static final int ROUNDS = LONG ? 10 : 1;

	private static final String TOPIC = "client.life";

	@TempDir
	Path directory;

	private final List<AutoCloseable> open = new ArrayList<>();

	private final long began = System.nanoTime();

	@AfterEach
	void closeAll() throws Exception {
		for (AutoCloseable one : this.open.reversed()) {
			one.close();
		}
	}

	/** A user, its browser and its tabs. */
	private record Visitor(String user, BrowserContext context, List<ClientTab> tabs) {
	}

	@Test
	void receivesEachMessageOnceWhateverHappens() throws Exception {
		Assume.installed(RequiredTool.NGINX);
		ClientSite site = keep(ClientSite.start());
		RedisProcess redis = keep(TestRedis.start("appendonly yes", "appendfsync always"));
		ClusterProcess cluster = keep(ClusterProcess.start(redis.url(RedisUser.BOTH), this.directory,
				"fanfare.connections.heartbeat=1s", "fanfare.connections.min-retry=200ms",
				"fanfare.connections.max-retry=500ms", "fanfare.connections.max-spread=500ms",
				"fanfare.limits.opens-per-user=0", "fanfare.allowed-origins=" + site.origin()));
		ServiceProcess mortal = keep(startNode(redis, site.origin()));
		Map<String, String> changes = new HashMap<>(ClientOpens.logged(site));
		changes.put("worker_shutdown_timeout 30s", "worker_shutdown_timeout 1s");
		NginxProcess nginx = keep(NginxProcess.start(changes, cluster.apiPort(), cluster.streamPort(0),
				cluster.streamPort(1), mortal.port()));
		ApiClient backend = cluster.backend();
		site.tokens((user) -> ExampleSite.token(backend, user, TOKENS));

		TcpProxy wire = keep(TcpProxy.to(nginx.port()));
		String streams = "http://127.0.0.1:" + wire.port() + "/events";
		List<Visitor> visitors = new ArrayList<>();
		for (int i = 0; i < 6; i++) {
			String user = "client-life-" + i;
			Sharing sharing = Sharing.values()[i % Sharing.values().length];
			BrowserContext context = site.newContext(sharing);
			List<ClientTab> tabs = new ArrayList<>();
			for (int tab = 0; tab < 2; tab++) {
				tabs.add(site.open(context, streams, user, Map.of("channels", List.of(TOPIC)), "&keep"));
			}
			visitors.add(new Visitor(user, context, tabs));
		}
		visitors.forEach((visitor) -> visitor.tabs().forEach((tab) -> tab.awaitState("open")));
		passed("start");
		SteadyPublisher publisher = keep(new SteadyPublisher(backend, "life",
				visitors.stream().map(Visitor::user).toList(), TOPIC, Duration.ofMillis(20)));
		for (int round = 0; round < ROUNDS; round++) {
			awaitAll(visitors, publisher);

			visitors.forEach((visitor) -> visitor.tabs().getFirst().page().reload());
			awaitAll(visitors, publisher);
			passed("reload");

			visitors.forEach((visitor) -> visitor.context().setOffline(true));
			// Playwright refuses new requests of pages; a stream that is open goes on
			wire.refuse();
			visitors.forEach((visitor) -> until(() -> !online(backend, visitor)));
			publisher.awaitMore();
			wire.accept();
			visitors.forEach((visitor) -> visitor.context().setOffline(false));
			awaitAll(visitors, publisher);
			passed("offline");

			mortal.kill();
			awaitAll(visitors, publisher);
			passed("node killed");
			mortal.start();

			int workers = workersThatEnded(nginx);
			nginx.reload();
			until(() -> workersThatEnded(nginx) > workers);
			awaitAll(visitors, publisher);
			passed("nginx reloaded");

			redis.kill();
			redis.start();
			awaitAll(visitors, publisher);
			passed("Redis restarted");

			sleep(site);
			awaitAll(visitors, publisher);
			passed("sleep");
		}
		backend.post("/v1/nodes/node-1/drain", Map.of()).ok();
		awaitAll(visitors, publisher);
		passed("node drained");
		leaveAndComeBack(site, visitors, publisher);
		passed("back-forward cache");
		publisher.close();
		awaitAll(visitors, publisher);
		for (Visitor visitor : visitors) {
			assertThat(site.asked(visitor.user())).as("tokens").isGreaterThan(2);
			visitor.tabs().forEach((tab) -> assertThat(tab.lines("failures")).isEmpty());
			visitor.context().close();
			until(() -> !online(backend, visitor));
		}
		ClientOpens.assertNoneInATightLoop(nginx);
	}

	private static boolean online(ApiClient backend, Visitor visitor) {
		return backend.user(visitor.user()).required("online").asBoolean();
	}

	/** Says how long all took so far, for each of these waits for much. */
	private void passed(String what) {
		System.out.println("Client life, " + what + ": after " + (System.nanoTime() - this.began) / 1_000_000 + " ms");
	}

	private static int workersThatEnded(NginxProcess nginx) {
		return nginx.errorLog().split("exited with code 0", -1).length - 1;
	}

	private static void leaveAndComeBack(ClientSite site, List<Visitor> visitors, SteadyPublisher publisher) {
		visitors.forEach((visitor) -> visitor.tabs().getFirst().page().navigate(site.origin() + "/elsewhere.html"));
		publisher.awaitMore();
		for (Visitor visitor : visitors) {
			ClientTab tab = visitor.tabs().getFirst();
			tab.back();
			assertThat(tab.lines("shows")).as("event.persisted").last().isEqualTo("true");
		}
		awaitAll(visitors, publisher);
	}

	/** Everything of the browser stands still, as when a machine sleeps. */
	private static void sleep(ClientSite site) {
		site.chromium().freeze();
		try {
			await().pollDelay(SLEEP).atMost(SLEEP.plusSeconds(10)).until(() -> true);
		}
		finally {
			site.chromium().thaw();
		}
	}

	private static void awaitAll(List<Visitor> visitors, SteadyPublisher publisher) {
		publisher.awaitMore();
		for (Visitor visitor : visitors) {
			visitor.tabs().forEach((tab) -> publisher.awaitReceived(tab, visitor.user()));
		}
	}

	private ServiceProcess startNode(RedisProcess redis, String origin) {
		int port = Ports.free();
		int control = Ports.free();
		return new ServiceProcess("node-3", this.directory.resolve("node-3.log"), port, control,
				List.of(ChildProcess.jdk("java"), "-Xmx192m", "-XX:TieredStopAtLevel=1",
						"--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
						NodeApplication.class.getName(), "--fanfare.node.name=node-3", "--fanfare.stream.warm-up=0",
						"--fanfare.stream.port=" + port, "--fanfare.control.port=" + control,
						"--fanfare.jwt.secret=" + TestCluster.jwtSecret(), "--fanfare.development=true",
						"--fanfare.allowed-origins=" + origin, "--fanfare.limits.opens-per-user=0",
						"--fanfare.connections.min-retry=200ms", "--fanfare.connections.max-retry=500ms",
						"--spring.data.redis.url=" + redis.url(RedisUser.NODE),
						"--spring.autoconfigure.exclude=" + Cluster.NOT_FOR_NODES, "--springdoc.api-docs.enabled=false",
						"--springdoc.swagger-ui.enabled=false"))
			.awaitReady();
	}

	private <T extends AutoCloseable> T keep(T one) {
		this.open.add(one);
		return one;
	}

}
