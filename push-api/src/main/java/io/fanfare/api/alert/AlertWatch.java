package io.fanfare.api.alert;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;

import io.fanfare.api.alert.NodeReadings.Heard;
import io.fanfare.api.alert.Reading.Verdict;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.NotUnderstoodException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.cluster.AlertBoard;
import io.fanfare.redis.cluster.AlertBoard.Lead;
import io.fanfare.redis.cluster.Nodes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Looks at the rules every few seconds. All API processes look, so that each knows what
 * holds and since when; one leads, and notifies. It stores what it sent, so another one
 * that follows it sends nothing again.
 * <p>
 * Whether Redis answers is known to each process by itself, and each notifies of that by
 * itself.
 * <p>
 * Everything runs on one worker, and may wait for Redis there.
 */
final class AlertWatch {

	private static final Logger log = LoggerFactory.getLogger(AlertWatch.class);

	/** How long alerts are kept where no process leads. */
	private static final Duration KEPT = Duration.ofDays(8);

	/** What a look may take, beside its interval. */
	private static final Duration SLACK = Duration.ofSeconds(3);

	/** After so long another process may lead, also where looks are rare. */
	private static final Duration MAX_LIFE = Duration.ofSeconds(63);

	private final AlertSettings settings;

	private final Nodes nodes;

	private final AlertBoard board;

	private final RedisCalls calls;

	private final Errors errors;

	private final Clock clock;

	private final Worker worker;

	private final List<AlertSender> senders;

	private final String process;

	private final String id = UUID.randomUUID().toString();

	private final NodeReadings readings;

	/** Of the cluster, by Redis's clock. */
	private final AlertBook book;

	/** Of this process alone, by its own clock. */
	private final AlertBook own;

	/** Whether this process knows that it leads. */
	private boolean leads;

	/** Whether it leads since the present look: what holds is not known yet. */
	private boolean begun;

	/** Whether it read the alerts, and until when its lead cannot have ended since. */
	private boolean adopted;

	private long leadEnds;

	/** Why Redis refused when it was asked last, or null. */
	private @Nullable RedisRefusal refusal;

	private volatile boolean closed;

	/** Redis's time at the last look. */
	private long now;

	/** For metrics, as of the last look. */
	private volatile Map<AlertRule, Long> firing = Map.of();

	/**
	 * Makes the watch, which does not look yet.
	 * @param process what this process is called in alerts
	 * @param ticker the monotonic clock
	 * @param worker looks
	 * @param senders the channels
	 */
	AlertWatch(AlertSettings settings, String process, Nodes nodes, AlertBoard board, RedisCalls calls, Errors errors,
			Clock clock, Ticker ticker, Worker worker, List<AlertSender> senders) {
		this.settings = settings;
		this.process = process;
		this.nodes = nodes;
		this.board = board;
		this.calls = calls;
		this.errors = errors;
		this.clock = clock;
		this.worker = worker;
		this.senders = senders;
		this.readings = new NodeReadings(settings, errors, ticker);
		List<String> channels = senders.stream().map(AlertSender::channel).toList();
		this.book = new AlertBook(settings.repeatInterval(), channels);
		this.own = new AlertBook(settings.repeatInterval(), channels);
	}

	void start() {
		this.worker.every(this.settings.interval(), this.settings.interval(), this::look);
	}

	/** How many alerts of a rule fire, as this process sees it. */
	long firing(AlertRule rule) {
		return this.firing.getOrDefault(rule, 0L);
	}

	private void look() {
		this.begun = false;
		// An error in one of these must not keep what is due from being sent
		this.errors.run("alerts", () -> lookAtRedis(lookAtNodes()));
		this.errors.run("alerts", this::count);
		send();
	}

	private void count() {
		Map<AlertRule, Long> counts = new HashMap<>();
		for (AlertRule rule : AlertRule.values()) {
			counts.put(rule, this.book.firing(rule) + this.own.firing(rule));
		}
		this.firing = Map.copyOf(counts);
	}

	/** Returns whether Redis answered, be it that it refuses to write. */
	private boolean lookAtNodes() {
		Nodes.NodeStates states;
		try {
			states = this.calls.await(this.nodes.list());
		}
		catch (ProblemException | RedisUnavailableException ex) {
			// The link has noted it. Who leads is not known now; what was sent is
			this.leads = false;
			this.readings.missed();
			this.refusal = (ex instanceof RedisUnavailableException failure) ? failure.refusal() : null;
			return false;
		}
		this.refusal = null;
		if (this.nodes.isWriteRefused()) {
			this.readings.missed();
		}
		this.errors.run("alerts", () -> look(states));
		lead();
		return true;
	}

	private void look(Nodes.NodeStates states) {
		// The clock of another Redis may be another one
		if (!states.moved()) {
			this.now = states.nowMs();
			List<Heard> heard = new ArrayList<>();
			states.states().forEach((node, json) -> heard.add(heard(states, node, json)));
			NodeReadings.Found found = this.readings.look(this.now, heard, this.book.losses());
			this.book.look(this.now, found.present(), found.readings());
		}
	}

