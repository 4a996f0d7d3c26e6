package io.fanfare.node.connection;

import java.util.HashSet;
import java.util.Set;

import io.fanfare.protocol.MessageId;
import io.fanfare.redis.presence.Presence.Received;

/**
 * How far the channel of its user reached a connection. It is kept apart from the
 * position: messages to a user arrive only while presence names the connection, and the
 * position may have passed those that did not with what else came. Belongs to its
 * connection's loop.
 */
final class UserChannel {

	private static final int MAX_BY_ALL = 256;

	/**
	 * Up to this id the channel was received, read from history or announced. Lags behind
	 * the position while nothing comes for the user.
	 */
	private long upTo;

	/**
	 * The head id at the last renewal that found the field in place on the present link;
	 * 0 for none. Once ids above it have arrived, everything up to it has.
	 */
	private long ownedAt;

	/**
	 * The last message of the channel that arrived while its stream was not LIVE. Only
	 * once history was read up to there it says something of what lies below.
	 */
	private long last;

	/** Ids above that which came by way of all nodes, after a data loss. */
	private Set<Long> byAll = Set.of();

	/** The last stretch of the channel that was announced as hidden, or 0. */
	private long hiddenFrom;

	private long hiddenTo;

	long upTo() {
		return this.upTo;
	}

	long last() {
		return this.last;
	}

	/** The ids that came by way of all nodes. */
	Set<Long> byAll() {
		return Set.copyOf(this.byAll);
	}

	boolean isAnyByAll() {
		return !this.byAll.isEmpty();
	}

	/** The stream begins: up to an id there is nothing to receive. */
	void begin(long from) {
		this.upTo = from;
	}

	/** The store forgot what lies above an id. */
	void setBack(long to) {
		this.upTo = to;
		this.last = MessageId.ZERO;
		this.byAll = Set.of();
	}

	/** Up to an id the channel was received for sure. */
	void received(long id) {
		if (id > this.upTo) {
			this.upTo = id;
			if (!this.byAll.isEmpty()) {
				this.byAll.removeIf((one) -> one <= id);
			}
		}
	}

	/** A message arrived that says nothing yet of those before it. */
	void arrived(long id) {
		this.last = id;
	}

	/**
	 * A message came by way of all nodes: presence named no owner, so earlier ones may
	 * have been hidden.
	 */
	void arrivedByAll(long id) {
		if (this.byAll.isEmpty()) {
			this.byAll = new HashSet<>();
		}
		// Beyond that a gap is announced that is none.
		if (this.byAll.size() < MAX_BY_ALL) {
			this.byAll.add(id);
		}
	}

	/**
	 * A renewal found that presence names the connection.
	 * @param clock the last id that was given by then
	 * @param headId the highest id that has passed the loop
	 */
	void owned(long clock, long headId) {
		if (this.ownedAt != MessageId.ZERO && headId > this.ownedAt) {
			received(this.ownedAt);
		}
		if (this.ownedAt == MessageId.ZERO || headId > this.ownedAt) {
			this.ownedAt = clock;
		}
	}

	/** What the last renewal found says nothing of what comes now. */
	void notOwned() {
		this.ownedAt = MessageId.ZERO;
	}

	/** A stretch was hidden; it may be announced by several gaps. */
	void hid(long from, long to) {
		boolean same = this.hiddenTo != MessageId.ZERO && from <= this.hiddenTo;
		this.hiddenFrom = same ? Math.min(this.hiddenFrom, from) : from;
		this.hiddenTo = same ? Math.max(this.hiddenTo, to) : to;
	}

	/** How far the channel reached the client, for the stream that continues this one. */
	Received report(long position) {
		return new Received(this.upTo, position, this.hiddenFrom, this.hiddenTo);
	}

}
