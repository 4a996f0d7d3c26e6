package io.fanfare.node.presence;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.fanfare.boot.tracing.Tracing.Role;
import io.fanfare.node.RecordedTracing;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Renewal;
import io.fanfare.redis.revocation.IssuedToken;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class TracedOwnershipTests {

	private static final Claim CLAIM = new Claim("alice", "node.1", "page", Tier.NORMAL);

	private final RecordedTracing tracing = new RecordedTracing();

	private final CompletableFuture<ClaimResult> answer = new CompletableFuture<>();

	private Ownership traced(Supplier<CompletableFuture<ClaimResult>> answering) {
		return new TracedOwnership(new Answering(answering), this.tracing);
	}

	static Stream<Arguments> outcomes() {
		Presence.UserLimits limits = Presence.UserLimits.NONE;
		return Stream.of(Arguments.of(new ClaimResult.Owner(7, 7, 0), "owner"),
				Arguments.of(new ClaimResult.Displaced(7), "displaced"),
				Arguments.of(new ClaimResult.Revoked(7), "revoked"), Arguments
					.of(new ClaimResult.Limited(limits, ClaimResult.Counted.OPENS, Duration.ofSeconds(1)), "limited"),
				Arguments.of(new ClaimResult.TicketRefused("spent"), "ticket-refused"));
	}

	@ParameterizedTest
	@MethodSource("outcomes")
	void aClaimIsASpanUntilItsAnswer(ClaimResult result, String outcome) {
		CompletableFuture<ClaimResult> claimed = traced(() -> this.answer).claim(CLAIM);
		RecordedTracing.Recorded span = this.tracing.only();
		assertThat(span.name()).isEqualTo("claim");
		assertThat(span.role()).isEqualTo(Role.CLIENT);
		assertThat(span.parent()).isNull();
		assertThat(span.ended).isZero();
		this.answer.complete(result);
		assertThat(claimed).isCompletedWithValue(result);
		assertThat(span.ended).isOne();
		assertThat(span.failure).isNull();
		assertThat(span.notes).containsOnly(Map.entry("fanfare.connection", "node.1"),
				Map.entry("fanfare.outcome", outcome));
	}

	@Test
	void aClaimThatIsNotAnsweredFails() {
		CompletableFuture<ClaimResult> claimed = traced(() -> this.answer).claim(CLAIM);
		this.answer.completeExceptionally(new RedisUnavailableException("test", null));
		assertThat(claimed).isCompletedExceptionally();
		assertThat(this.tracing.only().failure).isEqualTo("unanswered");
		assertThat(this.tracing.only().ended).isOne();
	}

	@Test
	void aClaimThatCannotBeSentFails() {
		assertThatIllegalStateException().isThrownBy(() -> traced(() -> {
			throw new IllegalStateException("test");
		}).claim(CLAIM));
		assertThat(this.tracing.only().failure).isEqualTo("unsent");
		assertThat(this.tracing.only().ended).isOne();
	}

	@Test
	void aClaimThatIsNotSampledIsPassedOn() {
		this.tracing.sampling = false;
		assertThat(traced(() -> this.answer).claim(CLAIM)).isSameAs(this.answer);
		assertThat(this.tracing.spans).isEmpty();
	}

	/** Is asked for claims alone. */
	private record Answering(Supplier<CompletableFuture<ClaimResult>> answering) implements Ownership {

		@Override
		public CompletableFuture<ClaimResult> claim(Claim claim) {
			return Objects.requireNonNull(this.answering.get());
		}

		@Override
		public CompletableFuture<@Nullable String> spend(String user, String connection, Claim.Ticket ticket,
				IssuedToken token) {
			throw new AssertionError();
		}

		@Override
		public CompletableFuture<Boolean> isRevoked(String user, IssuedToken token) {
			throw new AssertionError();
		}

		@Override
		public CompletableFuture<Renewal> renew(List<Held> held, @Nullable Long revocations) {
			throw new AssertionError();
		}

		@Override
		public CompletableFuture<Long> release(List<Field> fields) {
			throw new AssertionError();
		}

		@Override
		public boolean isAvailable() {
			throw new AssertionError();
		}

	}

}
