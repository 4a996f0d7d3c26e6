package io.fanfare.node.stream;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpUtil;
import org.jspecify.annotations.Nullable;

/**
 * Looks at each byte of a request's framing once, before it is decoded, and refuses what
 * would be costly or ambiguous to decode: lines that begin with a blank (RFC 9112,
 * sections 2.2 and 5.2), which the decoder would join at a cost that grows with their
 * square, more lines than any client sends, and fields behind a body.
 */
final class RequestScanner {

	/** Header lines; browsers and proxies send some thirty. */
	static final int MAX_LINES = 256;

	private static final int MAX_SIZE_DIGITS = 8;

	private Phase phase = Phase.BEFORE;

	/** How many of the bytes that are not decoded yet were looked at. */
	private int seen;

	private int lines;

	/** What is still to come of a chunk, with the line end behind it. */
	private long chunk;

	private int digits;

	/** Where in a request the bytes are that are looked at next. */
	private enum Phase {

		/** Before its first character. */
		BEFORE,
		/** Within a line. */
		LINE,
		/** At the beginning of a header line. */
		LINE_START,
		/** Behind a CR at the beginning of a header line. */
		LAST_LINE,
		/** In the length of a chunk. */
		CHUNK_SIZE,
		/** Behind the length of a chunk, in its line. */
		CHUNK_LINE,
		/** In a chunk. */
		CHUNK,
		/** Behind the last chunk. */
		TRAILER,
		/** Behind the head, or the whole request: nothing is to be looked at. */
		REST

	}

	/** Looks at what has come. Returns why the request is refused, or null. */
	@Nullable Problem look(ByteBuf bytes) {
		int at = bytes.readerIndex() + this.seen;
		int end = bytes.writerIndex();
		while (at < end && this.phase != Phase.REST) {
			if (this.phase == Phase.LINE || this.phase == Phase.CHUNK_LINE) {
				int feed = bytes.indexOf(at, end, (byte) '\n');
				at = (feed >= 0) ? feed + 1 : end;
				if (feed >= 0) {
					lineEnded();
				}
				continue;
			}
			if (this.phase == Phase.CHUNK) {
				long skipped = Math.min(this.chunk, end - at);
				at += (int) skipped;
				this.chunk -= skipped;
				if (this.chunk == 0) {
					this.phase = Phase.CHUNK_SIZE;
					this.digits = 0;
				}
				continue;
			}
			Problem problem = look(bytes.getByte(at++));
			if (problem != null) {
				return problem;
			}
		}
		this.seen = at - bytes.readerIndex();
		return null;
	}

	private void lineEnded() {
		if (this.phase == Phase.LINE) {
			this.phase = Phase.LINE_START;
		}
		else if (this.chunk == 0) {
			this.phase = Phase.TRAILER;
		}
		else {
			this.chunk += 2;
			this.phase = Phase.CHUNK;
		}
	}

	private @Nullable Problem look(byte c) {
		switch (this.phase) {
			case BEFORE -> this.phase = (c >= 0 && c <= ' ') ? Phase.BEFORE : Phase.LINE;
			case LINE_START -> {
				if (c == ' ' || c == '\t') {
					return Problem.malformed("A header field is folded, or begins with a blank");
				}
				if (++this.lines > MAX_LINES) {
					return Problem.tooManyHeaders(MAX_LINES);
				}
				this.phase = (c == '\r') ? Phase.LAST_LINE : (c == '\n') ? Phase.REST : Phase.LINE;
			}
			case LAST_LINE -> this.phase = (c == '\n') ? Phase.REST : Phase.LINE;
			case CHUNK_SIZE -> {
				int digit = Character.digit(c, 16);
				if (digit >= 0) {
					this.chunk = this.chunk * 16 + digit;
					if (++this.digits > MAX_SIZE_DIGITS) {
						return Problem.malformed("The length of a chunk is too long");
					}
				}
				else if (this.digits == 0) {
					return Problem.malformed("A chunk has no length");
				}
				else if (c == '\n') {
					lineEnded();
				}
				else {
					this.phase = Phase.CHUNK_LINE;
				}
			}
			case TRAILER -> {
				if (c != '\r' && c != '\n') {
					return Problem.malformed("Fields behind a body are not understood");
				}
				this.phase = (c == '\n') ? Phase.REST : Phase.TRAILER;
			}
			case LINE, CHUNK_LINE, CHUNK, REST -> throw new IllegalStateException("Not a byte at a time");
		}
		return null;
	}

	/** Whether the first character of a request has come. */
	boolean hasBegun() {
		return this.phase != Phase.BEFORE;
	}

	/** How many header lines of the request have begun. */
	int lines() {
		return this.lines;
	}

	/** Whether the head was looked at to its end. */
	boolean isBehindHead() {
		return this.phase.compareTo(Phase.LAST_LINE) > 0;
	}

	/** So many bytes were decoded. */
	void decoded(int bytes) {
		this.seen = Math.max(0, this.seen - bytes);
	}

	/** The head was decoded. */
	void headDecoded(HttpMessage head) {
		if (HttpUtil.isTransferEncodingChunked(head)) {
			this.phase = Phase.CHUNK_SIZE;
			this.seen = 0;
			this.chunk = 0;
			this.digits = 0;
		}
	}

	/** The request was decoded: the next begins. */
	void requestDecoded() {
		this.phase = Phase.BEFORE;
		this.seen = 0;
		this.lines = 0;
	}

}
