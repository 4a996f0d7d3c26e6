package io.fanfare.node.simulation;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.fanfare.node.simulation.Scenario.Fault;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.revocation.Revocation;
import org.jspecify.annotations.Nullable;

/**
 * What must hold: it witnesses what Redis stores and who owns which user, judges what
 * nodes write and pages read, and at the end whether everything has come to rest where it
 * should. The first promise that is broken ends the schedule.
 */
final class Oracle implements RedisModel.Witness {

	private final Simulation simulation;

	private final Scenario scenario;

	private final Statistics statistics = new Statistics();

	private final List<Truth> truth = new ArrayList<>();

	private final Map<String, Truth> byId = new HashMap<>();

	/** What was erased, and by which retraction. */
	private final Map<Truth, Long> erased = new HashMap<>();

	private final Set<Truth> erasedOnes = new HashSet<>();

	/** The retractions that each loop knows of. */
	private final Map<SimulatedLoop, Set<Long>> known = new HashMap<>();

	private int era;

	/** When Redis first lost data. */
	private long lostAt = Long.MAX_VALUE;

	/** When nodes last lost their pub/sub links. */
	private final Map<SimulatedNode, Long> linksLost = new HashMap<>();

	private final Map<String, Set<String>> owners = new HashMap<>();

	private final Map<String, Long> displacedAt = new HashMap<>();

	private final Map<String, Integer> claimedAt = new HashMap<>();

	/** Users of whom a client came back because its tombstone was evicted. */
	private final Set<String> exposed = new HashSet<>();

	private int displacements;

	private final Traces traces;

	private final List<Revoked> revoked = new ArrayList<>();

	private boolean disconnects;

	private @Nullable Violation violation;

	Oracle(Simulation simulation, Scenario scenario) {
		this.simulation = simulation;
		this.scenario = scenario;
		this.traces = new Traces(simulation, this);
	}

	/** What went wrong. */
	record Violation(String kind, String message, int steps) {

	}

	/** A message that was stored, or would have been if it were not ephemeral. */
	record Truth(int index, String channel, long id, int era, String label, int hash, boolean isEphemeral,
			long expiresAt) {

		boolean isExpired(long at) {
			return this.expiresAt != 0 && this.expiresAt <= Simulation.EPOCH + at;
		}

		@Override
		public String toString() {
			return this.label + "@" + MessageId.format(this.id) + "/" + this.channel;
		}

	}

	/** What was true when something was written. */
	record Mark(int era, int published) {

	}

	/** What happened, to see that it did. */
	static final class Statistics {

		int messages;

		int gaps;

		int falseGaps;

		int fellBehind;

		int displacements;

		int resumed;

		int limited;

		int ticketsSpent;

		int ticketsRefused;

		int revocations;

		int erased;

		int asked;

		int unknown;

		int gapsTold;

		void add(Statistics other) {
			this.messages += other.messages;
			this.gaps += other.gaps;
			this.falseGaps += other.falseGaps;
			this.fellBehind += other.fellBehind;
			this.displacements += other.displacements;
			this.resumed += other.resumed;
			this.limited += other.limited;
			this.ticketsSpent += other.ticketsSpent;
			this.ticketsRefused += other.ticketsRefused;
			this.revocations += other.revocations;
			this.erased += other.erased;
			this.asked += other.asked;
			this.unknown += other.unknown;
			this.gapsTold += other.gapsTold;
		}

		@Override
		public String toString() {
			return "messages=" + this.messages + " gaps=" + this.gaps + " falseGaps=" + this.falseGaps + " fellBehind="
					+ this.fellBehind + " displacements=" + this.displacements + " limited=" + this.limited
					+ " tickets=" + this.ticketsSpent + "/" + this.ticketsRefused + " revocations=" + this.revocations
					+ " erased=" + this.erased + " asked=" + this.asked + " unknown=" + this.unknown + " gapsTold="
					+ this.gapsTold;
		}

	}

	// ---- what is allowed in this scenario

