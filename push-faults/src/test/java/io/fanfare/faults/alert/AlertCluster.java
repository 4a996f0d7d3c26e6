package io.fanfare.faults.alert;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import io.fanfare.faults.deployment.Deployment;
import io.fanfare.faults.deployment.Store;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.traffic.Audience;
import io.fanfare.faults.traffic.Publisher;
import io.fanfare.faults.traffic.StreamClient;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.redis.OldStore;
import io.fanfare.test.sse.SseClient;

import static org.awaitility.Awaitility.await;

/**
 * A deployment in use with everything that watches it: a Prometheus, an Alertmanager, the
 * built-in alerts, and an inbox in which all of them meet. Its settings are those that
 * are shipped but for the times of the built-in alerts, which hold for no time, and for
 * limits that a test can reach. Used by one thread.
 */
final class AlertCluster implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(30);

	private static final Duration PACE = Duration.ofMillis(500);

	/** On each node, all the time. */
	private static final int USERS = 6;

	/** Of a node. */
	static final int STREAMS = 40;

	/** The share of the heap that counts as full: a test need not come near its end. */
	private static final String HEAP = "0.6";

	private final Deque<AutoCloseable> closing = new ArrayDeque<>();

	/** What a fault has opened, also on a thread of its own. */
	private final Deque<AutoCloseable> opened = new ConcurrentLinkedDeque<>();

	private final Inbox inbox;

	private final Deployment deployment;

	private final List<Audience> audiences = new ArrayList<>();

	private final Publisher publisher;

	private final PrometheusProcess prometheus;

	/**
	 * Starts everything and waits until it is well.
	 * @param folder where files go
	 */
	AlertCluster(Path folder) {
		this.inbox = closing(new Inbox());
		this.deployment = closing(Deployment.start(Store.DURABLE, Timing.SHIPPED, 2,
				List.of("--fanfare.connections.max=" + STREAMS, "--fanfare.memory.interval=1s",
						"--fanfare.memory.heap=" + HEAP, "--fanfare.connections.ack-timeout=1s",
						"--fanfare.connections.probe-timeout=1s"),
				builtInAlerts()));
		for (int i = 0; i < 2; i++) {
			this.audiences.add(closing(new Audience("steady" + i, this.deployment, this.deployment.node(i), USERS, 1)));
		}
		await("streams").atMost(START).until(() -> this.audiences.stream().allMatch(Audience::isLive));
		this.publisher = closing(new Publisher(api(), "alerts",
				this.audiences.stream().flatMap((one) -> one.pages().stream()).map(StreamClient::user).toList(),
				this.audiences.stream().flatMap((one) -> one.topics().stream()).toList()));
		// What goes to all hides how late the messages of one user are.
		this.publisher.spareAll();
		// The first scrape of a process takes longest.
		this.deployment.nodes().forEach((node) -> node.metric("sse_active_connections", ""));
		this.deployment.api().metric("fanfare_nodes_live", "");
		AlertmanagerProcess alertmanager = closing(new AlertmanagerProcess(folder, this.inbox));
		this.prometheus = closing(new PrometheusProcess(folder, this.deployment, alertmanager.port()));
		await("everything is scraped").atMost(START).until(() -> this.prometheus.up() == 4);
		await("nothing fires").atMost(START).until(() -> this.prometheus.firing().isEmpty() && builtInFiring() == 0);
	}

	/** The window lies between two reports of a node, which come every 5 s. */
	private List<String> builtInAlerts() {
		return List.of("--fanfare.alerts.name=built-in", "--fanfare.alerts.interval=500ms",
				"--fanfare.alerts.window=1s", "--fanfare.alerts.connections.hold=0s", "--fanfare.alerts.memory.hold=0s",
				"--fanfare.alerts.memory.threshold=" + HEAP, "--fanfare.alerts.error-rate.hold=0s",
				"--fanfare.alerts.response-time.hold=0s", "--fanfare.alerts.response-time.minimum=20",
				"--fanfare.alerts.redis-away.hold=0s",
				"--fanfare.alerts.webhook.url=" + this.inbox.url(Inbox.BUILT_IN_WEBHOOK),
				"--fanfare.alerts.mail.to=" + Inbox.BUILT_IN_MAIL, "--fanfare.alerts.mail.from=fanfare@example.org",
				"--spring.mail.host=127.0.0.1", "--spring.mail.port=" + this.inbox.mailPort());
	}

	Inbox inbox() {
		return this.inbox;
	}

	Deployment deployment() {
		return this.deployment;
	}

	PrometheusProcess prometheus() {
		return this.prometheus;
	}

	Publisher publisher() {
		return this.publisher;
	}

	private ApiClient api() {
		return new ApiClient(this.deployment.apiUrl(), Deployment.API_KEY);
	}

	/**
	 * How many built-in alerts fire, as the API's metric has it.
	 * @return the number, of all rules
	 */
	int builtInFiring() {
		return (int) this.deployment.api().metric("fanfare_alerts_firing", "");
	}

	/**
	 * Which alerts fire now, wherever one looks.
	 * @return those of Prometheus, and those whose last notice says so
	 */
	Set<String> firing() {
		Set<String> firing = this.prometheus.firing();
		for (Inbox.Way way : Inbox.Way.values()) {
			firing.addAll(this.inbox.firing(way));
		}
		return firing;
	}

	/**
	 * Which alerts there were since, wherever one looks.
	 * @param begin since when; the inbox was emptied then
	 * @return those that fired in Prometheus if only for one evaluation, and those that
	 * there was a notice of
	 */
	Set<String> firedSince(Instant begin) {
		Set<String> fired = this.prometheus.firedSince(begin);
		for (Inbox.Way way : Inbox.Way.values()) {
			fired.addAll(this.inbox.named(way));
		}
		return fired;
	}

	// ---- what faults do

	/** All that hold a stream all the time. */
	List<StreamClient> steadyPages() {
		return this.audiences.stream().flatMap((one) -> one.pages().stream()).toList();
	}

	/**
	 * Opens pages beside the steady ones, until the fault is over. The same name means
	 * the same users, whose former pages are taken over.
	 * @param name of the users
	 * @param node the node's index
	 * @param users how many
	 * @param topicsPerUser how many topics each asks for
	 * @return the pages
	 */
	Audience open(String name, int node, int users, int topicsPerUser) {
		Audience audience = new Audience(name, this.deployment, this.deployment.node(node), users, topicsPerUser);
		this.opened.push(audience);
		return audience;
	}

	/**
	 * Opens pages as {@link #open} does, and waits until all have a stream.
	 */
	Audience openAndWait(String name, int node, int users, int topicsPerUser) {
		Audience audience = open(name, node, users, topicsPerUser);
		await("streams").atMost(START).until(audience::isLive);
		return audience;
	}

	/**
	 * Opens streams of clients that promise to acknowledge and never do.
	 * @param node the node's index
	 * @param clients how many
	 */
	void openMute(int node, int clients) {
		for (int i = 0; i < clients; i++) {
			this.opened.push(SseClient.request("127.0.0.1", this.deployment.node(node).port(), "/events")
				.bearer(this.deployment.token("mute" + i))
				.query("ack", "1")
				.open());
		}
	}

	/**
	 * Does something twice per second from now on, until the fault is over.
	 * @param what what to do, on a thread of its own
	 */
	void keep(Runnable what) {
		ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
		executor.scheduleAtFixedRate(what, 0, PACE.toMillis(), TimeUnit.MILLISECONDS);
		this.opened.push(executor);
	}

	/** Ends what the fault keeps doing, and closes what it has opened. */
	void rest() {
		closeAll(this.opened);
	}

	/** Lets Redis look as if it had never lost anything. */
	void seedOldStore() {
		OldStore.seed(this.deployment.redis());
	}

	private <T extends AutoCloseable> T closing(T started) {
		this.closing.push(started);
		return started;
	}

	private static void closeAll(Deque<AutoCloseable> parts) {
		for (AutoCloseable part = parts.poll(); part != null; part = parts.poll()) {
			try {
				part.close();
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		}
	}

	@Override
	public void close() {
		rest();
		closeAll(this.closing);
	}

}
