package io.fanfare.node.simulation;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.fanfare.node.TestScheduler;
import io.fanfare.node.simulation.RedisModel.Caller;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Retraction;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.erasure.Erasure;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Received;
import io.fanfare.redis.presence.Presence.Silent;
import io.fanfare.redis.presence.Presence.Slice;
import io.fanfare.redis.presence.Presence.Suspect;
import io.fanfare.redis.presence.Presence.Suspicion;
import io.fanfare.redis.presence.Renewal;
import io.fanfare.redis.ticket.Issue;
import io.fanfare.redis.ticket.TicketRight;
import io.fanfare.redis.ticket.Tickets;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.redis.revocation.Revocation;
import io.fanfare.redis.revocation.Revocations;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds {@link RedisModel} equal to the scripts: the same random calls to both, compared
 * answer by answer and frame by frame. Ids differ, for they are taken from two clocks;
 * each id of the one always stands where one and the same id of the other does.
 */
@Timeout(120)
@ExtendWith(RedisExtension.class)
class RedisModelIT {

	private static final int CALLS = 400;

	private static final Presence.Times TIMES = new Presence.Times(Duration.ofHours(1), Duration.ofHours(1));

	private static final Presence.UserLimits TAKEOVERS = new Presence.UserLimits(4, 0, Duration.ofHours(1));

	private static final Presence.Twins TWINS = new Presence.Twins(4, Duration.ofHours(1), 2, Duration.ofHours(1));

	private static final List<Revocation.Target> TARGETS = List.of(new Revocation.OfUser("u"),
			new Revocation.OfTopic("u", "t"), new Revocation.OfTopic("v", "t"),
			new Revocation.OfToken(IssuedToken.hash("t1")));

	private static final long EVER = 999_999_999_999_999L;

	private static final int LENGTH = 5;

	private static final Duration AGE = Duration.ofHours(1);

	private static final RedisKeys KEYS = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private static final String PREFIX = "fanfare:{0}:";

	private static final Pattern ID = Pattern.compile("\\b\\d{13}-\\d{1,7}\\b|\\b0-0\\b");

	private static final List<String> NODES = List.of("a.1", "b.2");

	private static final List<String> USERS = List.of("u", "v");

	/** More than a field keeps, and none. */
	private static final List<String> PAGES = List.of("", "p", "q", "r", "s", "t", "~");

	private static final List<ChannelName> CHANNELS = List.of(ChannelName.user("u"), ChannelName.user("v"),
			ChannelName.ALL, ChannelName.topic("t"));

	private final BlockingQueue<String> realFrames = new LinkedBlockingQueue<>();

	private final List<String> modelFrames = new ArrayList<>();

	/** Ids of the one to ids of the other. */
	private final Map<Long, Long> toReal = new HashMap<>();

	private final Map<Long, Long> toModel = new HashMap<>();

	/** What connections hold, by the model's ids. */
	private final List<Held> held = new ArrayList<>();

	private final List<Long> ids = new ArrayList<>();

	/** The digests of tickets, by user. */
	private final Map<String, List<String>> tickets = new HashMap<>();

	/** The nodes that were silent at the last look, by the scripts and by the model. */
	private Map<String, Silent> silent = Map.of();

	private Map<String, Silent> modelSilent = Map.of();

	private RedisClient client;

	private CommandLink link;

	private final List<CommandLink> links = new ArrayList<>();

	private RedisCommands<String, String> commands;

	private StatefulRedisPubSubConnection<String, byte[]> pubSub;

	private RedisModel model;

	private RandomGenerator random;

	private String run;

	private long seen;

	private int counter;

	/** The last entry of the log that is known, by the model's ids. */
	private @Nullable Long knownRevocation;

