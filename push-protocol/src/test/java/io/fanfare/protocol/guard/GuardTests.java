package io.fanfare.protocol.guard;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests {@link Errors} and {@link GuardedScheduler}. */
class GuardTests {

	private final List<String> counted = new CopyOnWriteArrayList<>();

	private final List<Throwable> fatal = new ArrayList<>();

	private final Errors errors = new Errors(System::nanoTime, this.counted::add, this.fatal::add);

	@Test
	void aPeriodicTaskThatThrowsRunsAgain() throws InterruptedException {
		CountDownLatch fourTimes = new CountDownLatch(4);
		try (GuardedScheduler scheduler = new GuardedScheduler("test", this.errors)) {
			scheduler.every(Duration.ZERO, Duration.ofMillis(1), () -> {
				fourTimes.countDown();
				throw new AssertionError("an error, not an exception");
			});
			assertThat(fourTimes.await(10, TimeUnit.SECONDS)).isTrue();
		}
		assertThat(this.counted).contains("test").size().isGreaterThanOrEqualTo(3);
		assertThat(this.fatal).isEmpty();
	}

	@Test
	void aTaskAfterTheEndIsDropped() {
		GuardedScheduler scheduler = new GuardedScheduler("test", this.errors);
		scheduler.close();
		AtomicInteger ran = new AtomicInteger();
		scheduler.execute(ran::incrementAndGet);
		scheduler.schedule(Duration.ZERO, ran::incrementAndGet);
		scheduler.every(Duration.ZERO, Duration.ofMillis(1), ran::incrementAndGet);
		assertThat(ran).hasValue(0);
	}

	@Test
	void everyErrorIsCountedAndNoneGoesOn() {
		assertThat(this.errors.run("a", () -> {
			throw new IllegalStateException("one");
		})).isFalse();
		this.errors.guard("b", () -> {
			throw new NoClassDefFoundError("two");
		}).run();
		assertThat(this.errors.run("c", () -> {
		})).isTrue();
		assertThat(this.counted).containsExactly("a", "b");
		assertThat(this.fatal).isEmpty();
	}

	@Test
	void anErrorOfTheVirtualMachineEndsTheProcessAlsoAsACause() {
		OutOfMemoryError heap = new OutOfMemoryError("Java heap space");
		this.errors.note("a", heap);
		this.errors.note("a", new IllegalStateException("wrapped", heap));
		assertThat(this.fatal).hasSize(2);
	}

	@Test
	void exhaustedDirectMemoryDoesNotEndTheProcess() {
		this.errors.note("a", new OutOfMemoryError("Cannot reserve 4194304 bytes of direct buffer memory"));
		assertThat(this.fatal).isEmpty();
		assertThat(this.counted).containsExactly("a");
	}

}
