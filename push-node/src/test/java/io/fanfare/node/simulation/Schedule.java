package io.fanfare.node.simulation;

import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

import io.fanfare.node.simulation.Oracle.Truth;
import io.fanfare.node.simulation.Scenario.Fault;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.redis.revocation.Revocation;
import org.jspecify.annotations.Nullable;

/**
 * What happens when: from the seed follow how often each kind of event comes, and which
 * of those that are possible now comes next.
 */
final class Schedule {

	/** Two of these are more than a connection may be owed. */
	private static final int BIG = 600_000;

	static final List<ChannelName> TOPICS = List.of(ChannelName.topic("t1"), ChannelName.topic("t2"));

	/** Are as likely in all schedules. */
	private static final EnumSet<Fault> ERASURES = EnumSet.of(Fault.ERASE, Fault.ERASE_USER);

	private final Simulation simulation;

	private final Scenario scenario;

	private final RandomGenerator random;

	private final Choices choices = new Choices();

	private final Choices faults = new Choices();

	private final Map<Fault, Integer> weights = new EnumMap<>(Fault.class);

	private final int publishWeight;

	/** How often time passes, against all else. */
	private final int pace;

	/** How many of ten messages are for users. */
	private final int forUsers;

	private final boolean leaves;

	/** How long pages wait before they come back, at least. */
	private final long patience;

	/** How many of three pages say which document they are. */
	private final int sayingPages;

	/** How many of a thousand steps are faults. */
	private final int faultRate;

	private final int steps;

	private final int batch;

	/** Whether messages are big enough to make slow readers fall behind. */
	private final boolean big;

	private final int loops;

	private final int inboxLimit;

	private int reloads;

	private int published;

	private boolean chaos = true;

	/**
	 * Draws what is constant in a schedule.
	 * @param simulation what the events happen to
	 * @param scenario which may happen
	 * @param random decides which do
	 * @param mostSteps how long the time of faults is at most
	 */
	Schedule(Simulation simulation, Scenario scenario, RandomGenerator random, int mostSteps) {
		this.simulation = simulation;
		this.scenario = scenario;
		this.random = random;
		// Where much may go wrong, a few things a schedule go deeper than all at once.
		int bound = scenario.isWide() ? 3 : 4;
		for (Fault fault : EnumSet.complementOf(ERASURES)) {
			if (fault == Fault.TICKETS) {
				// Nothing happens by it, so it takes no part in the draw.
				continue;
			}
			int weight = Math.max(0, this.random.nextInt(2 * bound) - bound + (scenario.isWide() ? 0 : 2));
			this.weights.put(fault, scenario.has(fault) ? weight : 0);
		}
		ERASURES.forEach((fault) -> this.weights.put(fault, scenario.has(fault) ? 2 : 0));
		this.faultRate = new int[] { 5, 10, 20, 50 }[this.random.nextInt(4)];
		this.publishWeight = new int[] { 1, 2, 4, 8, 12 }[this.random.nextInt(5)];
		this.pace = new int[] { 4, 8, 25 }[this.random.nextInt(3)];
		this.forUsers = new int[] { 3, 5, 9 }[this.random.nextInt(3)];
		this.leaves = !scenario.has(Fault.NOBODY_LEAVES) && this.random.nextBoolean();
		this.patience = scenario.has(Fault.SLOW_RETRY) ? 2_000 + this.random.nextInt(5_000)
				: scenario.has(Fault.STUBBORN) ? 3_000 : 0;
		this.sayingPages = scenario.has(Fault.TWINS) ? this.random.nextInt(4) : 3;
		this.steps = Math.min(mostSteps, 200 + this.random.nextInt(1_000));
		this.batch = this.random.nextBoolean() ? 2 : 256;
		this.big = scenario.has(Fault.SLOW) && this.random.nextInt(6) == 0;
		this.loops = 1 + this.random.nextInt(2);
		this.inboxLimit = (this.weights.get(Fault.OVERFLOW) > 0) ? this.random.nextInt(4) : Integer.MAX_VALUE;
	}

	/** Whether pages come by tickets instead of tokens. */
	boolean usesTickets() {
		return this.scenario.has(Fault.TICKETS);
	}

	boolean isAtRest() {
		return !this.chaos;
	}

	int steps() {
		return this.steps;
	}

	/** How many messages a read brings at most. */
	int batch() {
		return this.batch;
	}

	int loops() {
		return this.loops;
	}

	/** How many messages may wait for a loop. */
	int inboxLimit() {
		return this.inboxLimit;
	}

	long patience() {
		return this.patience;
	}

	/** From now on no fault happens, no page comes and nothing is published. */
	void endFaults() {
		this.chaos = false;
	}

	// ---- what could happen next

	/** Picks an event while faults happen. */
	Runnable next() {
		offer();
		boolean isFault = this.random.nextInt(1_000) < this.faultRate && !this.faults.isEmpty();
		return (isFault ? this.faults : this.choices).pick(this.random);
	}

	/** Picks an event if there is any but the passing of time. */
	@Nullable Runnable nextAtRest() {
		offer();
		return this.choices.isEmpty() ? null : this.choices.pick(this.random);
	}

