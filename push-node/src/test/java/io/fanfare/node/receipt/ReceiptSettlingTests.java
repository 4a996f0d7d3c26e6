package io.fanfare.node.receipt;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;

import io.fanfare.node.ManualScheduler;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.event.Receipts;
import io.fanfare.redis.event.Receipts.Acknowledged;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ReceiptSettlingTests {

	private final List<String> thrown = new ArrayList<>();

	private final Errors errors = new Errors(System::nanoTime, this.thrown::add, (fatal) -> {
	});

	private final ManualScheduler scheduler = new ManualScheduler(this.errors);

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final List<List<Acknowledged>> calls = new ArrayList<>();

	private final Deque<CompletableFuture<Long>> answers = new ArrayDeque<>();

	private final ReceiptSettling settling = settling(true);

	private ReceiptSettling settling(boolean enabled) {
		return new ReceiptSettling((batch) -> {
			this.calls.add(batch);
			this.answers.add(new CompletableFuture<>());
			return this.answers.getLast();
		}, new ReceiptSettings(enabled), this.registry, this.scheduler, this.errors);
	}

	@Test
	void whatIsAcknowledgedGoesWithTheNextCall() {
		this.settling.acknowledged("alice", List.of(1L, 2L));
		this.settling.acknowledged("bob", List.of(3L));
		assertThat(this.calls).isEmpty();
		pass();
		assertThat(this.calls).containsExactly(
				List.of(new Acknowledged("alice", 1), new Acknowledged("alice", 2), new Acknowledged("bob", 3)));
		assertThat(held()).isEqualTo(3);
		answer(2);
		assertThat(held()).isZero();
		assertThat(this.registry.get("fanfare.receipts.delivered").counter().count()).isEqualTo(2);
		pass();
		assertThat(this.calls).hasSize(1);
	}

	@Test
	void callsAreBoundedAndFollowEachOther() {
		this.settling.acknowledged("alice", LongStream.range(0, 450).boxed().toList());
		pass();
		pass();
		assertThat(this.calls).as("one at a time").hasSize(1);
		answer(Receipts.PER_CALL);
		answer(Receipts.PER_CALL);
		answer(50);
		assertThat(this.calls).extracting(List::size).containsExactly(Receipts.PER_CALL, Receipts.PER_CALL, 50);
		assertThat(held()).isZero();
	}

	@Test
	void whatRedisDidNotAnswerIsSentAgain() {
		this.settling.acknowledged("alice", List.of(1L));
		pass();
		this.answers.remove().completeExceptionally(new RedisUnavailableException("away", null));
		this.settling.acknowledged("alice", List.of(2L));
		pass();
		answer(1);
		assertThat(this.calls).containsExactly(List.of(new Acknowledged("alice", 1)),
				List.of(new Acknowledged("alice", 1)), List.of(new Acknowledged("alice", 2)));
		answer(1);
		assertThat(held()).isZero();
		assertThat(this.thrown).isEmpty();
	}

	@Test
	void whatElseFailsIsNotedAndSentAgain() {
		this.settling.acknowledged("alice", List.of(1L));
		pass();
		this.answers.remove().completeExceptionally(new IllegalStateException("test"));
		pass();
		assertThat(this.calls).hasSize(2);
		assertThat(this.thrown).containsExactly("receipts");
	}

	@Test
	void whatIsTooMuchIsDropped() {
		this.settling.acknowledged("alice", LongStream.range(0, ReceiptSettling.MAX_HELD + 3L).boxed().toList());
		assertThat(held()).isEqualTo(ReceiptSettling.MAX_HELD);
		assertThat(this.registry.get("fanfare.receipts.dropped").counter().count()).isEqualTo(3);
	}

	@Test
	void theEndSendsWhatIsLeft() {
		List<List<Acknowledged>> sent = new ArrayList<>();
		ReceiptSettling ending = new ReceiptSettling((batch) -> {
			sent.add(batch);
			return CompletableFuture.completedFuture(0L);
		}, new ReceiptSettings(true), new SimpleMeterRegistry(), this.scheduler, this.errors);
		ending.acknowledged("alice", LongStream.range(0, 250).boxed().toList());
		ending.close();
		assertThat(sent).extracting(List::size).containsExactly(Receipts.PER_CALL, 50);
	}

	@Test
	void switchedOffItDoesNothing() {
		assertThat(this.settling.isEnabled()).isTrue();
		assertThat(settling(false).isEnabled()).isFalse();
	}

	private void pass() {
		this.scheduler.pass(ReceiptSettling.INTERVAL);
	}

	private void answer(long verdicts) {
		this.answers.remove().complete(verdicts);
		this.scheduler.run();
	}

	private double held() {
		return this.registry.get("fanfare.receipts.held").gauge().value();
	}

}
