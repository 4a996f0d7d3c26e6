package io.fanfare.node.stream;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import io.fanfare.node.admission.Admission;
import io.fanfare.node.auth.Authenticator;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.SocketLimits;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.audit.RefusalReason;
import io.fanfare.protocol.guard.Errors;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers requests on the stream port. A request for a stream takes the channel over;
 * everything else is answered and the channel kept for the next. Whatever a client sends
 * gets a status, never an exception trace.
 */
final class RequestHandler extends SimpleChannelInboundHandler<FullHttpRequest> {

	private static final Logger log = LoggerFactory.getLogger(RequestHandler.class);

	private static final String STREAM_METHODS = "GET, OPTIONS";

	private static final String CALL_METHODS = "POST, OPTIONS";

	/** How long a request may take whose answer is known to be a refusal. */
	private static final long CROWDED_TIMEOUT_MS = 2_000;

	private static final Duration CROWDED_RETRY = Duration.ofSeconds(10);

	private final Gate gate;

	private final StreamLoop loop;

	/**
	 * Whether the address has as many connections as it may: then this one is refused.
	 */
	private final boolean crowded;

	/** Null until it is added. */
	private @Nullable KeptConnection kept;

	/**
	 * Whether a request has begun to arrive and its end is still to come. The first is
	 * awaited from the start.
	 */
	private boolean awaitingRest = true;

	/** Null until it is added. */
	private @Nullable ChannelHandlerContext own;

	private @Nullable Future<?> timeout;

	/** How the request that is awaited arrives; null before. */
	private @Nullable RequestArrival arrival;

	RequestHandler(Gate gate, StreamLoop loop, boolean crowded) {
		this.gate = gate;
		this.loop = loop;
		this.crowded = crowded;
	}

	/**
	 * What every request needs.
	 *
	 * @param settings the settings of the port
	 * @param maxHistory the most messages that may be asked for
	 * @param authenticator checks credentials
	 * @param cors who may read answers
	 * @param answers writes them
	 * @param proxies finds out where clients are
	 * @param sockets counts connections, or null where they are not counted
	 * @param admission decides about requests for streams
	 * @param connections where streams are
	 * @param forwards passes calls on to other nodes
	 * @param tickets makes tickets
	 * @param identity this node
	 * @param doctor the streams of doctors
	 */
	record Gate(StreamSettings settings, int maxHistory, Authenticator authenticator, Cors cors, Answers answers,
			TrustedProxies proxies, @Nullable SocketLimits sockets, Admission admission, Connections connections,
			ForwardedCalls forwards, TicketIssuing tickets, NodeIdentity identity, Doctor doctor) {

	}

	@Override
	public void handlerAdded(ChannelHandlerContext context) {
		this.own = context;
		this.kept = new KeptConnection(context.executor().ticker()::nanoTime);
		awaitRequest(context);
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext context) {
		cancelTimeout();
	}

	private void awaitRequest(ChannelHandlerContext context) {
		long millis = this.gate.settings().requestTimeout().toMillis();
		long most = this.crowded ? Math.min(millis, CROWDED_TIMEOUT_MS) : millis;
		RequestArrival awaited = new RequestArrival(context.executor().ticker().nanoTime(),
				TimeUnit.MILLISECONDS.toNanos(most));
		this.arrival = awaited;
		watch(context, awaited);
	}

	/** Looks again when the request would be late if nothing more of it came. */
	private void watch(ChannelHandlerContext context, RequestArrival awaited) {
		cancelTimeout();
		long left = awaited.leftNanos(context.executor().ticker().nanoTime());
		if (left <= 0) {
			refuse(Problem.timeout());
			return;
		}
		this.timeout = context.executor()
			.schedule(this.loop.context().errors().guard("http", () -> watch(context, awaited)), left,
					TimeUnit.NANOSECONDS);
	}

	/** More has come of a request that is not there as a whole. */
	void arrives(int bytes) {
		ChannelHandlerContext context = this.own;
		RequestArrival awaited = this.arrival;
		if (this.awaitingRest && awaited != null && context != null && !context.isRemoved()
				&& awaited.add(bytes, context.executor().ticker().nanoTime())) {
			watch(context, awaited);
		}
	}

