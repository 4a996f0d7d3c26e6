package io.fanfare.redis.history;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Predecessor;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Script;
import io.fanfare.redis.history.Publisher.Idempotency;
import io.fanfare.redis.history.Publisher.Receipt;
import io.fanfare.redis.history.Publisher.Result;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.Range;
import io.lettuce.core.XAddArgs;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.CLOCK;
import static io.fanfare.redis.RedisPartition.LAST;
import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.RUN;
import static io.fanfare.redis.RedisPartition.SINCE;
import static io.fanfare.redis.RedisPartition.TOLD_MS;
import static io.fanfare.redis.RedisPartition.ephemeral;
import static io.fanfare.redis.RedisPartition.expiring;
import static io.fanfare.redis.RedisPartition.get;
import static io.fanfare.redis.RedisPartition.message;
import static org.assertj.core.api.Assertions.assertThat;

class PublishMessagesIT {

	private static final ChannelName ALICE = ChannelName.user("alice");

	private static final ChannelName NEWS = ChannelName.topic("news");

	private static final String ALICE_STREAM = PREFIX + "ch:user:alice";

	private static final String NEWS_STREAM = PREFIX + "ch:news";

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@BeforeEach
	void nodesHaveLeases() {
		this.partition.redis().set(PREFIX + "lease:node-a", "1");
		this.partition.redis().set(PREFIX + "lease:node-b", "1");
	}

	@Test
	void aMessageToAUserWhoseNodeHasNoLeaseGoesThereAndTheUserIsNotOnline() {
		this.partition.redis().del(PREFIX + "lease:node-a");
		this.partition.owner("alice", "node-a", "node-a.c1", 1, "page");
		this.partition.owner("bob", "node-b", "node-b.c2", 1, "page");
		this.partition.owner("carol", "node-a", "node-a.c3", 1, "page");
		RedisPartition.Ear here = this.partition.listen("node:node-a");
		List<Receipt> receipts = ((Result.Stored) get(this.partition.publisher()
			.publish(List.of(ALICE, ChannelName.user("bob"), ChannelName.user("carol")), message("m"), null)))
			.receipts();
		assertThat(receipts).extracting(Receipt::online).containsExactly(false, true, false);
		assertThat(here.next(Frame.Published.class).connection()).isEqualTo("node-a.c1");
		assertThat(here.next(Frame.Published.class).connection()).isEqualTo("node-a.c3");
	}

	@Test
	void aMessageToAnOnlineUserGoesToTheNodeThatHoldsTheConnectionAndNamesIt() {
		this.partition.owner("alice", "node-a", "node-a.c1", 1, "page");
		RedisPartition.Ear here = this.partition.listen("node:node-a");
		RedisPartition.Ear elsewhere = this.partition.listen("node:node-b", "ch:user:alice", "ch:all");
		Receipt receipt = publish(ALICE, message("hello"));
		assertThat(receipt.online()).isTrue();
		Frame.Published frame = here.next(Frame.Published.class);
		assertThat(frame.id()).isEqualTo(receipt.id());
		assertThat(frame.connection()).isEqualTo("node-a.c1");
		assertThat(frame.channel()).isEqualTo(ALICE);
		assertThat(RedisPartition.data(frame.envelope())).isEqualTo("hello");
		here.heardNoMore("node:node-a");
		elsewhere.heardNoMore("node:node-b");
		assertThat(stored(ALICE_STREAM)).containsExactly(receipt.id());
	}

	@Test
	void aMessageToAnOfflineUserIsStoredAndPublishedNowhere() {
		this.partition.redis().set(RedisPartition.SINCE, "1-0");
		this.partition.redis().set(RedisPartition.CLOCK, "2-0");
		RedisPartition.Ear ear = this.partition.listen("node:node-a", "ch:user:alice", "ch:all");
		Receipt receipt = publish(ALICE, message("hello"));
		assertThat(receipt.online()).isFalse();
		assertThat(stored(ALICE_STREAM)).containsExactly(receipt.id());
		ear.heardNoMore("node:node-a");
	}

	@Test
	void afterADataLossAMessageToAUserWithoutOwnerGoesToAllNodes() {
		publish(NEWS, message("before"));
		TestRedis.shared().clear();
		RedisPartition.Ear ear = this.partition.listen("ch:all", "ch:user:alice");
		Receipt receipt = publish(ALICE, message("hello"));
		assertThat(receipt.online()).isFalse();
		Frame.Published frame = ear.next(Frame.Published.class);
		assertThat(frame.id()).isEqualTo(receipt.id());
		assertThat(frame.connection()).isNull();
		assertThat(frame.channel()).isEqualTo(ALICE);
		assertThat(stored(ALICE_STREAM)).containsExactly(receipt.id());
	}

	@Test
	void manyUsersGetAnIdEachAndEveryOneHasItsOwnHistory() {
		this.partition.owner("bob", "node-b", "node-b.c2", 1, "page");
		RedisPartition.Ear ear = this.partition.listen("node:node-b");
		ChannelName bob = ChannelName.user("bob");
		ChannelName colons = ChannelName.user("user: Zoë 🎺 {x}");
		List<Receipt> receipts = stored(
				get(this.partition.publisher().publish(List.of(ALICE, bob, colons), message("hi"), null)))
			.receipts();
		assertThat(receipts).extracting(Receipt::id).isSorted().doesNotHaveDuplicates().hasSize(3);
		assertThat(receipts).extracting(Receipt::online).containsExactly(false, true, false);
		assertThat(ear.next(Frame.Published.class).id()).isEqualTo(receipts.get(1).id());
		assertThat(stored(ALICE_STREAM)).containsExactly(receipts.get(0).id());
		assertThat(stored(PREFIX + "ch:user:bob")).containsExactly(receipts.get(1).id());
		assertThat(stored(PREFIX + "ch:user:user: Zoë 🎺 {x}")).containsExactly(receipts.get(2).id());
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(MessageId.format(receipts.get(2).id()));
	}

