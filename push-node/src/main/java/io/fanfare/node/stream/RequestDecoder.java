package io.fanfare.node.stream;

import java.util.List;

import io.fanfare.node.ratelimit.ArrivingBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/**
 * Decodes requests, one at a time, and reports before each piece of one that it arrives.
 * What a request before it left unread counts as well, so no byte of a request is missed.
 * Empty lines between requests belong to none (RFC 9112, section 2.2).
 * <p>
 * Behind a request it stops until that was answered, and goes on in a later turn of the
 * loop: however many requests a client sends at once, the other connections of the loop
 * wait for one of them. Meanwhile no more is read than came with it.
 */
final class RequestDecoder extends HttpRequestDecoder {

	/** Of a body with its framing, which may be longer than what it frames. */
	private static final int MAX_RAW_BODY = 8 * RequestAggregator.MAX_BODY;

	/** What a header line takes besides its bytes once it is decoded. */
	private static final int LINE_BYTES = 128;

	private final RequestHandler handler;

	private final @Nullable ArrivingBytes arriving;

	private final RequestScanner scanner = new RequestScanner();

	/** Of the body, with its framing. */
	private int bodyBytes;

	/** Of the request that is not there as a whole: what was decoded of it. */
	private int decodedBytes;

	/** What is counted there. */
	private int counted;

	private boolean paused;

	private @Nullable ChannelHandlerContext own;

	/**
	 * Makes a decoder.
	 * @param config how long a head may be
	 * @param handler is notified of what arrives
	 * @param arriving counts what is held of it, or null
	 */
	RequestDecoder(HttpDecoderConfig config, RequestHandler handler, @Nullable ArrivingBytes arriving) {
		super(config);
		this.handler = handler;
		this.arriving = arriving;
	}

	@Override
	public void handlerAdded(ChannelHandlerContext context) throws Exception {
		super.handlerAdded(context);
		this.own = context;
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
		int bytes = (message instanceof ByteBuf read) ? read.readableBytes() : 0;
		super.channelRead(context, message);
		if (context.isRemoved()) {
			return;
		}
		if (this.paused && actualReadableBytes() > 0) {
			context.channel().config().setAutoRead(false);
		}
		if (!this.paused && bytes > 0) {
			this.handler.arrives(bytes);
		}
		if (!count(actualReadableBytes() + this.decodedBytes + LINE_BYTES * this.scanner.lines())) {
			this.handler.refuse(Problem.tooMuchArriving());
		}
	}

	/** Counts what it holds of requests. Returns whether there is room for it. */
	private boolean count(int held) {
		int change = held - this.counted;
		this.counted = held;
		return change == 0 || this.arriving == null || this.arriving.change(change, held);
	}

	@Override
	protected void handlerRemoved0(ChannelHandlerContext context) throws Exception {
		count(0);
		super.handlerRemoved0(context);
	}

	@Override
	protected void decode(ChannelHandlerContext context, ByteBuf bytes, List<Object> out) throws Exception {
		if (this.paused) {
			return;
		}
		if (!this.handler.isAwaitingRest() && bytes.forEachByte((value) -> value >= 0 && value <= ' ') >= 0) {
			this.handler.requestBegins();
		}
		Problem problem = this.scanner.look(bytes);
		if (problem != null) {
			this.handler.refuse(problem);
			return;
		}
		int before = bytes.readerIndex();
		super.decode(context, bytes, out);
		decoded(bytes.readerIndex() - before, out);
	}

	private void decoded(int consumed, List<Object> out) {
		this.scanner.decoded(consumed);
		if (this.scanner.hasBegun()) {
			this.decodedBytes += consumed;
		}
		if (out.isEmpty()) {
			countBody(consumed);
		}
		else if (out.getLast() instanceof LastHttpContent) {
			this.scanner.requestDecoded();
			this.bodyBytes = 0;
			this.decodedBytes = 0;
			this.paused = true;
		}
		else if (out.getLast() instanceof HttpMessage head) {
			this.scanner.headDecoded(head);
		}
		else {
			countBody(consumed);
		}
	}

	private void countBody(int consumed) {
		if (this.scanner.isBehindHead()) {
			this.bodyBytes += consumed;
			if (this.bodyBytes > MAX_RAW_BODY) {
				this.handler.refuse(Problem.tooLarge());
			}
		}
	}

	/** Netty would drop the length, and so hide that there were two. */
	@Override
	protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
		throw new IllegalArgumentException("Both Transfer-Encoding and Content-Length");
	}

	/** The request was answered: the next is decoded in a later turn of the loop. */
	void next() {
		ChannelHandlerContext context = this.own;
		if (context == null || context.isRemoved()) {
			return;
		}
		if (actualReadableBytes() == 0 && context.channel().config().isAutoRead()) {
			this.paused = false;
			return;
		}
		SingleThreadEventLoop loop = (SingleThreadEventLoop) context.channel().eventLoop();
		if (!loop.isShuttingDown()) {
			loop.executeAfterEventLoopIteration(() -> loop.execute(() -> resume(context)));
		}
	}

	private void resume(ChannelHandlerContext context) {
		if (context.isRemoved()) {
			return;
		}
		this.paused = false;
		try {
			channelRead(context, Unpooled.EMPTY_BUFFER);
		}
		catch (Exception ex) {
			context.fireExceptionCaught(ex);
		}
		if (!this.paused && !context.isRemoved()) {
			context.channel().config().setAutoRead(true);
		}
	}

}
