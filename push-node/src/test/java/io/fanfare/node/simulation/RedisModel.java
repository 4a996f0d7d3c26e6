package io.fanfare.node.simulation;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Predecessor;
import io.fanfare.protocol.Retraction;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.ClaimResult.Counted;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Received;
import io.fanfare.redis.presence.Presence.Silent;
import io.fanfare.redis.presence.Presence.Slice;
import io.fanfare.redis.presence.Presence.Suspect;
import io.fanfare.redis.presence.Presence.Suspicion;
import io.fanfare.redis.presence.Presence.Twins;
import io.fanfare.redis.presence.Presence.UserLimits;
import io.fanfare.redis.presence.Renewal;
import io.fanfare.redis.presence.Verdict;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.redis.revocation.Revocation;
import io.fanfare.redis.revocation.RevocationPage;
import io.fanfare.redis.revocation.Revocations;
import io.fanfare.redis.ticket.Tickets;
import org.jspecify.annotations.Nullable;

/**
 * The partition in Redis, in memory: every script as one atomic step, by the same rules
 * as {@code redis/*.lua}. {@code RedisModelIT} holds it equal to them. Ids are packed as
 * {@link MessageId} packs them; 0 stands for no id.
 */
final class RedisModel {

	/** Before the run id of a store that a publish began. */
	private static final String BEGUN = "?";

	private static final int DISPLACED_PAGES = 4;

	private static final long TOMBSTONE_LIMIT_MS = Duration.ofDays(1).toMillis();

	private static final long UNCERTAIN_MS = 60_000;

	private static final long LEAP_MS = 15_000;

	/** How long a spent ticket is kept. */
	static final long SPENT_MS = 10_000;

	private final LongSupplier millis;

	private final Settings settings;

	private final BiConsumer<String, byte[]> publish;

	/** Tombstones that were evicted: user and client. */
	private final Set<String> evicted = new HashSet<>();

	private Witness witness = new Witness() {
	};

	private Store store = new Store();

	private long renewals;

	/**
	 * Makes an empty store.
	 * @param millis its wall clock
	 * @param settings what the callers of the scripts are set to
	 * @param publish takes what is published: channel without the partition's prefix,
	 * frame
	 */
	RedisModel(LongSupplier millis, Settings settings, BiConsumer<String, byte[]> publish) {
		this.millis = millis;
		this.settings = settings;
		this.publish = publish;
	}

	/**
	 * What the callers are set to.
	 *
	 * @param lease the life of a lease
	 * @param tombstone the life of a tombstone
	 * @param length messages per channel
	 * @param age how long a message is retained
	 * @param takeovers how many takeovers a user may have, 0 for any number
	 * @param takeoverWindow within how long
	 * @param twins by what two pages that share a client id are told from one
	 */
	record Settings(long lease, long tombstone, int length, long age, int takeovers, long takeoverWindow, Twins twins) {

	}

	/**
	 * What a process knows when it sends a script.
	 *
	 * @param run the run id of the server it reached
	 * @param seen the highest id it has seen
	 * @param durable whether the store keeps all it acknowledged
	 * @param link the number of the process's command connection
	 */
	record Caller(String run, long seen, boolean durable, long link) {

	}

	/** An entry of the log of revocations, and the one before it. */
	private record Logged(long id, Revocation.Target target, long before) {

	}

	/** Sees what really happens. */
	interface Witness {

		default void stored(ChannelName channel, long id, Envelope envelope) {
		}

		default void claimed(String connection) {
		}

		default void owned(String user, String connection, boolean displaced) {
		}

		default void disconnected(String user, String connection) {
		}

		/** A client took its user over, although a tombstone kept it away once. */
		default void returned(String user) {
		}

		default void revoked(Revocation revocation) {
		}

		default void erased(ChannelName channel, long id, long retraction) {
		}

		default void erasedAll(ChannelName channel, long upTo) {
		}

	}

	/** An owner in the presence hash. */
	record Owner(String node, String connection, long generation, String client, long since, int replaced, long window,
			Visit own, List<Visit> displaced) {

		private static Owner of(String node, String connection, long generation, String client, long since,
				Succeeded state) {
			return new Owner(node, connection, generation, client, since, state.replaced(), state.window(), state.own(),
					state.displaced());
		}

		@Override
		public String toString() {
			return this.connection + "(" + this.client + ")@" + MessageId.format(this.generation);
		}

	}

	/** A page, when it came back after it was displaced, and when it was told to stop. */
	private record Visit(String page, List<Long> returns, @Nullable Told told) {

	}

	/** When a page was told to stop, and when it claimed in vain. */
	private record Told(long first, long last) {

	}

	/** An entry; {@code before} is its predecessor without what was erased. */
	private record Stored(long id, Predecessor predecessor, Predecessor before, byte[] envelope) {

		private Stored(long id, Predecessor predecessor, byte[] envelope) {
			this(id, predecessor, predecessor, envelope);
		}

	}

	private record Expiring<T>(T value, long at) {

	}

	/** The value of a node's last renewal or claim. */
	private record Renewed(long link, long count) {

		@Override
		public String toString() {
			return this.link + "." + this.count;
		}

	}

	/** What a user's streams may not have received. */
	private record Hidden(long from, long to) {

	}

	private record Answer(String hash, List<Publisher.Receipt> receipts) {

	}

