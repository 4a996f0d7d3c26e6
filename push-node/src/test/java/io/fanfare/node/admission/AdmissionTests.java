package io.fanfare.node.admission;

import java.time.Duration;
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
