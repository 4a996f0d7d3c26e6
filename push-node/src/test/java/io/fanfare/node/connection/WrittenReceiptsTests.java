package io.fanfare.node.connection;

import java.util.Objects;
import java.util.stream.LongStream;

import io.fanfare.redis.presence.Unacknowledged;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class WrittenReceiptsTests {

	private final WrittenReceipts receipts = new WrittenReceipts();

	@Test
	void withoutAnyThereIsNothing() {
		assertThat(this.receipts.take((id) -> true)).isEmpty();
		assertThat(this.receipts.left("page")).isNull();
		this.receipts.setBack(5);
		assertThat(this.receipts.left("page")).isNull();
	}

	@Test
	void eachIsTakenOnceWhenItIsAcknowledged() {
		LongStream.rangeClosed(1, 9).forEach(this.receipts::add);
		assertThat(this.receipts.take((id) -> id <= 3 || id == 7)).containsExactly(1L, 2L, 3L, 7L);
		assertThat(this.receipts.take((id) -> id <= 3 || id == 7)).isEmpty();
		assertThat(left()).isEqualTo(new Unacknowledged("page", LongStream.of(4, 5, 6, 8, 9).boxed().toList()));
	}

	@Test
	void aMessageThatIsWrittenTwiceCountsOnce() {
		this.receipts.add(7);
		assertThat(this.receipts.add(7)).isFalse();
		assertThat(this.receipts.take((id) -> true)).containsExactly(7L);
	}

	@Test
	void theOldestAreForgottenAboveTheMost() {
		for (long id = 1; id <= Unacknowledged.MOST; id++) {
			assertThat(this.receipts.add(id)).as("%d", id).isFalse();
		}
		assertThat(this.receipts.add(1_000)).isTrue();
		assertThat(left().ids()).hasSize(Unacknowledged.MOST).startsWith(2L, 3L).endsWith(100L, 1_000L);
	}

	@Test
	void whatTheStoreMayGiveOnceMoreIsForgotten() {
		LongStream.rangeClosed(1, 9).forEach(this.receipts::add);
		this.receipts.setBack(4);
		assertThat(left().ids()).containsExactly(1L, 2L, 3L, 4L);
		this.receipts.add(5);
		assertThat(left().ids()).containsExactly(1L, 2L, 3L, 4L, 5L);
	}

	private Unacknowledged left() {
		return Objects.requireNonNull(this.receipts.left("page"));
	}

}
