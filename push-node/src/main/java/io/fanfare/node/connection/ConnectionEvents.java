package io.fanfare.node.connection;

import java.net.InetAddress;
import java.time.Duration;

import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;

/**
 * What happens to connections, for those that count it. Called on the loops; must not
 * block.
 */
public interface ConnectionEvents {

	/**
	 * A stream began.
	 * @param resumed whether it carried a cursor
	 */
	void opened(boolean resumed);

	/**
	 * A stream began, of which more may be asked.
	 * @param connection the stream
	 * @param resumed whether it carried a cursor
	 */
	default void began(Connection connection, boolean resumed) {
		opened(resumed);
	}

	/**
	 * A stream ended.
	 * @param ending how
	 * @param open how long it was open
	 */
	void closed(Ending ending, Duration open);

	/**
	 * A request for a stream was answered otherwise.
	 * @param reason why
	 */
	void refused(CloseReason reason);

	/**
	 * A request for a stream was answered otherwise because a quota is used up.
	 * @param quota which one
	 */
	void limited(Quota quota);

	/** A ticket was made. */
	void ticketIssued();

	/** A ticket was spent. */
	void ticketSpent();

	/**
	 * A request for a stream came by a ticket that opens none.
	 * @param reason why, one of a small closed set
	 */
	void ticketRefused(String reason);

	/**
	 * A request was refused for what its client sent, or sent too often.
	 * @param reason the kind
	 * @param address where the client is
	 */
	default void rejected(RefusalReason reason, InetAddress address) {
	}

	/**
	 * A client was asked to stop.
	 * @param reason why; null for a displaced page that came back
	 */
	void kicked(@Nullable CloseReason reason);

	/** A topic was taken from a stream, which goes on. */
	void unsubscribed();

	/**
	 * Messages were written to a stream.
	 * @param count how many
	 * @param firstId the id of the first of them
	 * @param lastId the id of the last of them
	 */
	void sent(int count, long firstId, long lastId);

	/**
	 * Messages from history were written to a stream.
	 * @param count how many
	 * @param firstId the id of the first of them
	 * @param lastId the id of the last of them
	 * @param openedMillis when the stream was opened, in milliseconds since the epoch: a
	 * message from before was not on its way to this stream all the time
	 */
	default void replayed(int count, long firstId, long lastId, long openedMillis) {
		sent(count, firstId, lastId);
	}

	/**
	 * A call to Redis was not answered, or refused.
	 * @param call what was asked, one of a small closed set
	 */
	void unanswered(String call);

	/**
	 * Who measures how long things take.
	 * @return measures them
	 */
	default StreamTimings timings() {
		return StreamTimings.NONE;
	}

	/** A gap was announced. */
	void gap();

	/** A connection fell behind and reads history. */
	void fellBehind();

}
