package io.fanfare.node.connection;

import java.time.Duration;

import io.fanfare.node.encoding.Blocks;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;

/**
 * What a client receives when its stream ends, or does not begin. Each but
 * {@link #announceKick} closes the socket. Belongs to its connection's loop.
 */
final class CloseNotice {

	private final StreamRequest request;

	private final StreamWriter writer;

	private final StreamLoop loop;

	CloseNotice(StreamRequest request, StreamWriter writer, StreamLoop loop) {
		this.request = request;
		this.writer = writer;
		this.loop = loop;
	}

	/** There is no stream now; that is counted. */
	void refuse(CloseReason reason) {
		this.loop.context().events().refused(reason);
		notNow(reason);
	}

	/** There is no stream now. */
	void notNow(CloseReason reason) {
		Duration retry = this.loop.context().spread().retry();
		if (this.writer.isAnswered()) {
			this.writer.end(Blocks.busy(reason, this.request.cursorText(), retry));
		}
		else {
			this.writer.refuse(reason, retry);
		}
	}

	/** A quota is used up. */
	void refuse(Quota quota) {
		this.loop.context().events().limited(quota);
		rejected(quota.refusal());
		Duration retry = this.loop.context().spread().retryAfter(quota);
		if (this.writer.isAnswered()) {
			this.writer.end(Blocks.busy(CloseReason.RATE_LIMITED, this.request.cursorText(), retry));
		}
		else {
			this.writer.refuse(quota, retry);
		}
	}

	/** Its ticket opens no stream: it had ended, or was spent by another. */
	void refuseTicket(String reason) {
		this.loop.context().events().ticketRefused(reason);
		rejected("spent".equals(reason) ? RefusalReason.TICKET_SPENT : RefusalReason.TICKET_UNKNOWN);
		if (this.writer.isAnswered()) {
			this.writer.end(null);
		}
		else {
			this.writer.refuseTicket();
		}
	}

	/** The client is counted among those that are refused. */
	void rejected(RefusalReason reason) {
		this.loop.context().events().rejected(reason, this.request.address());
	}

	/**
	 * The client is to stop, also where it has no answer yet.
	 * @param by the generation that ends the stream
	 * @param lastId up to where the client has what it was sent
	 * @param message what it is given besides, or null
	 */
	void kick(CloseReason reason, long by, long lastId, @Nullable String message) {
		byte[] block = kicked(reason, by, lastId, Duration.ZERO, message);
		if (this.writer.isAnswered()) {
			this.writer.end(block);
		}
		else {
			this.writer.answer(block);
			this.writer.end(null);
		}
	}

	/** The client is to stop soon: the stream is closed later. */
	void announceKick(CloseReason reason, long by, long lastId, Duration grace, @Nullable String message) {
		this.writer.write(kicked(reason, by, lastId, grace, message));
	}

	private byte[] kicked(CloseReason reason, long by, long lastId, Duration grace, @Nullable String message) {
		return Blocks.kicked(reason, by, MessageId.format(lastId), this.loop.millis(), grace, message);
	}

	/**
	 * The token grants nothing, where the client has no answer yet and asked for a
	 * status.
	 * @return whether it did; otherwise nothing was written
	 */
	boolean refuseToken() {
		boolean refused = !this.writer.isAnswered() && this.writer.refuseToken();
		if (refused) {
			this.loop.context().events().refused(CloseReason.REVOKED);
		}
		return refused;
	}

	/** The client is to reconnect, after a spread while. */
	void goAway(CloseReason reason, @Nullable String cursor, @Nullable String message) {
		this.writer.end(Blocks.goaway(reason, cursor, this.loop.context().spread().retry(), message));
	}

	/** The client knows, or there is none to notify. */
	void endSilently() {
		if (this.writer.isAnswered()) {
			this.writer.end(null);
		}
		else {
			this.writer.abort();
		}
	}

	/** Something of the connection threw. Its client comes back and catches up. */
	void error(Phase phase, Delivery delivery) {
		if (phase instanceof Phase.Leaving) {
			this.writer.end(null);
		}
		else if (delivery.isWriting()) {
			this.writer.abort();
		}
		else if (phase.isBegun()) {
			goAway(CloseReason.ERROR, MessageId.format(delivery.cursor()), null);
		}
		else {
			notNow(CloseReason.ERROR);
		}
	}

}