	/**
	 * Whether a stream may be set back: its node lost the link after Redis had lost data,
	 * and before that was known. A stream with proof on one link goes on as it is.
	 */
	boolean setsBack(SimulatedNode node, long openedAt) {
		return this.linksLost.getOrDefault(node, -1L) >= Math.max(openedAt, this.lostAt);
	}

	/** A node has lost its pub/sub link: it was cut, or is taken for dead. */
	void linkLost(SimulatedNode node) {
		this.linksLost.put(node, this.simulation.now());
	}

	/** Whether a page that was told to stop may have a stream, once the other is gone. */
	boolean sharesClients() {
		return this.scenario.has(Fault.TWINS);
	}

	/** Whether a stream may learn late that messages to its user were hidden from it. */
	boolean hides() {
		// After a flush a renewal that was on its way may name a stream that is gone.
		return this.scenario.has(Fault.FIELD_VANISHES) || this.scenario.has(Fault.TIME_STEPS_FORWARD)
				|| this.scenario.has(Fault.TIME_STEPS) || this.scenario.has(Fault.REDIS_FLUSH);
	}

	boolean forgets() {
		return this.scenario.has(Fault.TRIM);
	}

	/**
	 * Whether a cursor is older than what is still known of silent channels: then a gap
	 * is announced for each of them.
	 */
	boolean isForgotten(long cursor) {
		return forgets() && MessageId.timestamp(cursor) < this.simulation.redis().millis() - Simulation.SILENCE;
	}

	// ---- what is known

	Statistics statistics() {
		return this.statistics;
	}

	@Nullable Violation violation() {
		return this.violation;
	}

	int displacements() {
		return this.displacements;
	}

	Mark mark() {
		return new Mark(this.era, this.truth.size());
	}

	int published() {
		return this.truth.size();
	}

	Truth truth(int index) {
		return this.truth.get(index);
	}

	@Nullable Truth find(long id, String data) {
		Truth found = this.byId.get(id + "/" + label(data));
		return (found != null && found.hash() == data.hashCode()) ? found : null;
	}

	/** The first line. */
	private static String label(String data) {
		int end = data.indexOf('\n');
		return (end < 0) ? data : data.substring(0, end);
	}

	/** How far everything is at or below an id, or lost before a mark was made. */
	int coveredBy(long id, Mark mark) {
		for (int i = mark.published(); i > 0; i--) {
			Truth one = this.truth.get(i - 1);
			if (one.id() <= id || one.era() < mark.era()) {
				return i;
			}
		}
		return 0;
	}

	int upTo(long id, Mark mark) {
		for (int i = mark.published(); i > 0; i--) {
			if (this.truth.get(i - 1).id() <= id) {
				return i;
			}
		}
		return 0;
	}

	boolean isErased(Truth one) {
		return this.erased.containsKey(one);
	}

	/** Messages that were erased one by one. */
	Set<Truth> erasedNow() {
		return Set.copyOf(this.erasedOnes);
	}

	int claimedAt(String connection) {
		return this.claimedAt.getOrDefault(connection, 0);
	}

	// ---- what happens

	@Override
	public void stored(ChannelName channel, long id, Envelope envelope) {
		String data = new String(envelope.data(), StandardCharsets.UTF_8);
		Truth one = new Truth(this.truth.size(), channel.value(), id, this.era, label(data), data.hashCode(),
				envelope.ephemeral(), envelope.expiresAt());
		this.truth.add(one);
		this.byId.put(id + "/" + one.label(), one);
		this.statistics.messages++;
		this.simulation.trace("REDIS stores %s", one);
	}

	@Override
	public void claimed(String connection) {
		this.claimedAt.put(connection, this.truth.size());
	}

	@Override
	public void owned(String user, String connection, boolean displaced) {
		Set<String> ever = this.owners.computeIfAbsent(user, (name) -> new HashSet<>());
		for (String other : ever) {
			if (!other.equals(connection)) {
				this.displacedAt.putIfAbsent(other, this.simulation.now());
			}
		}
		ever.add(connection);
		this.displacedAt.remove(connection);
		if (displaced) {
			this.displacements++;
			this.statistics.displacements++;
		}
	}

	@Override
	public void disconnected(String user, String connection) {
		this.displacedAt.putIfAbsent(connection, this.simulation.now());
	}

