package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Received;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ReleasesTests {

	private static final int MOST = 2_000;

	private final Queue<Runnable> tasks = new ArrayDeque<>();

	private final Deque<Runnable> waiting = new ArrayDeque<>();

	private final List<Integer> waits = new ArrayList<>();

	private final List<List<Field>> calls = new ArrayList<>();

	private final Set<String> released = new HashSet<>();

	private boolean down;

	private final Releases releases = new Releases(MOST, this::call, this.tasks::add, (task, failures) -> {
		this.waits.add(failures);
		this.waiting.add(task);
	});

	private CompletableFuture<Long> call(List<Field> fields) {
		this.calls.add(fields);
		if (this.down) {
			return CompletableFuture.failedFuture(new IllegalStateException("down"));
		}
		fields.forEach((field) -> this.released.add(field.connection()));
		return CompletableFuture.completedFuture((long) fields.size());
	}

	private void end(int from, int to) {
		for (int i = from; i < to; i++) {
			this.releases.add(new Field("u" + i, "c" + i, 1, new Received(1, 2, 0, 0)));
		}
		this.releases.flush();
		run();
	}

	private void run() {
		Runnable task;
		while ((task = this.tasks.poll()) != null) {
			task.run();
		}
	}

	private void retry() {
		this.waiting.remove().run();
		run();
	}

	@Test
	void noCallHasMoreThanFiveHundredFields() {
		end(0, 1_234);
		assertThat(this.calls).extracting(List::size).containsExactly(500, 500, 234);
		assertThat(this.released).hasSize(1_234);
		assertThat(this.waiting).isEmpty();
	}

	@Test
	void whatFailsIsSentAgainAfterWaitsThatGrowAndOneCallAtATime() {
		this.down = true;
		end(0, 1_200);
		for (int i = 0; i < 5; i++) {
			this.calls.clear();
			assertThat(this.waiting).hasSize(1);
			retry();
			assertThat(this.calls).extracting(List::size).containsExactly(500);
		}
		assertThat(this.waits).containsExactly(0, 1, 2, 3, 4, 5);
		this.down = false;
		this.calls.clear();
		retry();
		assertThat(this.calls).extracting(List::size).containsExactly(500, 500, 200);
		assertThat(this.released).hasSize(1_200);
		assertThat(this.releases.kept()).isZero();
		this.down = true;
		end(1_200, 1_201);
		assertThat(this.waits).as("after an answer").endsWith(0);
	}

	@Test
	void onlySoManyAreKept() {
		this.down = true;
		for (int i = 0; i < 10; i++) {
			end(i * 1_000, (i + 1) * 1_000);
			assertThat(this.releases.kept()).isLessThanOrEqualTo(MOST);
		}
		assertThat(this.waiting).hasSize(1);
		this.down = false;
		retry();
		assertThat(this.released).hasSize(MOST).contains("c9999").doesNotContain("c0");
	}

	@Test
	void aFieldOfWhichNothingMoreIsKnownIsLeftToTheReaper() {
		this.down = true;
		this.releases.add(new Field("alice", "c1", 1, null));
		this.releases.flush();
		run();
		assertThat(this.releases.kept()).isZero();
		assertThat(this.waiting).isEmpty();
	}

	@Test
	void atTheEndEverythingIsSentOnceMore() {
		this.down = true;
		end(0, 600);
		this.releases.add(new Field("alice", "c", 1, null));
		this.down = false;
		this.calls.clear();
		assertThat(this.releases.stop()).isDone();
		assertThat(this.calls).extracting(List::size).containsExactly(500, 101);
		retry();
		assertThat(this.calls).hasSize(2);
	}

}
