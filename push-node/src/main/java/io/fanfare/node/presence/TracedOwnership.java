package io.fanfare.node.presence;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.boot.tracing.Tracing;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Renewal;
import io.fanfare.redis.revocation.IssuedToken;
import org.jspecify.annotations.Nullable;

/**
 * {@link Ownership} with a span for each claim, from its call to its answer. It is a
 * trace of its own: what a client says of a trace is not looked at, or clients would
 * decide how much is recorded.
 */
public final class TracedOwnership implements Ownership {

	private final Ownership ownership;

	private final Tracing tracing;

	/**
	 * Makes it.
	 * @param ownership does what is asked
	 * @param tracing records the spans
	 */
	public TracedOwnership(Ownership ownership, Tracing tracing) {
		this.ownership = ownership;
		this.tracing = tracing;
	}

	@Override
	public CompletableFuture<ClaimResult> claim(Claim claim) {
		Tracing.Span span = this.tracing.begin("claim", Tracing.Role.CLIENT, null);
		if (span == null) {
			return this.ownership.claim(claim);
		}
		span.note("fanfare.connection", claim.connection());
		CompletableFuture<ClaimResult> answer;
		try {
			answer = this.ownership.claim(claim);
		}
		catch (RuntimeException | Error ex) {
			span.failed("unsent");
			span.end();
			throw ex;
		}
		return answer.whenComplete((result, failure) -> {
			if (failure != null) {
				span.failed("unanswered");
			}
			else {
				span.note("fanfare.outcome", outcome(result));
			}
			span.end();
		});
	}

	private static String outcome(ClaimResult result) {
		return switch (result) {
			case ClaimResult.Owner owner -> "owner";
			case ClaimResult.Displaced displaced -> "displaced";
			case ClaimResult.Revoked revoked -> "revoked";
			case ClaimResult.Limited limited -> "limited";
			case ClaimResult.TicketRefused refused -> "ticket-refused";
		};
	}

	@Override
	public CompletableFuture<@Nullable String> spend(String user, String connection, Claim.Ticket ticket,
			IssuedToken token) {
		return this.ownership.spend(user, connection, ticket, token);
	}

	@Override
	public CompletableFuture<Boolean> isRevoked(String user, IssuedToken token) {
		return this.ownership.isRevoked(user, token);
	}

	@Override
	public CompletableFuture<Renewal> renew(List<Held> held, @Nullable Long revocations) {
		return this.ownership.renew(held, revocations);
	}

	@Override
	public CompletableFuture<Long> release(List<Field> fields) {
		return this.ownership.release(fields);
	}

	@Override
	public boolean isAvailable() {
		return this.ownership.isAvailable();
	}

}
