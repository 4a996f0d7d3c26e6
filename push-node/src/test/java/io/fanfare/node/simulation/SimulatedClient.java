package io.fanfare.node.simulation;

import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.connection.StreamRequest.Start;
import io.fanfare.node.simulation.Oracle.Mark;
import io.fanfare.node.simulation.Oracle.Truth;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Retraction;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.ticket.Tickets;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.test.sse.SseBlock;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A page that behaves as a native EventSource does, and holds what it reads against what
 * was published.
 */
final class SimulatedClient {

	private final Simulation simulation;

	private final int number;

	private final String user;

	private final String client;

	/** Its document, or null where it does not say. */
	private final @Nullable String page;

	private final List<ChannelName> topics;

	private final Set<String> channels;

	/** How many messages of the past a fresh stream asks for; -1 for none. */
	private final int history;

	private final int window;

	private final long tokenLife;

	/** How long it waits before it comes back, at least. */
	private final long patience;

	/** Whether it comes back after it was told to stop. */
	private final boolean stubborn;

	/** Of its log-in, which it keeps. */
	private final IssuedToken token;

	private boolean told;

	private State state = State.IDLE;

	private boolean left;

	private Oracle.@Nullable Pass pass;

	/** The request of a proxy that it comes by, or "". */
	private String attempt = "";

	private int tickets;

	private long retryAt;

	private long retry = 100;

	private String lastId = "";

	private @Nullable SimulatedSocket socket;

	private long connectedAt;

	private boolean heard;

	private boolean started;

	/** The first message it was promised. */
	private int promised;

	/** Everything published before this was read, or announced, or not promised. */
	private int covered;

	private final Map<String, Integer> excused = new HashMap<>();

	private final BitSet seen = new BitSet();

	/** Where its stream was set back to. */
	private long setBackTo = Long.MAX_VALUE;

	/** What comes once more: the stream was set back, and announced it. */
	private final BitSet again = new BitSet();

	/** Messages that were retracted: channel and id. */
	private final Set<String> retracted = new HashSet<>();

	private int lastRead;

	private final List<Gap> gaps = new ArrayList<>();

	/**
	 * Messages of its user that it passed: presence did not name its stream. A gap is to
	 * follow.
	 */
	private final List<Truth> hidden = new ArrayList<>();

	SimulatedClient(Simulation simulation, int number, String user, String client, @Nullable String page,
			List<ChannelName> topics, int history, int window, long tokenLife, long patience, boolean stubborn) {
		this.simulation = simulation;
		this.number = number;
		this.user = user;
		this.client = client;
		this.page = page;
		this.topics = topics;
		this.history = history;
		this.window = window;
		this.tokenLife = tokenLife;
		this.patience = patience;
		this.stubborn = stubborn;
		this.channels = new java.util.HashSet<>(Set.of(ChannelName.user(user).value(), ChannelName.ALL.value()));
		topics.forEach((topic) -> this.channels.add(topic.value()));
		this.retryAt = simulation.now();
		this.token = IssuedToken.of("t" + number, (Simulation.EPOCH + simulation.now()) / 1000);
	}

	enum State {

		/** Waits to connect. */
		IDLE,
		/** Has a connection, or asks for one. */
		OPEN,
		/** Was told to stop, or left. */
		STOPPED

	}

	private record Gap(String channel, long from, long to, String reason, boolean isForgotten, Set<Truth> erased) {

	}

	// ---- what it does

	String user() {
		return this.user;
	}

	IssuedToken token() {
		return this.token;
	}

	String client() {
		return this.client;
	}

	boolean isAway() {
		return this.state == State.IDLE;
	}

	boolean isStopped() {
		return this.state == State.STOPPED || this.told;
	}

	boolean isLeft() {
		return this.left;
	}

	@Nullable SimulatedSocket socket() {
		return this.socket;
	}

	long next() {
		return (this.state == State.IDLE) ? this.retryAt : Long.MAX_VALUE;
	}

	void offer(Choices choices, boolean slow) {
		if (this.state == State.IDLE && this.simulation.now() >= this.retryAt) {
			choices.add(8, this::connect);
		}
		SimulatedSocket current = this.socket;
		if (current != null && current.isReadable()) {
			choices.add(slow ? 3 : 12, () -> {
				boolean all = this.simulation.random().nextInt(3) > 0;
				current.read(all ? Integer.MAX_VALUE
						: 1 + this.simulation.random().nextInt(Math.max(1, current.readable())));
			});
		}
		if (current != null && !this.heard && this.simulation.now() - this.connectedAt > 5_000) {
			choices.add(2, () -> lose(true));
		}
	}

