package io.fanfare.protocol.http;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

import org.apache.coyote.Constants;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.coyote.http11.Http11Processor;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;

/**
 * Tomcat's processor of requests. It knows since when its request arrives, and its answer
 * is read.
 */
final class BoundedProcessor extends Http11Processor {

	private final BoundedHttp11Protocol protocol;

	private final RequestGuard guard;

	/** When it was seen that something of a body that is dropped had arrived. */
	private long droppedAt;

	/** Tomcat's time of the last read at that look; below 0 while nothing is dropped. */
	private long droppedRead = -1;

	/** When it was seen that more of an answer had been read. */
	private long writtenAt;

	/** How much of it, and of which: when that began. */
	private long written;

	private long writtenOf = -1;

	BoundedProcessor(BoundedHttp11Protocol protocol, RequestGuard guard) {
		super(protocol, guard);
		this.protocol = protocol;
		this.guard = guard;
	}

	@Override
	public SocketState service(SocketWrapperBase<?> connection) throws IOException {
		Visit visit = this.protocol.visit(connection);
		this.guard.keep(visit.since(), this.protocol.maxAge());
		this.protocol.begins(this);
		visit.served(true);
		try {
			return super.service(connection);
		}
		finally {
			visit.served(false);
			this.protocol.ends(this);
			if (this.guard.hasAnswered()) {
				visit.answered(this.protocol.now());
			}
		}
	}

	/**
	 * Does not end what is answered in parts when its connection was chosen to make room
	 * a moment before its request had arrived.
	 */
	@Override
	public SocketState process(SocketWrapperBase<?> connection, SocketEvent event) throws IOException {
		if (event == SocketEvent.ERROR && isAsync() && this.protocol.visit(connection).spare()) {
			return SocketState.LONG;
		}
		return super.process(connection, event);
	}

	@Nullable SocketWrapperBase<?> connection() {
		return getSocketWrapper();
	}

	/** To be asked while no thread is at it: it waits for the rest of a head. */
	boolean isHeadLate(long now) {
		long began = getRequest().getStartTimeNanos();
		return !isAsync() && !isUpgrade() && began != -1 && now - began > BoundedHttp11Protocol.HEAD_TIME.toNanos();
	}

	/** Whether it was answered, and drops what still comes of the body. */
	boolean isDropping() {
		return getRequest().getRequestProcessor().getStage() == Constants.STAGE_ENDINPUT && !isRequestBodyFullyRead();
	}

	/** When the answer began; before that, the time that is given. */
	long answeringSince(long before) {
		long began = this.response.getCommitTimeNanos();
		return (began != -1) ? began : before;
	}

	/** Whether a handler has begun, and not the whole body has arrived. */
	boolean isReading() {
		return getRequest().getRequestProcessor().getStage() == Constants.STAGE_SERVICE && !isAsync()
				&& getRequest().getStartTimeNanos() != -1 && !isRequestBodyFullyRead();
	}

	/**
	 * When the request began, and later by as long as what has arrived may take; before
	 * that, the time that is given.
	 */
	long readingSince(long before) {
		long began = getRequest().getStartTimeNanos();
		return (began != -1) ? began + nanosAtLeastRate(getRequest().getBytesRead()) : before;
	}

	/**
	 * Whether nothing of an answer has been read for
	 * {@link BoundedHttp11Protocol#UNREAD}. For one thread, which looks at it again and
	 * again.
	 */
	boolean isUnread(long now) {
		int stage = getRequest().getRequestProcessor().getStage();
		long began = this.response.getCommitTimeNanos();
		if ((stage != Constants.STAGE_SERVICE && stage != Constants.STAGE_ENDOUTPUT) || began == -1) {
			this.writtenOf = -1;
			return false;
		}
		long passed = this.response.getBytesWritten(false);
		if (began != this.writtenOf || passed != this.written) {
			this.writtenOf = began;
			this.written = passed;
			this.writtenAt = now;
		}
		return now - this.writtenAt >= BoundedHttp11Protocol.UNREAD.toNanos();
	}

	/**
	 * Closes it if it waits for a body, or for its client to read an answer, that is
	 * late.
	 * @return whether it did
	 */
	boolean closeLate(long now) {
		SocketWrapperBase<?> connection = getSocketWrapper();
		int stage = getRequest().getRequestProcessor().getStage();
		if (connection == null || connection.isClosed() || connection.getError() != null) {
			return false;
		}
		if (isBodyLate(stage, now) || isDropLate(connection, now)) {
			connection.setError(new SocketTimeoutException("The body of the request did not arrive in time"));
			endInput(connection);
			return true;
		}
		if (isAnswerLate(stage, now)) {
			connection.setError(new SocketTimeoutException("The answer was not read in time"));
			endOutput(connection);
			return true;
		}
		return false;
	}

	/**
	 * Ends what a thread waits for. It closes the connection: had another thread closed
	 * it, this one would wait on, with all its buffers, until its read has timed out.
	 */
	static void endInput(SocketWrapperBase<?> connection) {
		try {
			if (connection.getSocket() instanceof NioChannel channel) {
				channel.getIOChannel().shutdownInput();
				return;
			}
		}
		catch (IOException ex) {
			// It is closed, or nothing is left to be waited for
		}
		connection.close();
	}

	/**
	 * Ends what a thread waits to write. It closes the connection, and the system drops
	 * what the client has not read.
	 */
	static void endOutput(SocketWrapperBase<?> connection) {
		try {
			if (connection.getSocket() instanceof NioChannel channel) {
				SocketChannel socket = channel.getIOChannel();
				socket.setOption(StandardSocketOptions.SO_LINGER, 0);
				socket.shutdownOutput();
				return;
			}
		}
		catch (IOException ex) {
			// It is closed, or nothing is left to be written
		}
		connection.close();
	}

	private static long nanosAtLeastRate(long bytes) {
		return bytes * 1_000_000_000 / BoundedHttp11Protocol.LEAST_RATE;
	}

	private boolean isBodyLate(int stage, long now) {
		Request body = getRequest();
		long began = body.getStartTimeNanos();
		return (stage == Constants.STAGE_SERVICE || stage == Constants.STAGE_ENDINPUT) && began != -1
				&& !isRequestBodyFullyRead() && isLate(began, body.getBytesRead(), now);
	}

	/** The answer is sent; a caller that still sends reads it within moments. */
	private boolean isDropLate(SocketWrapperBase<?> connection, long now) {
		if (!isDropping()) {
			this.droppedRead = -1;
			return false;
		}
		long read = (connection instanceof NioEndpoint.NioSocketWrapper nio) ? nio.getLastRead() : 0;
		if (read != this.droppedRead) {
			this.droppedRead = read;
			this.droppedAt = now;
		}
		return now - this.droppedAt > BoundedHttp11Protocol.DROP_TIME.toNanos();
	}

	/** The answer may end meanwhile, and has no time then. */
	private boolean isAnswerLate(int stage, long now) {
		Response answer = this.response;
		long began = answer.getCommitTimeNanos();
		return (stage == Constants.STAGE_SERVICE || stage == Constants.STAGE_ENDOUTPUT) && began != -1
				&& isLate(began, answer.getBytesWritten(false), now);
	}

	private static boolean isLate(long began, long passed, long now) {
		return now - began > BoundedHttp11Protocol.bodyTime(passed).plus(BoundedHttp11Protocol.GRACE).toNanos();
	}

}