	/** A ticket, and which connection and attempt spent it. */
	private record Pass(String user, @Nullable String by, String attempt) {

	}

	private static final class Stream {

		private final TreeMap<Long, Stored> entries = new TreeMap<>();

		private long expiresAt = Long.MAX_VALUE;

	}

	/** All that a snapshot keeps. */
	private static final class Store {

		private long clock;

		private @Nullable String run;

		private @Nullable Long since;

		private final Map<String, Predecessor> last = new LinkedHashMap<>();

		private final Map<String, Stream> streams = new HashMap<>();

		private final Map<String, Owner> presence = new LinkedHashMap<>();

		private final Map<String, Expiring<Long>> tombstones = new HashMap<>();

		private final Map<String, Expiring<Integer>> takeovers = new HashMap<>();

		private final Map<String, Long> leases = new HashMap<>();

		private final Map<String, Renewed> renewals = new HashMap<>();

		private final Map<String, Hidden> hidden = new HashMap<>();

		private final Map<String, Expiring<Answer>> idempotency = new HashMap<>();

		private final Map<String, Expiring<Pass>> tickets = new HashMap<>();

		private final Map<Revocation.Target, Revocation> revocations = new LinkedHashMap<>();

		private final Map<Revocation.Target, Long> lifted = new HashMap<>();

		private final List<Logged> log = new ArrayList<>();

		private Store copy() {
			Store copy = new Store();
			copy.clock = this.clock;
			copy.run = this.run;
			copy.since = this.since;
			copy.last.putAll(this.last);
			this.streams.forEach((name, stream) -> {
				Stream same = new Stream();
				same.entries.putAll(stream.entries);
				same.expiresAt = stream.expiresAt;
				copy.streams.put(name, same);
			});
			copy.presence.putAll(this.presence);
			copy.tombstones.putAll(this.tombstones);
			copy.takeovers.putAll(this.takeovers);
			copy.leases.putAll(this.leases);
			copy.renewals.putAll(this.renewals);
			copy.hidden.putAll(this.hidden);
			copy.idempotency.putAll(this.idempotency);
			copy.tickets.putAll(this.tickets);
			copy.revocations.putAll(this.revocations);
			copy.lifted.putAll(this.lifted);
			copy.log.addAll(this.log);
			return copy;
		}

	}

	/** A snapshot, to be restored later. */
	static final class Snapshot {

		private final Store store;

		private Snapshot(Store store) {
			this.store = store;
		}

	}

	void watch(Witness one) {
		this.witness = one;
	}

	// ---- what happens to a server

	Snapshot snapshot() {
		return new Snapshot(this.store.copy());
	}

	void restore(@Nullable Snapshot snapshot) {
		this.store = (snapshot != null) ? snapshot.store.copy() : new Store();
	}

	/** As if the run id stored were another server's. */
	void forgetRun(String other) {
		this.store.run = other;
	}

	/** As if the last data loss were long ago. */
	void forgetLoss() {
		this.store.since = 0L;
	}

	/** As if the key had expired or been evicted. */
	void dropStream(ChannelName channel) {
		this.store.streams.remove(channel.value());
	}

	void dropTombstones() {
		this.store.tombstones.clear();
	}

	void dropTakeovers() {
		this.store.takeovers.clear();
	}

	void dropLease(String node) {
		this.store.leases.remove(node);
	}

	void dropPresence(String user) {
		this.store.presence.remove(user);
	}

	/** Whatever would expire some time is evicted. */
	void evict() {
		this.store.tombstones.forEach((key, tombstone) -> {
			if (tombstone.at() > now()) {
				this.evicted.add(key);
			}
		});
		this.store.leases.clear();
		this.store.tombstones.clear();
		this.store.takeovers.clear();
		this.store.idempotency.clear();
		this.store.tickets.clear();
	}

	/** As if the store had been begun long before, by the server that runs. */
	void age(String run, long since) {
		this.store.run = run;
		this.store.since = since;
		this.store.clock = since;
	}

	long clock() {
		return this.store.clock;
	}

	Map<String, Owner> presence() {
		return this.store.presence;
	}

	// ---- clock.lua

	private static long idAfter(long last, long now) {
		return (now > MessageId.timestamp(last)) ? MessageId.of(now, 0) : last + 1;
	}

	private long now() {
		return this.millis.getAsLong();
	}

	/** Takes the id of a message, which begins an empty store. */
	private long nextId(Caller caller) {
		if (this.store.clock == 0 && caller.seen() == 0) {
			this.store.clock = idAfter(0, now());
			this.store.since = this.store.clock;
			this.store.run = BEGUN + caller.run();
		}
		return nextId(caller.seen());
	}

	private long nextId(long seen) {
		long last = this.store.clock;
		long now = now();
		if (seen > last) {
			last = idAfter(seen, now);
			this.store.since = last;
		}
		this.store.clock = idAfter(last, now);
		return this.store.clock;
	}

	/** What a new command link does before it is up. */
	void meet(String run) {
		guard(new Caller(run, 0, false, 0));
	}

