package io.fanfare.faults.scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import io.fanfare.faults.traffic.Audience;
import io.fanfare.faults.traffic.StreamClient;
import io.fanfare.faults.traffic.Publisher;
import io.fanfare.faults.traffic.RedisProbe;
import io.fanfare.faults.traffic.Visitors;
import io.fanfare.faults.traffic.Visitors.Visit;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.KillArgs;

/** Faults at what is allowed: the longest messages, many topics, many streams. */
final class HeavyLoads {

	/** The longest that data may be. */
	private static final int LONGEST = 64 * 1024;

	/** Of one message. */
	private static final int RECIPIENTS = 200;

	/** Topics that a stream may ask for. */
	private static final int TOPICS = 32;

	/**
	 * Blocks of Redis count as often as a PING falls into them. An idle machine needs 20
	 * to 30 ms.
	 */
	private static final Duration PING = Duration.ofMillis(100);

	/**
	 * What a Redis that has nothing to do needs on an idle machine, at most. A machine
	 * where it needs longer has more time in proportion, up to five times as much.
	 */
	private static final Duration IDLE_PING = Duration.ofMillis(5);

	private static final Duration LINK = Duration.ofSeconds(3);

	/** Until when every page of an audience must have its history. */
	private static final Duration BACK = Duration.ofSeconds(20);

	/**
	 * Until when 10 000 must be back: 2.5 times what it takes on an idle machine, which
	 * opens them in 2 to 4 s. A machine that takes longer than this to open them has more
	 * time in proportion.
	 */
	private static final Duration ALL_BACK = Duration.ofMillis(7500);

	/** How late a heartbeat may be on an idle machine. */
	private static final Duration HEARTBEAT_DELAY = Duration.ofMillis(1500);

	private static final Duration OPENED = Duration.ofSeconds(60);

	private static final String LINK_UP = "redis=listening link=pubsub number=";

	private HeavyLoads() {
	}

	static void bigMessages(Stage stage) {
		Publisher publisher = stage.publisher();
		List<String> recipients = new ArrayList<>(stage.crowd().users());
		IntStream.range(recipients.size(), RECIPIENTS)
			.forEach((i) -> recipients.add(recipients.getFirst() + "-absent-" + i));
		Audience late = stage.audience(0, 10, 3, BACK);
		try (RedisProcess idle = TestRedis.start();
				RedisProbe machine = new RedisProbe(idle.port());
				RedisProbe probe = new RedisProbe(stage.cluster().redis().port());
				Visitors visitors = stage.visitors()) {
			stage.calm();
			Duration before = probe.percentile99();
			machine.percentile99();
			publisher.size(LONGEST);
			publisher.toUsers(recipients);
			stage.cluster().ask((redis) -> redis.clientKill(KillArgs.Builder.typePubsub()));
			publisher.toUsers(recipients);
			stage.cluster().node(0).kill();
			for (int i = 0; i < 12; i++) {
				publisher.toEach(late.topics());
			}
			late.moveTo(stage.cluster().node(1));
			publisher.toUsers(recipients);
			Visit visit = visitors.open((request) -> {
				request.query("history", "1000");
				late.topics().forEach((topic) -> request.query("channel", topic));
			});
			stage.check("a stream begins with its channels' history", visit.event().equals("push.connected"), visit);
			stage.expect("every page has its history", BACK, late::isLive);
			stage.cluster().node(0).start();
			stage.healed();
			stage.calm();
			Duration beside = probe.percentile99();
			Duration meanwhile = machine.percentile99();
			stage.measured("PING p99 %.1f ms, before %.1f ms, of an idle Redis meanwhile %.1f ms"
				.formatted(beside.toNanos() / 1e6, before.toNanos() / 1e6, meanwhile.toNanos() / 1e6));
			double busy = Math.clamp((double) meanwhile.toNanos() / IDLE_PING.toNanos(), 1, 5);
			stage.check("Redis answers meanwhile", beside.compareTo(times(PING, busy)) < 0, beside);
		}
		publisher.size(0);
		stage.calm();
	}

	static void manyTopics(Stage stage) {
		Publisher publisher = stage.publisher();
		publisher.spareAll();
		Audience audience = stage.audience(0, 1000, TOPICS, OPENED);
		List<String> some = audience.topics().subList(0, 1500);
		publisher.toEach(some);
		ServiceProcess node = stage.cluster().node(0);
		long links = links(node);
		long since = System.nanoTime();
		stage.cluster().ask((redis) -> redis.clientKill(KillArgs.Builder.typePubsub()));
		Thread meanwhile = Thread.ofVirtual().start(() -> publisher.toEach(some));
		stage.expect("the link is up again", LINK, () -> links(node) > links);
		stage.expect("the link is up at all", OPENED, () -> links(node) > links);
		stage.measured("link up after", since);
		join(meanwhile);
		stage.healed();
		stage.calm();
	}

	private static long links(ServiceProcess node) {
		return node.log().lines().filter((line) -> line.contains(LINK_UP)).count();
	}

	static void massReconnect(Stage stage) {
		Publisher publisher = stage.publisher();
		publisher.spareAll();
		long opening = System.nanoTime();
		Audience audience = stage.audience(0, 10_000, 1, OPENED);
		double busy = Math.max(1, (double) (System.nanoTime() - opening) / ALL_BACK.toNanos());
		stage.calm();
		stage.cluster().node(0).kill();
		long since = System.nanoTime();
		audience.moveTo(stage.cluster().node(1));
		Thread meanwhile = Thread.ofVirtual().start(() -> publisher.toEach(audience.topics()));
		stage.expect("every page has left", Duration.ofSeconds(5),
				() -> audience.pages().stream().noneMatch((page) -> isOn(page, stage.cluster().node(0))));
		stage.expect("every page is back", times(ALL_BACK, busy), audience::isLive);
		stage.expect("every page is back at all", OPENED, audience::isLive);
		stage.measured("10 000 streams back after", since);
		stage.healed();
		join(meanwhile);
		Duration quiet = stage.crowd()
			.steady()
			.stream()
			.map((page) -> page.notes().longestQuiet())
			.max(Duration::compareTo)
			.orElseThrow();
		stage.measured("%.1f s between two signs of life at most".formatted(quiet.toMillis() / 1e3));
		stage.check("no stream misses a heartbeat",
				quiet.compareTo(stage.timing().heartbeat().plus(times(HEARTBEAT_DELAY, busy))) <= 0, quiet);
		stage.cluster().node(0).start();
		stage.calm();
	}

	private static Duration times(Duration time, double factor) {
		return Duration.ofNanos((long) (time.toNanos() * factor));
	}

	private static boolean isOn(StreamClient page, ServiceProcess node) {
		String connection = page.connection();
		return connection != null && connection.startsWith(node.name() + ".");
	}

	private static void join(Thread thread) {
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