	@BeforeEach
	void connect(TestRedis redis) {
		this.client = RedisClient.create(redis.uri(RedisUser.BOTH));
		this.commands = this.client.connect(StringCodec.UTF8, redis.uri()).sync();
		Matcher runId = Pattern.compile("run_id:(\\w+)").matcher(this.commands.info("server"));
		assertThat(runId.find()).isTrue();
		this.run = runId.group(1);
		this.pubSub = this.client
			.connectPubSub(io.lettuce.core.codec.RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE), redis.uri());
		this.pubSub.addListener(new RedisPubSubAdapter<>() {
			@Override
			public void message(String pattern, String channel, byte[] frame) {
				RedisModelIT.this.realFrames.add(channel.substring(PREFIX.length()) + " " + latin(frame));
			}
		});
		this.pubSub.sync().psubscribe(PREFIX + "*");
		this.client.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(5), Duration.ofSeconds(5)));
		this.model = new RedisModel(System::currentTimeMillis,
				new RedisModel.Settings(TIMES.lease().toMillis(), TIMES.tombstone().toMillis(), LENGTH, AGE.toMillis(),
						TAKEOVERS.takeovers(), TAKEOVERS.window().toMillis(), TWINS),
				(channel, frame) -> this.modelFrames.add(channel + " " + latin(frame)));
		pair(0, 0);
		newProcess();
	}

	/** What runs the scripts from now on has seen nothing. */
	private void newProcess() {
		this.link = new CommandLink(this.client, KEYS, false, TestScheduler.shared(),
				new Errors(System::nanoTime, (where) -> {
				}, (fatal) -> {
				}));
		this.links.add(this.link);
		assertThat(this.link.awaitUp(Duration.ofSeconds(10))).isTrue();
		this.model.meet(this.run);
		this.seen = 0;
	}

	@AfterEach
	void disconnect() {
		this.links.forEach(CommandLink::close);
		this.pubSub.close();
		this.client.shutdown();
	}

	static List<Long> seeds() {
		int count = Boolean.getBoolean("fanfare.long") ? 200 : 12;
		long from = Long.getLong("fanfare.simulation.from", 1);
		return java.util.stream.LongStream.range(from, from + count).boxed().toList();
	}

	@ParameterizedTest
	@MethodSource("seeds")
	void answersAndFramesAreThoseOfTheScripts(long seed) throws Exception {
		this.random = new SplittableRandom(seed);
		for (int i = 0; i < CALLS; i++) {
			Presence presence = new Presence(this.link, KEYS, TIMES, TAKEOVERS, TWINS);
			History history = new History(this.link, KEYS, AGE);
			Publisher publisher = new Publisher(this.link, KEYS, LENGTH, AGE);
			Nodes nodes = new Nodes(this.link, KEYS);
			String what = "seed " + seed + ", call " + i + ": ";
			switch (this.random.nextInt(27)) {
				case 0, 1, 2 -> claim(what, presence);
				case 3 -> release(what, presence);
				case 4, 5 -> renew(what, presence);
				case 6 -> reap(what, presence);
				case 7 -> disconnect(what, presence);
				case 8, 9, 10, 11, 12 -> publish(what, publisher);
				case 13, 14 -> read(what, history);
				case 15 -> findStart(what, history);
				case 16 -> lastIds(what, history);
				case 17 -> probe(what, nodes);
				case 18 -> lose();
				case 19, 20 -> revoke(what);
				case 21, 22 -> tickets(what, presence);
				case 23, 24 -> erase(what);
				case 25 -> eraseUser(what);
				default -> forget(what, history);
			}
			compareFrames(what);
		}
	}

	// ---- the calls

	private void claim(String what, Presence presence) throws Exception {
		boolean again = !this.held.isEmpty() && this.random.nextInt(4) == 0;
		Held one = again ? any(this.held) : null;
		String node = any(NODES);
		long cursor = (this.ids.isEmpty() || this.random.nextBoolean()) ? MessageId.ZERO : any(this.ids);
		Claim claim = (one != null)
				? new Claim(one.user(), one.connection(), one.client(), Tier.NORMAL, one.page(), cursor,
						IssuedToken.LATEST)
				: new Claim(any(USERS), "n" + ++this.counter, "c" + this.random.nextInt(3), Tier.NORMAL, any(PAGES),
						cursor, IssuedToken.of("t" + this.random.nextInt(3), this.random.nextInt(6)));
		if (this.random.nextInt(3) == 0) {
			claim = new Claim(claim.user(), claim.connection(), claim.client(), claim.tier(), claim.page(),
					claim.cursor(), claim.token(), ticket(claim.user()));
		}
		ClaimResult modelled = this.model.claim(caller(), node, claim);
		ClaimResult real = get(presence.claim(node, new Claim(claim.user(), claim.connection(), claim.client(),
				claim.tier(), claim.page(), real(claim.cursor()), claim.token(), claim.ticket())));
		compare(what + claim, real, modelled, (result) -> switch (result) {
			case ClaimResult.Owner owner -> List.of("owner", owner.generation(), owner.headId(), owner.dataLossFloor(),
					(owner.hiddenFrom() != null) ? owner.hiddenFrom() : MessageId.ZERO, owner.revokedTopics());
			case ClaimResult.Revoked revoked -> List.of("revoked", revoked.headId());
			case ClaimResult.Displaced displaced -> List.of("kicked", displaced.generation());
			case ClaimResult.Limited limited -> {
				assertThat(limited.reset()).as(what).isBetween(Duration.ofMinutes(50), Duration.ofHours(1));
				yield List.of("limited" + limited.limits() + limited.counted());
			}
			case ClaimResult.TicketRefused refused -> List.of("ticket " + refused.reason());
		});
		if (modelled instanceof ClaimResult.Owner owner) {
			observe(owner.headId());
			this.held.add(new Held(claim.user(), claim.connection(), owner.generation(), claim.client(), 1_000,
					Tier.NORMAL, claim.page()));
		}
		else {
			observe(this.model.clock());
		}
	}

	/** A ticket that there may be, with an attempt that may have spent it. */
	private Claim.Ticket ticket(String user) {
		List<String> known = this.tickets.computeIfAbsent(user, (name) -> new ArrayList<>(List.of("never")));
		return new Claim.Ticket(known.get(Math.max(0, known.size() - 1 - this.random.nextInt(4))),
				List.of("", "a", "b").get(this.random.nextInt(3)));
	}

	private void tickets(String what, Presence presence) throws Exception {
		Tickets tickets = new Tickets(this.link, KEYS, this.random);
		String user = any(USERS);
		Claim.Ticket ticket = ticket(user);
		if (this.random.nextInt(3) == 0) {
			String connection = "n" + this.random.nextInt(1, this.counter + 2);
			IssuedToken token = IssuedToken.of("t" + this.random.nextInt(3), this.random.nextInt(6));
			String real = get(tickets.spend(user, ticket.digest(), connection, ticket.attempt(), token));
			assertThat(real).as(what + ticket).isEqualTo(this.model.spendTicket(user, connection, ticket, token));
			assertThat(get(presence.isRevoked(user, token))).as(what).isEqualTo(this.model.isRevoked(user, token));
			return;
		}
		Instant now = Instant.now();
		Issue real = get(tickets.issue(new TicketRight(user, List.of(), null, null, now, now.plusSeconds(60)), now));
		String digest = (real instanceof Issue.Issued issued) ? Tickets.digest(issued.ticket()) : "none";
		Duration full = this.model.issue(user, digest, Tickets.LIFE);
		assertThat(real instanceof Issue.TooMany).as(what + real).isEqualTo(full != null);
		if (full == null) {
			this.tickets.get(user).add(digest);
		}
	}

	private void release(String what, Presence presence) throws Exception {
		List<Field> fields = some(this.held).stream()
			.map((one) -> new Field(one.user(), one.connection(),
					this.random.nextBoolean() ? one.generation() : MessageId.ZERO, received()))
			.toList();
		List<Field> same = fields.stream()
			.map((field) -> new Field(field.user(), field.connection(), real(field.generation()),
					real(field.received())))
			.toList();
		compare(what + fields, get(presence.release(same)), this.model.release(fields),
				(removed) -> List.of("" + removed));
	}

	/** How far some stream was, or nothing. */
	private @Nullable Received received() {
		if (this.ids.isEmpty() || this.random.nextInt(3) == 0) {
			return null;
		}
		boolean hidden = this.random.nextInt(3) == 0;
		return new Received(any(this.ids), any(this.ids), hidden ? any(this.ids) : 0, hidden ? any(this.ids) : 0);
	}

	private @Nullable Received real(@Nullable Received one) {
		return (one == null) ? null
				: new Received(real(one.upTo()), real(one.cursor()), real(one.hiddenFrom()), real(one.hiddenTo()));
	}

	private void revoke(String what) {
		Revocations revocations = new Revocations(this.link, KEYS, Duration.ofHours(1));
		Revocation.Target target = any(TARGETS);
		if (this.random.nextInt(3) == 0) {
			assertThat(revocations.lift(target).join()).as(what).isEqualTo(this.model.lift(target));
			return;
		}
		long issuedBefore = this.random.nextInt(5) * 1000 + this.random.nextInt(2) * 999;
		String reason = "r" + this.random.nextInt(3);
		if (this.random.nextInt(4) == 0) {
			// Stored before whatever was lifted, or after it.
			Revocation lost = new Revocation(target, issuedBefore, 0, this.random.nextBoolean() ? 1 : EVER, reason);
			assertThat(revocations.restore(lost).join()).as(what + lost).isEqualTo(this.model.restore(caller(), lost));
			observe(this.model.clock());
			return;
		}
		long modelled = this.model.revoke(caller(), target, issuedBefore, reason);
		Revocations.Outcome.Stored real = (Revocations.Outcome.Stored) revocations.put(target, issuedBefore, reason)
			.join();
		same(what + "revoke " + target, real.id(), modelled);
		observe(modelled);
	}

	private void renew(String what, Presence presence) throws Exception {
		List<Held> some = some(this.held);
		List<Held> same = some.stream()
			.map((one) -> new Held(one.user(), one.connection(), real(one.generation()), one.client(), one.openedAt(),
					one.tier(), one.page()))
			.toList();
		String node = any(NODES);
		Long known = (this.knownRevocation == null || this.random.nextInt(4) == 0) ? null : this.knownRevocation;
		Renewal modelled = this.model.renew(caller(), node, some, known);
		Renewal real = get(presence.renew(node, same, (known != null) ? Long.valueOf(real(known)) : null));
		this.knownRevocation = modelled.revoked().upTo();
		compare(what + some, real, modelled, (renewal) -> {
			List<Object> values = new ArrayList<>(List.of(renewal.headId(), renewal.dataLossFloor()));
			values.add(renewal.revoked().upTo());
			values.add(renewal.revoked().extent());
			renewal.revoked()
				.revocations()
				.forEach((one) -> values.addAll(List.of(one.target(), one.issuedBefore() + one.reason())));
			renewal.verdicts()
				.forEach((verdict) -> values
					.addAll(List.of(verdict.index() + verdict.kind().name(), verdict.generation())));
			return values;
		});
		observe(modelled.headId());
	}

	private void reap(String what, Presence presence) throws Exception {
		String node = any(NODES);
		if (this.random.nextInt(3) == 0) {
			String dead = any(NODES);
			this.commands.del(PREFIX + "lease:" + dead);
			this.model.dropLease(dead);
		}
		Map<String, Suspicion> held = new HashMap<>();
		this.silent.keySet().forEach((name) -> held.put(name, any(List.of(Suspicion.values()))));
		Slice modelled = this.model.reap(node, suspects(this.modelSilent, held));
		Slice real = get(presence.reap(node, "0", 100, suspects(this.silent, held)));
		this.modelSilent = byName(modelled);
		this.silent = byName(real);
		compare(what + node + held, real, modelled, (slice) -> {
			List<Object> values = new ArrayList<>(List.of(slice.cursor() + "/" + slice.removed()));
			slice.silent()
				.stream()
				.map((one) -> one.node() + "/" + one.value().isEmpty())
				.sorted()
				.forEach(values::add);
			slice.own()
				.stream()
				.sorted(Comparator.comparing(Field::user))
				.forEach((field) -> values.addAll(List.of(field.user() + field.connection(), field.generation())));
			return values;
		});
	}

	private static List<Suspect> suspects(Map<String, Silent> silent, Map<String, Suspicion> held) {
		return silent.values().stream().map((one) -> new Suspect(one, held.get(one.node()))).toList();
	}

	private static Map<String, Silent> byName(Slice slice) {
		return slice.silent().stream().collect(Collectors.toMap(Silent::node, (one) -> one));
	}

	private void disconnect(String what, Presence presence) throws Exception {
		String user = any(USERS);
		String modelled = this.model.disconnect(caller(), user, CloseReason.LOGOUT, 500);
		String real = get(presence.disconnect(user, CloseReason.LOGOUT, Duration.ofMillis(500), null));
		assertThat(real).as(what + user).isEqualTo(modelled);
	}

	private void publish(String what, Publisher publisher) throws Exception {
		List<Publisher.Request> requests = new ArrayList<>();
		for (int i = this.random.nextInt(4); i >= 0; i--) {
			List<ChannelName> channels = CHANNELS.stream().filter((one) -> this.random.nextInt(3) == 0).toList();
			if (!channels.isEmpty()) {
				requests.add(request(channels));
			}
		}
		if (requests.isEmpty()) {
			return;
		}
		Caller caller = caller();
		List<Publisher.Result> modelled = requests.stream()
			.map((one) -> this.model.publish(caller, one.channels(), one.envelope(), one.idempotency()))
			.toList();
		List<Publisher.Result> real = get(publisher.publish(requests));
		assertThat(real).hasSameSizeAs(modelled);
		for (int i = 0; i < real.size(); i++) {
			compare(what + requests.get(i), real.get(i), modelled.get(i), (result) -> {
				List<Object> values = new ArrayList<>();
				if (result instanceof Publisher.Result.Stored stored) {
					values.add("stored" + stored.replayed());
					stored.receipts().forEach((receipt) -> values.addAll(List.of(receipt.id(), "" + receipt.online())));
				}
				return values;
			});
			if (modelled.get(i) instanceof Publisher.Result.Stored stored) {
				stored.receipts().forEach((receipt) -> observe(receipt.id()));
			}
		}
	}

	private Publisher.Request request(List<ChannelName> channels) {
		long expires = (this.random.nextInt(3) == 0) ? 2_000_000_000_000L + this.random.nextInt(1_000) : 0;
		String data = "x".repeat(this.random.nextInt(60));
		Envelope envelope = new Envelope("message", data.getBytes(StandardCharsets.UTF_8), 1, expires,
				this.random.nextInt(6) == 0, null);
		Publisher.Idempotency key = this.random.nextBoolean() ? null : new Publisher.Idempotency("api",
				"k" + this.random.nextInt(20), "h" + this.random.nextInt(2), Duration.ofHours(1));
		return new Publisher.Request(channels, envelope, key);
	}

	private Erasure erasure() {
		return new Erasure(this.link, KEYS, new Erasure.Settings(LENGTH, AGE, TIMES.tombstone()),
				() -> Instant.ofEpochMilli(1));
	}

	private void erase(String what) throws Exception {
		ChannelName channel = any(CHANNELS);
		long id = anyId();
		Envelope retraction = new Envelope(Retraction.EVENT,
				new Retraction(channel, id, false).data().getBytes(StandardCharsets.UTF_8), 1, 0, false, null);
		long modelled = this.model.erase(caller(), channel, id, retraction);
		Long real = get(erasure().message(channel, real(id)));
		compare(what + channel + " " + id, (real != null) ? real : MessageId.ZERO, modelled, List::of);
	}

	private void eraseUser(String what) throws Exception {
		String user = any(USERS);
		String modelled = this.model.eraseUser(caller(), user, Erasure.REASON);
		assertThat(get(erasure().user(user)).connection()).as(what + user).isEqualTo(modelled);
	}

	private void read(String what, History history) throws Exception {
		ChannelName channel = any(CHANNELS);
		long position = anyId();
		int count = 1 + this.random.nextInt(6);
		int bytes = 20 + this.random.nextInt(200);
		History.Batch modelled = this.model.read(caller(), channel, position, count, bytes);
		History.Batch real = get(history.read(channel, real(position), count, bytes));
		compare(what + channel + " above " + position, real, modelled, (batch) -> {
			List<Object> values = new ArrayList<>(List.of(batch.upTo(), batch.dataLossFloor(), "" + batch.complete(),
					batch.predecessor().id(), batch.predecessor().durable(), "" + batch.predecessor().expiresAt()));
			batch.entries()
				.forEach((entry) -> values
					.addAll(List.of(entry.id(), ID.matcher(latin(entry.envelope().encode())).replaceAll("ID"))));
			return values;
		});
		observe(this.model.clock());
	}

	private void findStart(String what, History history) throws Exception {
		ChannelName channel = any(CHANNELS);
		compare(what + channel, get(history.findOldest(channel)), this.model.findOldest(channel), List::of);
		int count = 1 + this.random.nextInt(4);
		int bytes = this.random.nextInt(200);
		History.Walked real = get(history.walkBack(channel, MessageId.MAX, count, bytes));
		History.Walked walked = this.model.walkBack(channel, MessageId.MAX, count, bytes, History.CALL_ENTRIES);
		compare(what + channel + count, real, walked, RedisModelIT::values);
		if (walked.first() != MessageId.ZERO) {
			compare(what + channel + count, get(history.walkBack(channel, real.first(), count, bytes)),
					this.model.walkBack(channel, walked.first(), count, bytes, History.CALL_ENTRIES),
					RedisModelIT::values);
		}
	}

	private static List<Object> values(History.Walked walked) {
		return List.of(walked.first(), "" + walked.count(), "" + walked.bytes(), walked.end().name(),
				"" + walked.next());
	}

	private void lastIds(String what, History history) throws Exception {
		List<ChannelName> channels = some(CHANNELS);
		History.LastIds modelled = this.model.lastIds(caller(), channels);
		compare(what + channels, get(history.lastIds(channels)), modelled, (last) -> {
			List<Object> values = new ArrayList<>(List.of(last.headId(), last.dataLossFloor()));
			values.addAll(last.ids());
			return values;
		});
		observe(modelled.headId());
	}

	private void probe(String what, Nodes nodes) throws Exception {
		String node = any(NODES);
		long modelled = this.model.probe(caller(), node, "7");
		compare(what + node, get(nodes.probe(node, "7")), modelled, List::of);
	}

	/** Something is lost, or this process sees an id from before a loss. */
	private void lose() {
		ChannelName channel = any(CHANNELS);
		String user = any(USERS);
		switch (this.random.nextInt(11)) {
			case 0 -> flush();
			case 7, 8, 9 -> {
				this.commands.set(PREFIX + "since", "0-0");
				this.model.forgetLoss();
			}
			case 6 -> {
				if (this.random.nextBoolean()) {
					flush();
				}
				newProcess();
			}
			case 1 -> {
				this.commands.set(PREFIX + "run", "another");
				this.model.forgetRun("another");
			}
			case 2 -> {
				this.commands.del(PREFIX + "ch:" + channel.value());
				this.model.dropStream(channel);
			}
			case 3 -> {
				this.commands.hdel(PREFIX + "presence", user);
				this.model.dropPresence(user);
			}
			case 10 -> {
				this.commands.keys(PREFIX + "takeovers:*").forEach(this.commands::del);
				this.model.dropTakeovers();
			}
			case 4 -> {
				this.commands.keys(PREFIX + "kicked:*").forEach(this.commands::del);
				this.model.dropTombstones();
			}
			default -> {
				// Far enough apart that the clocks do not get there by themselves.
				long ahead = MessageId.of(System.currentTimeMillis() + 60_000L * ++this.counter, 0);
				pair(ahead, ahead);
				this.link.observe(ahead);
				observe(ahead);
			}
		}
	}

	/** Loses everything; ids go on above those of the same millisecond. */
	private void flush() {
		this.commands.flushall();
		this.model.restore(null);
		long now = System.currentTimeMillis();
		while (System.currentTimeMillis() == now) {
			Thread.onSpinWait();
		}
	}

	/** Either everything is silent for long, or nothing. */
	private void forget(String what, History history) throws Exception {
		Duration silence = (this.random.nextInt(4) == 0) ? Duration.ofDays(-1) : Duration.ofDays(1);
		assertThat(get(history.forget("0", 100, silence))).as(what).isEqualTo("0");
		this.model.forget(silence.toMillis());
	}

	// ---- comparing

	private <T> void compare(String what, T real, T modelled, Function<T, List<Object>> values) {
		assertThat(real.getClass()).as(what).isEqualTo(modelled.getClass());
		List<Object> reals = values.apply(real);
		List<Object> modelleds = values.apply(modelled);
		assertThat(reals).as("%s: %s and %s", what, real, modelled).hasSameSizeAs(modelleds);
		for (int i = 0; i < reals.size(); i++) {
			if (reals.get(i) instanceof Long id) {
				same(what + real + " and " + modelled, id, (Long) modelleds.get(i));
			}
			else {
				assertThat(reals.get(i)).as("%s: %s and %s", what, real, modelled).isEqualTo(modelleds.get(i));
			}
		}
	}

	private void compareFrames(String what) throws InterruptedException {
		for (String modelled : this.modelFrames) {
			String real = this.realFrames.poll(10, TimeUnit.SECONDS);
			assertThat(real).as(what).isNotNull();
			assertThat(ID.matcher(real).replaceAll("ID")).as(what).isEqualTo(ID.matcher(modelled).replaceAll("ID"));
			List<Long> reals = idsOf(real);
			List<Long> modelleds = idsOf(modelled);
			for (int i = 0; i < reals.size(); i++) {
				same(what + real, reals.get(i), modelleds.get(i));
				this.link.observe(reals.get(i));
				observe(modelleds.get(i));
			}
		}
		this.modelFrames.clear();
		assertThat(this.realFrames).as(what).isEmpty();
	}

	private static List<Long> idsOf(String frame) {
		return ID.matcher(frame).results().map((found) -> MessageId.parse(found.group())).toList();
	}

	/** Two ids that stand at the same place: always did, or for the first time. */
	private void same(String what, long real, long modelled) {
		if (!this.toReal.containsKey(modelled) && !this.toModel.containsKey(real)) {
			pair(real, modelled);
		}
		assertThat(this.toReal.get(modelled)).as("%s: the id of %s", what, MessageId.format(modelled)).isEqualTo(real);
		assertThat(this.toModel.get(real)).as("%s: the id of %s", what, MessageId.format(real)).isEqualTo(modelled);
	}

	private void pair(long real, long modelled) {
		this.toReal.put(modelled, real);
		this.toModel.put(real, modelled);
		this.ids.add(modelled);
	}

	private void observe(long id) {
		this.seen = Math.max(this.seen, id);
	}

	private Caller caller() {
		return new Caller(this.run, this.seen, false, 1);
	}

	private long real(long modelled) {
		return Objects.requireNonNull(this.toReal.get(modelled));
	}

	private long anyId() {
		int recent = Math.min(this.ids.size(), 20);
		return this.ids.get(this.ids.size() - 1 - this.random.nextInt(recent));
	}

	private <T> T any(List<T> list) {
		return list.get(this.random.nextInt(list.size()));
	}

	/** The last few, and one of the others. */
	private <T> List<T> some(List<T> list) {
		int from = Math.max(0, list.size() - this.random.nextInt(5));
		return list.subList(from, list.size()).stream().collect(Collectors.toCollection(ArrayList::new));
	}

	private static <T> T get(CompletableFuture<T> future) throws Exception {
		return future.get(10, TimeUnit.SECONDS);
	}

	private static String latin(byte[] bytes) {
		return new String(bytes, StandardCharsets.ISO_8859_1);
	}

}
