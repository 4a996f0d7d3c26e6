package io.fanfare.protocol.guard;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** What one task does to the others, and what it does not. */
class ThreadSchedulerTests {

	private static final Duration OFTEN = Duration.ofMillis(1);

	private final List<String> noted = new CopyOnWriteArrayList<>();

	private final Errors errors = new Errors(System::nanoTime, this.noted::add, (fatal) -> {
	});

	private final ThreadScheduler scheduler = new ThreadScheduler(System::nanoTime, this.errors);

	@AfterEach
	void close() {
		this.scheduler.close();
	}

	private static void awaitLatch(CountDownLatch latch) {
		try {
			assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void tasksThatBlockOrComputeForEverOrThrowHoldUpNoOtherWorker() {
		// More than there are processors, and more than threads that are kept.
		int many = 2 * Runtime.getRuntime().availableProcessors() + 4;
		CountDownLatch begun = new CountDownLatch(2 * many);
		AtomicBoolean computing = new AtomicBoolean(true);
		AtomicInteger after = new AtomicInteger();
		try {
			for (int i = 0; i < many; i++) {
				Worker blocked = this.scheduler.createWorker("blocked");
				blocked.every(Duration.ZERO, OFTEN, () -> {
					begun.countDown();
					awaitLatch(new CountDownLatch(1));
				});
				blocked.execute(after::incrementAndGet);
				Worker busy = this.scheduler.createWorker("busy");
				busy.execute(() -> {
					begun.countDown();
					while (computing.get()) {
						Thread.onSpinWait();
					}
				});
				this.scheduler.createWorker("throws").every(Duration.ZERO, Duration.ofMillis(50), () -> {
					throw new AssertionError("an error, not an exception");
				});
			}
			awaitLatch(begun);
			CountDownLatch runs = new CountDownLatch(20);
			this.scheduler.createWorker("well").every(OFTEN, OFTEN, runs::countDown);
			CountDownLatch later = new CountDownLatch(1);
			this.scheduler.createWorker("late").schedule(Duration.ofMillis(20), later::countDown);
			awaitLatch(runs);
			awaitLatch(later);
			assertThat(after).as("what waits behind a task that stands still").hasValue(0);
		}
		finally {
			computing.set(false);
		}
	}

	@Test
	void aPeriodicTaskThatThrowsRunsAgainAndIsNotedByItsPlace() {
		CountDownLatch fourTimes = new CountDownLatch(4);
		this.scheduler.createWorker("test").every(Duration.ZERO, OFTEN, () -> {
			fourTimes.countDown();
			throw new AssertionError("an error, not an exception");
		});
		awaitLatch(fourTimes);
		await().untilAsserted(() -> assertThat(this.noted).contains("test").size().isGreaterThanOrEqualTo(3));
	}

	@Test
	void tasksOfAWorkerRunInOrderOneAtATimeWhoeverHandsThemIn() throws InterruptedException {
		Worker worker = this.scheduler.createWorker("test");
		List<Integer> last = new ArrayList<>(List.of(-1, -1, -1, -1));
		AtomicInteger within = new AtomicInteger();
		AtomicInteger faults = new AtomicInteger();
		int each = 5_000;
		CountDownLatch all = new CountDownLatch(4 * each);
		List<Thread> callers = new ArrayList<>();
		for (int c = 0; c < 4; c++) {
			int caller = c;
			callers.add(Thread.ofPlatform().start(() -> {
				for (int i = 0; i < each; i++) {
					int number = i;
					worker.execute(() -> {
						// Not safe for threads: only order and visibility keep it right.
						boolean alone = within.incrementAndGet() == 1;
						boolean next = last.set(caller, number) == number - 1;
						faults.addAndGet((alone && next) ? 0 : 1);
						within.decrementAndGet();
						all.countDown();
					});
				}
			}));
		}
		for (Thread caller : callers) {
			caller.join();
		}
		awaitLatch(all);
		assertThat(faults).hasValue(0);
	}

	@Test
	void aPeriodicTaskIsDueAnIntervalAfterTheEndOfItsLastRun() {
		Duration interval = Duration.ofMillis(50);
		List<Long> pauses = new CopyOnWriteArrayList<>();
		long[] ended = { 0 };
		this.scheduler.createWorker("test").every(Duration.ZERO, interval, () -> {
			long begun = System.nanoTime();
			if (ended[0] != 0) {
				pauses.add(begun - ended[0]);
			}
			while (System.nanoTime() - begun < interval.toNanos()) {
				Thread.onSpinWait();
			}
			ended[0] = System.nanoTime();
		});
		await().until(() -> pauses.size() >= 3);
		assertThat(pauses).allSatisfy((pause) -> assertThat(pause).isGreaterThanOrEqualTo(interval.toNanos()));
	}

	@Test
	void theThreadOfATaskIsNamedAfterItsPlace() {
		List<String> names = new CopyOnWriteArrayList<>();
		this.scheduler.createWorker("link-test").execute(() -> names.add(Thread.currentThread().getName()));
		await().untilAsserted(() -> assertThat(names).containsExactly("fanfare-link-test"));
	}

	@Test
	void aTaskAfterTheEndIsDropped() {
		Worker worker = this.scheduler.createWorker("test");
		AtomicInteger ran = new AtomicInteger();
		CountDownLatch begun = new CountDownLatch(1);
		CountDownLatch interrupted = new CountDownLatch(1);
		worker.execute(() -> {
			begun.countDown();
			try {
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				interrupted.countDown();
			}
		});
		worker.execute(ran::incrementAndGet);
		worker.schedule(OFTEN, ran::incrementAndGet);
		awaitLatch(begun);
		worker.close();
		awaitLatch(interrupted);
		worker.execute(ran::incrementAndGet);
		worker.every(Duration.ZERO, OFTEN, ran::incrementAndGet);
		CountDownLatch others = new CountDownLatch(20);
		AtomicInteger stillInterrupted = new AtomicInteger();
		this.scheduler.createWorker("other").every(OFTEN, OFTEN, () -> {
			stillInterrupted.addAndGet(Thread.currentThread().isInterrupted() ? 1 : 0);
			others.countDown();
		});
		awaitLatch(others);
		assertThat(ran).hasValue(0);
		assertThat(stillInterrupted).as("another worker gets the thread without the interrupt").hasValue(0);
		this.scheduler.close();
		this.scheduler.createWorker("late").execute(ran::incrementAndGet);
		this.scheduler.createWorker("late").schedule(OFTEN, ran::incrementAndGet);
		assertThat(ran).hasValue(0);
	}

}