	private static Heard heard(Nodes.NodeStates states, String node, byte[] json) {
		NodeStatus status = read(json);
		return new Heard(node, status, (status != null) ? states.silenceMs(status.updatedAt()) : 0);
	}

	/** Null where the node is of another version; ClusterView has noted it. */
	private static @Nullable NodeStatus read(byte[] json) {
		try {
			return CallJson.readStatus(json);
		}
		catch (NotUnderstoodException ex) {
			return null;
		}
	}

	private void lookAtRedis(boolean answers) {
		Reading reading = Reading.unmeasured(AlertRule.REDIS_AWAY, this.process, this.process,
				answers ? Verdict.WELL : Verdict.OVER, answers ? Duration.ZERO : this.settings.redisAway().hold(),
				"Redis " + (answers ? "answers"
						: (this.refusal != null) ? "refuses (" + this.refusal.name() + ")" : "does not answer")
						+ " the API process " + this.process);
		this.own.look(this.clock.millis(), Set.of(this.process), List.of(reading));
	}

	/**
	 * Leads, or goes on, and stores what changed. Where that fails, this process does not
	 * lead for now.
	 */
	private void lead() {
		if (this.closed) {
			this.leads = false;
			return;
		}
		Set<String> changed = this.book.changed();
		Map<String, byte[]> changes = new HashMap<>();
		for (String alert : changed) {
			Alert present = this.book.find(alert);
			changes.put(alert,
					(present != null) ? JsonMapper.shared().writeValueAsBytes(present) : AlertBoard.removed());
		}
		Duration wanted = this.settings.interval().multipliedBy(3).plus(SLACK);
		Duration life = (wanted.compareTo(MAX_LIFE) < 0) ? wanted : MAX_LIFE;
		long ends = this.calls.deadline(life);
		// An answer that was lost may have said that the lead began anew
		boolean known = this.adopted && !this.calls.isOver(this.leadEnds);
		try {
			switch (this.calls.await(this.board.lead(this.id, known, life, KEPT, changes))) {
				case Lead.Other() -> {
					this.leads = false;
					this.adopted = false;
					this.book.follow();
				}
				case Lead.Kept() -> {
					this.leads = true;
					this.leadEnds = ends;
					this.book.stored(changed);
				}
				case Lead.Begun(Map<String, byte[]> alerts) -> {
					begin(alerts);
					this.leads = true;
					this.begun = true;
					this.adopted = true;
					this.leadEnds = ends;
				}
			}
		}
		catch (ProblemException | RedisUnavailableException ex) {
			// The link has noted it; the next look stores what changed
			this.leads = false;
		}
	}

	private void begin(Map<String, byte[]> stored) {
		log.info("alerts=leading stored={}", stored.size());
		List<Alert> left = new ArrayList<>();
		stored.forEach((alert, json) -> {
			try {
				left.add(JsonMapper.shared().readValue(json, Alert.class));
			}
			catch (JacksonException ex) {
				this.errors.note("alerts", ex);
			}
		});
		this.book.adopt(left);
	}

	private void send() {
		for (AlertSender sender : this.senders) {
			sender.giveUpLate();
			if (!sender.isFree()) {
				continue;
			}
			List<Alert> due = (this.leads && !this.begun) ? this.book.due(sender.channel(), this.now, sender.limit())
					: List.of();
			if (!due.isEmpty()) {
				offer(sender, due, this.book, () -> this.now, this::store);
				continue;
			}
			long time = this.clock.millis();
			offer(sender, this.own.due(sender.channel(), time, sender.limit()), this.own, this.clock::millis, () -> {
			});
		}
	}

	/**
	 * Offers alerts of a book.
	 * @param time the time by the clock of the book
	 * @param after runs once the book knows the outcome
	 */
	private static void offer(AlertSender sender, List<Alert> due, AlertBook book, LongSupplier time, Runnable after) {
		List<Alert> first = book.handOver(sender.channel(), due);
		sender.offer(due, new AlertSender.Outcome() {

			@Override
			public void taken() {
				book.sent(sender.channel(), time.getAsLong(), due);
				after.run();
			}

			@Override
			public void refused() {
				book.refused(sender.channel(), first);
			}

		});
	}

	/** At once: a process that follows must know what was sent. */
	private void store() {
		if (this.leads) {
			lead();
		}
	}

	/** Looks no more, and lets another process lead. */
	void close() {
		this.closed = true;
		this.worker.close();
		this.senders.forEach(AlertSender::close);
		try {
			this.calls.await(this.board.release(this.id, KEPT));
		}
		catch (ProblemException | RedisUnavailableException ex) {
			// The lead ends by itself
		}
	}

}