	/** Answers before a request is read, and closes. */
	void refuse(Problem problem) {
		if (this.own != null && !this.own.isRemoved()) {
			LingeringClose.answer(this.own.channel(),
					this.gate.answers().problem(problem, this.gate.cors().unreadable(), true, true));
		}
	}

	boolean isAwaitingRest() {
		return this.awaitingRest;
	}

	/** Some of the next request has arrived: from now on the rest of it is awaited. */
	void requestBegins() {
		this.awaitingRest = true;
		if (this.own != null && !this.own.isRemoved()) {
			awaitRequest(this.own);
		}
	}

	/**
	 * Between two requests there is nothing to answer: a proxy that keeps the connection
	 * idle would take it for the next.
	 */
	private void awaitNextRequest(ChannelHandlerContext context) {
		if (this.awaitingRest) {
			awaitRequest(context);
			return;
		}
		cancelTimeout();
		this.timeout = context.executor()
			.schedule(() -> context.close(), this.gate.settings().idleTimeout().toMillis(), TimeUnit.MILLISECONDS);
	}

	private void cancelTimeout() {
		if (this.timeout != null) {
			this.timeout.cancel(false);
			this.timeout = null;
		}
	}

	@Override
	protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
		this.awaitingRest = false;
		kept().served();
		serve(context, request);
	}

	private KeptConnection kept() {
		return Objects.requireNonNull(this.kept, "Not added");
	}

	private void serve(ChannelHandlerContext context, FullHttpRequest request) {
		cancelTimeout();
		String origin = request.headers().get(HttpHeaderNames.ORIGIN);
		String cors = (origin == null && request.decoderResult().isFailure()) ? this.gate.cors().unreadable()
				: this.gate.cors().headers(origin);
		boolean close = !HttpUtil.isKeepAlive(request) || kept().isSpent();
		try {
			if (this.crowded && !RequestChecks.isStream(request)) {
				close = true;
				throw new ProblemException(Problem.quotaExceeded(crowdedQuota(), CROWDED_RETRY));
			}
			handle(context, request, cors, close);
		}
		catch (ProblemException ex) {
			refused(context, request, ex.problem(), cors, close);
		}
	}

	/** Has a client that is refused counted and logged. */
	void note(ChannelHandlerContext context, FullHttpRequest request, Problem problem) {
		RefusalReason reason = problem.refusal();
		if (reason != null) {
			this.loop.context()
				.events()
				.rejected(reason,
						this.gate.proxies()
							.client(RequestChecks.peer(context), request.headers().getAll("X-Forwarded-For"))
							.address());
		}
	}

	/** Answers a request that is refused. */
	void refused(ChannelHandlerContext context, FullHttpRequest request, Problem problem, String cors, boolean close) {
		boolean unread = request.decoderResult().isFailure();
		note(context, request, problem);
		kept().refused();
		// A connection of HTTP/1.0 is kept only where the answer says so, of later
		// versions the rules are not known.
		boolean fatal = close || kept().isSpent() || unread || !request.protocolVersion().equals(HttpVersion.HTTP_1_1);
		ByteBuf answer = this.gate.answers().problem(problem, cors, fatal, !request.method().equals(HttpMethod.HEAD));
		if (unread) {
			LingeringClose.answer(context.channel(), answer);
		}
		else {
			answer(context, answer, fatal);
		}
	}

	private void handle(ChannelHandlerContext context, FullHttpRequest request, String cors, boolean close)
			throws ProblemException {
		RequestChecks.check(request, this.gate.settings().maxRequestLine());
		RequestOrigin origin = RequestOrigin.of(request.headers(), isProxied(context), this.gate.cors());
		if (origin == RequestOrigin.REFUSED) {
			throw new ProblemException(Problem
				.foreignOrigin("Origin: is neither that of the node nor one that fanfare.allowed-origins names"));
		}
		QueryStringDecoder uri = new QueryStringDecoder(RequestChecks.target(request.uri()), StandardCharsets.UTF_8,
				true, this.gate.settings().maxParameters());
		switch (uri.rawPath()) {
			case "/events", "/sse" -> {
				if (request.method().equals(HttpMethod.OPTIONS)) {
					preflight(context, request, cors, STREAM_METHODS, close);
				}
				else if (request.method().equals(HttpMethod.GET)) {
					new StreamOpener(this, this.gate, this.loop, this.crowded ? crowdedQuota() : null).open(context,
							request, RequestChecks.query(uri), origin, cors, close);
				}
				else {
					throw new ProblemException(Problem.methodNotAllowed(STREAM_METHODS));
				}
			}
			case "/events/close" -> {
				if (isCall(context, request, uri, cors, close)) {
					Frame.Close gone = ClientCalls.close(RequestChecks.body(request));
					if (gone != null) {
						new RelayedCall(this, this.gate, this.loop, context, cors, close).answer(request, gone);
					}
					else {
						answerClosed(context, cors, close);
					}
				}
			}
			case "/events/ack" -> {
				if (isCall(context, request, uri, cors, close)) {
					new RelayedCall(this, this.gate, this.loop, context, cors, close).answer(request,
							ClientCalls.acknowledgement(RequestChecks.body(request)));
				}
			}
			case "/events/ticket" -> {
				if (isCall(context, request, uri, cors, close)) {
					new TicketCall(this, this.gate, this.loop, context, request, cors, close)
						.answer(RequestChecks.query(uri));
				}
			}
			default -> throw new ProblemException(Problem.notFound("Streams are at /events"));
		}
	}

	boolean isProxied(ChannelHandlerContext context) {
		return this.gate.proxies().trusts(RequestChecks.peer(context));
	}

	private void preflight(ChannelHandlerContext context, FullHttpRequest request, String cors, String allow,
			boolean close) {
		boolean isPreflight = request.headers().contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
		String headers = cors + (isPreflight ? this.gate.cors().preflight() : "Allow: " + allow + "\r\n");
		answer(context, this.gate.answers().empty(headers, close), close);
	}

	/** Whether it is a call and no preflight. */
	private boolean isCall(ChannelHandlerContext context, FullHttpRequest request, QueryStringDecoder uri, String cors,
			boolean close) throws ProblemException {
		if (request.method().equals(HttpMethod.OPTIONS)) {
			preflight(context, request, cors, CALL_METHODS, close);
			return false;
		}
		if (!request.method().equals(HttpMethod.POST)) {
			throw new ProblemException(Problem.methodNotAllowed(CALL_METHODS));
		}
		for (String coding : request.headers().getAll(HttpHeaderNames.CONTENT_ENCODING)) {
			if (!coding.isEmpty() && !HttpHeaderValues.IDENTITY.contentEqualsIgnoreCase(coding)) {
				throw new ProblemException(Problem.unsupportedCoding());
			}
		}
		StreamCredentials.check(request.headers(), RequestChecks.query(uri),
				RequestOrigin.isToLoopback(request.headers(), isProxied(context)));
		return true;
	}

	/** Answers that what was named is not here: the address may be guessing. */
	void answerNotOpen(ChannelHandlerContext context, String cors, boolean close) {
		boolean last = isLastAfterGuess(close);
		answer(context, this.gate.answers().problem(Problem.notOpen(), cors, last, true), last);
	}

	/**
	 * Answers that a stream is closed which is not here: often it ended before the call
	 * came, and a browser would report an error that is none.
	 */
	void answerClosed(ChannelHandlerContext context, String cors, boolean close) {
		boolean last = isLastAfterGuess(close);
		answer(context, this.gate.answers().empty(cors, last), last);
	}

	private boolean isLastAfterGuess(boolean close) {
		kept().refused();
		return close || kept().isSpent();
	}

	void answer(ChannelHandlerContext context, ByteBuf answer, boolean close) {
		ChannelFuture written = context.writeAndFlush(answer);
		if (close) {
			written.addListener(ChannelFutureListener.CLOSE);
		}
		else if (!context.isRemoved()) {
			awaitNextRequest(context);
			if (context.pipeline().get(StreamPort.DECODER) instanceof RequestDecoder decoder) {
				decoder.next();
			}
		}
	}

	private Quota crowdedQuota() {
		return Objects.requireNonNull(this.gate.sockets(), "Counted nowhere").quota();
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
		// A reset, an end in the middle of a body, or something that the decoder could
		// not bear: there is no client to notify.
		boolean clients = cause instanceof IOException || cause instanceof DecoderException
				|| cause instanceof PrematureChannelClosureException;
		if (!clients || Errors.isFatal(cause)) {
			this.loop.context().errors().note("http", cause);
		}
		log.debug("request=broken reason=\"{}\"", cause.toString());
		context.close();
	}

}
