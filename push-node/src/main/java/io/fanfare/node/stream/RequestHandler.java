package io.fanfare.node.stream;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import io.fanfare.node.auth.StreamToken;
import io.fanfare.node.auth.TokenVerifier;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.GzipBody;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.ratelimit.AddressLimits;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.SocketLimits;
import io.fanfare.protocol.ConnectionId;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.redis.Failures;
import io.fanfare.protocol.redis.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
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

	private static final List<String> SCHEMES = List.of("http://", "https://");

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
	 * @param verifier verifies tokens
	 * @param cors who may read answers
	 * @param answers writes them
	 * @param proxies finds out where clients are
	 * @param limits how much an address may ask for, or null for anything
	 * @param sockets counts connections, or null where they are not counted
	 * @param connections where streams are opened
	 * @param forwards passes calls on to other nodes
	 * @param identity this node
	 */
	record Gate(StreamSettings settings, int maxHistory, TokenVerifier verifier, Cors cors, Answers answers,
			TrustedProxies proxies, @Nullable AddressLimits limits, @Nullable SocketLimits sockets,
			Connections connections, ForwardedCalls forwards, NodeIdentity identity) {

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
		cancelTimeout();
		long millis = this.gate.settings().requestTimeout().toMillis();
		this.timeout = context.executor()
			.schedule(this.loop.errors().guard("http", () -> refuse(Problem.timeout())),
					this.crowded ? Math.min(millis, CROWDED_TIMEOUT_MS) : millis, TimeUnit.MILLISECONDS);
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
			if (this.crowded && !isStream(request)) {
				close = true;
				throw new ProblemException(Problem.quotaExceeded(crowdedQuota(), CROWDED_RETRY));
			}
			handle(context, request, cors, close);
		}
		catch (ProblemException ex) {
			boolean unread = request.decoderResult().isFailure();
			kept().refused();
			close |= kept().isSpent();
			// A connection of HTTP/1.0 is kept only where the answer says so, of later
			// versions the rules are not known.
			boolean fatal = close || unread || !request.protocolVersion().equals(HttpVersion.HTTP_1_1);
			ByteBuf answer = this.gate.answers()
				.problem(ex.problem(), cors, fatal, !request.method().equals(HttpMethod.HEAD));
			if (unread) {
				LingeringClose.answer(context.channel(), answer);
			}
			else {
				answer(context, answer, fatal);
			}
		}
	}

	private void handle(ChannelHandlerContext context, FullHttpRequest request, String cors, boolean close)
			throws ProblemException {
		check(request);
		QueryStringDecoder uri = new QueryStringDecoder(target(request.uri()), StandardCharsets.UTF_8, true,
				this.gate.settings().maxParameters());
		switch (uri.rawPath()) {
			case "/events", "/sse" -> {
				if (request.method().equals(HttpMethod.OPTIONS)) {
					preflight(context, request, cors, STREAM_METHODS, close);
				}
				else if (request.method().equals(HttpMethod.GET)) {
					open(context, request, query(uri), cors, close);
				}
				else {
					throw new ProblemException(Problem.methodNotAllowed(STREAM_METHODS));
				}
			}
			case "/events/close" -> {
				if (isCall(context, request, cors, close)) {
					relay(context, request, ClientCalls.close(body(request)), cors, close);
				}
			}
			case "/events/ack" -> {
				if (isCall(context, request, cors, close)) {
					relay(context, request, ClientCalls.acknowledgement(body(request)), cors, close);
				}
			}
			default -> throw new ProblemException(Problem.notFound("Streams are at /events"));
		}
	}

	private void check(FullHttpRequest request) throws ProblemException {
		if (request.decoderResult().isFailure()) {
			Throwable cause = request.decoderResult().cause();
			throw new ProblemException((cause instanceof TooLongHttpLineException)
					? Problem.uriTooLong(this.gate.settings().maxRequestLine())
					: (cause instanceof TooLongHttpHeaderException) ? Problem.headersTooLarge()
							: Problem.malformed("The request cannot be parsed"));
		}
		if (!request.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
			throw new ProblemException(Problem.versionNotSupported());
		}
		if (request.headers().getAll(HttpHeaderNames.HOST).size() != 1) {
			throw new ProblemException(Problem.malformed("Host: exactly one is needed"));
		}
	}

	/** A server accepts the absolute form as well (RFC 9112, section 3.2.2). */
	private static String target(String uri) {
		for (String scheme : SCHEMES) {
			if (uri.regionMatches(true, 0, scheme, 0, scheme.length())) {
				int end = scheme.length();
				while (end < uri.length() && "/?#".indexOf(uri.charAt(end)) < 0) {
					end++;
				}
				return uri.substring(end);
			}
		}
		return uri;
	}

	private static Map<String, List<String>> query(QueryStringDecoder uri) throws ProblemException {
		try {
			return uri.parameters();
		}
		catch (IllegalArgumentException ex) {
			throw new ProblemException(Problem.badRequest("query", "has a malformed percent-encoding"));
		}
	}

	private void open(ChannelHandlerContext context, FullHttpRequest request, Map<String, List<String>> query,
			String cors, boolean close) throws ProblemException {
		StreamParameters parameters = new StreamParameters(request, query);
		if (parameters.isKickedReconnect()) {
			answer(context, this.gate.answers().empty(cors, close), close);
			return;
		}
		try {
			open(context, request, parameters, cors);
		}
		catch (ProblemException ex) {
			if (!parameters.wantsExplanation()) {
				throw ex;
			}
			answer(context, this.gate.answers().refused(ex.problem(), parameters.cursorText(), cors), true);
		}
	}

	private void open(ChannelHandlerContext context, FullHttpRequest request, StreamParameters parameters, String cors)
			throws ProblemException {
		StreamToken token = parameters.token(this.gate.verifier());
		if (!AcceptedMedia.of(request.headers()).takesStream()) {
			throw new ProblemException(Problem.notAcceptable());
		}
		TrustedProxies.Client client = this.gate.proxies()
			.client(peer(context), request.headers().getAll("X-Forwarded-For"));
		StreamRequest asked = parameters.request(token, client.address(), this.gate.settings().maxChannels(),
				this.gate.maxHistory());
		StreamSettings settings = this.gate.settings();
		boolean gzip = settings.gzip() && AcceptEncoding.of(request.headers()).takesGzip();
		NettyOutlet outlet = new NettyOutlet(context.channel(), this.loop.errors(), this.gate.answers(), cors,
				parameters.wantsStatus(), parameters.refusalStatus(), parameters.cursorText(), settings.gzip(),
				gzip ? new GzipBody(settings.gzipThresholdBytes()) : null);
		ChannelPipeline pipeline = context.pipeline();
		pipeline.addLast(outlet);
		pipeline.remove(this);
		pipeline.remove(StreamPort.AGGREGATOR);
		pipeline.remove(StreamPort.DECODER);
		if (!context.channel().config().isAutoRead()) {
			context.channel().config().setAutoRead(true);
		}
		if (this.crowded) {
			this.gate.connections().refuse(this.loop, crowdedQuota(), outlet);
			return;
		}
		AddressLimits limits = this.gate.limits();
		Connections connections = this.gate.connections();
		// Where nobody is let in anyway, it counts for nothing.
		AddressLimits.Place place = (limits != null && !connections.isRefusing() && !connections.sendsElsewhere(asked))
				? limits.ask(client.address()) : null;
		if (place == null) {
			open(asked, outlet);
		}
		else {
			openInPlace(context.channel(), place, client, asked, outlet);
		}
	}

	private void open(StreamRequest asked, NettyOutlet outlet) {
		Connections.Handle opened = this.gate.connections().open(this.loop, asked, outlet);
		if (opened != null) {
			outlet.use(opened);
		}
	}

	/** Opens a stream if its address may have one more. */
	private void openInPlace(Channel channel, AddressLimits.Place place, TrustedProxies.Client client,
			StreamRequest asked, NettyOutlet outlet) {
		channel.closeFuture().addListener((closed) -> place.giveBack());
		place.refusal().thenAccept((quota) -> channel.eventLoop().execute(() -> {
			boolean done = this.loop.errors().run("http", () -> {
				if (quota != null) {
					place.giveBack();
					if (client.isDoubtful()) {
						this.gate.proxies().hint(client.address());
					}
					this.gate.connections().refuse(this.loop, quota, outlet);
				}
				else if (channel.isActive()) {
					open(asked, outlet);
				}
			});
			if (!done) {
				channel.close();
			}
		}));
	}

	private static InetAddress peer(ChannelHandlerContext context) {
		return (context.channel().remoteAddress() instanceof InetSocketAddress peer) ? peer.getAddress()
				: InetAddress.getLoopbackAddress();
	}

	private void preflight(ChannelHandlerContext context, FullHttpRequest request, String cors, String allow,
			boolean close) {
		boolean isPreflight = request.headers().contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
		String headers = cors + (isPreflight ? this.gate.cors().preflight() : "Allow: " + allow + "\r\n");
		answer(context, this.gate.answers().empty(headers, close), close);
	}

	/** Whether it is a call and no preflight. */
	private boolean isCall(ChannelHandlerContext context, FullHttpRequest request, String cors, boolean close)
			throws ProblemException {
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
		return true;
	}

	private static String body(FullHttpRequest request) {
		return request.content().toString(StandardCharsets.UTF_8);
	}

	/** Brings what a client says about its stream to whoever holds that. */
	private void relay(ChannelHandlerContext context, FullHttpRequest request, Frame.FromClient said, String cors,
			boolean close) throws ProblemException {
		String owner = ConnectionId.nodeOf(said.connection());
		if (owner == null) {
			throw new ProblemException(Problem.notOpen());
		}
		if (owner.equals(this.gate.identity().value())) {
			Connections connections = this.gate.connections();
			boolean held = switch (said) {
				case Frame.Close gone -> connections.closeByClient(gone.connection());
				case Frame.Acknowledgement heard -> connections.acknowledgeByClient(heard.connection(), heard.nonces());
			};
			answerRelayed(context, held, cors, close);
			return;
		}
		TrustedProxies.Client client = this.gate.proxies()
			.client(peer(context), request.headers().getAll("X-Forwarded-For"));
		Quota quota = this.gate.forwards().take(client.address());
		if (quota != null) {
			throw new ProblemException(Problem.quotaExceeded(quota, this.loop.retryAfter(quota)));
		}
		this.gate.forwards().send(owner, said).whenComplete((heard, failure) -> context.executor().execute(() -> {
			boolean done = this.loop.errors().run("http", () -> {
				if (failure != null) {
					if (!Failures.isOfRedis(failure)) {
						this.loop.errors().note("http", failure);
					}
					answer(context, this.gate.answers()
						.problem(Problem.unavailable("redis-unavailable", Duration.ofSeconds(2)), cors, close, true),
							close);
				}
				else {
					answerRelayed(context, heard, cors, close);
				}
			});
			if (!done) {
				context.close();
			}
		}));
	}

	private void answerRelayed(ChannelHandlerContext context, boolean found, String cors, boolean close) {
		if (found) {
			answer(context, this.gate.answers().empty(cors, close), close);
			return;
		}
		kept().refused();
		boolean last = close || kept().isSpent();
		answer(context, this.gate.answers().problem(Problem.notOpen(), cors, last, true), last);
	}

	private void answer(ChannelHandlerContext context, ByteBuf answer, boolean close) {
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

	private static boolean isStream(FullHttpRequest request) {
		return request.method().equals(HttpMethod.GET) && !request.decoderResult().isFailure()
				&& (request.uri().startsWith("/events") || request.uri().startsWith("/sse"));
	}

	private Quota crowdedQuota() {
		return Objects.requireNonNull(this.gate.sockets(), "Counted nowhere").quota();
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
		// A reset, or something that the decoder could not bear: there is nobody to tell.
		if (!(cause instanceof IOException || cause instanceof DecoderException) || Errors.isFatal(cause)) {
			this.loop.errors().note("http", cause);
		}
		log.debug("request=broken reason=\"{}\"", cause.toString());
		context.close();
	}

}