	private void connect() {
		if (this.lastId.startsWith("k.")) {
			stop();
			return;
		}
		SimulatedNode node = this.simulation.anyNode();
		if (!node.isUp()) {
			this.retryAt = this.simulation.now() + 50;
			return;
		}
		Start start = !this.lastId.isEmpty() ? new Start.After(MessageId.parse(this.lastId))
				: (this.history >= 0) ? new Start.Latest(this.history) : new Start.Now();
		StreamRequest request = new StreamRequest(this.user, this.client, this.page, Tier.NORMAL, this.topics, start,
				this.number % 2 == 0, false, Instant.ofEpochMilli(node.millis() + this.tokenLife * 3 / 4),
				Instant.ofEpochMilli(node.millis() + this.tokenLife), InetAddress.getLoopbackAddress(), false,
				this.token);
		if (this.simulation.schedule().usesTickets()) {
			takeTicket();
			request = request.by(new Claim.Ticket(String.valueOf(this.pass), this.attempt));
		}
		this.socket = node.accept(this, request, this.lastId.isEmpty() ? null : this.lastId, this.window);
		if (this.pass != null) {
			this.socket.by(this.pass, this.attempt);
		}
		this.connectedAt = this.simulation.now();
		this.heard = false;
		this.state = State.OPEN;
		this.simulation.trace("%s: asks %s for a stream from '%s' of %s", this, node, this.lastId, this.topics);
	}

	/**
	 * Comes with a new ticket; with the one it has, as a browser does by itself, or as a
	 * proxy sends one request to the next node; or with one that it stole.
	 */
	private void takeTicket() {
		// At rest as a browser does: the same ticket until it is refused.
		int how = this.simulation.schedule().isAtRest() ? 2 : this.simulation.random().nextInt(6);
		List<SimulatedClient> others = this.simulation.pages()
			.stream()
			.filter((page) -> page.user.equals(this.user) && page.pass != null)
			.toList();
		boolean proxied = this.simulation.random().nextBoolean();
		if (how == 0 && this.pass != null && !this.attempt.isEmpty()) {
			return;
		}
		this.attempt = proxied ? "a" + this.number + "." + this.simulation.step() : "";
		if (how == 1 && !others.isEmpty()) {
			this.pass = others.get(this.simulation.random().nextInt(others.size())).pass;
		}
		else if (how == 5 || this.pass == null) {
			String digest = "t" + this.number + "." + ++this.tickets;
			boolean issued = this.simulation.redis().model().issue(this.user, digest, Tickets.LIFE) == null;
			this.pass = this.simulation.oracle().issued(digest, issued);
		}
	}

	/** A browser gives up, and the page gets another ticket. */
	void ticketRefused() {
		this.pass = null;
	}

	private void stop() {
		this.state = State.STOPPED;
		this.simulation.trace("%s: stops", this);
	}

	private void away() {
		this.socket = null;
		this.state = State.IDLE;
		this.retryAt = this.simulation.now() + Math.max(this.retry, this.patience);
		if (this.stubborn && this.lastId.startsWith("k.")) {
			this.lastId = "";
		}
		if (this.lastId.startsWith("k.")) {
			stop();
		}
	}

	/** The node ended the stream. */
	void ended(SimulatedSocket by) {
		if (this.socket == by) {
			this.simulation.trace("%s: its stream ends", this);
			by.leave(true);
			away();
		}
	}

	/** The connection breaks; some of what was under way still arrives. */
	void lose(boolean noticed) {
		SimulatedSocket current = this.socket;
		if (current == null) {
			return;
		}
		current.read(this.simulation.random().nextInt(current.readable() + 1));
		if (this.socket == current) {
			this.simulation.trace("%s: loses its connection%s", this, noticed ? "" : ", its node does not notice");
			current.leave(noticed);
			away();
		}
	}

	/** The user closes the page. */
	void leave(boolean noticed) {
		this.simulation.trace("%s: leaves%s", this, noticed ? "" : ", its node does not notice");
		if (this.socket != null) {
			this.socket.leave(noticed);
		}
		this.socket = null;
		this.state = State.STOPPED;
		this.left = true;
	}

	/** The user loads the page again: its document is gone. */
	void unload(boolean noticed) {
		leave(noticed);
		this.left = false;
	}

	/** Even a stubborn client ends some time. */
	void giveUp() {
		if (this.told && this.state != State.STOPPED) {
			leave(true);
			this.left = false;
		}
	}

	// ---- what it reads