	@Test
	void aTopicAndAllArePublishedOnChannelsOfTheirOwnAndNameNoConnection() {
		RedisPartition.Ear news = this.partition.listen("ch:news");
		RedisPartition.Ear all = this.partition.listen("ch:all");
		Receipt toNews = publish(NEWS, message("n"));
		Receipt toAll = publish(ChannelName.ALL, message("a"));
		assertThat(toNews.online()).isNull();
		assertThat(toAll.online()).isNull();
		Frame.Published frame = news.next(Frame.Published.class);
		assertThat(frame.id()).isEqualTo(toNews.id());
		assertThat(frame.connection()).isNull();
		assertThat(frame.channel()).isEqualTo(NEWS);
		assertThat(all.next(Frame.Published.class).channel()).isEqualTo(ChannelName.ALL);
		assertThat(stored(PREFIX + "ch:all")).containsExactly(toAll.id());
	}

	@Test
	void anEnvelopeTravelsAndIsStoredByteForByte() {
		byte[] data = new byte[256];
		for (int i = 0; i < data.length; i++) {
			data[i] = (byte) i;
		}
		Envelope envelope = new Envelope("order", data, 7, 0, false, "00-trace");
		RedisPartition.Ear ear = this.partition.listen("ch:news");
		publish(NEWS, envelope);
		Envelope heard = ear.next(Frame.Published.class).envelope();
		Envelope read = get(this.partition.history().read(NEWS, 0, 10, 10_000)).entries().getFirst().envelope();
		assertThat(List.of(heard, read)).allSatisfy((one) -> {
			assertThat(one.data()).isEqualTo(data);
			assertThat(one).usingRecursiveComparison().isEqualTo(envelope);
		});
	}

	@Test
	void anEphemeralMessageTakesAnIdAndIsPublishedButLeavesNoTrace() {
		this.partition.owner("alice", "node-a", "node-a.c1", 1, "page");
		RedisPartition.Ear ear = this.partition.listen("node:node-a");
		Receipt kept = publish(ALICE, message("kept"));
		Receipt receipt = publish(ALICE, ephemeral("typing"));
		Receipt after = publish(ALICE, message("after"));
		assertThat(List.of(kept.id(), receipt.id(), after.id())).isSorted().doesNotHaveDuplicates();
		assertThat(receipt.online()).isTrue();
		ear.next();
		Frame.Published frame = ear.next(Frame.Published.class);
		assertThat(frame.id()).isEqualTo(receipt.id());
		assertThat(frame.envelope().ephemeral()).isTrue();
		assertThat(stored(ALICE_STREAM)).containsExactly(kept.id(), after.id());
		assertThat(predecessors(ALICE_STREAM)).containsExactly("0-0", MessageId.format(kept.id()));
		assertThat(last("user:alice")).isEqualTo(MessageId.format(after.id()));
	}

	@Test
	void eachEntryNamesWhatCameBeforeItInItsChannel() {
		Receipt first = publish(NEWS, message("1"));
		publish(ALICE, message("other"));
		Receipt second = publish(NEWS, message("2"));
		publish(NEWS, message("3"));
		assertThat(predecessors(NEWS_STREAM)).containsExactly("0-0", MessageId.format(first.id()),
				MessageId.format(second.id()));
		assertThat(predecessors(ALICE_STREAM)).containsExactly("0-0");
	}

	@Test
	void theFirstMessageAfterAChannelWasForgottenComesAfterTheHighestForgotten() {
		this.partition.redis().hset(LAST, "", "9-3");
		publish(NEWS, message("1"));
		assertThat(predecessors(NEWS_STREAM)).containsExactly("9-3");
	}

	@Test
	void lastTellsTheLatestExpiryOfMessagesThatCameSinceTheLastWithoutOne() {
		long soon = System.currentTimeMillis() + 60_000;
		long later = soon + 60_000;
		String durable = id(publish(NEWS, message("durable")));
		assertThat(last("news")).isEqualTo(durable);
		String first = id(publish(NEWS, expiring("1", later)));
		assertThat(last("news")).isEqualTo(first + " " + durable + " " + later);
		String second = id(publish(NEWS, expiring("2", soon)));
		assertThat(last("news")).as("the latest expiry counts").isEqualTo(second + " " + durable + " " + later);
		String third = id(publish(NEWS, expiring("3", later + 1)));
		assertThat(last("news")).isEqualTo(third + " " + durable + " " + (later + 1));
		String again = id(publish(NEWS, message("durable again")));
		assertThat(last("news")).isEqualTo(again);
		assertThat(predecessors(NEWS_STREAM)).containsExactly("0-0", durable, first + " " + durable + " " + later,
				second + " " + durable + " " + later, third + " " + durable + " " + (later + 1));
	}