	/** The client may have been asked to stop; so is the one that it takes over. */
	@Override
	public void returned(String user) {
		this.exposed.add(user);
	}

	@Override
	public void revoked(Revocation revocation) {
		this.revoked.add(new Revoked(revocation, this.simulation.now()));
		this.statistics.revocations++;
	}

	/** What was written to a stream must not be of a right that was taken away before. */
	private void checkRevoked(SimulatedSocket socket, String text) {
		SimulatedClient page = socket.page();
		for (Revoked one : this.revoked) {
			boolean late = this.simulation.now() - one.at() > Simulation.LEASE;
			if (!late || !one.revocation().refuses(page.token(), Simulation.EPOCH + this.simulation.now())) {
				continue;
			}
			boolean breaks = switch (one.revocation().target()) {
				case Revocation.OfUser(String user) -> user.equals(page.user());
				case Revocation.OfToken(String hash) -> hash.equals(page.token().hash());
				case Revocation.OfTopic(String user, String topic) -> user.equals(page.user()) && this.truth.stream()
					.anyMatch((truth) -> truth.channel().equals(topic)
							&& text.contains("id: " + MessageId.format(truth.id()) + "\n"));
			};
			if (breaks) {
				fail("REVOKED", "%s was revoked at %d ms, and %s is still written to: %s", one.revocation(), one.at(),
						socket.connection(), text);
			}
		}
	}

	private record Revoked(Revocation revocation, long at) {

	}

	@Override
	public void erased(ChannelName channel, long id, long retraction) {
		this.truth.stream().filter((one) -> one.channel().equals(channel.value()) && one.id() == id).forEach((one) -> {
			this.erased.put(one, retraction);
			this.erasedOnes.add(one);
			this.statistics.erased++;
		});
	}

	@Override
	public void erasedAll(ChannelName channel, long upTo) {
		this.truth.stream()
			.filter((one) -> one.channel().equals(channel.value()) && one.id() <= upTo)
			.forEach((one) -> this.erased.putIfAbsent(one, upTo));
	}

	/** A loop has taken a retraction from its inbox. */
	void retracted(SimulatedLoop loop, long retraction) {
		this.known.computeIfAbsent(loop, (one) -> new HashSet<>()).add(retraction);
	}

	/** A loop wrote messages: it must not know that one of them was erased. */
	private void checkErased(SimulatedSocket socket, String text) {
		Set<Long> retractions = this.known.getOrDefault(socket.loop(), Set.of());
		this.erased.forEach((one, retraction) -> {
			if (retractions.contains(retraction) && text.contains("id: " + MessageId.format(one.id()) + "\n")
					&& text.contains("data: " + one.label() + "\n")) {
				fail("ERASED", "%s is written to %s, whose loop knows its retraction", one, socket.connection());
			}
		});
	}

	/** The API is about to end streams, after which a user may be left without one. */
	void disconnects() {
		this.disconnects = true;
	}

	/** Redis has lost data, and restored what it still had. */
	void lost(RedisModel redis) {
		redis.presence().values().forEach((owner) -> this.displacedAt.remove(owner.connection()));
	}

	/** Redis is about to lose data: what was stored before may be missing from now on. */
	void nextEra() {
		this.era++;
		this.lostAt = Math.min(this.lostAt, this.simulation.now());
	}

	/**
	 * A ticket, and by which requests it was used.
	 *
	 * @param digest its digest
	 * @param at when it was made
	 * @param era before which data loss
	 * @param uses the attempts, or sockets without one
	 * @param opened those of them that got a stream
	 */
	record Pass(String digest, long at, int era, Set<Object> uses, Set<Object> opened) {

		@Override
		public String toString() {
			return this.digest;
		}

	}

	/** A new ticket, or what its user has too many of. */
	Pass issued(String digest, boolean really) {
		return new Pass(digest, this.simulation.now(), really ? this.era : -1, new HashSet<>(), new HashSet<>());
	}

