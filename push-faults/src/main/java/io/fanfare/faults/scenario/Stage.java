package io.fanfare.faults.scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.fanfare.faults.check.Checker;
import io.fanfare.faults.check.Complaints;
import io.fanfare.faults.check.Explanations;
import io.fanfare.faults.check.RevokedUsers;
import io.fanfare.faults.check.Score;
import io.fanfare.faults.deployment.Deployment;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.traffic.Audience;
import io.fanfare.faults.traffic.Crowd;
import io.fanfare.faults.traffic.Libraries;
import io.fanfare.faults.traffic.Notes;
import io.fanfare.faults.traffic.Outcasts;
import io.fanfare.faults.traffic.Publisher;
import io.fanfare.faults.traffic.RevokedUser;
import io.fanfare.faults.traffic.StreamClient;
import io.fanfare.faults.traffic.Visitors;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.redis.OldStore;
import io.lettuce.core.api.sync.RedisCommands;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A deployment in use, on which a scenario plays: pages listen, backends publish, some
 * users lose their network or open further pages all the time. Used by one thread.
 */
public final class Stage {

	private static final AtomicInteger count = new AtomicInteger();

	private static final Duration SETTLE = Duration.ofSeconds(20);

	/** Of users, while a fault lasts that lasts as long as faults do. */
	private static final int REVOCATIONS = 6;

	private final Deployment deployment;

	private final ApiClient api;

	private final String id;

	private final Crowd crowd;

	private final Publisher publisher;

	private final Libraries libraries;

	private final Outcasts outcasts;

	private final List<Audience> audiences = new ArrayList<>();

	private final Complaints complaints = new Complaints();

	private final List<String> measured = new ArrayList<>();

	/** Before, pages may have been moved to other nodes. */
	private final long begunAt;

	private @Nullable Long healedAt;

	private final int kills;

	private Stage(Deployment deployment) {
		this.deployment = deployment;
		this.kills = deployment.kills();
		this.api = new ApiClient(deployment.nginx().internalUrl(), Deployment.API_KEY);
		this.id = "s" + count.incrementAndGet();
		// What an earlier scenario lost would make the store young.
		OldStore.seed(deployment.master());
		this.libraries = new Libraries(this.id, this.api, deployment);
		this.crowd = new Crowd(this.id, this.api, deployment.nginx());
		this.outcasts = new Outcasts(this.id, this.api, deployment, this.crowd.topics());
		awaitAllLive();
		awaitBothNodes();
		this.begunAt = System.nanoTime();
		this.publisher = new Publisher(this.api, this.id, this.crowd.users(), this.crowd.topics());
		this.crowd.stirUp();
		this.outcasts.begin(timing().outage().dividedBy(REVOCATIONS));
	}

	/**
	 * Plays a scenario, waits until everything is quiet again, and checks.
	 * @param scenario what to play
	 * @param deployment on what; whole before and after
	 * @return the score
	 */
	public static Score play(Scenario scenario, Deployment deployment) {
		Stage stage = new Stage(deployment);
		try {
			scenario.play().accept(stage);
			return stage.finish(scenario);
		}
		finally {
			stage.libraries.close();
			stage.outcasts.close();
			stage.audiences.forEach(Audience::close);
			stage.publisher.close();
			stage.crowd.close();
		}
	}

	// ---- what scenarios say

	/** Lets traffic run for a while. */
	public void calm() {
		last(timing().calm());
	}

	/** Lets a fault last as long as faults do. */
	public void outage() {
		last(timing().outage());
	}

	/**
	 * Lets every stream be renewed once more: by then it was told what was hidden from
	 * it.
	 */
	public void renewed() {
		last(timing().renewInterval().plusMillis(500));
	}