	private void guard(Caller caller) {
		Store data = this.store;
		boolean rolledBack = caller.seen() > data.clock;
		if (caller.run().equals(data.run) && data.since != null && !rolledBack) {
			return;
		}
		if (rolledBack) {
			data.clock = caller.seen();
		}
		boolean kept = data.run != null && data.since != null && !rolledBack;
		if (kept && data.run.startsWith(BEGUN)) {
			kept = data.run.equals(BEGUN + caller.run()) && caller.seen() == 0;
		}
		else if (kept) {
			kept = caller.durable();
		}
		if (!kept) {
			boolean leaps = data.run != null && data.clock != 0 && !data.run.equals(caller.run())
					&& !data.run.equals(BEGUN + caller.run());
			data.clock = idAfter(data.clock, now() + (leaps ? LEAP_MS : 0));
			data.since = data.clock;
		}
		data.run = caller.run();
	}

	private boolean isPresenceUncertain() {
		return this.store.since == null || now() - MessageId.timestamp(since()) < UNCERTAIN_MS;
	}

	private long since() {
		Long since = this.store.since;
		return (since != null) ? since : 0;
	}

	// ---- presence

	private static String tombstoneKey(String user, String client) {
		return user + ":" + client;
	}

	/** The generation of a tombstone that counts, or null. */
	private @Nullable Long tombstone(String user, String client) {
		Expiring<Long> found = this.store.tombstones.get(tombstoneKey(user, client));
		return (found != null && found.at() > now() && found.value() >= since()) ? found.value() : null;
	}

	private void kick(Owner victim, long generation, String reason, long grace) {
		send("node:" + victim.node(),
				"K " + victim.connection() + " " + MessageId.format(generation) + " " + reason + " " + grace + "\n");
	}

	private void send(String channel, String frame) {
		this.publish.accept(channel, frame.getBytes(StandardCharsets.UTF_8));
	}

	/** How an owner follows on another one. */
	private enum Succession {

		FREE, TAKEOVER, RECONNECT, TOLD

	}

	/** What a claim makes of a presence field: of the victim's where it is told. */
	private record Succeeded(Succession how, int replaced, long window, Visit own, List<Visit> displaced) {

	}

	private Succeeded succeed(@Nullable Owner victim, String client, String page, boolean counted) {
		long now = now();
		Visit own = new Visit(page, List.of(), null);
		if (victim == null || !victim.client().equals(client)) {
			return new Succeeded((victim != null) ? Succession.TAKEOVER : Succession.FREE, 0, now, own, List.of());
		}
		List<Visit> displaced = new ArrayList<>(victim.displaced());
		Visit back = displaced.stream().filter((one) -> one.page().equals(page)).findFirst().orElse(null);
		displaced.remove(back);
		int replaced = counted ? 0 : victim.replaced();
		boolean takeover = false;
		Told told = (back != null) ? back.told() : null;
		if (counted && back != null && told != null && now - told.last() < this.settings.tombstone()
				&& now - told.first() < TOMBSTONE_LIMIT_MS) {
			displaced.addFirst(new Visit(page, List.of(), new Told(told.first(), now)));
			return new Succeeded(Succession.TOLD, victim.replaced(), victim.window(), victim.own(), displaced);
		}
		Twins twins = this.settings.twins();
		if (counted && (page.isEmpty() || victim.own().page().isEmpty())) {
			replaced = (now - victim.window() <= twins.within().toMillis()) ? victim.replaced() + 1 : 1;
			takeover = replaced >= twins.replacements();
		}
		if (counted && back != null) {
			List<Long> returns = new ArrayList<>(back.returns());
			returns.removeIf((at) -> now - at > twins.window().toMillis());
			returns.add(now);
			takeover |= returns.size() >= twins.returns();
			while (returns.size() >= twins.returns()) {
				returns.removeFirst();
			}
			own = new Visit(page, returns, null);
		}
		Visit holder = victim.own();
		if (holder.page().equals(page)) {
			own = holder;
		}
		else if (!holder.page().isEmpty()) {
			displaced.addFirst(takeover ? new Visit(holder.page(), List.of(), new Told(now, now)) : holder);
		}
		return new Succeeded(takeover ? Succession.TAKEOVER : Succession.RECONNECT, replaced,
				counted ? now : victim.window(), own,
				displaced.subList(0, Math.min(displaced.size(), DISPLACED_PAGES)));
	}

	private void displace(String user, @Nullable Owner victim, Owner owner, Succession how) {
		if (victim != null) {
			if (!victim.client().equals(owner.client())) {
				this.store.tombstones.put(tombstoneKey(user, victim.client()),
						new Expiring<>(owner.generation(), now() + this.settings.tombstone()));
			}
			kick(victim, owner.generation(), (how == Succession.TAKEOVER) ? "takeover" : "-", 0);
		}
		this.store.presence.put(user, owner);
		this.witness.owned(user, owner.connection(), victim != null);
	}

	private void noteRenewal(Caller caller, String node) {
		Renewed known = this.store.renewals.get(node);
		if (known != null && known.link() > caller.link()) {
			throw new IllegalStateException("STALE");
		}
		this.store.renewals.put(node, new Renewed(caller.link(), ++this.renewals));
	}

	private Predecessor lastOfUser(String user) {
		return this.store.last.getOrDefault("user:" + user, predecessorOfAbsent());
	}

	private static String text(Predecessor last) {
		return MessageId.format(last.id())
				+ ((last.expiresAt() == 0) ? "" : " " + MessageId.format(last.durable()) + " " + last.expiresAt());
	}