	@Test
	void aChannelThatOnlyEverHadExpiringMessagesHasNothingDurable() {
		long expiry = System.currentTimeMillis() + 60_000;
		String id = id(publish(NEWS, expiring("1", expiry)));
		assertThat(last("news")).isEqualTo(id + " 0-0 " + expiry);
	}

	@Test
	void anExpiringMessageAfterAForgottenChannelDoesNotHideWhatWasForgotten() {
		this.partition.redis().hset(LAST, "", "9-3");
		long expiry = System.currentTimeMillis() + 60_000;
		publish(NEWS, expiring("1", expiry));
		this.partition.redis().del(NEWS_STREAM);
		Predecessor last = get(this.partition.history().read(NEWS, MessageId.of(9, 2), 10, 1000)).predecessor();
		assertThat(last.isAbove(MessageId.of(9, 2), expiry + 1)).isTrue();
		assertThat(last.isAbove(MessageId.of(9, 3), expiry + 1)).isFalse();
	}

	@Test
	void aHistoryHoldsExactlyItsLength() {
		Publisher publisher = this.partition.publisher(10, Duration.ofHours(1));
		for (int i = 0; i < 10; i++) {
			get(publisher.publish(List.of(NEWS), message("m" + i), null));
		}
		assertThat(stored(NEWS_STREAM)).hasSize(10);
		List<Long> before = stored(NEWS_STREAM);
		for (int i = 0; i < 3; i++) {
			get(publisher.publish(List.of(NEWS), message("n" + i), null));
			assertThat(stored(NEWS_STREAM)).hasSize(10);
		}
		assertThat(stored(NEWS_STREAM)).startsWith(before.get(3));
	}

	@Test
	void aMessageAfterAQuietTimeTrimsWhatIsTooOldAndSetsTheExpiryAnew() {
		long old = System.currentTimeMillis() - Duration.ofHours(2).toMillis();
		long recent = System.currentTimeMillis() - Duration.ofMinutes(30).toMillis();
		this.partition.stored("news", old + "-0", "0-0", "old");
		this.partition.stored("news", recent + "-0", old + "-0", "recent");
		this.partition.redis().hset(LAST, "news", recent + "-0");
		Receipt receipt = publish(NEWS, message("new"));
		assertThat(stored(NEWS_STREAM)).containsExactly(MessageId.of(recent, 0), receipt.id());
		assertThat(predecessors(NEWS_STREAM)).containsExactly(old + "-0", recent + "-0");
		long age = RedisPartition.AGE.toMillis();
		assertThat(this.partition.redis().pttl(NEWS_STREAM)).isBetween(age, age + age / RedisPartition.LENGTH + 1000);
	}

	@Test
	void aHistoryOutlivesItsLastMessageByItsAgeAndNotForEver() {
		publish(NEWS, message("only"));
		long age = RedisPartition.AGE.toMillis();
		assertThat(this.partition.redis().pttl(NEWS_STREAM)).isBetween(age, age + age / RedisPartition.LENGTH + 1000);
	}

	@Test
	void aHistoryWhoseMessagesComeSteadilyNeverExpires() {
		// Set once, the expiry would be over after 0.5 s + 0.1 s + 1 s
		Publisher publisher = this.partition.publisher(5, Duration.ofMillis(500));
		Awaitility.await()
			.pollDelay(Duration.ZERO)
			.pollInterval(Duration.ofMillis(10))
			.during(Duration.ofMillis(2200))
			.atMost(Duration.ofSeconds(10))
			.until(() -> {
				get(publisher.publish(List.of(NEWS), message("m"), null));
				return this.partition.redis().pttl(NEWS_STREAM) >= 500;
			});
		assertThat(stored(NEWS_STREAM)).hasSize(5);
	}

	@Test
	void aClockThatRunsAheadOfTimeKeepsTheHistory() {
		this.partition.redis().set(CLOCK, (System.currentTimeMillis() + 3_600_000) + "-0");
		publish(NEWS, message("1"));
		this.partition.redis().pexpire(NEWS_STREAM, 60_000);
		publish(NEWS, message("2"));
		assertThat(stored(NEWS_STREAM)).hasSize(2);
		assertThat(this.partition.redis().pttl(NEWS_STREAM)).isGreaterThanOrEqualTo(RedisPartition.AGE.toMillis());
	}

	@Test
	void aRepeatedRequestIsAnsweredAsTheFirstWasAndTakesNoId() {
		this.partition.owner("alice", "node-a", "node-a.c1", 1, "page");
		RedisPartition.Ear ear = this.partition.listen("node:node-a");
		Idempotency key = new Idempotency("backend", "k1", "hash", Duration.ofHours(24));
		ChannelName bob = ChannelName.user("bob");
		Result.Stored first = stored(
				get(this.partition.publisher().publish(List.of(ALICE, bob, NEWS), message("x"), key)));
		String clock = this.partition.redis().get(CLOCK);
		this.partition.redis().hdel(PRESENCE, "alice");
		Result.Stored again = stored(
				get(this.partition.publisher().publish(List.of(ALICE, bob, NEWS), message("x"), key)));
		assertThat(first.replayed()).isFalse();
		assertThat(again.replayed()).isTrue();
		assertThat(again.receipts()).isEqualTo(first.receipts());
		assertThat(again.receipts()).extracting(Receipt::online).containsExactly(true, false, null);
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(clock);
		assertThat(stored(ALICE_STREAM)).hasSize(1);
		ear.next(Frame.Published.class);
		ear.heardNoMore("node:node-a");
	}

