package io.fanfare.redis.history;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.history.History.Page;
import io.lettuce.core.XAddArgs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.LAST;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class ReadPageIT {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private final long recent = System.currentTimeMillis() - Duration.ofMinutes(10).toMillis();

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void aChannelWithoutMessagesIsAnEmptyPage() {
		assertThat(after(0, 5)).isEqualTo(new Page(0, 0, false, 0, List.of()));
		assertThat(before(MessageId.MAX, 5)).isEqualTo(new Page(0, 0, false, 0, List.of()));
	}

	@Test
	void pagesAfterAnIdGoForward() {
		store(5);
		assertThat(ids(after(0, 2))).containsExactly(id(0), id(1));
		assertThat(after(0, 2).more()).isTrue();
		assertThat(ids(after(id(1), 2))).containsExactly(id(2), id(3));
		assertThat(ids(after(id(2), 2))).containsExactly(id(3), id(4));
		assertThat(after(id(2), 2).more()).isFalse();
		assertThat(ids(after(id(4), 2))).isEmpty();
		assertThat(ids(after(MessageId.of(1, 0), 9))).as("an id of long ago").hasSize(5);
	}

	@Test
	void pagesBeforeAnIdGoBackAndAreOldestFirstAllTheSame() {
		store(5);
		assertThat(ids(before(MessageId.MAX, 2))).containsExactly(id(3), id(4));
		assertThat(before(MessageId.MAX, 2).more()).isTrue();
		assertThat(ids(before(id(3), 2))).containsExactly(id(1), id(2));
		assertThat(before(id(3), 2).more()).isTrue();
		assertThat(ids(before(id(1), 2))).containsExactly(id(0));
		assertThat(before(id(1), 2).more()).isFalse();
		assertThat(before(id(2), 2).more()).as("exactly two are left").isFalse();
		assertThat(ids(before(id(0), 2))).isEmpty();
	}

	@Test
	void everyPageTellsFloorAndLatest() {
		store(5);
		this.partition.redis().hset(LAST, "news", MessageId.format(id(4)) + " 0-0 99");
		for (Page page : List.of(after(0, 1), after(id(4), 1), before(id(2), 1), before(id(0), 1))) {
			assertThat(page.floor()).isEqualTo(id(0));
			assertThat(page.latest()).isEqualTo(id(4));
		}
	}

	@Test
	void whatIsTooOldIsNotShown() {
		long old = this.recent - Duration.ofHours(2).toMillis();
		this.partition.stored("news", old + "-0", "0-0", "old");
		store(2);
		assertThat(after(0, 10).floor()).isEqualTo(id(0));
		assertThat(ids(after(0, 10))).containsExactly(id(0), id(1));
		assertThat(ids(after(MessageId.of(old - 1, 0), 10))).containsExactly(id(0), id(1));
		assertThat(ids(before(MessageId.MAX, 10))).containsExactly(id(0), id(1));
		assertThat(before(MessageId.MAX, 2).more()).isFalse();
		assertThat(ids(before(MessageId.of(old, 1), 10))).isEmpty();
	}

	@Test
	void aHistoryThatIsGoneStillTellsTheLatest() {
		this.partition.redis().hset(LAST, "news", "7-7");
		assertThat(after(0, 5)).isEqualTo(new Page(0, MessageId.of(7, 7), false, 0, List.of()));
	}

	@Test
	void walkingForwardAndBackShowsTheSame() {
		store(17);
		List<Long> forward = new ArrayList<>();
		Page page = after(0, 4);
		forward.addAll(ids(page));
		while (page.more()) {
			page = after(forward.getLast(), 4);
			forward.addAll(ids(page));
		}
		List<Long> back = new ArrayList<>();
		page = before(MessageId.MAX, 4);
		back.addAll(0, ids(page));
		while (page.more()) {
			page = before(back.getFirst(), 4);
			back.addAll(0, ids(page));
		}
		assertThat(forward).hasSize(17).isEqualTo(back);
	}

	@Test
	void aPageEndsAtAMebibyteAndTheNextGoesOnThere() {
		String data = "x".repeat(60_000);
		for (int i = 0; i < 40; i++) {
			this.partition.stored("news", this.recent + "-" + i, "0-0", data);
		}
		int fit = 1024 * 1024 / RedisPartition.message(data).encode().length;
		Page first = after(0, 1000);
		assertThat(ids(first)).hasSize(fit);
		assertThat(first.more()).isTrue();
		assertThat(first.end()).isEqualTo(id(fit - 1));
		assertThat(ids(after(first.end(), 1000)).getFirst()).isEqualTo(id(fit));
		assertThat(ids(after(id(39 - fit), 1000))).hasSize(fit);
		assertThat(after(id(39 - fit), 1000).more()).isFalse();
		Page newest = before(MessageId.MAX, 1000);
		assertThat(ids(newest)).hasSize(fit).endsWith(id(39));
		assertThat(newest.end()).isEqualTo(id(40 - fit));
		assertThat(ids(before(newest.end(), 3))).containsExactly(id(37 - fit), id(38 - fit), id(39 - fit));
	}

	@Test
	void aPageHasOneMessageAtLeast() {
		this.partition.stored("news", this.recent + "-0", "0-0", "x".repeat(1_500_000));
		this.partition.stored("news", this.recent + "-1", "0-0", "m");
		assertThat(ids(after(0, 10))).containsExactly(id(0));
		assertThat(after(0, 10).more()).isTrue();
		assertThat(ids(before(MessageId.MAX, 10))).containsExactly(id(1));
		assertThat(ids(before(id(1), 10))).containsExactly(id(0));
	}

	@Test
	void whatCannotBeReadIsLeftOutAndPassed() {
		store(2);
		this.partition.redis()
			.xadd(RedisPartition.PREFIX + "ch:news", XAddArgs.Builder.maxlen(100).id(this.recent + "-2"), "anything",
					"else");
		this.partition.stored("news", this.recent + "-3", this.recent + "-2", "m");
		assertThat(ids(after(0, 10))).containsExactly(id(0), id(1), id(3));
		Page page = after(id(1), 1);
		assertThat(page.entries()).isEmpty();
		assertThat(page.end()).isEqualTo(id(2));
		assertThat(page.more()).isTrue();
		assertThat(ids(before(id(3), 1))).isEmpty();
		assertThat(before(id(3), 1).end()).isEqualTo(id(2));
	}

	private void store(int count) {
		for (int i = 0; i < count; i++) {
			this.partition.stored("news", this.recent + "-" + i, "0-0", "m");
		}
	}

	private long id(int i) {
		return MessageId.of(this.recent, i);
	}

	private Page after(long id, int limit) {
		return get(this.partition.history().pageAfter(NEWS, id, limit));
	}

	private Page before(long id, int limit) {
		return get(this.partition.history().pageBefore(NEWS, id, limit));
	}

	private static List<Long> ids(Page page) {
		return page.entries().stream().map(History.Entry::id).toList();
	}

}
