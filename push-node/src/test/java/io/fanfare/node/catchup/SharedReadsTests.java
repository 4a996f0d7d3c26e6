package io.fanfare.node.catchup;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Predecessor;
import org.junit.jupiter.api.Test;

import static io.fanfare.node.catchup.Batches.batch;
import static io.fanfare.node.catchup.Batches.entries;
import static org.assertj.core.api.Assertions.assertThat;

class SharedReadsTests {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private final Batches history = new Batches();

	private long now = 1_000;

	private final SharedReads reads = new SharedReads(this.history, () -> Instant.ofEpochMilli(this.now), 1 << 20);

	@Test
	void thoseWhoAskForTheSameWhileItIsReadShareTheRead() {
		CompletableFuture<ChannelBatch> first = this.reads.read(NEWS, 10);
		CompletableFuture<ChannelBatch> second = this.reads.read(NEWS, 10);
		assertThat(this.history.asked).hasSize(1);
		this.history.answer(0, batch(100, true, 0, entries(20)));
		assertThat(first.resultNow()).isSameAs(second.resultNow());
	}

	@Test
	void anotherPositionIsReadByItselfUntilABatchCoversIt() {
		this.reads.read(NEWS, 10);
		this.reads.read(NEWS, 15);
		assertThat(this.history.asked).hasSize(2);
		this.history.answer(0, batch(100, true, 0, entries(20)));
		assertThat(this.reads.read(NEWS, 50)).isCompleted();
		assertThat(this.reads.read(NEWS, 10)).isCompleted();
		assertThat(this.history.asked).hasSize(2);
		assertThat(this.reads.read(NEWS, 100)).isNotDone();
		assertThat(this.reads.read(NEWS, 9)).isNotDone();
		assertThat(this.history.asked).hasSize(4);
	}

	@Test
	void aFailureIsToldToAllWhoWaitedAndNotKept() {
		CompletableFuture<ChannelBatch> first = this.reads.read(NEWS, 10);
		CompletableFuture<ChannelBatch> second = this.reads.read(NEWS, 10);
		this.history.asked.getFirst().answer().completeExceptionally(new IllegalStateException("away"));
		assertThat(first).isCompletedExceptionally();
		assertThat(second).isCompletedExceptionally();
		CompletableFuture<ChannelBatch> third = this.reads.read(NEWS, 10);
		this.history.answer(1, batch(100, true, 0));
		assertThat(third).isCompleted();
	}

	@Test
	void aUsersOwnChannelIsNeverShared() {
		this.reads.read(ChannelName.user("alice"), 10);
		this.reads.read(ChannelName.user("alice"), 10);
		assertThat(this.history.asked).hasSize(2);
	}

	@Test
	void aBatchIsKeptForAMoment() {
		this.reads.read(NEWS, 10);
		this.history.answer(0, batch(100, true, 0));
		this.now += 1_999;
		assertThat(this.reads.read(NEWS, 10)).isCompleted();
		this.now += 1;
		assertThat(this.reads.read(NEWS, 10)).isNotDone();
		this.now += 2_000;
		this.reads.sweep();
		assertThat(this.reads.read(NEWS, 10)).isNotDone();
	}

	@Test
	void aBatchFromBeforeALossOfDataAnswersNobody() {
		this.reads.read(NEWS, 10);
		this.history.answer(0, batch(100, true, 0));
		this.reads.read(NEWS, 100);
		this.history.answer(1, batch(200, true, new Predecessor(0, 0, 0), 150));
		assertThat(this.reads.read(NEWS, 10)).isNotDone();
		assertThat(this.history.asked).hasSize(3);
	}

	@Test
	void onlySoManyBatchesAreKept() {
		for (int i = 0; i < 40; i++) {
			this.reads.read(NEWS, 1_000 - i);
			this.history.answer(i, batch(1_001 - i, false, 0, entries(1_001 - i)));
		}
		this.reads.read(NEWS, 5);
		int asked = this.history.asked.size();
		assertThat(this.reads.read(NEWS, 970)).isCompleted();
		assertThat(this.reads.read(NEWS, 1_000)).isNotDone();
		assertThat(this.history.asked).hasSize(asked + 1);
	}

}