	@Test
	void aKeyUsedForAnotherRequestIsRefusedAndTakesNoId() {
		get(this.partition.publisher().publish(List.of(NEWS), message("x"), key("backend", "k1", "hash")));
		String clock = this.partition.redis().get(CLOCK);
		Result result = get(
				this.partition.publisher().publish(List.of(NEWS), message("y"), key("backend", "k1", "hash2")));
		assertThat(result).isEqualTo(new Result.KeyReused());
		assertThat(get(this.partition.publisher().publish(List.of(NEWS), message("y"), key("backend", "k1", "has"))))
			.isEqualTo(new Result.KeyReused());
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(clock);
		assertThat(stored(NEWS_STREAM)).hasSize(1);
	}

	@Test
	void keysOfDifferentCallersAreDifferentAndNoKeyRepeatsNothing() {
		get(this.partition.publisher().publish(List.of(NEWS), message("x"), key("backend", "k1", "hash")));
		assertThat(
				stored(get(this.partition.publisher().publish(List.of(NEWS), message("x"), key("other", "k1", "hash"))))
					.replayed())
			.isFalse();
		assertThat(stored(
				get(this.partition.publisher().publish(List.of(NEWS), message("x"), key("backend", "k2", "hash"))))
			.replayed()).isFalse();
		publish(NEWS, message("x"));
		publish(NEWS, message("x"));
		assertThat(stored(NEWS_STREAM)).hasSize(5);
	}

	@Test
	void anEphemeralMessageIsRepeatedExactlyToo() {
		RedisPartition.Ear ear = this.partition.listen("ch:news");
		Idempotency key = key("backend", "k1", "hash");
		Result.Stored first = stored(get(this.partition.publisher().publish(List.of(NEWS), ephemeral("x"), key)));
		Result.Stored again = stored(get(this.partition.publisher().publish(List.of(NEWS), ephemeral("x"), key)));
		assertThat(again.receipts()).isEqualTo(first.receipts());
		ear.next();
		ear.heardNoMore("ch:news");
	}

	@Test
	void aKeyIsForgottenAfterItsTime() {
		Idempotency key = new Idempotency("backend", "k1", "hash", Duration.ofMillis(150));
		get(this.partition.publisher().publish(List.of(NEWS), message("x"), key));
		String record = PREFIX + "idem:backend:k1";
		assertThat(this.partition.redis().pttl(record)).isLessThanOrEqualTo(150);
		Awaitility.await().until(() -> this.partition.redis().exists(record) == 0);
		assertThat(stored(get(this.partition.publisher().publish(List.of(NEWS), message("y"), key))).replayed())
			.isFalse();
		get(this.partition.publisher().publish(List.of(NEWS), message("x"), key("backend", "day", "hash")));
		assertThat(this.partition.redis().pttl(PREFIX + "idem:backend:day")).isBetween(86_300_000L, 86_400_000L);
	}

	@Test
	void messagesOfOneCallAreStoredAndAnsweredInTheirOrderEachByItself() {
		this.partition.owner("alice", "node-a", "node-a.c1", 1, "page");
		RedisPartition.Ear alice = this.partition.listen("node:node-a");
		RedisPartition.Ear news = this.partition.listen("ch:news");
		get(this.partition.publisher().publish(List.of(NEWS), message("0"), key("backend", "used", "other")));
		get(this.partition.publisher().publish(List.of(NEWS), message("1"), key("backend", "again", "hash:again:1")));
		news.next();
		news.next();
		List<Long> before = stored(NEWS_STREAM);
		List<Result> results = get(this.partition.publisher()
			.publish(List.of(request(message("2"), null, NEWS), request(message("x"), "used", NEWS, ALICE),
					request(message("1"), "again", NEWS), request(message("3"), "new", ALICE, NEWS),
					request(ephemeral("4"), null, NEWS), request(message("5"), null, ALICE))));
		assertThat(results).hasSize(6);
		assertThat(results.get(1)).isEqualTo(new Result.KeyReused());
		assertThat(stored(results.get(2)).replayed()).isTrue();
		assertThat(stored(results.get(2)).receipts()).extracting(Receipt::id).containsExactly(before.get(1));
		List<Long> ids = List.of(0, 3, 4, 5)
			.stream()
			.flatMap((i) -> stored(results.get(i)).receipts().stream())
			.map(Receipt::id)
			.toList();
		assertThat(ids).isSorted().doesNotHaveDuplicates().hasSize(5);
		assertThat(stored(results.get(3)).receipts()).extracting(Receipt::online).containsExactly(true, null);
		assertThat(stored(NEWS_STREAM)).containsExactly(before.get(0), before.get(1), ids.get(0), ids.get(2));
		assertThat(stored(ALICE_STREAM)).containsExactly(ids.get(1), ids.get(4));
		assertThat(predecessors(NEWS_STREAM)).endsWith(MessageId.format(before.get(1)), MessageId.format(ids.get(0)));
		assertThat(predecessors(ALICE_STREAM)).containsExactly("0-0", MessageId.format(ids.get(1)));
		assertThat(List.of(alice.next(Frame.Published.class), alice.next(Frame.Published.class)))
			.extracting((frame) -> RedisPartition.data(frame.envelope()))
			.containsExactly("3", "5");
		assertThat(List.of(news.next(Frame.Published.class), news.next(Frame.Published.class),
				news.next(Frame.Published.class)))
			.extracting((frame) -> RedisPartition.data(frame.envelope()))
			.containsExactly("2", "3", "4");
		assertThat(this.partition.link().seen()).isEqualTo(ids.getLast());
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(MessageId.format(ids.getLast()));
		assertThat(publish(NEWS, message("6")).id()).as("no id is given twice").isGreaterThan(ids.getLast());
	}