	private void offer() {
		this.choices.clear();
		this.faults.clear();
		boolean timeouts = this.scenario.has(Fault.COMMAND_TIMEOUT) || this.scenario.has(Fault.FREEZE)
				|| this.scenario.has(Fault.COMMAND_CUT);
		for (SimulatedNode node : this.simulation.nodes()) {
			node.offer(this.choices, timeouts);
			if (!node.isUp() && this.simulation.now() > node.downAt() + 200) {
				this.choices.add(this.chaos ? 2 : 10, () -> this.simulation.boot(node.slot()));
			}
			if (node.isFrozen() && (!this.chaos || node.isThawable(this.simulation.now()))) {
				this.choices.add(8, () -> {
					this.simulation.trace("FAULT %s thaws", node);
					node.thaw();
				});
			}
		}
		this.simulation.api().offer(this.choices);
		this.simulation.redis().offer(this.choices);
		for (SimulatedSocket socket : this.simulation.halfOpen()) {
			if (socket.node().isRunning()) {
				this.choices.add(this.chaos ? 1 : 6, () -> {
					this.simulation.halfOpen().remove(socket);
					socket.notice(true);
				});
			}
		}
		boolean slow = this.chaos && this.scenario.has(Fault.SLOW);
		this.simulation.pages().forEach((page) -> page.offer(this.choices, slow));
		if (this.chaos) {
			offerLife();
			offerFaults();
		}
	}

	/** Time passes, pages come and go, messages are published. */
	private void offerLife() {
		this.choices.add(this.pace, this::advance);
		if (this.simulation.pages().size() < this.scenario.pages() * this.scenario.users()) {
			this.choices.add(this.simulation.pages().isEmpty() ? 40 : 3, this::open);
		}
		this.choices.add(this.publishWeight, () -> publish(anyChannel()));
		for (SimulatedClient page : this.simulation.pages()) {
			if (!page.isStopped() && this.leaves) {
				this.faults.add(1, () -> page.leave(this.random.nextBoolean()));
			}
		}
	}

	private void offerFaults() {
		for (SimulatedClient page : this.simulation.pages()) {
			if (page.socket() != null) {
				fault(Fault.TCP_CUT, () -> page.lose(!this.scenario.has(Fault.HALF_OPEN) || this.random.nextBoolean()));
			}
		}
		for (SimulatedNode node : this.simulation.nodes()) {
			offerFaults(node);
		}
		if (this.reloads < 6) {
			for (SimulatedClient page : List.copyOf(this.simulation.pages())) {
				if (!page.isStopped()) {
					fault(Fault.RELOAD, () -> reload(page));
				}
			}
		}
		if (this.simulation.api().isCuttable()) {
			fault(Fault.API_CUT, this.simulation.api()::cut);
		}
		// What was hidden after a loss and is lost by another one leaves no trace.
		this.simulation.redis().offerFaults(this, this.scenario.has(Fault.TIME_STEPS_FORWARD) ? 1 : 2);
		fault(Fault.FIELD_VANISHES, () -> this.simulation.redis().dropPresence(anyUser()));
		fault(Fault.EVICTION, this.simulation.redis()::evict);
		fault(Fault.ERASE_USER, () -> this.simulation.api().eraseUser(anyUser()));
		if (this.scenario.has(Fault.ERASE)) {
			offerErasure();
		}
		fault(Fault.DISCONNECT, () -> {
			String user = anyUser();
			this.simulation.api().disconnect(user, this.random.nextInt(4) * 1_500L);
		});
		fault(Fault.REVOKE, () -> this.simulation.api().revoke(anyRight()));
	}

	/** One of the messages that were published lately, or any. */
	private void offerErasure() {
		int published = this.simulation.oracle().published();
		if (published == 0) {
			return;
		}
		Runnable erasure = () -> {
			int back = this.random.nextInt(this.random.nextBoolean() ? Math.min(4, published) : published);
			Truth one = this.simulation.oracle().truth(published - 1 - back);
			this.simulation.api().erase(ChannelName.parse(one.channel()), one.id());
		};
		this.choices.add(1, erasure);
		fault(Fault.ERASE, erasure);
	}

