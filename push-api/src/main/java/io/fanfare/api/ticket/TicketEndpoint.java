package io.fanfare.api.ticket;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.auth.TokenRequests;
import io.fanfare.api.auth.TokenRequests.TokenRequest;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.ticket.Issue;
import io.fanfare.redis.ticket.TicketRight;
import io.fanfare.redis.ticket.Tickets;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Tickets for streams of clients that can set no header. */
@RestController
@Tag(name = "Tokens")
class TicketEndpoint {

	private static final String POLICY = "\"tickets\";q=" + Tickets.MAX_PER_USER + ";w=" + Tickets.LIFE.toSeconds();

	private final TokenRequests requests;

	private final Tickets tickets;

	private final RedisCalls calls;

	private final TicketMetrics metrics;

	private final Clock clock;

	TicketEndpoint(TokenRequests requests, Tickets tickets, RedisCalls calls, TicketMetrics metrics, Clock clock) {
		this.requests = requests;
		this.tickets = tickets;
		this.calls = calls;
		this.metrics = metrics;
		this.clock = clock;
	}

	/**
	 * A ticket that was made.
	 *
	 * @param ticket the ticket
	 * @param expiresAt when it ends, unless it is spent before
	 */
	record Ticket(
			@Schema(description = "Opens one stream: GET /events?ticket=…",
					example = "y8Jw0zQmTq2f1s3vV7bXkg") String ticket,
			@Schema(description = "When it ends, unless it is spent before; the right itself may last longer") Instant expiresAt) {

	}

	@PostMapping(path = "/v1/tickets", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@ResponseStatus(HttpStatus.CREATED)
	@RequiresScope(value = Scope.TOKENS, patterns = true)
	@Answers({ ProblemType.NOT_FOUND, ProblemType.QUOTA_EXCEEDED, ProblemType.REDIS_UNAVAILABLE,
			ProblemType.REDIS_FULL })
	@Operation(operationId = "createTicket", summary = "Make a ticket with which a user opens one stream",
			description = "For a native EventSource, which can set no header: a ticket may stand in an address, for it"
					+ " works once and within 30 seconds. ttl is the life of the right: when it ends, so does the"
					+ " stream. A user has ten tickets at most that are not spent. Only where"
					+ " fanfare.tokens.enabled is true; otherwise 404.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true,
			content = @Content(schema = @Schema(ref = "#/components/schemas/TokenRequest"),
					examples = { @ExampleObject(name = "user", value = """
							{"user": "alice"}"""), @ExampleObject(name = "topics", value = """
							{"user": "alice", "channels": ["news", "orders:*"], "tier": "high", "ttl": "PT15M"}""") }))
	Ticket create(@RequestBody JsonBody body, @Parameter(hidden = true) @AuthenticationPrincipal Caller caller) {
		TokenRequest asked = this.requests.read(body, caller);
		Instant now = this.clock.instant();
		// As the claims of a token have them
		Instant issued = now.truncatedTo(ChronoUnit.SECONDS);
		TicketRight right = new TicketRight(asked.user(), Objects.requireNonNullElse(asked.channels(), List.of()),
				asked.tier(), UUID.randomUUID().toString(), issued, issued.plus(asked.ttl()));
		return switch (this.calls.await(this.tickets.issue(right, now))) {
			case Issue.Issued made -> {
				this.metrics.issued();
				yield new Ticket(made.ticket(), made.expiresAt());
			}
			case Issue.TooMany tooMany -> {
				this.metrics.refused();
				throw refused(tooMany.reset());
			}
			case Issue.Revoked revoked -> throw new IllegalStateException("It was made of no token");
		};
	}

	private static ProblemException refused(Duration reset) {
		String seconds = Long.toString(Math.ceilDiv(reset.toMillis(), 1000L));
		return ProblemException
			.of(ProblemType.QUOTA_EXCEEDED, "The user has " + Tickets.MAX_PER_USER + " tickets that are not spent")
			.with("Retry-After", seconds)
			.with("RateLimit-Policy", POLICY)
			.with("RateLimit", "\"tickets\";r=0;t=" + seconds);
	}

}
