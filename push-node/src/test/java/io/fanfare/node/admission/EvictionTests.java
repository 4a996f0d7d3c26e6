package io.fanfare.node.admission;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.admission.Eviction.Candidate;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class EvictionTests {

	private final Deque<CompletableFuture<List<Candidate>>> looks = new ArrayDeque<>();

	private long nanos = 1;

	private int none;

	private final List<String> noted = new ArrayList<>();

	private int fatal;

	/** Whether no look can even begin. */
	private boolean broken;

	private final Slots slots = new Slots(1,
			new AdmissionSettings(AdmissionSettings.Policy.EVICT, 0, Duration.ZERO, Duration.ZERO), () -> 0);

	private final Eviction eviction = new Eviction(this.slots, (each) -> {
		if (this.broken) {
			throw new NoClassDefFoundError("test");
		}
		this.looks.add(new CompletableFuture<>());
		return this.looks.getLast();
	}, new Errors(() -> this.nanos, this.noted::add, (error) -> this.fatal++), () -> this.nanos);

	private void makeRoom() {
		this.eviction.makeRoom(this.slots.request("user", null, Tier.HIGH), true, () -> this.none++);
	}

	private static Candidate candidate() {
		return new Candidate(new Low(), 1, false);
	}

	/** A stream of tier low that is never run. */
	private static final class Low implements Eviction.Stream {

		@Override
		public @Nullable CloseReason overdue() {
			return null;
		}

		@Override
		public boolean isEvictable() {
			return true;
		}

		@Override
		public long idleNanos() {
			return 1;
		}

		@Override
		public void goAway(CloseReason reason) {
			throw new AssertionError(reason);
		}

		@Override
		public void submit(Runnable task) {
			// its loop never takes it
		}

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

	/** A stream that runs what it is given at once. */
	private static final class Running implements Eviction.Stream {

		private @Nullable CloseReason overdue;

		private boolean evictable = true;

		private @Nullable CloseReason ended;

		@Override
		public @Nullable CloseReason overdue() {
			return this.overdue;
		}

		@Override
		public boolean isEvictable() {
			return this.evictable;
		}

		@Override
		public long idleNanos() {
			return 1;
		}

		@Override
		public void goAway(CloseReason reason) {
			this.ended = reason;
		}

		@Override
		public void submit(Runnable task) {
			task.run();
		}

	}

	@Test
	void aStreamThatIsOverdueGoesBeforeTheIdlest() {
		Running idle = new Running();
		Running late = new Running();
		late.overdue = CloseReason.SLOW;
		takeSlot();
		ask();
		this.looks.remove().complete(List.of(new Candidate(idle, 1, false), new Candidate(late, 2, true)));
		assertThat(late.ended).isEqualTo(CloseReason.SLOW);
		assertThat(idle.ended).isNull();
		assertThat(this.none).isZero();
	}

	@Test
	void theIdlestOfTierLowGoesAndTheOthersStay() {
		Running idlest = new Running();
		Running busier = new Running();
		takeSlot();
		ask();
		this.looks.remove().complete(List.of(new Candidate(busier, 2, false), new Candidate(idlest, 1, false)));
		assertThat(idlest.ended).isEqualTo(CloseReason.PREEMPTED);
		assertThat(busier.ended).isNull();
		assertThat(this.eviction.remembered()).isEqualTo(1);
	}

	@Test
	void oneThatIsNoLongerEvictableStaysAndTheNextGoes() {
		Running former = new Running();
		Running next = new Running();
		former.evictable = false;
		takeSlot();
		ask();
		this.looks.remove().complete(List.of(new Candidate(former, 1, false), new Candidate(next, 2, false)));
		assertThat(former.ended).isNull();
		assertThat(next.ended).isEqualTo(CloseReason.PREEMPTED);
	}

	@Test
	void aLoopsCandidatesAreItsIdlestOfEitherKind() {
		Eviction.Candidates candidates = new Eviction.Candidates(1);
		Running late = new Running();
		late.overdue = CloseReason.ZOMBIE;
		Running fixed = new Running();
		fixed.evictable = false;
		Running idle = new Running();
		candidates.look(fixed);
		candidates.look(idle);
		candidates.look(late);
		candidates.look(new Running());
		assertThat(candidates.found()).extracting(Candidate::overdue).containsExactlyInAnyOrder(true, false);
		assertThat(candidates.found()).extracting(Candidate::stream).contains(late).doesNotContain(fixed);
	}

	private void takeSlot() {
		this.slots.arrive(this.slots.request("low", null, Tier.LOW), false);
	}

	private void ask() {
		Slots.Request asking = this.slots.request("high", null, Tier.HIGH);
		assertThat(this.slots.arrive(asking, false)).isEqualTo(Slots.Decision.ASKS);
		this.eviction.makeRoom(asking, true, () -> this.none++);
	}

}
