package io.fanfare.node.admission;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.connection.TestLoop;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.Reservation;
import io.fanfare.protocol.CloseReason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AdmissionTests {

	private static final Quota OPENS = new Quota("opens", 1, Duration.ofMinutes(1), Duration.ofSeconds(5));

	private final TestLoop node = new TestLoop();

	private final Asked limit = new Asked();

	/** A question to the limits that is answered when the test says so. */
	private static final class Asked implements Reservation {

		private final CompletableFuture<@Nullable Quota> answer = new CompletableFuture<>();

		private int asked;

		private int givenBack;

		@Override
		public CompletableFuture<@Nullable Quota> refusal() {
			this.asked++;
			return this.answer;
		}

		@Override
		public void giveBack() {
			this.givenBack++;
		}

	}

	private TestLoop.Socket arrive(boolean mayEnd) {
		TestLoop.Socket socket = this.node.socket("alice", new StreamRequest.Start.Now());
		socket.mayEnd = mayEnd;
		this.node.limit = this.limit;
		this.node.connect(socket);
		this.node.run();
		return socket;
	}

	@Test
	void aNewcomerWithinTheLimitsHasASlotOnceTheyAnswer() {
		TestLoop.Socket socket = arrive(false);
		assertThat(this.node.admission.size()).isZero();
		this.limit.answer.complete(null);
		this.node.run();
		assertThat(this.node.admission.size()).isEqualTo(1);
		assertThat(socket.text).contains("push.connected");
		assertThat(socket.whenClosed).isNotNull();
	}

	@Test
	void aNewcomerBeyondTheLimitsIsRefusedAndCountsForNothing() {
		TestLoop.Socket socket = arrive(true);
		this.limit.answer.complete(OPENS);
		this.node.run();
		assertThat(socket.refusedBy).isEqualTo(OPENS);
		assertThat(socket.limited).isTrue();
		assertThat(this.limit.givenBack).isEqualTo(1);
		assertThat(this.node.connections.known()).isZero();
	}

	@Test
	void aNodeThatRefusesNewcomersAsksNoLimits() {
		this.node.admission.refuse(CloseReason.DRAINING);
		assertThat(arrive(true).refused).isEqualTo(CloseReason.DRAINING);
		assertThat(this.limit.asked).isZero();
	}

	@Test
	void aNodeThatDrainsWhileTheLimitsAreAskedAdmitsNobody() {
		TestLoop.Socket socket = arrive(true);
		this.node.admission.refuse(CloseReason.DRAINING);
		this.limit.answer.complete(null);
		this.node.run();
		assertThat(socket.refused).isEqualTo(CloseReason.DRAINING);
		assertThat(this.node.connections.known()).isZero();
	}

	private static TestLoop.Socket come(TestLoop node, String user, boolean mayEnd) {
		TestLoop.Socket socket = node.socket(user, new StreamRequest.Start.Now());
		socket.mayEnd = mayEnd;
		node.connect(socket);
		node.run();
		return socket;
	}

	@Test
	void onAFullNodeARevokedTokenTakesNoPosition() {
		TestLoop full = TestLoop.ofSlots(1, 10);
		TestLoop.Socket first = come(full, "zoe", false);
		TestLoop.Socket waiter = come(full, "alice", false);
		assertThat(waiter.text).contains("push.waiting");
		full.store.revokedUsers = Set.of("alice", "mallory");
		for (String user : full.store.revokedUsers) {
			TestLoop.Socket revoked = come(full, user, true);
			assertThat(revoked.text).contains("push.kicked", "\"reason\":\"revoked\"").doesNotContain("push.waiting");
			assertThat(full.admission.waiting()).isEqualTo(1);
		}
		full.store.revokedUsers = Set.of();
		first.cut();
		full.run();
		assertThat(waiter.text).contains("push.connected");
	}

	@Test
	void aRevokedTokenHasNoStreamEvicted() {
		TestLoop full = TestLoop.ofSlots(1, 0);
		come(full, "zoe", false);
		full.store.revokedUsers = Set.of("mallory");
		TestLoop.Socket revoked = come(full, "mallory", true);
		assertThat(revoked.text).contains("\"reason\":\"revoked\"");
		assertThat(revoked.refused).isNull();
		assertThat(come(full, "bob", true).refused).isEqualTo(CloseReason.FULL);
		assertThat(full.admission.size()).isEqualTo(1);
	}

	@Test
	void whereRedisDoesNotSayWhetherATokenIsRevokedNobodyWaits() {
		TestLoop full = TestLoop.ofSlots(1, 10);
		come(full, "zoe", false);
		full.store.silent = true;
		assertThat(come(full, "alice", true).refused).isEqualTo(CloseReason.REDIS_UNAVAILABLE);
		assertThat(full.admission.waiting()).isZero();
	}

	@Test
	void aSocketThatHadUsedUpAQuotaIsRefusedForThat() {
		this.node.admission.refuse(CloseReason.DRAINING);
		TestLoop.Socket socket = this.node.socket("alice", new StreamRequest.Start.Now());
		socket.mayEnd = true;
		socket.exceeded = OPENS;
		this.node.connect(socket);
		assertThat(socket.refusedBy).isEqualTo(OPENS);
		assertThat(socket.refused).isNull();
		assertThat(socket.limited).isFalse();
	}

}