	void read(SimulatedSocket from, SseBlock block, Mark mark) {
		this.heard = true;
		if (block.retry() != null && block.retry().toMillis() > 0) {
			this.retry = block.retry().toMillis();
		}
		if (block.type().equals(Retraction.EVENT) && String.valueOf(block.data()).contains("\"id\":")) {
			message(from, block);
			this.retracted
				.add(field(String.valueOf(block.data()), "channel") + " " + field(String.valueOf(block.data()), "id"));
			return;
		}
		if (block.type().equals("message") && block.data() != null) {
			message(from, block);
			return;
		}
		this.simulation.trace("%s: reads %s %s %s", this, block.type(), block.id(), block.data());
		String id = block.id();
		switch (block.type()) {
			case "push.connected" -> {
				if (this.told && !this.simulation.oracle().sharesClients()) {
					this.simulation.oracle().fail("REVIVED", "%s gets a stream after it was told to stop", this);
				}
				this.told = false;
				connected(from, String.valueOf(id), mark);
			}
			case "push.gap" -> gap(from, String.valueOf(id), String.valueOf(block.data()), mark);
			case "push.kicked" -> {
				from.kicked();
				this.told = true;
			}
			case "push.unsubscribed" -> this.channels.remove(field(String.valueOf(block.data()), "channel"));
			default -> {
				if (id != null && !id.equals(this.lastId)) {
					passed(id, mark);
				}
			}
		}
		if (id != null) {
			if (from.isKicked() && !id.startsWith("k.")) {
				this.simulation.oracle()
					.fail("AFTER KICK", "%s was told to stop and then gets the cursor %s", this, id);
			}
			this.lastId = id;
		}
	}

	private void connected(SimulatedSocket from, String id, Mark mark) {
		if (!this.lastId.isEmpty()) {
			if (!id.equals(this.lastId)) {
				this.simulation.oracle().fail("CURSOR", "%s resumes from %s and is told %s", this, this.lastId, id);
			}
			return;
		}
		this.started = true;
		int claimed = this.simulation.oracle().claimedAt(String.valueOf(from.connection()));
		this.covered = this.simulation.oracle().upTo(MessageId.parse(id), mark);
		if (this.history < 0) {
			this.covered = Math.max(this.covered, claimed);
		}
		else {
			// Of the past it gets what there is; it was promised what came after the
			// claim.
			this.channels.forEach((channel) -> this.excused.put(channel, claimed));
		}
		this.promised = this.covered;
	}

	private void message(SimulatedSocket from, SseBlock block) {
		String id = String.valueOf(block.id());
		String data = String.valueOf(block.data());
		this.lastId = id;
		from.check(MessageId.parse(id));
		Truth truth = this.simulation.oracle().find(MessageId.parse(id), data);
		this.simulation.trace("%s: reads %s", this, truth);
		if (truth == null) {
			this.simulation.oracle().fail("FORGED", "%s gets '%s'@%s, which was never published", this, data, id);
			return;
		}
		if (!this.channels.contains(truth.channel())) {
			this.simulation.oracle().fail("FOREIGN", "%s gets %s", this, truth);
		}
		if (this.retracted.contains(truth.channel() + " " + id)) {
			this.simulation.oracle().fail("ERASED", "%s gets %s after its retraction", this, truth);
		}
		if (this.again.get(truth.index())) {
			this.again.clear(truth.index());
			return;
		}
		if (this.seen.get(truth.index())) {
			this.simulation.oracle().fail("TWICE", "%s gets %s twice", this, truth);
		}
		else if (this.hidden.remove(truth) && truth.index() > this.lastRead) {
			this.simulation.trace("%s: its cursor had passed %s", this, truth);
		}
		else if (truth.index() < this.covered) {
			this.simulation.oracle().fail("ORDER", "%s gets %s late", this, truth);
		}
		cover(truth.index(), Long.MAX_VALUE, "reads " + truth);
		this.seen.set(truth.index());
		this.lastRead = Math.max(this.lastRead, truth.index());
		this.covered = Math.max(this.covered, truth.index() + 1);
	}

	/** Its cursor moves to an id without a message. */
	private void passed(String text, Mark mark) {
		if (!this.started) {
			return;
		}
		long id = MessageId.parse(text);
		int to = this.simulation.oracle().upTo(id, mark);
		cover(to, id, "cursor moves to " + text);
		this.covered = Math.max(this.covered, to);
	}

