package io.fanfare.node.stream;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.fanfare.node.auth.Authentication;
import io.fanfare.node.auth.Credential;
import io.fanfare.node.auth.StreamToken;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.encoding.GzipBody;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.ticket.Tickets;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.FullHttpRequest;
import org.jspecify.annotations.Nullable;

/**
 * Opens the stream that a request asks for: reads it, has its credential checked, hands
 * its channel to an outlet and asks admission. Belongs to its channel's loop.
 */
final class StreamOpener {

	private final RequestHandler handler;

	private final RequestHandler.Gate gate;

	private final StreamLoop loop;

	private final @Nullable Quota exceeded;

	/**
	 * Opens streams of one channel.
	 * @param handler answers what is refused
	 * @param gate what every request needs
	 * @param loop the channel's loop
	 * @param exceeded the quota that the channel's address has used up already, or null
	 */
	StreamOpener(RequestHandler handler, RequestHandler.Gate gate, StreamLoop loop, @Nullable Quota exceeded) {
		this.handler = handler;
		this.gate = gate;
		this.loop = loop;
		this.exceeded = exceeded;
	}

	/**
	 * Opens a stream, now or once its credential is checked.
	 * @param context where the request came
	 * @param request the request
	 * @param query its parameters
	 * @param origin what its page may do
	 * @param cors the headers of its answer
	 * @param close whether its connection is closed after an answer
	 * @throws ProblemException if it is refused
	 */
	void open(ChannelHandlerContext context, FullHttpRequest request, Map<String, List<String>> query,
			RequestOrigin origin, String cors, boolean close) throws ProblemException {
		StreamParameters parameters = new StreamParameters(request, query);
		DoctorRequest doctor = DoctorRequest.of(query);
		if (doctor != null) {
			examine(context, request, parameters, doctor, cors, close);
			return;
		}
		if (parameters.isKickedReconnect()) {
			this.handler.answer(context, this.gate.answers().empty(cors, close), close);
			return;
		}
		try {
			Credential credential = credential(request, query, origin, context);
			if (!AcceptedMedia.of(request.headers()).takesStream()) {
				throw new ProblemException(Problem.notAcceptable());
			}
			TrustedProxies.Client client = this.gate.proxies()
				.client(RequestChecks.peer(context), request.headers().getAll("X-Forwarded-For"));
			authenticate(new Asked(context, request, parameters, credential, client, cors, close));
		}
		catch (ProblemException ex) {
			explain(context, request, parameters, cors, ex);
		}
	}

	/**
	 * Opens a stream of a doctor: no credential is looked at, and no slot is taken.
	 */
	private void examine(ChannelHandlerContext context, FullHttpRequest request, StreamParameters parameters,
			DoctorRequest asked, String cors, boolean close) throws ProblemException {
		Doctor doctor = this.gate.doctor();
		if (this.exceeded != null) {
			this.handler.refused(context, request, exceeded(this.exceeded), cors, true);
			return;
		}
		if (!doctor.isEnabled()) {
			throw new ProblemException(Problem.badRequest("doctor", "is switched off by fanfare.doctor.enabled"));
		}
		Problem status = asked.problem();
		if (status != null) {
			this.handler.refused(context, request, status, DoctorRequest.exposing(cors), close);
			return;
		}
		if (!AcceptedMedia.of(request.headers()).takesStream()) {
			throw new ProblemException(Problem.notAcceptable());
		}
		if (doctor.isStopped()) {
			this.loop.context().events().refused(CloseReason.DRAINING);
			throw new ProblemException(Problem.unavailable(parameters.refusalStatus(), CloseReason.DRAINING.wireName(),
					this.loop.context().spread().retry()));
		}
		TrustedProxies.Client client = this.gate.proxies()
			.client(RequestChecks.peer(context), request.headers().getAll("X-Forwarded-For"));
		Quota quota = doctor.enter(client.address(), context.channel());
		if (quota != null) {
			if (client.isDoubtful()) {
				this.gate.proxies().hint(client.address());
			}
			throw new ProblemException(exceeded(quota));
		}
		DoctorStream stream = doctor.stream(context.channel(), asked, this.loop.context().errors());
		handOver(context, stream);
		doctor.begin(stream, this.gate.answers().stream(asked.streamHeaders(cors), false, false), asked, request);
	}

	private Problem exceeded(Quota quota) {
		this.loop.context().events().limited(quota);
		return Problem.quotaExceeded(quota, this.loop.context().spread().retryAfter(quota));
	}

	/** The credential of a request, with the attempt of the proxy that sent it. */
	private Credential credential(FullHttpRequest request, Map<String, List<String>> query, RequestOrigin origin,
			ChannelHandlerContext context) throws ProblemException {
		boolean proxied = this.handler.isProxied(context);
		Credential shown = StreamCredentials.find(request.headers(), query, origin,
				RequestOrigin.isToLoopback(request.headers(), proxied));
		return (proxied && shown instanceof Credential.Ticket ticket)
				? new Credential.Ticket(ticket.text(), StreamParameters.attempt(request.headers())) : shown;
	}

