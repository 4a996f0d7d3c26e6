package io.fanfare.node.stream;

import java.time.Duration;

import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.ConnectionId;
import io.fanfare.protocol.Frame;
import io.fanfare.redis.Failures;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.FullHttpRequest;

/**
 * Brings what a client says about its stream to the node that holds it, and answers.
 * Belongs to its channel's loop.
 *
 * @param handler answers
 * @param gate what every request needs
 * @param loop the channel's loop
 * @param context where the call came
 * @param cors the headers of its answer
 * @param close whether its connection is closed after the answer
 */
record RelayedCall(RequestHandler handler, RequestHandler.Gate gate, StreamLoop loop, ChannelHandlerContext context,
		String cors, boolean close) {

	private static final Duration RETRY = Duration.ofSeconds(2);

	/**
	 * Answers, now or later.
	 * @param request the call
	 * @param said what it says
	 * @throws ProblemException if it is refused now
	 */
	void answer(FullHttpRequest request, Frame.FromClient said) throws ProblemException {
		String owner = ConnectionId.nodeOf(said.connection());
		if (owner == null) {
			throw new ProblemException(Problem.notOpen());
		}
		if (owner.equals(this.gate.identity().value())) {
			Connections connections = this.gate.connections();
			answer(said, switch (said) {
				case Frame.Close gone -> connections.closeByClient(gone.connection());
				case Frame.Acknowledgement heard -> connections.acknowledgeByClient(heard);
			});
			return;
		}
		TrustedProxies.Client client = this.gate.proxies()
			.client(RequestChecks.peer(this.context), request.headers().getAll("X-Forwarded-For"));
		Quota quota = this.gate.forwards().take(client.address());
		if (quota != null) {
			throw new ProblemException(Problem.quotaExceeded(quota, this.loop.context().spread().retryAfter(quota)));
		}
		this.gate.forwards().send(owner, said).whenComplete((found, failure) -> this.context.executor().execute(() -> {
			boolean done = this.loop.context().errors().run("http", () -> {
				if (failure != null) {
					failed(failure);
				}
				else {
					answer(said, found);
				}
			});
			if (!done) {
				this.context.close();
			}
		}));
	}

	private void failed(Throwable failure) {
		if (!Failures.isOfRedis(failure)) {
			this.loop.context().errors().note("http", failure);
		}
		this.handler.answer(this.context, this.gate.answers()
			.problem(Problem.unavailable("redis-unavailable", RETRY), this.cors, this.close, true), this.close);
	}

	private void answer(Frame.FromClient said, boolean found) {
		if (found) {
			this.handler.answer(this.context, this.gate.answers().empty(this.cors, this.close), this.close);
			return;
		}
		switch (said) {
			case Frame.Close _ -> this.handler.answerClosed(this.context, this.cors, this.close);
			case Frame.Acknowledgement _ -> this.handler.answerNotOpen(this.context, this.cors, this.close);
		}
	}

}
