package io.fanfare.node.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import io.fanfare.protocol.ConnectionStatus;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ClosedConnectionsTests {

	private final ClosedConnections ring = new ClosedConnections();

	private static ConnectionStatus status(String user, long number) {
		return new ConnectionStatus("node." + number, "node", user, "page", "normal", "::1", "closed", number, number,
				0, null, null, 0, 0, 0, 0, 1, "client");
	}

	private List<Long> numbers(String user, long below, int limit) {
		return this.ring.list((status) -> user.isEmpty() || status.user().equals(user), below, limit)
			.stream()
			.map(ClosedConnections.Closed::number)
			.toList();
	}

	@Test
	void theLastThousandAreKeptNewestFirst() {
		assertThat(numbers("", Long.MAX_VALUE, 10)).isEmpty();
		for (int i = 0; i < 2_345; i++) {
			this.ring.add(status((i % 2 == 0) ? "even" : "odd", i));
		}
		assertThat(numbers("", Long.MAX_VALUE, 5_000))
			.isEqualTo(LongStream.range(0, 1_000).map((i) -> 2_344 - i).boxed().toList());
		assertThat(this.ring.list((all) -> true, Long.MAX_VALUE, 5_000))
			.allSatisfy((closed) -> assertThat(closed.status().createdAt()).isEqualTo(closed.number()));
		assertThat(numbers("even", Long.MAX_VALUE, 3)).containsExactly(2_344L, 2_342L, 2_340L);
	}

	@Test
	void aPageEndsBelowTheLastWhateverEndsMeanwhile() {
		IntStream.range(0, 500).forEach((i) -> this.ring.add(status("a", i)));
		List<Long> all = new ArrayList<>();
		long below = Long.MAX_VALUE;
		for (List<Long> page = numbers("", below, 70); !page.isEmpty(); page = numbers("", below, 70)) {
			all.addAll(page);
			below = page.getLast();
			IntStream.range(0, 30).forEach((i) -> this.ring.add(status("b", i)));
		}
		assertThat(all).isEqualTo(LongStream.range(0, 500).map((i) -> 499 - i).boxed().toList());
	}

	@Test
	void whoReadsWhileOthersWriteSeesEachOnceInOrder() throws InterruptedException {
		CountDownLatch over = new CountDownLatch(3);
		for (int writer = 0; writer < 3; writer++) {
			String user = "writer-" + writer;
			Thread.ofPlatform().start(() -> {
				IntStream.range(0, 100_000).forEach((i) -> this.ring.add(status(user, i)));
				over.countDown();
			});
		}
		while (over.getCount() > 0) {
			List<Long> numbers = numbers("", Long.MAX_VALUE, 5_000);
			for (int i = 1; i < numbers.size(); i++) {
				assertThat(numbers.get(i)).isLessThan(numbers.get(i - 1));
			}
		}
		over.await();
		assertThat(numbers("", Long.MAX_VALUE, 5_000)).hasSize(1_000);
	}

}