	/** A request got a stream by a ticket. */
	void opened(Pass pass, Object use) {
		pass.opened().add(use);
		if (pass.opened().size() > 1 && pass.era() == this.era) {
			fail("TICKET", "%s opened a stream for each of %s", pass, pass.opened());
		}
	}

	/** A request was refused for its ticket. */
	void refused(Pass pass) {
		boolean fresh = this.simulation.now() - pass.at() < RedisModel.SPENT_MS && pass.era() == this.era;
		if (pass.uses().size() == 1 && fresh && !this.scenario.has(Fault.EVICTION)) {
			fail("TICKET", "%s was refused although nobody else used it", pass);
		}
	}

	/** A node wrote to a page. */
	void written(SimulatedSocket socket, String text) {
		String connection = socket.connection();
		if (connection != null) {
			this.traces.wrote(connection, text);
		}
		if (connection == null || !text.contains("data: m")) {
			return;
		}
		checkRevoked(socket, text);
		checkErased(socket, text);
		Long since = this.displacedAt.get(connection);
		if (this.simulation.isTracing()) {
			this.simulation.trace("%s: writes to %s: %s", socket.node(), connection,
					text.replaceAll("\\s+", " ").replaceAll("x{20,}", "…"));
		}
		if (since != null && this.simulation.now() - since > Simulation.LEASE) {
			fail("KICK BOUND", "%s was displaced at %d ms and is still written to", connection, since);
		}
	}

	@SuppressWarnings("AnnotateFormatMethod") // The module does without Error Prone's
												// annotations
	void fail(String kind, String format, @Nullable Object... arguments) {
		if (this.violation == null) {
			this.violation = new Violation(kind, String.format(format, arguments), this.simulation.step());
			this.simulation.trace("*** %s: %s", kind, this.violation.message());
		}
	}

	// ---- the end

	/** Two pages that displace each other for ever. */
	void checkQuiet(int before) {
		if (this.displacements != before) {
			fail("PING PONG", "%d displacements although all is quiet", this.displacements - before);
		}
	}

	/** One live stream for each user who has an open page, and no other. */
	void checkRest() {
		int live = 0;
		for (int i = 0; i < this.scenario.users(); i++) {
			String user = "u" + i;
			List<SimulatedClient> all = this.simulation.pages()
				.stream()
				.filter((page) -> page.user().equals(user))
				.toList();
			List<SimulatedClient> open = all.stream().filter((page) -> !page.isStopped()).toList();
			RedisModel.Owner owner = this.simulation.redis().model().presence().get(user);
			if (open.size() > 1) {
				fail("TWO", "%s are all open", open);
			}
			if (open.isEmpty()) {
				if (!all.isEmpty() && !this.disconnects && !this.exposed.contains(user)
						&& all.stream().noneMatch(SimulatedClient::isLeft)) {
					fail("NONE", "every page of %s was told to stop", user);
				}
				if (owner != null) {
					fail("GHOST", "presence names %s for %s, who has no page", owner, user);
				}
				continue;
			}
			SimulatedClient page = open.getFirst();
			SimulatedSocket socket = page.socket();
			live++;
			if (socket == null || socket.connection() == null || socket.isClosed()) {
				fail("STUCK", "%s has no stream", page);
			}
			else if (owner == null || !owner.connection().equals(socket.connection())) {
				fail("GHOST", "presence names %s, but %s is heard by %s", owner, user, socket.connection());
			}
			Truth missing = page.findMissing();
			if (missing != null) {
				fail("LOST", "%s never gets %s", page, missing);
			}
		}
		int held = this.simulation.nodes().stream().mapToInt(SimulatedNode::held).sum();
		if (held != live) {
			fail("LEAK", "%d streams are live, %d connections are held", live, held);
		}
	}

	/** What nodes say of messages later must be what they did. */
	void checkTraces() {
		this.traces.check(this.scenario.users());
	}

	void checkGaps(boolean strict) {
		for (SimulatedClient page : this.simulation.pages()) {
			Object gap = page.findFalseGap();
			if (gap != null) {
				this.statistics.falseGaps++;
				if (strict) {
					fail("FALSE GAP", "%s was told of %s, where it misses nothing", page, gap);
				}
			}
		}
	}

}
