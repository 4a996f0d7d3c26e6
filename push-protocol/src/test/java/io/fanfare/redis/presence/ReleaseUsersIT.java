package io.fanfare.redis.presence;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Received;
import io.fanfare.redis.revocation.IssuedToken;
import io.lettuce.core.XAddArgs;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class ReleaseUsersIT {

	private static final String HIDDEN = PREFIX + "hidden:alice";

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@BeforeEach
	void someoneIsConnected() {
		this.partition.owner("alice", "a", "c1", 5, "page");
	}

	@Test
	void theNamedConnectionAndGenerationAreReleased() {
		assertThat(release(new Field("alice", "c1", 5))).isEqualTo(1);
		assertThat(this.partition.redis().exists(PRESENCE)).isZero();
	}

	@Test
	void anotherConnectionIsNotReleased() {
		assertThat(release(new Field("alice", "c2", 5))).isZero();
		assertThat(release(new Field("alice", "c2", MessageId.ZERO))).isZero();
		assertThat(release(new Field("alice", "c", MessageId.ZERO))).isZero();
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isTrue();
	}

	@Test
	void anotherGenerationIsNotReleased() {
		assertThat(release(new Field("alice", "c1", 4))).isZero();
		assertThat(release(new Field("alice", "c1", 6))).isZero();
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isTrue();
	}

	@Test
	void anUnknownGenerationReleasesTheNamedConnection() {
		assertThat(release(new Field("alice", "c1", MessageId.ZERO))).isEqualTo(1);
	}

	@Test
	void whoIsNotConnectedIsNoError() {
		assertThat(release(new Field("bob", "c1", 5))).isZero();
		assertThat(release()).isZero();
	}

	@Test
	void aBatchReleasesWhatMatchesAndLeavesTheRest() {
		List<Field> fields = new ArrayList<>();
		for (int i = 0; i < 300; i++) {
			this.partition.owner("user " + i, "a", "c" + i, 100 + i, "page");
			fields.add(new Field("user " + i, (i % 3 == 0) ? "other" : "c" + i, 100 + i));
		}
		assertThat(release(fields.toArray(Field[]::new))).isEqualTo(200);
		assertThat(this.partition.redis().hlen(PRESENCE)).isEqualTo(101);
		assertThat(this.partition.redis().hexists(PRESENCE, "user 3")).isTrue();
		assertThat(this.partition.redis().hexists(PRESENCE, "user 4")).isFalse();
	}

	@Test
	void aStreamThatReceivedAllOfItsChannelLeavesNothingBehind() {
		long last = publish();
		assertThat(release(new Field("alice", "c1", 5, new Received(last, last + 7, 0, 0)))).isEqualTo(1);
		assertThat(this.partition.redis().exists(HIDDEN)).isZero();
	}

	@Test
	void aMessageAboveTheCursorIsNotHidden() {
		long before = publish();
		publish();
		release(new Field("alice", "c1", 5, new Received(before, before, 0, 0)));
		assertThat(this.partition.redis().exists(HIDDEN)).isZero();
	}

	@Test
	void whatAStreamDidNotReceiveIsKeptForTheNextClaimWhoeverTheFieldNames() {
		long first = publish();
		long last = publish();
		assertThat(release(new Field("alice", "c1", 5, new Received(first, last, 0, 0)))).isEqualTo(1);
		assertThat(this.partition.redis().get(HIDDEN)).isEqualTo(text(first) + " " + text(last));
		assertThat(this.partition.redis().ttl(HIDDEN)).isBetween(604_700L, 604_800L);
		assertThat(claim("c2", first).hiddenFrom()).as("a cursor below reads it from history").isNull();
		assertThat(claim("c3", last).hiddenFrom()).isEqualTo(first);
		assertThat(claim("c4", last).hiddenFrom()).as("the answer may have been lost").isEqualTo(first);
		assertThat(claim("c5", last + 1).hiddenFrom()).isNull();
		assertThat(claim("c6", MessageId.ZERO).hiddenFrom()).isNull();
	}

	@Test
	void theOneWhoHasTheUserAlreadyIsTold() {
		long first = publish();
		long last = publish();
		RedisPartition.Ear ear = this.partition.listen("node:a");
		assertThat(release(new Field("alice", "c0", 4, new Received(first, last, 0, 0)))).isZero();
		assertThat(ear.next(Frame.Hidden.class)).isEqualTo(new Frame.Hidden("c1", first, last));
		assertThat(this.partition.redis().get(HIDDEN)).isEqualTo(text(first) + " " + text(last));
	}

	@Test
	void whatHistoryLostCountsAsNotReceived() {
		long first = publish();
		long last = publish();
		this.partition.redis().del(PREFIX + "ch:user:alice");
		release(new Field("alice", "c1", 5, new Received(first, last, 0, 0)));
		assertThat(this.partition.redis().get(HIDDEN)).isEqualTo(text(first) + " " + text(last));
	}

	@Test
	void anAnnouncedStretchIsKeptForAClientThatDidNotSeeIt() {
		long last = publish();
		release(new Field("alice", "c1", 5, new Received(last + 9, last + 9, last - 3, last)));
		assertThat(this.partition.redis().get(HIDDEN)).isEqualTo(text(last - 3) + " " + text(last));
		release(new Field("alice", "c1", 5, new Received(last + 9, last + 9, last - 1, last + 2)));
		assertThat(this.partition.redis().get(HIDDEN)).as("both").isEqualTo(text(last - 3) + " " + text(last + 2));
	}

	@Test
	void whatCannotBeReadStopsNoReleaseAndCountsAsHidden() {
		long last = publish();
		Received all = new Received(last, last + 7, 0, 0);
		for (String junk : List.of("", "junk", last + "-", "99999999999999-0 1-0 5")) {
			this.partition.redis().hset(PREFIX + "last", "user:alice", junk);
			this.partition.redis().hset(PRESENCE, "bob", junk);
			this.partition.owner("alice", "a", "c1", 5, "page");
			assertThat(release(new Field("bob", "c0", 4, all), new Field("alice", "c1", 5, all))).as(junk).isEqualTo(1);
			assertThat(this.partition.redis().getdel(HIDDEN)).as(junk).isEqualTo(text(last) + " " + text(last + 7));
		}
	}

	@Test
	void aHistoryOfAnotherTypeStopsNoRelease() {
		long last = publish();
		Received all = new Received(last - 1, last - 1, 0, 0);
		this.partition.redis().del(PREFIX + "ch:user:alice");
		this.partition.redis().set(PREFIX + "ch:user:alice", "no stream");
		this.partition.owner("alice", "a", "c1", 5, "page");
		this.partition.owner("bob", "a", "c2", 5, "page");
		assertThat(release(new Field("alice", "c1", 5, new Received(last - 2, last - 1, 0, 0)),
				new Field("bob", "c2", 5, all)))
			.isEqualTo(2);
		assertThat(this.partition.redis().get(HIDDEN)).isEqualTo(text(last - 2) + " " + text(last - 1));
	}

	@Test
	void aStretchThatCannotBeReadMayBeAny() {
		long first = publish();
		long last = publish();
		this.partition.redis().setex(HIDDEN, 60, "junk");
		release(new Field("alice", "c1", 5, new Received(first, last, 0, 0)));
		assertThat(this.partition.redis().ttl(HIDDEN)).isBetween(604_700L, 604_800L);
		assertThat(claim("c2", last).hiddenFrom()).isEqualTo(1);
		long next = publish();
		assertThat(claim("c3", next).hiddenFrom()).as("what came since is not concerned").isNull();
		assertThat(claim("c4", first).hiddenFrom()).as("the answer may have been lost").isEqualTo(1);
		this.partition.redis().del(HIDDEN);
		this.partition.redis().lpush(HIDDEN, "no", "text");
		assertThat(claim("c5", next).hiddenFrom()).isEqualTo(1);
		assertThat(this.partition.redis().ttl(HIDDEN)).isBetween(604_700L, 604_800L);
	}

	@Test
	void moreThanOneCallMayDoAreReleasedByAnother() {
		String data = "x".repeat(100_000);
		List<Field> fields = new ArrayList<>();
		for (int i = 0; i < 1_200; i++) {
			String user = "u" + i;
			this.partition.owner(user, "a", "c" + i, 5, "p");
			if (i % 100 == 0) {
				this.partition.stored("user:" + user, "9-0", "3-0", data);
			}
			this.partition.redis().hset(RedisPartition.LAST, "user:" + user, "9-0");
			fields.add(new Field(user, "c" + i, 5, new Received(MessageId.of(2, 0), MessageId.of(4, 0), 0, 0)));
		}
		assertThat(get(this.partition.presence().release(fields))).isEqualTo(1_200);
		assertThat(this.partition.redis().hkeys(PRESENCE)).containsExactly("alice");
		assertThat(this.partition.redis().keys(PREFIX + "hidden:*")).hasSize(1_200);
		assertThat(get(this.partition.presence().release(List.of()))).isZero();
	}

	@Test
	void anEntryThatIsNoMessageMayHaveBeenHidden() {
		this.partition.redis().xadd(PREFIX + "ch:user:alice", XAddArgs.Builder.maxlen(9).id("9-0"), "x", "y");
		this.partition.redis().hset(RedisPartition.LAST, "user:alice", "9-0");
		release(new Field("alice", "c1", 5, new Received(MessageId.of(2, 0), MessageId.of(4, 0), 0, 0)));
		assertThat(this.partition.redis().get(HIDDEN)).isEqualTo("2-0 4-0");
	}

	private ClaimResult.Owner claim(String connection, long cursor) {
		return (ClaimResult.Owner) get(this.partition.presence()
			.claim("a", new Claim("alice", connection, "p", Tier.NORMAL, "", cursor, IssuedToken.LATEST)));
	}

	private long publish() {
		return ((Publisher.Result.Stored) get(this.partition.publisher()
			.publish(List.of(ChannelName.user("alice")), RedisPartition.message("m"), null))).receipts()
			.getFirst()
			.id();
	}

	private static String text(long id) {
		return MessageId.format(id);
	}

	private long release(Field... fields) {
		return get(this.partition.presence().release(List.of(fields)));
	}

}