	/** As many as the settings of the API allow. */
	@Test
	void oneMessageReachesFiveThousandUsers() {
		List<ChannelName> users = IntStream.range(0, 5_000).mapToObj((i) -> ChannelName.user("u" + i)).toList();
		List<Receipt> receipts = stored(
				get(this.partition.publisher().publish(users, message("x"), key("backend", "k", "hash"))))
			.receipts();
		assertThat(receipts).extracting(Receipt::id).isSorted().doesNotHaveDuplicates().hasSize(5_000);
		assertThat(stored(PREFIX + "ch:user:u4999")).containsExactly(receipts.getLast().id());
	}

	@Test
	void aKeyThatOccursTwiceInOneCallIsPublishedOnce() {
		List<Result> results = get(this.partition.publisher()
			.publish(List.of(request(message("1"), "k", NEWS), request(message("1"), "k", NEWS))));
		assertThat(results).extracting((result) -> stored(result).replayed()).containsExactly(false, true);
		assertThat(stored(results.get(1)).receipts()).isEqualTo(stored(results.get(0)).receipts());
		assertThat(stored(NEWS_STREAM)).hasSize(1);
	}

	@Test
	void aCallOfRepetitionsTakesNoId() {
		List<Publisher.Request> requests = List.of(request(message("1"), "a", NEWS), request(message("2"), "b", ALICE));
		get(this.partition.publisher().publish(requests));
		String clock = this.partition.redis().get(CLOCK);
		assertThat(get(this.partition.publisher().publish(requests)))
			.allSatisfy((result) -> assertThat(stored(result).replayed()).isTrue());
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(clock);
	}

	@Test
	void aKeyThatIsNoHistoryRefusesItsMessageAndNoOther() {
		this.partition.redis().set(ALICE_STREAM, "no stream");
		ChannelName bob = ChannelName.user("bob");
		this.partition.owner("bob", "node-b", "node-b.c2", 1, "page");
		RedisPartition.Ear ear = this.partition.listen("node:node-b");
		List<Publisher.Request> requests = List.of(request(message("1"), null, NEWS),
				request(message("2"), "k", bob, ALICE), request(message("3"), null, NEWS));
		List<Result> results = get(this.partition.publisher().publish(requests));
		assertThat(results.get(1)).isEqualTo(new Result.Refused(RedisRefusal.ERR));
		assertThat(stored(NEWS_STREAM)).containsExactly(stored(results.get(0)).receipts().getFirst().id(),
				stored(results.get(2)).receipts().getFirst().id());
		assertThat(this.partition.redis().exists(PREFIX + "ch:user:bob", PREFIX + "idem:backend:k")).isZero();
		assertThat(last("user:bob")).isNull();
		ear.heardNoMore("node:node-b");
		this.partition.redis().del(ALICE_STREAM);
		List<Receipt> mended = stored(get(this.partition.publisher().publish(requests)).get(1)).receipts();
		assertThat(stored(PREFIX + "ch:user:bob")).containsExactly(mended.get(0).id());
		assertThat(stored(ALICE_STREAM)).containsExactly(mended.get(1).id());
		assertThat(ear.next(Frame.Published.class).id()).isEqualTo(mended.get(0).id());
	}

	/** Only XADD finds that; what it was given before must not stay. */
	@Test
	void aForeignEntryAboveTheClockRefusesItsMessageAndLeavesNothingOfItBehind() {
		ChannelName bob = ChannelName.user("bob");
		ChannelName carol = ChannelName.user("carol");
		publish(bob, message("before"));
		List<Long> before = stored(PREFIX + "ch:user:bob");
		String last = last("user:bob");
		this.partition.redis().xadd(ALICE_STREAM, XAddArgs.Builder.maxlen(9).id("9000000000000-1"), "any", "thing");
		Publisher.Request request = request(message("1"), "k", bob, carol, ALICE);
		assertThat(get(this.partition.publisher().publish(List.of(request))))
			.containsExactly(new Result.Refused(RedisRefusal.ERR));
		assertThat(stored(PREFIX + "ch:user:bob")).isEqualTo(before);
		assertThat(last("user:bob")).isEqualTo(last);
		assertThat(this.partition.redis().exists(PREFIX + "ch:user:carol")).as("no empty stream").isZero();
		this.partition.redis().del(ALICE_STREAM);
		List<Receipt> receipts = stored(get(this.partition.publisher().publish(List.of(request))).getFirst())
			.receipts();
		assertThat(stored(PREFIX + "ch:user:bob")).containsExactly(before.getFirst(), receipts.getFirst().id());
		assertThat(predecessors(PREFIX + "ch:user:bob")).last().isEqualTo(last);
	}