	/** Everything up to an index must have been read, unless it was announced. */
	private void cover(int to, long id, String when) {
		for (int i = this.covered; i < to; i++) {
			Truth truth = this.simulation.oracle().truth(i);
			if (truth.id() <= id && isMissing(truth)) {
				if (this.simulation.oracle().hides() && truth.channel().equals(ChannelName.user(this.user).value())) {
					this.hidden.add(truth);
					continue;
				}
				this.simulation.oracle().fail("HOLE", "%s %s but never read %s, no gap announced", this, when, truth);
			}
		}
	}

	private boolean isMissing(Truth truth) {
		return this.channels.contains(truth.channel()) && !this.seen.get(truth.index()) && !truth.isEphemeral()
				&& truth.index() >= this.excused.getOrDefault(truth.channel(), 0)
				&& !truth.isExpired(this.simulation.now()) && !this.simulation.oracle().isErased(truth);
	}

	private void gap(SimulatedSocket from, String id, String data, Mark mark) {
		if (!this.lastId.isEmpty() && MessageId.parse(id) < MessageId.parse(this.lastId)) {
			this.setBackTo = MessageId.parse(id);
			if (!this.simulation.oracle().setsBack(from.node(), this.connectedAt)) {
				this.simulation.oracle()
					.fail("SET BACK", "%s stood at %s and is set back to %s", this, this.lastId, id);
			}
		}
		for (JsonNode channel : JsonMapper.shared().readTree(data).required("channels")) {
			gap(from, id, data, mark, channel.asString());
		}
	}

	private void gap(SimulatedSocket from, String id, String data, Mark mark, String channel) {
		Gap gap = new Gap(channel, MessageId.parse(field(data, "from")), MessageId.parse(field(data, "to")),
				field(data, "reason"), this.simulation.oracle().isForgotten(MessageId.parse(field(data, "from"))),
				this.simulation.oracle().erasedNow());
		if (!this.channels.contains(gap.channel())) {
			this.simulation.oracle().fail("FOREIGN", "%s gets a gap of %s", this, gap.channel());
		}
		this.gaps.add(gap);
		this.hidden.removeIf((truth) -> truth.channel().equals(gap.channel()) && truth.id() > gap.from()
				&& (truth.id() <= gap.to() || truth.era() < mark.era()));
		if (gap.reason().equals("data-loss") && MessageId.parse(id) == this.setBackTo) {
			for (int i = this.seen.nextSetBit(0); i >= 0; i = this.seen.nextSetBit(i + 1)) {
				Truth truth = this.simulation.oracle().truth(i);
				if (truth.channel().equals(channel) && truth.id() > this.setBackTo && truth.id() <= gap.to()) {
					this.again.set(i);
				}
			}
		}
		boolean isLoss = !gap.reason().equals("retention") && !gap.reason().equals("presence-loss");
		int to = isLoss ? this.simulation.oracle().coveredBy(gap.to(), mark)
				: this.simulation.oracle().upTo(gap.to(), mark);
		this.excused.merge(gap.channel(), to, Math::max);
		if (isLoss) {
			from.reset();
		}
	}

	/** What it still misses at the end, or null. */
	@Nullable Truth findMissing() {
		for (Truth truth : this.hidden) {
			if (!truth.isExpired(this.simulation.now()) && !this.simulation.oracle().isErased(truth)) {
				return truth;
			}
		}
		for (int i = this.covered; i < this.simulation.oracle().published(); i++) {
			if (isMissing(this.simulation.oracle().truth(i))) {
				return this.simulation.oracle().truth(i);
			}
		}
		return null;
	}

	/** Where history was trimmed meanwhile, what was hidden is not known. */
	private boolean isVague(Gap gap) {
		return gap.reason().equals("presence-loss") && this.simulation.oracle().forgets();
	}

	/** A gap in which nothing was missing, or null. */
	@Nullable Object findFalseGap() {
		return (this.history >= 0) ? null
				: this.gaps.stream().filter((gap) -> !gap.isForgotten() && !isVague(gap)).filter((gap) -> {
					for (int i = this.promised; i < this.simulation.oracle().published(); i++) {
						Truth truth = this.simulation.oracle().truth(i);
						if (truth.channel().equals(gap.channel()) && truth.id() > gap.from() && truth.id() <= gap.to()
								&& !this.seen.get(i) && !gap.erased().contains(truth)) {
							return false;
						}
					}
					return true;
				}).findFirst().orElse(null);
	}

	/** A text field of a flat JSON object. */
	static String field(String json, String name) {
		int from = json.indexOf("\"" + name + "\":\"") + name.length() + 4;
		return json.substring(from, json.indexOf('"', from));
	}

	@Override
	public String toString() {
		return "PAGE" + this.number + "(" + this.client + ")";
	}

}
