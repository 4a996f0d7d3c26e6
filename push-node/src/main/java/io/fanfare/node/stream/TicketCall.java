package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.fanfare.node.auth.Authentication;
import io.fanfare.node.auth.Credential;
import io.fanfare.node.auth.StreamToken;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.redis.Failures;
import io.fanfare.redis.ticket.Issue;
import io.fanfare.redis.ticket.TicketRight;
import io.fanfare.redis.ticket.Tickets;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.FullHttpRequest;
import org.jspecify.annotations.Nullable;

/**
 * Answers a call that exchanges a token for a ticket. Its channel reads no further
 * request meanwhile. Belongs to its channel's loop.
 */
final class TicketCall {

	private static final Duration RETRY = Duration.ofSeconds(2);

	private final RequestHandler handler;

	private final RequestHandler.Gate gate;

	private final StreamLoop loop;

	private final ChannelHandlerContext context;

	private final FullHttpRequest request;

	private final String cors;

	private final boolean close;

	TicketCall(RequestHandler handler, RequestHandler.Gate gate, StreamLoop loop, ChannelHandlerContext context,
			FullHttpRequest request, String cors, boolean close) {
		this.handler = handler;
		this.gate = gate;
		this.loop = loop;
		this.context = context;
		this.request = request;
		this.cors = cors;
		this.close = close;
	}

	/** What may end in a refusal. */
	private interface Step {

		void run() throws ProblemException;

	}

	/**
	 * Answers, now or later.
	 * @param query the parameters of the request
	 * @throws ProblemException if it is refused now
	 */
	void answer(Map<String, List<String>> query) throws ProblemException {
		if (this.request.content().isReadable()) {
			throw new ProblemException(Problem.badRequest("body", "must be empty"));
		}
		Credential.Token token = StreamCredentials.bearer(this.request.headers(), query,
				RequestOrigin.isToLoopback(this.request.headers(), this.handler.isProxied(this.context)));
		TrustedProxies.Client client = this.gate.proxies()
			.client(RequestChecks.peer(this.context), this.request.headers().getAll("X-Forwarded-For"));
		Quota quota = this.gate.tickets().limits().take(client.address());
		if (quota != null) {
			throw refused(quota);
		}
		this.gate.authenticator()
			.authenticate(token, client.address(), (result) -> onLoop(() -> authenticated(result)));
	}

	private void authenticated(Authentication result) throws ProblemException {
		switch (result) {
			case Authentication.Granted granted -> issue(granted.token());
			case Authentication.Refused refused ->
				throw new ProblemException(Problem.invalidToken(refused.reason(), refused.detail()));
			case Authentication.Unavailable unavailable ->
				throw new ProblemException(Problem.unavailable(unavailable.reason().wireName(), RETRY));
			case Authentication.Limited limited -> throw refused(limited.quota());
		}
	}

	private void issue(StreamToken token) throws ProblemException {
		TicketRight right = new TicketRight(token.user(), token.channels(), token.tier(), token.id(), token.issued(),
				token.expires());
		String excess = right.excess();
		if (excess != null) {
			throw new ProblemException(Problem.badRequest("Authorization", "the token fits into no ticket: " + excess));
		}
		this.gate.tickets()
			.tickets()
			.inherit(right, this.gate.tickets().clock().instant())
			.whenComplete((issue, failure) -> onLoop(() -> issued(issue, failure)));
	}

	private void issued(@Nullable Issue issue, @Nullable Throwable failure) throws ProblemException {
		switch (issue) {
			case null -> {
				if (failure != null && !Failures.isOfRedis(failure)) {
					this.loop.context().errors().note("http", failure);
				}
				this.loop.context().events().ticketRefused("redis-unavailable");
				throw new ProblemException(Problem.unavailable("redis-unavailable", RETRY));
			}
			case Issue.TooMany tooMany -> {
				this.loop.context().events().ticketRefused("quota");
				throw refused(new Quota("tickets", Tickets.MAX_PER_USER, Tickets.LIFE, tooMany.reset()));
			}
			case Issue.Revoked revoked -> {
				this.loop.context().events().ticketRefused("revoked");
				throw new ProblemException(Problem.revoked());
			}
			case Issue.Issued issued -> {
				this.loop.context().events().ticketIssued();
				byte[] body = ("{\"ticket\":\"" + issued.ticket() + "\",\"expiresAt\":\"" + issued.expiresAt() + "\"}")
					.getBytes(StandardCharsets.UTF_8);
				this.handler.answer(this.context, this.gate.answers().created(body, this.cors, this.close), this.close);
			}
		}
	}

	private ProblemException refused(Quota quota) {
		return new ProblemException(Problem.quotaExceeded(quota, this.loop.context().spread().retryAfter(quota)));
	}

	/** Runs a step on the loop: at once where this is its thread. */
	private void onLoop(Step step) {
		if (this.context.executor().inEventLoop()) {
			run(step);
		}
		else {
			this.context.executor().execute(() -> run(step));
		}
	}

	private void run(Step step) {
		if (this.context.isRemoved() || !this.context.channel().isActive()) {
			return;
		}
		boolean done = this.loop.context().errors().run("http", () -> {
			try {
				step.run();
			}
			catch (ProblemException ex) {
				this.handler.refused(this.context, this.request, ex.problem(), this.cors, this.close);
			}
		});
		if (!done) {
			this.context.close();
		}
	}

}