	@Test
	void whatIsMalformedBesideAHistoryRefusesNothing() {
		ChannelName bob = ChannelName.user("bob");
		this.partition.redis().hset(PRESENCE, Map.of("alice", "garbage", "bob", "two words"));
		this.partition.redis().hset(LAST, Map.of("news", "garbage", "user:bob", "12-0 and so on"));
		this.partition.redis().set(SINCE, "garbage");
		RedisPartition.Ear ear = this.partition.listen("ch:all");
		long expiry = System.currentTimeMillis() + 60_000;
		List<Receipt> receipts = stored(
				get(this.partition.publisher().publish(List.of(ALICE, bob, NEWS), expiring("1", expiry), null)))
			.receipts();
		assertThat(receipts).extracting(Receipt::online).containsExactly(false, false, null);
		assertThat(ear.next(Frame.Published.class).channel()).as("its owner is not known").isEqualTo(ALICE);
		assertThat(last("user:bob")).isEqualTo(id(receipts.get(1)) + " " + id(receipts.get(1)) + " " + expiry);
		assertThat(predecessors(NEWS_STREAM)).containsExactly("garbage");
		assertThat(publish(NEWS, message("2")).id()).isGreaterThan(receipts.getLast().id());
		this.partition.redis().set(PREFIX + "idem:backend:odd", "no record");
		this.partition.redis().hset(PREFIX + "idem:backend:hash", "no", "record");
		assertThat(get(this.partition.publisher()
			.publish(List.of(request(message("3"), "odd", NEWS), request(message("3"), "hash", NEWS)))))
			.containsExactly(new Result.KeyReused(), new Result.Refused(RedisRefusal.ERR));
	}

	@Test
	void anErrorThatConcernsAllOfACallGivesNoIdTwice() {
		Receipt before = publish(NEWS, message("1"));
		this.partition.redis().rename(CLOCK, "aside");
		this.partition.redis().hset(CLOCK, "no", "clock");
		CompletableFuture<List<Result>> failed = this.partition.publisher()
			.publish(List.of(request(message("2"), null, NEWS), request(message("3"), null, ALICE)));
		assertThat(failed).failsWithin(RedisPartition.TIMEOUT)
			.withThrowableOfType(ExecutionException.class)
			.withCauseInstanceOf(RedisUnavailableException.class);
		this.partition.redis().del(CLOCK);
		this.partition.redis().rename("aside", CLOCK);
		assertThat(stored(NEWS_STREAM)).containsExactly(before.id());
		assertThat(publish(NEWS, message("3")).id()).isGreaterThan(before.id());
	}

	@Test
	void aStoreThatWasRolledBackGivesNoIdASecondTime() {
		Receipt before = publish(NEWS, message("1"));
		this.partition.redis().del(LAST, NEWS_STREAM);
		this.partition.redis().set(CLOCK, "5-0");
		long ahead = MessageId.of(MessageId.timestamp(before.id()) + 60_000, 3);
		this.partition.link().observe(ahead);
		Receipt after = publish(NEWS, message("2"));
		assertThat(after.id()).isEqualTo(ahead + 2);
		assertThat(this.partition.redis().get(SINCE)).isEqualTo(MessageId.format(ahead + 1));
	}

	@Test
	void whatWasPublishedIsSeenByTheProcess() {
		Receipt receipt = publish(NEWS, message("1"));
		assertThat(this.partition.link().seen()).isEqualTo(receipt.id());
	}

	@Test
	void manyMessagesInOneMillisecondAreAllKeptInOrder() {
		for (int i = 0; i < 5; i++) {
			publishAt(TOLD_MS, "m" + i);
		}
		publishAt(TOLD_MS - 1000, "m5");
		assertThat(stored(NEWS_STREAM)).containsExactly(MessageId.of(TOLD_MS, 1), MessageId.of(TOLD_MS, 2),
				MessageId.of(TOLD_MS, 3), MessageId.of(TOLD_MS, 4), MessageId.of(TOLD_MS, 5), MessageId.of(TOLD_MS, 6));
	}

	@Test
	void everySharePeriodOfTheAgeSetsTheExpiryAnewAndTheRestCostsNothing() {
		// The age is 3 600 s and the length 100: a share is 36 s
		long start = TOLD_MS - TOLD_MS % 36_000;
		publishAt(start, "1");
		this.partition.redis().pexpire(NEWS_STREAM, 1_000_000);
		publishAt(start + 35_999, "2");
		assertThat(this.partition.redis().pttl(NEWS_STREAM)).isLessThanOrEqualTo(1_000_000);
		publishAt(start + 36_000, "3");
		assertThat(this.partition.redis().pttl(NEWS_STREAM)).isGreaterThan(3_600_000);
	}

	/**
	 * Neither the first message of a store nor what follows it is below {@code since}.
	 */
	@Test
	void whatIsPublishedBeforeAnyNodeSpokeIsNotTakenForLost() {
		long id = publish(ChannelName.ALL, message("m")).id();
		CommandLink node = this.partition.newLink(false);
		History history = new History(node, this.partition.keys, Duration.ofHours(1));
		History.Batch batch = get(history.read(ChannelName.ALL, id - 1, 10, 1_000));
		assertThat(batch.dataLossFloor()).isEqualTo(id - 1);
		assertThat(batch.entries()).extracting(History.Entry::id).containsExactly(id);
		assertThat(this.partition.redis().get(RUN)).isEqualTo(this.partition.runId());
	}

