package io.fanfare.bench.load;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * One stream. After the answer's head nothing is parsed: marks are searched for, and the
 * next one is first looked for where it would be if the next message looked like this
 * one. A message of 120 bytes so costs 20 to 50 ns, where {@code SseParser} of push-test
 * takes some 1000 ns (200 messages per read, on one core): with that, the load processes
 * would need more CPU than the servers which they measure.
 */
final class StreamHandler extends ChannelInboundHandlerAdapter {

	private static final int HEAD_LIMIT = 16_384;

	private static final int[] NONE = {};

	/** Below each digit there is no borrow; below what frames chunks there is. */
	private static final long ZEROS = 0x3030303030303030L;

	private static final long SIGNS = 0x8080808080808080L;

	private final LoadLoop loop;

	private final Tally tally;

	private final byte[] request;

	private final long started;

	/** What came of the head, or of a message, and does not suffice yet. */
	private @Nullable ByteBuf rest;

	private boolean open;

	private boolean done;

	private int stride = Payload.HEAD;

	private int[] lanes = NONE;

	private int[] numbers = NONE;

	private char phase;

	StreamHandler(LoadLoop loop, byte[] request, long started) {
		this.loop = loop;
		this.tally = loop.tally();
		this.request = request;
		this.started = started;
	}

	@Override
	public void channelActive(ChannelHandlerContext context) {
		context.writeAndFlush(Unpooled.wrappedBuffer(this.request), context.voidPromise());
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object message) {
		ByteBuf in = (ByteBuf) message;
		ByteBuf before = this.rest;
		if (before != null) {
			this.rest = null;
			in = Unpooled.wrappedBuffer(before, in);
		}
		try {
			if (this.open || readHead(context, in)) {
				scan(in);
			}
		}
		finally {
			in.release();
		}
	}

	private boolean readHead(ChannelHandlerContext context, ByteBuf in) {
		String text = in.toString(StandardCharsets.ISO_8859_1);
		int end = text.indexOf("\r\n\r\n");
		if (end < 0 && text.length() < HEAD_LIMIT) {
			this.rest = in.copy();
			return false;
		}
		if (!text.startsWith("HTTP/1.1 200") || text.contains("event: push.busy")) {
			this.tally.refused++;
			this.loop.explain(text);
			finish();
			context.close();
			return false;
		}
		this.open = true;
		this.tally.open++;
		this.tally.opens.recordValue(Tally.micros(System.nanoTime() - this.started));
		this.loop.settled();
		in.skipBytes(end + 4);
		return true;
	}

	private void scan(ByteBuf in) {
		long now = System.nanoTime();
		int end = in.writerIndex();
		int mark = in.indexOf(in.readerIndex(), end, Payload.MARK);
		while (mark >= 0) {
			if (mark + Payload.HEAD > end || !read(in, mark, end, now)) {
				this.rest = in.copy(mark, end - mark);
				return;
			}
			int guess = mark + this.stride;
			if (guess >= end || in.getByte(guess) != Payload.MARK) {
				guess = in.indexOf(mark + Payload.HEAD, end, Payload.MARK);
				if (guess >= 0) {
					this.stride = guess - mark;
				}
			}
			mark = guess;
		}
	}

	/** Returns whether there was enough to read. */
	private boolean read(ByteBuf in, int mark, int end, long now) {
		long below = in.getLongLE(mark + 2) - ZEROS | in.getLongLE(mark + 10) - ZEROS | in.getLongLE(mark + 18) - ZEROS
				| in.getLongLE(mark + 26) - ZEROS;
		if ((below & SIGNS) == 0) {
			message(in, mark, now);
			return true;
		}
		ByteBuf head = joined(in, mark, end);
		if (head != null) {
			message(head, 0, now);
		}
		return head != null;
	}

	/**
	 * The head of a message that the framing of chunks cut apart, if all of it is here.
	 */
	private static @Nullable ByteBuf joined(ByteBuf in, int mark, int end) {
		ByteBuf head = Unpooled.buffer(Payload.HEAD);
		int at = mark;
		while (head.readableBytes() < Payload.HEAD) {
			if (at >= end) {
				return null;
			}
			if (in.getByte(at) == '\r') {
				int size = in.indexOf(Math.min(at + 2, end), end, (byte) '\n');
				if (size < 0) {
					return null;
				}
				at = size;
			}
			else {
				head.writeByte(in.getByte(at));
			}
			at++;
		}
		return head;
	}

	private void message(ByteBuf in, int mark, long now) {
		char sent = (char) in.getByte(mark + 1);
		if (sent != this.loop.phase()) {
			if (sent >= 'A' && sent <= 'Z') {
				this.tally.late++;
			}
			else {
				this.tally.unreadable++;
			}
			return;
		}
		int lane = (int) Payload.parse(in.getLongLE(mark + 2));
		int number = (int) Payload.parse(in.getLongLE(mark + 10));
		long due = Payload.parse(in.getLongLE(mark + 18)) << 32 | Payload.parse(in.getLongLE(mark + 26));
		order(sent, lane, number);
		this.tally.received++;
		long micros = Tally.micros(now - due);
		if (lane >= Payload.USER_LANES) {
			this.tally.single.recordValue(micros);
		}
		else {
			this.tally.shared.recordValue(micros);
		}
	}

	/**
	 * Every lane begins at 1 in every phase, so no gap and the right sum is completeness.
	 */
	private void order(char sent, int lane, int number) {
		if (sent != this.phase) {
			this.phase = sent;
			Arrays.fill(this.numbers, 0);
		}
		int slot = 0;
		while (slot < this.lanes.length && this.lanes[slot] != lane) {
			slot++;
		}
		if (slot == this.lanes.length) {
			this.lanes = Arrays.copyOf(this.lanes, slot + 1);
			this.numbers = Arrays.copyOf(this.numbers, slot + 1);
			this.lanes[slot] = lane;
		}
		int last = this.numbers[slot];
		if (number == last + 1) {
			this.numbers[slot] = number;
		}
		else if (number > last) {
			this.tally.missing += number - last - 1;
			this.numbers[slot] = number;
		}
		else {
			this.tally.disordered++;
		}
	}

	@Override
	public void channelInactive(ChannelHandlerContext context) {
		if (!this.done && !this.loop.isClosing()) {
			if (this.open) {
				this.tally.ended++;
			}
			else {
				this.tally.errors++;
			}
		}
		finish();
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
		if (!this.done && !this.loop.isClosing()) {
			this.tally.errors++;
			this.loop.explain(String.valueOf(cause));
		}
		finish();
		context.close();
	}

	private void finish() {
		if (this.done) {
			return;
		}
		this.done = true;
		if (this.open) {
			this.tally.open--;
		}
		else {
			this.loop.settled();
		}
		if (this.rest != null) {
			this.rest.release();
			this.rest = null;
		}
	}

}