	ClaimResult claim(Caller caller, String node, Claim claim) {
		noteRenewal(caller, node);
		guard(caller);
		this.store.leases.put(node, now() + this.settings.lease());
		if (isRevoked(claim.user(), claim.token())) {
			Owner own = this.store.presence.get(claim.user());
			if (own != null && own.connection().equals(claim.connection())) {
				this.store.presence.remove(claim.user());
			}
			return new ClaimResult.Revoked(this.store.clock);
		}
		Long displacedBy = tombstone(claim.user(), claim.client());
		if (displacedBy != null) {
			lengthen(tombstoneKey(claim.user(), claim.client()), displacedBy);
			return new ClaimResult.Displaced(displacedBy);
		}
		Hidden hidden = this.store.hidden.get(claim.user());
		Long hiddenFrom = (hidden != null && claim.cursor() > hidden.from() && claim.cursor() <= hidden.to())
				? Long.valueOf(hidden.from()) : null;
		Owner victim = this.store.presence.get(claim.user());
		if (victim != null && victim.connection().equals(claim.connection())) {
			return new ClaimResult.Owner(victim.generation(), this.store.clock, since(), hiddenFrom, null,
					revokedTopics(claim));
		}
		Claim.Ticket ticket = claim.ticket();
		String refusal = (ticket != null) ? ticketRefusal(claim.connection(), ticket) : null;
		if (refusal != null) {
			return new ClaimResult.TicketRefused(refusal);
		}
		Succeeded state = succeed(victim, claim.client(), claim.page(), true);
		if (victim != null && state.how() == Succession.TOLD) {
			this.store.presence.put(claim.user(), Owner.of(victim.node(), victim.connection(), victim.generation(),
					victim.client(), victim.since(), state));
			return new ClaimResult.Displaced(victim.generation());
		}
		if (state.how() == Succession.TAKEOVER) {
			Duration reset = countTakeover(claim.user());
			if (reset != null) {
				return new ClaimResult.Limited(limit(), Counted.TAKEOVERS, reset);
			}
		}
		if (ticket != null) {
			spend(claim.connection(), ticket);
		}
		long generation = idAfter(this.store.clock, now());
		this.store.clock = generation;
		if (victim == null && isPresenceUncertain()) {
			send("ch:all", "D " + MessageId.format(generation) + " " + claim.connection() + " " + claim.client() + " "
					+ claim.user() + "\n");
		}
		if (victim != null && this.evicted.contains(tombstoneKey(claim.user(), claim.client()))) {
			this.witness.returned(claim.user());
		}
		displace(claim.user(), victim, Owner.of(node, claim.connection(), generation, claim.client(), now(), state),
				state.how());
		this.witness.claimed(claim.connection());
		return new ClaimResult.Owner(generation, generation, since(), hiddenFrom, null, revokedTopics(claim));
	}

	// ---- revocations

	boolean isRevoked(String user, IssuedToken token) {
		return java.util.stream.Stream.of(new Revocation.OfUser(user), new Revocation.OfToken(token.hash()))
			.map(this.store.revocations::get)
			.anyMatch((one) -> one != null && one.refuses(token, now()));
	}

	private Map<String, String> revokedTopics(Claim claim) {
		Map<String, String> topics = new HashMap<>();
		for (Revocation one : this.store.revocations.values()) {
			if (one.target() instanceof Revocation.OfTopic(String user, String topic) && user.equals(claim.user())
					&& one.refuses(claim.token(), now())) {
				topics.put(topic, one.reason());
			}
		}
		return topics;
	}

	/** Stores a revocation. Returns its id. */
	long revoke(Caller caller, Revocation.Target target, long issuedBefore, String reason) {
		Revocation known = this.store.revocations.get(target);
		Long lifted = this.store.lifted.get(target);
		Revocation revocation = new Revocation(target,
				(known != null) ? Math.max(known.issuedBefore(), issuedBefore) : issuedBefore, 0,
				(lifted != null) ? Math.max(now(), lifted + 1) : now(), reason);
		this.store.revocations.put(target, revocation);
		long id = nextId(caller.seen());
		long before = lastLogged(id);
		if (!this.store.log.isEmpty() && this.store.log.getLast().id() >= id) {
			this.store.log.clear();
		}
		this.store.log.add(new Logged(id, target, before));
		this.witness.revoked(revocation);
		return id;
	}

	boolean lift(Revocation.Target target) {
		Revocation known = this.store.revocations.remove(target);
		this.store.lifted.put(target, (known != null) ? Math.max(now(), known.stored()) : now());
		return known != null;
	}

	/** Writes back what was in force. */
	Revocations.Restored restore(Caller caller, Revocation lost) {
		Long lifted = this.store.lifted.get(lost.target());
		Revocation known = this.store.revocations.get(lost.target());
		if (lifted != null && lost.stored() <= lifted) {
			return Revocations.Restored.LIFTED;
		}
		if (known != null && known.issuedBefore() >= lost.issuedBefore()) {
			return Revocations.Restored.HELD;
		}
		revoke(caller, lost.target(), lost.issuedBefore(), lost.reason());
		return Revocations.Restored.WRITTEN;
	}

	/** The last entry up to an id. */
	private long lastLogged(long upTo) {
		return this.store.log.stream().mapToLong(Logged::id).filter((id) -> id <= upTo).max().orElse(0);
	}

