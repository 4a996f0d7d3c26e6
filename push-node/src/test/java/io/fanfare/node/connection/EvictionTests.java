package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.connection.Eviction.Candidate;
import io.fanfare.node.connection.Places.Place;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class EvictionTests {

	private final TestLoop node = new TestLoop(100);

	private final Deque<CompletableFuture<List<Candidate>>> looks = new ArrayDeque<>();

	private long nanos = 1;

	private int none;

	private final List<String> noted = new ArrayList<>();

	private int fatal;

	/** Whether no look can even begin. */
	private boolean broken;

	private final Eviction eviction = new Eviction(new Places(1,
			new AdmissionSettings(AdmissionSettings.Policy.EVICT, 0, Duration.ZERO, Duration.ZERO), () -> 0),
			(each) -> {
				if (this.broken) {
					throw new NoClassDefFoundError("test");
				}
				this.looks.add(new CompletableFuture<>());
				return this.looks.getLast();
			}, new Errors(() -> this.nanos, this.noted::add, (error) -> this.fatal++), () -> this.nanos);

	private void makeRoom() {
		this.eviction.makeRoom(new Place("user", null, Tier.HIGH, () -> {
		}, () -> {
		}), true, () -> this.none++);
	}

	private Candidate candidate() {
		this.node.open("low-" + this.nanos++, new StreamRequest.Start.Now());
		this.node.run();
		return new Candidate(this.node.loop.present().getLast(), 1, false);
	}

	@Test
	void whatIsFoundIsForgottenOnceNobodyNeedsIt() {
		makeRoom();
		this.looks.remove().complete(List.of(candidate(), candidate(), candidate()));
		assertThat(this.eviction.remembered()).isEqualTo(2);
		this.eviction.sweep();
		assertThat(this.eviction.remembered()).isEqualTo(2);
		this.nanos += Duration.ofSeconds(1).toNanos();
		this.eviction.sweep();
		assertThat(this.eviction.remembered()).isZero();
	}

	@Test
	void aLookThatCannotBeginFindsNobodyAndTheNextOneLooksAgain() {
		this.broken = true;
		makeRoom();
		assertThat(this.none).isEqualTo(1);
		assertThat(this.noted).containsExactly("evict");
		this.broken = false;
		this.nanos += Duration.ofSeconds(1).toNanos();
		makeRoom();
		assertThat(this.looks).hasSize(1);
	}

	@Test
	void aLookThatFailsFindsNobodyAndTheNextOneLooksAgain() {
		makeRoom();
		makeRoom();
		assertThat(this.looks).hasSize(1);
		this.looks.remove().completeExceptionally(new IllegalStateException("a loop failed"));
		assertThat(this.none).isEqualTo(2);
		assertThat(this.noted).containsExactly("evict");
		assertThat(this.fatal).isZero();
		this.nanos += Duration.ofSeconds(1).toNanos();
		makeRoom();
		assertThat(this.looks).hasSize(1);
		this.looks.remove().completeExceptionally(new OutOfMemoryError("Java heap space"));
		assertThat(this.fatal).isEqualTo(1);
	}

}