	/** What a caller publishes within its quotas, over all processes. */
	@Test
	void quotasAreTakenByWhatIsStoredAndByNothingElse() {
		PublishQuota quota = new PublishQuota("backend", 1_000, 10_000, 0);
		assertThat(publish(quota, request(message("1"), "k", NEWS).with(weight(9_000))).results().getFirst())
			.isInstanceOf(Result.Stored.class);
		PublishQuota.Used used = publish(quota, request(message("1"), "k", NEWS).with(weight(9_000))).used();
		assertThat(used.bytes()).as("a repetition is free").isBetween(Duration.ofSeconds(5), Duration.ofSeconds(9));
		List<Long> before = stored(NEWS_STREAM);
		Publisher.Published mixed = publish(quota, request(message("2"), "late", NEWS).with(weight(9_000)),
				request(message("3"), null, NEWS).with(weight(1)),
				request(message("1"), "k", NEWS).with(weight(9_000)));
		Result.Limited limited = (Result.Limited) mixed.results().get(0);
		assertThat(limited.limit().policy()).isEqualTo("bytes");
		assertThat(limited.limit().retryAfter()).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(8));
		assertThat(mixed.results().get(1)).as("does not overtake").isEqualTo(limited);
		assertThat(mixed.results().get(2)).as("a repetition").isInstanceOf(Result.Stored.class);
		assertThat(stored(NEWS_STREAM)).isEqualTo(before);
		assertThat(this.partition.redis().exists(PREFIX + "idem:backend:late")).isZero();
		assertThat(publish(quota,
				request(message("2"), "late", ALICE).with(new PublishQuota.Charge.Behind(limited.limit())))
			.results()).containsExactly(limited);
		assertThat(publish(new PublishQuota("other", 1_000, 10_000, 0),
				request(message("2"), null, NEWS).with(weight(9_000)))
			.results()
			.getFirst()).isInstanceOf(Result.Stored.class);
		assertThat(this.partition.redis().pttl(PREFIX + "limit:backend")).isBetween(1L, 9_001L);
	}

	@Test
	void whatIsLargerThanAQuotaPassesOnceAndIsOwed() {
		PublishQuota quota = new PublishQuota("backend", 1_000, 10_000, 0);
		assertThat(publish(quota, request(message("1"), null, NEWS).with(weight(25_000))).results().getFirst())
			.isInstanceOf(Result.Stored.class);
		Result.Limited limited = (Result.Limited) publish(quota, request(message("2"), null, NEWS).with(weight(1)))
			.results()
			.getFirst();
		assertThat(limited.limit().retryAfter()).isBetween(Duration.ofSeconds(12), Duration.ofSeconds(16));
		assertThat(publish(quota, request(message("3"), null, NEWS).with(new PublishQuota.Charge.Further())).results()
			.getFirst()).as("a further piece").isInstanceOf(Result.Stored.class);
	}

	@Test
	void newChannelsAreCountedAndNothingOfARefusedMessageStays() {
		PublishQuota quota = new PublishQuota("backend", 0, 0, 3);
		ChannelName bob = ChannelName.user("bob");
		assertThat(publish(quota, request(message("1"), null, ALICE, bob)).results().getFirst())
			.isInstanceOf(Result.Stored.class);
		Publisher.Published refused = publish(quota,
				request(message("2"), "k", ALICE, ChannelName.user("carol"), ChannelName.user("dave")));
		assertThat(((Result.Limited) refused.results().getFirst()).limit().policy()).isEqualTo("new-channels");
		assertThat(refused.used().channels()).isBetween(Duration.ofSeconds(35), Duration.ofSeconds(40));
		assertThat(stored(ALICE_STREAM)).hasSize(1);
		assertThat(this.partition.redis().exists(PREFIX + "ch:user:carol", PREFIX + "idem:backend:k")).isZero();
		assertThat(last("user:carol")).isNull();
		assertThat(publish(quota, request(message("3"), null, ALICE, bob)).results().getFirst())
			.as("none of these is new")
			.isInstanceOf(Result.Stored.class);
	}

	/** Otherwise several messages would pass together where the quota allows one. */
	@Test
	void theFirstPieceTakesTheNewChannelsOfAllPieces() {
		PublishQuota quota = new PublishQuota("backend", 0, 0, 100);
		List<ChannelName> known = users("known", 70);
		List<ChannelName> mine = users("mine", 70);
		List<ChannelName> yours = users("yours", 70);
		for (ChannelName channel : known) {
			publish(channel, message("0"));
		}
		Publisher.Published first = publish(quota, firstPiece("1", "k", mine));
		assertThat(first.results().getFirst()).isInstanceOf(Result.Stored.class);
		assertThat(first.used().channels()).as("70 of 100 per minute").isBetween(Duration.ofSeconds(40),
				Duration.ofSeconds(42));
		Publisher.Published between = publish(quota, firstPiece("2", "l", yours), firstPiece("1", "k", mine));
		Result.Limited limited = (Result.Limited) between.results().getFirst();
		assertThat(limited.limit().policy()).isEqualTo("new-channels");
		assertThat(limited.limit().retryAfter()).as("40 are too many").isBetween(Duration.ofSeconds(22),
				Duration.ofSeconds(24));
		assertThat(between.results().getLast()).as("a repetition").isInstanceOf(Result.Stored.class);
		assertThat(this.partition.redis().exists(PREFIX + "ch:user:yours0", PREFIX + "idem:backend:l")).isZero();
		Publisher.Published rest = publish(quota, furtherPiece("1", mine.subList(32, 64)),
				furtherPiece("1", mine.subList(64, 70)));
		assertThat(rest.results()).allSatisfy((result) -> assertThat(result).isInstanceOf(Result.Stored.class));
		assertThat(rest.used().channels()).as("paid by the first").isLessThan(Duration.ofSeconds(42));
		assertThat(publish(quota, firstPiece("3", "m", known)).results().getFirst()).as("none is new")
			.isInstanceOf(Result.Stored.class);
		assertThat(
				publish(quota, request(ephemeral("4"), null, NEWS).with(new PublishQuota.Charge.First(9, List.of())))
					.results()
					.getFirst())
			.as("an ephemeral message makes no channel")
			.isInstanceOf(Result.Stored.class);
	}

	@Test
	void aMessageInPiecesToMoreNewChannelsThanAQuotaPassesOnceAndIsOwed() {
		PublishQuota quota = new PublishQuota("backend", 0, 0, 1_000);
		assertThat(publish(quota, firstPiece("1", "k", users("u", 5_000))).used().channels()).as("5 000 of 1 000")
			.isBetween(Duration.ofSeconds(298), Duration.ofSeconds(300));
		Result.Limited limited = (Result.Limited) publish(quota, request(message("2"), null, ChannelName.user("v")))
			.results()
			.getFirst();
		assertThat(limited.limit().retryAfter()).isBetween(Duration.ofSeconds(238), Duration.ofSeconds(241));
		this.partition.redis().del(PREFIX + "last");
		this.partition.redis().set(PREFIX + "last", "no hash");
		assertThat(publish(new PublishQuota("other", 0, 0, 1_000), firstPiece("3", "l", users("w", 70))).results()
			.getFirst()).isInstanceOf(Result.Refused.class);
	}

	private static List<ChannelName> users(String name, int number) {
		return IntStream.range(0, number).mapToObj((i) -> ChannelName.user(name + i)).toList();
	}

	private static Publisher.Request firstPiece(String data, String key, List<ChannelName> channels) {
		return request(message(data), key, channels.subList(0, 32).toArray(ChannelName[]::new))
			.with(new PublishQuota.Charge.First(9, channels.subList(32, channels.size())));
	}

	private static Publisher.Request furtherPiece(String data, List<ChannelName> channels) {
		return request(message(data), null, channels.toArray(ChannelName[]::new))
			.with(new PublishQuota.Charge.Further());
	}

	@Test
	void whatIsNoAccountOfQuotasIsReplaced() {
		PublishQuota quota = new PublishQuota("backend", 1_000, 10_000, 60);
		String key = PREFIX + "limit:backend";
		this.partition.redis().hset(key, "no", "account");
		for (String junk : List.of("", "garbage", "9".repeat(400) + " 1", "inf nan",
				"9999999999999999 9999999999999999", "-1.0 nan")) {
			Publisher.Published published = publish(quota, request(message("m"), null, NEWS).with(weight(2_000)));
			assertThat(published.results().getFirst()).as(junk).isInstanceOf(Result.Stored.class);
			assertThat(published.used().bytes()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(2));
			assertThat(this.partition.redis().get(key)).matches("\\d{16} \\d{16}");
			this.partition.redis().set(key, junk);
		}
	}

	private Publisher.Published publish(PublishQuota quota, Publisher.Request... requests) {
		return get(this.partition.publisher().publish(List.of(requests), quota));
	}

	private static PublishQuota.Charge weight(long bytes) {
		return new PublishQuota.Charge.Weight(bytes);
	}

	private void publishAt(long now, String data) {
		this.partition.runAt(now, Script.PUBLISH_MESSAGES, List.of(CLOCK, RUN, SINCE, LAST, PRESENCE, NEWS_STREAM),
				"run-1", "0-0", PREFIX, "100", "3600000", "", "1", "0", "0", data, "");
	}

	private Receipt publish(ChannelName channel, Envelope envelope) {
		return stored(get(this.partition.publisher().publish(List.of(channel), envelope, null))).receipts().getFirst();
	}

	private static Publisher.Request request(Envelope envelope, @Nullable String key, ChannelName... channels) {
		return new Publisher.Request(List.of(channels), envelope,
				(key != null) ? key("backend", key, "hash:" + key + ":" + RedisPartition.data(envelope)) : null);
	}

	private static Result.Stored stored(Result result) {
		assertThat(result).isInstanceOf(Result.Stored.class);
		return (Result.Stored) result;
	}

	private static Idempotency key(String apiKey, String key, String hash) {
		return new Idempotency(apiKey, key, hash, Duration.ofHours(24));
	}

	private static String id(Receipt receipt) {
		return MessageId.format(receipt.id());
	}

	private String last(String channel) {
		return this.partition.redis().hget(LAST, channel);
	}

	private List<Long> stored(String stream) {
		return this.partition.redis()
			.xrange(stream, Range.unbounded())
			.stream()
			.map((entry) -> MessageId.parse(entry.getId()))
			.toList();
	}

	private List<String> predecessors(String stream) {
		return this.partition.redis()
			.xrange(stream, Range.unbounded())
			.stream()
			.map((entry) -> entry.getBody())
			.map((Map<String, String> body) -> body.get("p"))
			.toList();
	}

}