	private RevocationPage revokedSince(@Nullable Long known) {
		long last = lastLogged(this.store.clock);
		if (known == null) {
			return new RevocationPage(last, RevocationPage.Extent.ALL, List.of());
		}
		List<Logged> behind = this.store.log.stream()
			.filter((logged) -> logged.id() > known && logged.id() <= this.store.clock)
			.toList();
		if (known > this.store.clock || !behind.isEmpty() && behind.getFirst().before() > known) {
			return new RevocationPage(last, RevocationPage.Extent.BEHIND, List.of());
		}
		List<Revocation> found = new ArrayList<>();
		long upTo = known;
		for (Logged logged : behind) {
			Revocation one = this.store.revocations.get(logged.target());
			upTo = logged.id();
			if (one != null) {
				found.add(one);
			}
		}
		return new RevocationPage(upTo, RevocationPage.Extent.ALL, found);
	}

	/** Makes a ticket. Returns null, or how long until there may be another. */
	@Nullable Duration issue(String user, String digest, Duration life) {
		List<Long> unspent = this.store.tickets.values()
			.stream()
			.filter((one) -> one.at() > now() && one.value().user().equals(user) && one.value().by() == null)
			.map(Expiring::at)
			.sorted()
			.toList();
		if (unspent.size() >= Tickets.MAX_PER_USER) {
			return Duration.ofMillis(unspent.getFirst() - now());
		}
		this.store.tickets.put(digest, new Expiring<>(new Pass(user, null, ""), now() + life.toMillis()));
		return null;
	}

	/** Spends a ticket for a connection that waits. Returns null, or why not. */
	@Nullable String spendTicket(String user, String connection, Claim.Ticket ticket, IssuedToken token) {
		if (isRevoked(user, token)) {
			return "revoked";
		}
		String refusal = ticketRefusal(connection, ticket);
		if (refusal == null) {
			spend(connection, ticket);
		}
		return refusal;
	}

	private @Nullable String ticketRefusal(String connection, Claim.Ticket ticket) {
		Expiring<Pass> found = this.store.tickets.get(ticket.digest());
		if (found == null || found.at() <= now()) {
			return "unknown";
		}
		String by = found.value().by();
		boolean same = by == null || by.equals(connection)
				|| !ticket.attempt().isEmpty() && ticket.attempt().equals(found.value().attempt());
		return same ? null : "spent";
	}

	private void spend(String connection, Claim.Ticket ticket) {
		this.store.tickets.computeIfPresent(ticket.digest(), (digest, found) -> (found.value().by() != null) ? found
				: new Expiring<>(new Pass(found.value().user(), connection, ticket.attempt()), now() + SPENT_MS));
	}

	/** A client that tries again is kept away for longer. */
	private void lengthen(String key, long generation) {
		Expiring<Long> found = this.store.tombstones.get(key);
		long life = Math.min(this.settings.tombstone(), MessageId.timestamp(generation) + TOMBSTONE_LIMIT_MS - now());
		if (found != null && life > 0 && now() + life > found.at()) {
			this.store.tombstones.put(key, new Expiring<>(found.value(), now() + life));
		}
	}

	/** Counts a takeover. Returns null, or how long until there may be another. */
	private @Nullable Duration countTakeover(String user) {
		if (this.settings.takeovers() == 0) {
			return null;
		}
		Expiring<Integer> counted = this.store.takeovers.get(user);
		if (counted == null || counted.at() <= now()) {
			counted = new Expiring<>(0, now() + this.settings.takeoverWindow());
		}
		if (counted.value() >= this.settings.takeovers()) {
			return Duration.ofMillis(counted.at() - now());
		}
		this.store.takeovers.put(user, new Expiring<>(counted.value() + 1, counted.at()));
		return null;
	}

	UserLimits limit() {
		return new UserLimits(this.settings.takeovers(), 0, Duration.ofMillis(this.settings.takeoverWindow()));
	}

	long release(List<Field> fields) {
		long removed = 0;
		for (Field field : fields) {
			Owner owner = this.store.presence.get(field.user());
			if (owner != null && owner.connection().equals(field.connection())
					&& (field.generation() == MessageId.ZERO || field.generation() == owner.generation())) {
				this.store.presence.remove(field.user());
				owner = null;
				removed++;
			}
			if (field.received() != null) {
				keepHidden(field.user(), field.received(), owner);
			}
		}
		return removed;
	}

	private boolean isAnyWithin(String user, long from, long to) {
		if (lastOfUser(user).id() <= from) {
			return false;
		}
		Stream stream = stream(ChannelName.user(user));
		Map.Entry<Long, Stored> first = (stream != null) ? stream.entries.higherEntry(from) : null;
		return first == null || first.getKey() <= to || first.getValue().predecessor().id() > from;
	}

	private void keepHidden(String user, Received received, @Nullable Owner owner) {
		long from = received.hiddenFrom();
		long to = received.hiddenTo();
		if (received.cursor() > received.upTo() && isAnyWithin(user, received.upTo(), received.cursor())) {
			from = (to == 0 || from > received.upTo()) ? received.upTo() : from;
			to = Math.max(to, received.cursor());
		}
		if (to == 0) {
			return;
		}
		Hidden kept = this.store.hidden.get(user);
		this.store.hidden.put(user, (kept == null) ? new Hidden(from, to)
				: new Hidden(Math.min(kept.from(), from), Math.max(kept.to(), to)));
		if (owner != null) {
			send("node:" + owner.node(),
					"H " + owner.connection() + " " + MessageId.format(from) + " " + MessageId.format(to) + "\n");
		}
	}