	/**
	 * A request whose credential is checked.
	 */
	private record Asked(ChannelHandlerContext context, FullHttpRequest request, StreamParameters parameters,
			Credential credential, TrustedProxies.Client client, String cors, boolean close) {

		InetAddress address() {
			return this.client.address();
		}

		/** What is granted to it. */
		StreamRequest granted(StreamToken token, int maxChannels, int maxHistory) throws ProblemException {
			StreamRequest granted = this.parameters.request(token, address(), maxChannels, maxHistory);
			return switch (this.credential) {
				case Credential.Token shown -> granted;
				case Credential.Ticket shown -> {
					String digest = Objects.requireNonNull(Tickets.digest(shown.text()), "Was granted");
					yield granted.by(new Claim.Ticket(digest, shown.attempt()));
				}
			};
		}

	}

	/**
	 * Most are checked before this returns. Where one is checked elsewhere, its channel
	 * waits: it reads no further request meanwhile.
	 */
	private void authenticate(Asked asked) throws ProblemException {
		Result result = new Result();
		this.gate.authenticator().authenticate(asked.credential(), asked.address(), (authentication) -> {
			if (!result.put(authentication)) {
				asked.context().executor().execute(() -> resume(asked, authentication));
			}
		});
		Authentication present = result.take();
		if (present != null) {
			authenticated(asked, present);
		}
	}

	/** What a check came to, if it did before its caller went on. */
	private static final class Result {

		private boolean left;

		private @Nullable Authentication present;

		/** Returns false where its caller went on. */
		synchronized boolean put(Authentication authentication) {
			this.present = authentication;
			return !this.left;
		}

		synchronized @Nullable Authentication take() {
			this.left = true;
			return this.present;
		}

	}

	private void resume(Asked asked, Authentication authentication) {
		ChannelHandlerContext context = asked.context();
		if (context.isRemoved() || !context.channel().isActive()) {
			return;
		}
		boolean done = this.loop.context().errors().run("http", () -> {
			try {
				try {
					authenticated(asked, authentication);
				}
				catch (ProblemException ex) {
					explain(context, asked.request(), asked.parameters(), asked.cors(), ex);
				}
			}
			catch (ProblemException ex) {
				this.handler.refused(context, asked.request(), ex.problem(), asked.cors(), asked.close());
			}
		});
		if (!done) {
			context.close();
		}
	}

	private void authenticated(Asked asked, Authentication authentication) throws ProblemException {
		switch (authentication) {
			case Authentication.Granted granted -> {
				StreamRequest request = asked.granted(granted.token(), this.gate.settings().maxChannels(),
						this.gate.maxHistory());
				this.gate.admission()
					.decide(this.loop,
							new StreamArrival(request, outlet(asked), this.exceeded, asked.context().channel(),
									asked.client(), this.gate.proxies(), this.loop.context().errors()));
			}
			case Authentication.Refused refused ->
				throw new ProblemException(Problem.invalidToken(refused.reason(), refused.detail()));
			case Authentication.Unavailable unavailable -> {
				this.loop.context().events().refused(unavailable.reason());
				outlet(asked).refuse(unavailable.reason(), this.loop.context().spread().retry());
			}
			case Authentication.Limited limited -> {
				Quota quota = limited.quota();
				this.loop.context().events().limited(quota);
				this.loop.context().events().rejected(quota.refusal(), asked.address());
				outlet(asked).refuse(quota, this.loop.context().spread().retryAfter(quota));
			}
		}
	}

	/** Hands the channel over. */
	private NettyOutlet outlet(Asked asked) {
		ChannelHandlerContext context = asked.context();
		StreamParameters parameters = asked.parameters();
		StreamSettings settings = this.gate.settings();
		boolean gzip = settings.gzip() && AcceptEncoding.of(asked.request().headers()).takesGzip();
		NettyOutlet outlet = new NettyOutlet(context.channel(), this.loop.context().errors(), this.gate.answers(),
				asked.cors(), parameters.refusalForm(), settings.gzip(),
				gzip ? new GzipBody(settings.gzipThresholdBytes()) : null);
		handOver(context, outlet);
		return outlet;
	}

	/** From now on the channel belongs to a stream. */
	private void handOver(ChannelHandlerContext context, ChannelHandler stream) {
		ChannelPipeline pipeline = context.pipeline();
		pipeline.addLast(stream);
		pipeline.remove(this.handler);
		pipeline.remove(StreamPort.AGGREGATOR);
		pipeline.remove(StreamPort.DECODER);
		if (!context.channel().config().isAutoRead()) {
			context.channel().config().setAutoRead(true);
		}
	}

	private void explain(ChannelHandlerContext context, FullHttpRequest request, StreamParameters parameters,
			String cors, ProblemException ex) throws ProblemException {
		if (!parameters.wantsExplanation()) {
			throw ex;
		}
		this.handler.note(context, request, ex.problem());
		this.handler.answer(context, this.gate.answers().refused(ex.problem(), parameters.cursorText(), cors), true);
	}

}
