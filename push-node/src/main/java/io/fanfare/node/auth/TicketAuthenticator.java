package io.fanfare.node.auth;

import java.net.InetAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.audit.RefusalReason;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.Failures;
import io.fanfare.redis.ticket.TicketRight;
import io.fanfare.redis.ticket.TicketState;
import io.fanfare.redis.ticket.Tickets;

/**
 * Looks tickets up in Redis, and leaves tokens to another. A ticket is not spent by this:
 * a request that is refused after it may come again with the same one. Any thread may
 * call.
 */
public final class TicketAuthenticator implements Authenticator {

	/** Why a ticket opens no stream. Which of these it is would help to guess only. */
	public static final String REFUSAL = "The ticket is unknown, expired or spent";

	private final Authenticator tokens;

	private final Tickets tickets;

	private final Tier defaultTier;

	private final Consumer<String> refused;

	private final InstantSource clock;

	private final Errors errors;

	private final Lookups lookups;

	/**
	 * Makes it.
	 * @param tokens checks tokens
	 * @param tickets where tickets are
	 * @param defaultTier the tier of a ticket that names none
	 * @param refused counts tickets that are refused, by reason
	 * @param clock the wall clock
	 * @param ticker the monotonic clock
	 * @param errors notes what nothing else handles
	 */
	public TicketAuthenticator(Authenticator tokens, Tickets tickets, Tier defaultTier, Consumer<String> refused,
			InstantSource clock, Ticker ticker, Errors errors) {
		this.tokens = tokens;
		this.tickets = tickets;
		this.defaultTier = defaultTier;
		this.refused = refused;
		this.clock = clock;
		this.errors = errors;
		this.lookups = new Lookups(ticker);
	}

	@Override
	public void authenticate(Credential credential, InetAddress address, Consumer<Authentication> then) {
		switch (credential) {
			case Credential.Token token -> this.tokens.authenticate(token, address, then);
			case Credential.Ticket ticket when !this.lookups.take() ->
				then.accept(new Authentication.Unavailable(CloseReason.FULL));
			case Credential.Ticket ticket ->
				this.tickets.find(ticket.text(), ticket.attempt()).whenComplete((state, failure) -> {
					if (failure != null && !Failures.isOfRedis(failure)) {
						this.errors.note("ticket", failure);
					}
					then.accept((failure != null) ? new Authentication.Unavailable(CloseReason.REDIS_UNAVAILABLE)
							: answered(state));
				});
		}
	}

	/** Whoever asked waits for an answer: whatever is thrown is one. */
	@SuppressWarnings("CatchThrowable")
	private Authentication answered(TicketState state) {
		try {
			return answer(state);
		}
		catch (Throwable ex) {
			this.errors.note("ticket", ex);
			return new Authentication.Unavailable(CloseReason.ERROR);
		}
	}

	private Authentication answer(TicketState state) {
		if (state instanceof TicketState.Valid valid && valid.right().expires().isAfter(this.clock.instant())) {
			return new Authentication.Granted(token(valid.right()));
		}
		boolean spent = state instanceof TicketState.Spent;
		this.refused.accept(spent ? "spent" : "unknown");
		return new Authentication.Refused(spent ? RefusalReason.TICKET_SPENT : RefusalReason.TICKET_UNKNOWN, REFUSAL);
	}

	private StreamToken token(TicketRight right) {
		Instant renewal = TokenClaims.renewal(right.issued(), right.expires());
		Tier tier = right.tier();
		return new StreamToken(right.user(), right.id(), right.issued(), renewal, right.expires(),
				(tier != null) ? tier : this.defaultTier, right.channels());
	}

}