	Renewal renew(Caller caller, String node, List<Held> held, @Nullable Long revocations) {
		noteRenewal(caller, node);
		guard(caller);
		this.store.leases.put(node, now() + this.settings.lease());
		RevocationPage revoked = revokedSince(revocations);
		List<Verdict> verdicts = new ArrayList<>();
		for (int i = 0; i < held.size(); i++) {
			Held one = held.get(i);
			Owner owner = this.store.presence.get(one.user());
			boolean behind = owner == null
					|| !owner.connection().equals(one.connection()) && one.generation() > owner.generation();
			Long displacedBy = behind ? tombstone(one.user(), one.client()) : null;
			if (displacedBy != null && displacedBy > one.generation()) {
				verdicts.add(new Verdict(i, Verdict.Kind.LOST, displacedBy));
			}
			else if (behind) {
				this.store.tombstones.remove(tombstoneKey(one.user(), one.client()));
				Succeeded state = succeed(owner, one.client(), one.page(), false);
				displace(one.user(), owner,
						Owner.of(node, one.connection(), one.generation(), one.client(), one.openedAt(), state),
						state.how());
				send("node:" + node, "B " + one.connection() + " " + text(lastOfUser(one.user())) + "\n");
				verdicts.add(new Verdict(i, Verdict.Kind.RESTORED, one.generation()));
			}
			else if (owner != null && !owner.connection().equals(one.connection())) {
				boolean same = owner.client().equals(one.client());
				String key = tombstoneKey(one.user(), one.client());
				Expiring<Long> present = this.store.tombstones.get(key);
				if (!same && (present == null || present.at() <= now() || owner.generation() > present.value())) {
					this.store.tombstones.put(key,
							new Expiring<>(owner.generation(), now() + this.settings.tombstone()));
				}
				verdicts.add(new Verdict(i, same ? Verdict.Kind.REPLACED : Verdict.Kind.LOST, owner.generation()));
			}
		}
		return new Renewal(this.store.clock, since(), revoked, verdicts);
	}

	/** The value of a node without a lease; null where it has one. */
	private @Nullable String silentValue(String node, Map<String, String> silent) {
		if (this.store.leases.getOrDefault(node, 0L) > now()) {
			return null;
		}
		Renewed renewed = this.store.renewals.get(node);
		return silent.computeIfAbsent(node, (name) -> (renewed != null) ? renewed.toString() : "");
	}

	Slice reap(String node, List<Suspect> suspects) {
		Map<String, String> silent = new LinkedHashMap<>();
		Set<String> dead = new HashSet<>();
		for (Suspect suspect : suspects) {
			String other = suspect.silent().node();
			if (suspect.silent().value().equals(silentValue(other, silent)) && suspect.verdict() != Suspicion.SILENT) {
				dead.add(other);
				if (suspect.verdict() == Suspicion.GONE) {
					this.store.renewals.remove(other);
				}
			}
		}
		List<Field> own = new ArrayList<>();
		int before = this.store.presence.size();
		this.store.presence.entrySet().removeIf((field) -> {
			Owner owner = field.getValue();
			if (owner.node().equals(node)) {
				own.add(new Field(field.getKey(), owner.connection(), owner.generation()));
				return false;
			}
			return silentValue(owner.node(), silent) != null && dead.contains(owner.node());
		});
		this.store.renewals.keySet()
			.stream()
			.filter((other) -> !other.equals(node))
			.forEach((other) -> silentValue(other, silent));
		List<Silent> found = new ArrayList<>();
		silent.forEach((name, value) -> found.add(new Silent(name, value)));
		return new Slice("0", before - this.store.presence.size(), 0, found, own);
	}

	@Nullable String disconnect(Caller caller, String user, CloseReason reason, long grace) {
		Owner owner = this.store.presence.get(user);
		if (owner == null) {
			return null;
		}
		long generation = nextId(caller.seen());
		this.store.tombstones.put(tombstoneKey(user, owner.client()),
				new Expiring<>(generation, now() + this.settings.tombstone()));
		this.store.presence.remove(user);
		kick(owner, generation, reason.wireName(), grace);
		this.witness.disconnected(user, owner.connection());
		return owner.connection();
	}

	// ---- messages

