package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Puts requests together, bounded; answers in bytes, for there is no response encoder on
 * the stream port.
 */
final class RequestAggregator extends HttpObjectAggregator {

	static final int MAX_BODY = 16 * 1024;

	private final Cors cors;

	private final Answers answers;

	RequestAggregator(Cors cors, Answers answers) {
		super(MAX_BODY);
		this.cors = cors;
		this.answers = answers;
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
		if (message instanceof HttpRequest head && head.decoderResult().isSuccess()) {
			Problem problem = RequestHead.problem(head);
			if (problem != null) {
				ReferenceCountUtil.release(message);
				String headers = this.cors.headers(head.headers().get(HttpHeaderNames.ORIGIN));
				LingeringClose.answer(context.channel(),
						this.answers.problem(problem, headers, true, !head.method().equals(HttpMethod.HEAD)));
				return;
			}
		}
		super.channelRead(context, message);
	}

	@Override
	protected @Nullable Object newContinueResponse(HttpMessage start, int maxContentLength, ChannelPipeline pipeline) {
		if (HttpUtil.is100ContinueExpected(start) && HttpUtil.getContentLength(start, 0L) <= maxContentLength) {
			return Unpooled.copiedBuffer("HTTP/1.1 100 Continue\r\n\r\n", StandardCharsets.US_ASCII);
		}
		return null;
	}

	@Override
	protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
		String headers = this.cors.headers(oversized.headers().get(HttpHeaderNames.ORIGIN));
		LingeringClose.answer(context.channel(), this.answers.problem(Problem.tooLarge(), headers, true, true));
	}

}