	/**
	 * Lets what is last for a time.
	 * @param time how long
	 */
	public void last(Duration time) {
		try {
			TimeUnit.NANOSECONDS.sleep(time.toNanos());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Does something to Redis again and again, for as long as faults last.
	 * @param every with which pause
	 * @param what what to do
	 */
	public void keep(Duration every, Consumer<RedisCommands<String, String>> what) {
		long end = System.nanoTime() + timing().outage().toNanos();
		this.deployment.ask((redis) -> {
			while (System.nanoTime() - end < 0) {
				what.accept(redis);
				last(every);
			}
			return true;
		});
	}

	/**
	 * Publishes megabytes to a topic, in messages that no page writes down.
	 * @param topic the topic's index
	 * @param messages how many, of 32 KiB each
	 */
	public void flood(int topic, int messages) {
		Map<String, Object> body = Map.of("to", Map.of("channel", this.crowd.topics().get(topic)), "data",
				"x".repeat(32 * 1024));
		for (int i = 0; i < messages; i++) {
			this.api.publish(body);
		}
	}

	/**
	 * Opens pages beside the crowd, all on one node, and waits until all have a stream.
	 * @param node the node's index, from 0
	 * @param users how many
	 * @param topicsPerUser how many topics of its own each asks for
	 * @param atMost within which time all must have their stream
	 * @return the pages
	 */
	public Audience audience(int node, int users, int topicsPerUser, Duration atMost) {
		long begun = System.nanoTime();
		Audience audience = new Audience(this.id, this.deployment, this.deployment.node(node), users, topicsPerUser);
		this.audiences.add(audience);
		expect("every page of the audience has a stream", atMost, audience::isLive);
		measured("opened " + users + " streams in", begun);
		return audience;
	}

	/**
	 * Writes down how long something took.
	 * @param what in words
	 * @param since when it began, by {@link System#nanoTime()}
	 */
	public void measured(String what, long since) {
		measured(String.format(Locale.ROOT, "%s %.1f s", what, (System.nanoTime() - since) / 1e9));
	}

	/**
	 * Writes down what was measured.
	 * @param what in words
	 */
	public void measured(String what) {
		this.measured.add(what);
	}

	/**
	 * The fault is over: from here on recovery is measured, by a message to all that is
	 * published as soon as the API takes it.
	 */
	public void healed() {
		this.healedAt = System.nanoTime();
		Thread.ofVirtual().name("beacon").start(this.publisher::toAll);
	}

	/**
	 * The processes and wires.
	 * @return the deployment
	 */
	public Deployment cluster() {
		return this.deployment;
	}

	/**
	 * The backends.
	 * @return what publishes all the time
	 */
	public Publisher publisher() {
		return this.publisher;
	}

	/**
	 * The users.
	 * @return the crowd
	 */
	public Crowd crowd() {
		return this.crowd;
	}

	/**
	 * How long things take.
	 * @return the timing
	 */
	public Timing timing() {
		return this.deployment.timing();
	}

	/**
	 * The publish API.
	 * @return the API as backends see it
	 */
	public ApiClient api() {
		return this.api;
	}

	/**
	 * The API past nginx, for what nginx does not pass on.
	 * @return the API as operators see it
	 */
	public ApiClient apiPort() {
		return new ApiClient(this.deployment.apiUrl(), Deployment.API_KEY);
	}

	/**
	 * Clients beside the crowd that try again after every end of their stream.
	 * @return them
	 */
	public Libraries libraries() {
		return this.libraries;
	}

	/**
	 * Steady pages whose stream a node holds now.
	 * @param index the node's, from 0
	 * @return the pages
	 */
	public List<StreamClient> pagesOn(int index) {
		String prefix = this.deployment.node(index).name() + ".";
		return this.crowd.steady().stream().filter((page) -> {
			String connection = page.connection();
			return connection != null && connection.startsWith(prefix);
		}).toList();
	}

	/**
	 * Something must come true.
	 * @param what in words
	 * @param atMost within which time
	 * @param condition the condition
	 */
	public void expect(String what, Duration atMost, Callable<Boolean> condition) {
		this.complaints.expect(what, atMost, condition);
	}

	/**
	 * Something must be true now.
	 * @param what in words
	 * @param holds whether it is
	 * @param found what there is instead
	 */
	public void check(String what, boolean holds, Object found) {
		this.complaints.check(what, holds, found);
	}

	/**
	 * Clients beside the crowd.
	 * @return them; the scenario closes them
	 */
	public Visitors visitors() {
		return new Visitors(this.id, this.api, this.deployment.nginx());
	}

	// ---- the end

	private void awaitAllLive() {
		Awaitility.await("all pages live")
			.pollInterval(Duration.ofMillis(20))
			.atMost(SETTLE)
			.until(() -> this.outcasts.isLive() && this.crowd.pages().stream().allMatch(StreamClient::isLive));
	}

	/**
	 * What fails must concern a client: nginx leaves a node that has failed alone for a
	 * while, though it is back.
	 */
	private void awaitBothNodes() {
		Awaitility.await("pages on both nodes").pollInterval(Duration.ofMillis(500)).atMost(SETTLE).until(() -> {
			for (int i = 0; i < this.deployment.nodes().size(); i++) {
				if (pagesOn(i).size() < 3) {
					pagesOn(1 - i).stream().limit(6).forEach(StreamClient::cut);
					return false;
				}
			}
			return true;
		});
		awaitAllLive();
	}

	private Score finish(Scenario scenario) {
		this.crowd.calmDown();
		if (!this.publisher.finish(SETTLE)) {
			this.complaints.add("Publishers could not get rid of their messages");
		}
		if (!this.outcasts.finish(SETTLE)) {
			this.complaints.add("A revocation could not be stored");
		}
		long finished = System.nanoTime();
		List<StreamClient> pages = new ArrayList<>(this.crowd.pages());
		this.audiences.forEach((audience) -> pages.addAll(audience.pages()));
		expect("every page is live or stopped", SETTLE,
				() -> pages.stream().allMatch((page) -> page.isLive() || page.isStopped()));
		Publisher.Accepted last = this.publisher.toAll();
		expect("every live page hears the last message", SETTLE, () -> last != null
				&& pages.stream().filter(StreamClient::isLive).allMatch((page) -> page.hasHeard(last.number())));
		for (String user : this.crowd.users()) {
			checkOnline(user);
		}
		Score score = new Checker(scenario.expectations(), this.publisher.accepted(), this.begunAt, this.healedAt)
			.check(notes(pages), notes(this.crowd.steady()), this.publisher.refused(), timing());
		Explanations explained = new Explanations(this.api, notes(pages)).ask(this.publisher.accepted());
		measured(explained.extent());
		explained.check(this.complaints, this.kills == this.deployment.kills() && scenario.expectations().keepNodes());
		int revived = this.libraries.revived();
		if (revived > 0) {
			this.complaints.add("revived: " + revived + " streams of clients that were told to stop");
		}
		expect("every revoked user is refused", SETTLE, () -> this.outcasts.areRefusedSince(finished));
		check("revocations are answered", this.outcasts.wrong().isEmpty(), this.outcasts.wrong());
		List<RevokedUser> revoked = this.outcasts.revoked();
		RevokedUsers check = new RevokedUsers(scenario.expectations(), timing(), this.complaints);
		measured(RevokedUsers.extent(revoked));
		score = score.revoked(check.longest(revoked)).revived(revived + check.returned(revoked));
		this.libraries.close();
		this.outcasts.close();
		this.audiences.forEach(Audience::close);
		this.crowd.close();
		expect("nobody is online any more", timing().lease().plusSeconds(5),
				() -> this.crowd.users().stream().allMatch((user) -> this.api.connectionOf(user) == null));
		return this.complaints.in(score).measured(this.measured);
	}

	private static List<Notes> notes(List<StreamClient> pages) {
		return pages.stream().map(StreamClient::notes).toList();
	}

	/** Exactly one live stream, and presence knows it; none where its page stays away. */
	private void checkOnline(String user) {
		expect(user + " has the one stream that presence tells", Duration.ofSeconds(5), () -> {
			List<String> live = this.crowd.connectionsOf(user);
			String told = this.api.connectionOf(user);
			return (told == null) ? live.isEmpty() : live.equals(List.of(told));
		});
	}

}
