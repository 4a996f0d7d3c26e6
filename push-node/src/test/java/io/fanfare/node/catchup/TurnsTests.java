package io.fanfare.node.catchup;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests {@link Turns}. */
class TurnsTests {

	private final Turns turns = new Turns(2);

	@Test
	void aHundredThousandCallsThatFailAtOnceNeitherNestNorLoseATurn() {
		List<CompletableFuture<String>> held = List.of(new CompletableFuture<>(), new CompletableFuture<>());
		held.forEach((call) -> this.turns.take(() -> call));
		List<CompletableFuture<String>> failing = new ArrayList<>();
		for (int i = 0; i < 100_000; i++) {
			failing.add(this.turns.take(() -> CompletableFuture.failedFuture(new IllegalStateException("away"))));
		}
		held.forEach((call) -> call.completeExceptionally(new IllegalStateException("away")));
		assertThat(failing).allMatch(CompletableFuture::isCompletedExceptionally);
		assertThat(this.turns.take(() -> CompletableFuture.completedFuture("served"))).isCompletedWithValue("served");
	}

	@Test
	void aCallThatThrowsGivesItsTurnBack() {
		for (int i = 0; i < 3; i++) {
			assertThat(this.turns.take(() -> {
				throw new NoClassDefFoundError("test");
			})).isCompletedExceptionally();
		}
		assertThat(this.turns.take(() -> CompletableFuture.completedFuture("served"))).isCompletedWithValue("served");
	}

}
