package io.fanfare.node.cluster;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import io.fanfare.protocol.guard.Errors;
import io.lettuce.core.RedisException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class KnownNodesTests {

	private final Queue<Supplier<CompletableFuture<Set<String>>>> lists = new ArrayDeque<>();

	private long nanos = 1;

	private final List<String> noted = new ArrayList<>();

	private final KnownNodes nodes = new KnownNodes(() -> this.lists.remove().get(),
			new Errors(() -> this.nanos, this.noted::add, (error) -> this.noted.add("fatal")), () -> this.nanos);

	private void pass() {
		this.nanos += KnownNodes.INTERVAL.toNanos();
	}

	@Test
	void aListThatCannotBeAskedForOrReadFailsAndTheNextOneIsAskedFor() {
		this.lists.add(() -> {
			throw new NoClassDefFoundError("test");
		});
		assertThat(this.nodes.exists("a")).isCompletedExceptionally();
		pass();
		this.lists.add(() -> CompletableFuture.completedFuture(null));
		assertThat(this.nodes.exists("a")).isCompletedExceptionally();
		pass();
		assertThat(this.noted).containsExactly("known-nodes", "known-nodes");
		this.lists.add(() -> CompletableFuture.failedFuture(new RedisException("down")));
		assertThat(this.nodes.exists("a")).isCompletedExceptionally();
		assertThat(this.noted).as("what the link to Redis notes").hasSize(2);
		pass();
		this.lists.add(() -> CompletableFuture.completedFuture(Set.of("a")));
		assertThat(this.nodes.exists("a")).isCompletedWithValue(true);
		pass();
		this.lists.add(() -> CompletableFuture.completedFuture(Set.of("a")));
		assertThat(this.nodes.exists("b")).isCompletedWithValue(false);
	}

}
