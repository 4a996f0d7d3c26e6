package io.fanfare.node.connection;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SlicesTests {

	private final TestLoop node = new TestLoop(Inbox.LIMIT);

	@Test
	void allAreLookedAtSomeAtATime() {
		IntStream.range(0, 20).forEach((i) -> this.node.open("user-" + i, new StreamRequest.Start.Now()));
		this.node.run();
		AtomicInteger looked = new AtomicInteger();
		CompletableFuture<Void> done = Slices.ofAll(this.node.loop, 8, (connection) -> looked.incrementAndGet());
		this.node.run();
		assertThat(done).isCompleted();
		assertThat(looked).hasValue(20);
	}

	@Test
	void whatALookThrowsIsItsOutcomeAndTheLoopRunsOn() {
		this.node.mayThrow = true;
		this.node.open("alice", new StreamRequest.Start.Now());
		this.node.run();
		CompletableFuture<Void> done = Slices.ofAll(this.node.loop, 8, (connection) -> {
			throw new NoClassDefFoundError("test");
		});
		this.node.run();
		assertThat(done).isCompletedExceptionally();
		CompletableFuture<Void> next = Slices.of(this.node.loop, List.of(), 8, (connection) -> {
		});
		this.node.run();
		assertThat(next).isCompleted();
	}

}