	Publisher.Result publish(Caller caller, List<ChannelName> channels, Envelope envelope,
			Publisher.@Nullable Idempotency idempotency) {
		String key = (idempotency != null) ? idempotency.apiKey() + ":" + idempotency.key() : "";
		Expiring<Answer> known = this.store.idempotency.get(key);
		if (idempotency != null && known != null && known.at() > now()) {
			return known.value().hash().equals(idempotency.bodyHash())
					? new Publisher.Result.Stored(known.value().receipts(), true) : new Publisher.Result.KeyReused();
		}
		byte[] bytes = envelope.encode();
		List<Publisher.Receipt> receipts = new ArrayList<>();
		for (ChannelName channel : channels) {
			long id = nextId(caller);
			if (!envelope.ephemeral()) {
				append(channel, id, bytes, envelope.expiresAt());
			}
			this.witness.stored(channel, id, envelope);
			if (channel.isUser()) {
				Owner owner = this.store.presence.get(channel.userId());
				if (owner != null) {
					send("node:" + owner.node(),
							"M " + MessageId.format(id) + " " + owner.connection() + " " + channel.value() + "\n",
							bytes);
				}
				else if (isPresenceUncertain()) {
					send("ch:all", "M " + MessageId.format(id) + " - " + channel.value() + "\n", bytes);
				}
				receipts.add(new Publisher.Receipt(id,
						owner != null && this.store.leases.getOrDefault(owner.node(), 0L) > now()));
			}
			else {
				send("ch:" + channel.value(), "M " + MessageId.format(id) + " - " + channel.value() + "\n", bytes);
				receipts.add(new Publisher.Receipt(id, null));
			}
		}
		if (idempotency != null) {
			this.store.idempotency.put(key, new Expiring<>(new Answer(idempotency.bodyHash(), receipts),
					now() + idempotency.kept().toMillis()));
		}
		return new Publisher.Result.Stored(receipts, false);
	}

	/** Returns the id of the retraction, 0 where there is no such message. */
	long erase(Caller caller, ChannelName channel, long id, Envelope retraction) {
		Stream stream = stream(channel);
		Stored entry = (stream != null) ? stream.entries.remove(id) : null;
		if (stream == null || entry == null) {
			return MessageId.ZERO;
		}
		Predecessor previous = this.store.last.getOrDefault(channel.value(), predecessorOfAbsent());
		Map.Entry<Long, Stored> behind = stream.entries.higherEntry(id);
		if (behind == null) {
			previous = (previous.id() == id) ? entry.before() : previous;
		}
		else if (behind.getValue().before().id() == id) {
			stream.entries.put(behind.getKey(), new Stored(behind.getKey(), behind.getValue().predecessor(),
					entry.before(), behind.getValue().envelope()));
		}
		long own = nextId(caller.seen());
		byte[] bytes = retraction.encode();
		stream.entries.put(own, new Stored(own, previous, bytes));
		this.store.last.put(channel.value(), new Predecessor(own, own, 0));
		double pace = (double) this.settings.age() / this.settings.length();
		long ahead = Math.min(MessageId.timestamp(own) - now(), this.settings.age());
		stream.expiresAt = now() + Math.round(this.settings.age() + pace + 1000 + ((ahead > 0) ? ahead + pace : 0));
		this.witness.erased(channel, id, own);
		this.witness.stored(channel, own, retraction);
		notifyOwner(channel, own, bytes);
		return own;
	}

	private void notifyOwner(ChannelName channel, long id, byte[] envelope) {
		Owner owner = channel.isUser() ? this.store.presence.get(channel.userId()) : null;
		String head = "M " + MessageId.format(id) + " " + ((owner != null) ? owner.connection() : "-") + " "
				+ channel.value() + "\n";
		if (owner != null) {
			send("node:" + owner.node(), head, envelope);
		}
		else if (!channel.isUser()) {
			send("ch:" + channel.value(), head, envelope);
		}
		else if (isPresenceUncertain()) {
			send("ch:all", head, envelope);
		}
	}

	/** Returns the connection that ends, or null. */
	@Nullable String eraseUser(Caller caller, String user, CloseReason reason) {
		ChannelName channel = ChannelName.user(user);
		this.store.streams.remove(channel.value());
		this.store.last.remove(channel.value());
		this.store.hidden.remove(user);
		this.store.takeovers.remove(user);
		this.store.tickets.values().removeIf((one) -> one.value().user().equals(user) && one.value().by() == null);
		Owner owner = this.store.presence.get(user);
		long own = nextId(caller.seen());
		this.witness.erasedAll(channel, own);
		Retraction retraction = new Retraction(channel, own, true);
		byte[] envelope = new Envelope(Retraction.EVENT, retraction.data().getBytes(StandardCharsets.UTF_8), 1, 0, true,
				null)
			.encode();
		notifyOwner(channel, own, envelope);
		if (owner == null) {
			return null;
		}
		this.store.tombstones.put(tombstoneKey(user, owner.client()),
				new Expiring<>(own, now() + this.settings.tombstone()));
		this.store.presence.remove(user);
		kick(owner, own, reason.wireName(), 0);
		this.witness.disconnected(user, owner.connection());
		return owner.connection();
	}

	private void send(String channel, String head, byte[] envelope) {
		ByteArrayOutputStream frame = new ByteArrayOutputStream(head.length() + envelope.length);
		frame.writeBytes(head.getBytes(StandardCharsets.UTF_8));
		frame.writeBytes(envelope);
		this.publish.accept(channel, frame.toByteArray());
	}