	private void offerFaults(SimulatedNode node) {
		fault(Fault.LEASE_VANISHES, () -> {
			this.simulation.trace("FAULT the lease of %s vanishes", node);
			this.simulation.redis().model().dropLease(node.identity());
		});
		if (node.isRunning()) {
			if (node.commands().isCuttable()) {
				fault(Fault.COMMAND_CUT, () -> {
					this.simulation.trace("FAULT the command link of %s is cut", node);
					node.commands().cut(true);
				});
				fault(Fault.COMMAND_OUTAGE, () -> {
					long duration = this.random.nextLong(3 * Simulation.LEASE);
					this.simulation.trace("FAULT %s cannot send commands for %d ms", node, duration);
					node.commands().cutFor(duration);
				});
			}
			if (this.scenario.has(Fault.COMMAND_TIMEOUT)) {
				node.commands().offerTimeout(this.faults, this.weights.get(Fault.COMMAND_TIMEOUT));
			}
			fault(Fault.CRASH, () -> {
				this.simulation.trace("FAULT %s is killed", node);
				node.die(true);
			});
			if (!node.isDraining()) {
				fault(Fault.DRAIN, () -> {
					this.simulation.trace("FAULT %s is drained", node);
					node.drain();
				});
			}
			fault(Fault.FREEZE, () -> {
				long duration = 1 + this.random.nextLong(2 * Simulation.LEASE);
				boolean machine = this.random.nextBoolean();
				this.simulation.trace("FAULT %s freezes for %d ms (%s)", node, duration,
						machine ? "its machine" : "the process");
				node.freeze(duration, machine);
			});
		}
		if (node.isUp() && node.pubSub().isCuttable()) {
			fault(Fault.PUBSUB_CUT, () -> {
				this.simulation.trace("FAULT the pub/sub link of %s is cut", node);
				node.pubSub().cut(false);
			});
			fault(Fault.PUBSUB_BLACK_HOLE, () -> {
				this.simulation.trace("FAULT the pub/sub link of %s is a black hole", node);
				node.pubSub().cut(true);
			});
		}
	}

	void fault(Fault fault, Runnable action) {
		this.faults.add(this.weights.get(fault), action);
	}

	private void advance() {
		long next = Math.clamp(this.simulation.next() - this.simulation.now(), 1, 300);
		this.simulation.pass(switch (this.random.nextInt(8)) {
			case 0, 1 -> 1;
			case 2, 3, 4 -> next;
			case 5, 6 -> 1 + this.random.nextInt(300);
			default -> 1 + this.random.nextInt(this.scenario.has(Fault.FREEZE) ? 2_000 : 600);
		});
	}

	private String anyUser() {
		return "u" + this.random.nextInt(this.scenario.users());
	}

	private Revocation.Target anyRight() {
		List<SimulatedClient> pages = this.simulation.pages();
		return switch (this.random.nextInt(3)) {
			case 0 -> new Revocation.OfUser(anyUser());
			case 1 -> new Revocation.OfTopic(anyUser(), TOPICS.get(this.random.nextInt(TOPICS.size())).value());
			default -> new Revocation.OfToken(
					pages.isEmpty() ? "none" : pages.get(this.random.nextInt(pages.size())).token().hash());
		};
	}

	private ChannelName anyChannel() {
		if (this.random.nextInt(10) < this.forUsers) {
			return ChannelName.user(anyUser());
		}
		int any = this.random.nextInt(TOPICS.size() + 1);
		return (any == 0) ? ChannelName.ALL : TOPICS.get(any - 1);
	}

	private void open() {
		String user = anyUser();
		open(user, this.scenario.has(Fault.TWINS) ? "twin-" + user : "c" + (this.simulation.pages().size() + 1));
	}

	private void open(String user, String client) {
		int number = this.simulation.pages().size() + 1;
		boolean says = this.sayingPages == 3 || this.random.nextInt(3) < this.sayingPages;
		String pageId = says ? "p" + number : null;
		List<ChannelName> topics = TOPICS.subList(0, this.random.nextInt(TOPICS.size() + 1));
		// Twins that do not say which they are could not be told apart for good, nor
		// where
		// the one that stays leaves for a moment.
		boolean stubborn = this.scenario.has(Fault.STUBBORN)
				|| this.scenario.has(Fault.SLOW_RETRY) && this.sayingPages == 3;
		int history = (this.random.nextInt(6) == 0 && !stubborn) ? this.random.nextInt(4) : -1;
		int window = this.scenario.has(Fault.SLOW) ? 600 + this.random.nextInt(600) : 65_536;
		long tokenLife = (this.random.nextInt(6) == 0 && !stubborn && !this.scenario.has(Fault.SLOW_RETRY)) ? 61_000
				: 3_600_000;
		SimulatedClient page = new SimulatedClient(this.simulation, number, user, client, pageId, topics, history,
				window, tokenLife, this.patience, stubborn);
		this.simulation.pages().add(page);
		this.simulation.trace("%s: opens for %s", page, user);
	}

	private void reload(SimulatedClient page) {
		this.reloads++;
		page.unload(this.random.nextBoolean());
		open(page.user(), page.client());
	}

	void publish(ChannelName channel) {
		int number = ++this.published;
		boolean ttl = this.scenario.has(Fault.TTL) && this.random.nextInt(3) == 0;
		boolean ephemeral = this.scenario.has(Fault.TTL) && this.random.nextInt(6) == 0;
		int length = (this.random.nextInt(4) > 0) ? 0 : this.random.nextInt(200);
		if (this.big && this.random.nextInt(5) == 0) {
			length = BIG;
		}
		String padding = (length > 0) ? "\n" + "x".repeat(length) : "";
		long expires = ttl ? Simulation.EPOCH + this.simulation.now() + this.random.nextInt(3_000) : 0;
		Envelope envelope = new Envelope("message", ("m" + number + padding).getBytes(StandardCharsets.UTF_8),
				Simulation.EPOCH + this.simulation.now(), expires, ephemeral, null);
		this.simulation.api().publish(channel, envelope, "key" + number);
	}

}