	private void append(ChannelName channel, long id, byte[] envelope, long expiresAt) {
		long now = now();
		Predecessor previous = this.store.last.get(channel.value());
		Predecessor state = new Predecessor(id, id, 0);
		if (expiresAt != 0) {
			long durable = (previous != null) ? previous.durable() : predecessorOfAbsent().id();
			long latest = (previous != null) ? previous.expiresAt() : 0;
			state = new Predecessor(id, durable, Math.max(latest, expiresAt));
		}
		Stream stream = stream(channel);
		if (stream == null) {
			stream = new Stream();
			this.store.streams.put(channel.value(), stream);
		}
		if (!stream.entries.isEmpty() && stream.entries.lastKey() >= id) {
			throw new IllegalStateException("The ID specified in XADD is equal or smaller");
		}
		stream.entries.put(id, new Stored(id, (previous != null) ? previous : predecessorOfAbsent(), envelope));
		while (stream.entries.size() > this.settings.length()) {
			stream.entries.pollFirstEntry();
		}
		this.store.last.put(channel.value(), state);
		double pace = (double) this.settings.age() / this.settings.length();
		long ahead = Math.min(MessageId.timestamp(id) - now, this.settings.age());
		double life = this.settings.age() + pace + 1000 + ((ahead > 0) ? ahead + pace : 0);
		boolean due = previous == null;
		if (previous != null && ahead > 0) {
			due = stream.expiresAt == Long.MAX_VALUE || stream.expiresAt - now < life - pace;
		}
		else if (previous != null) {
			due = Math.floor(MessageId.timestamp(id) / pace) != Math.floor(MessageId.timestamp(previous.id()) / pace);
		}
		if (due) {
			stream.entries.headMap(MessageId.of(Math.max(0, now - this.settings.age()), 0)).clear();
			stream.expiresAt = now + Math.round(life);
		}
	}

	private Predecessor predecessorOfAbsent() {
		return this.store.last.getOrDefault("", new Predecessor(0, 0, 0));
	}

	private @Nullable Stream stream(ChannelName channel) {
		Stream found = this.store.streams.get(channel.value());
		if (found != null && found.expiresAt <= now()) {
			this.store.streams.remove(channel.value());
			return null;
		}
		return found;
	}

	History.Batch read(Caller caller, ChannelName channel, long position, int count, int bytes) {
		guard(caller);
		return look(channel, position, count, bytes);
	}

	/** What a read would bring, without one. */
	History.Batch look(ChannelName channel, long position, int count, int bytes) {
		long oldest = oldest();
		long from = (oldest > position) ? oldest : position + 1;
		Stream stream = stream(channel);
		List<Stored> found = (stream == null) ? List.of()
				: stream.entries.tailMap(from, true).values().stream().limit(count).toList();
		if (found.isEmpty()) {
			return new History.Batch(this.store.clock, since(), true,
					this.store.last.getOrDefault(channel.value(), predecessorOfAbsent()), List.of());
		}
		boolean complete = found.size() < count;
		int size = 0;
		List<History.Entry> entries = new ArrayList<>();
		for (Stored entry : found) {
			if (!entries.isEmpty() && size + entry.envelope().length > bytes) {
				complete = false;
				break;
			}
			size += entry.envelope().length;
			entries.add(new History.Entry(entry.id(), Envelope.decode(entry.envelope(), 0)));
		}
		Stored first = found.getFirst();
		return new History.Batch(complete ? this.store.clock : entries.getLast().id(), since(), complete,
				(first.predecessor().id() > position) ? first.before() : first.predecessor(), entries);
	}

	private long oldest() {
		return MessageId.of(Math.max(0, now() - this.settings.age()), 0);
	}

	long findOldest(ChannelName channel) {
		Stream stream = stream(channel);
		Long first = (stream != null) ? stream.entries.ceilingKey(oldest()) : null;
		return (first != null) ? first : MessageId.ZERO;
	}

	History.Walked walkBack(ChannelName channel, long below, int count, int bytes, int piece) {
		Stream stream = stream(channel);
		long first = MessageId.ZERO;
		int taken = 0;
		int size = 0;
		if (stream != null && below > oldest()) {
			for (Stored entry : stream.entries.subMap(oldest(), true, below, false).descendingMap().values()) {
				if (taken == Math.min(count, piece)) {
					return new History.Walked(first, taken, size, History.Walked.End.MORE, 0);
				}
				if (size + entry.envelope().length > bytes) {
					return new History.Walked(first, taken, size, History.Walked.End.FULL, entry.envelope().length);
				}
				first = entry.id();
				taken++;
				size += entry.envelope().length;
			}
		}
		return new History.Walked(first, taken, size,
				(taken == Math.min(count, piece)) ? History.Walked.End.MORE : History.Walked.End.END, 0);
	}

	History.LastIds lastIds(Caller caller, List<ChannelName> channels) {
		guard(caller);
		List<Long> ids = channels.stream()
			.map((channel) -> this.store.last.getOrDefault(channel.value(), predecessorOfAbsent()).id())
			.toList();
		return new History.LastIds(this.store.clock, since(), ids);
	}

	void forget(long silence) {
		long limit = MessageId.of(Math.max(0, now() - silence), 0);
		long highest = this.store.last.entrySet()
			.stream()
			.filter((field) -> !field.getKey().isEmpty() && field.getValue().id() < limit)
			.map((field) -> field.getValue().id())
			.max(Comparator.naturalOrder())
			.orElse(0L);
		if (highest != 0) {
			this.store.last.entrySet().removeIf((field) -> !field.getKey().isEmpty() && field.getValue().id() < limit);
			long kept = Math.max(highest, predecessorOfAbsent().id());
			this.store.last.put("", new Predecessor(kept, kept, 0));
		}
	}

	long probe(Caller caller, String node, String nonce) {
		long id = nextId(caller.seen());
		send("node:" + node, "P " + MessageId.format(id) + " " + nonce + "\n");
		return id;
	}

}
