package io.fanfare.node.connection;

import java.util.List;

import io.fanfare.node.presence.Proof;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.Predecessor;

/**
 * What renewals and the pub/sub link report about a connection's claim to its user, and
 * what follows for its delivery. Belongs to its connection's loop.
 */
final class OwnershipChanges {

	private final Connection connection;

	private final StreamLoop loop;

	private final Delivery delivery;

	private final UserClaim claim;

	OwnershipChanges(Connection connection, StreamLoop loop, Delivery delivery, UserClaim claim) {
		this.connection = connection;
		this.loop = loop;
		this.delivery = delivery;
		this.claim = claim;
	}

	/**
	 * A renewal that listed it found nothing amiss, or wrote its field back. Whether
	 * messages to the user were hidden meanwhile is reported separately, by
	 * {@link #restored}.
	 */
	void renewed(Proof sent, long clock, long dataLossFloor, boolean restored) {
		if (this.connection.isClosed() || this.connection.isLeaving()) {
			return;
		}
		UserClaim.Continuity continuity = this.claim.renewed(sent, this.loop.link(), this.loop.stepsBack());
		if (continuity == UserClaim.Continuity.BROKEN) {
			this.delivery.missed(clock);
		}
		boolean unbroken = continuity == UserClaim.Continuity.UNBROKEN;
		if (unbroken && !restored) {
			this.delivery.owned(clock);
		}
		if (this.claim.raiseDataLossFloor(dataLossFloor)) {
			if (unbroken) {
				this.delivery.vouch(dataLossFloor);
			}
			else {
				this.delivery.fallBehind();
				this.delivery.setBack(dataLossFloor);
			}
		}
	}

	/**
	 * Redis is another server. Ids above the given one that came from the server before
	 * say nothing about those that this one gave.
	 */
	void serverChanged(long dataLossFloor) {
		if (this.connection.isHeld() && this.claim.serverChanged(dataLossFloor)) {
			this.delivery.fallBehind();
			this.delivery.setBack(dataLossFloor);
		}
	}

	/**
	 * Its field was gone and is written back. In order with the messages that arrive.
	 * @param last the last message of the user's channel then
	 */
	void restored(Predecessor last) {
		if (this.connection.isHeld()) {
			this.delivery.restored(last);
		}
	}

	/**
	 * The stream that ended where this one may have begun did not receive all of its
	 * user's channel.
	 */
	void hidden(Frame.Hidden frame) {
		Long cursor = this.connection.request().cursor();
		if (cursor == null || cursor <= frame.from() || cursor > frame.to() || this.connection.isClosed()
				|| this.connection.isLeaving()) {
			return;
		}
		if (this.connection.isBegun()) {
			this.delivery.hiddenBefore(frame.from(), cursor);
		}
		else {
			this.claim.hidden(frame.from());
		}
	}

	/**
	 * The stream of its client that it has replaced was written messages of which a
	 * verdict is awaited. Those up to its cursor reached the client.
	 */
	void unacknowledged(List<Long> ids) {
		Long cursor = this.connection.request().cursor();
		if (cursor != null && !this.connection.isClosed()) {
			this.delivery.mayAcknowledge(ids.stream().filter((id) -> id <= cursor).toList());
		}
	}

	/** It stands behind a gap that tells of what the store lost up to an id. */
	void passedLoss(long upTo) {
		this.claim.raiseDataLossFloor(upTo);
	}

	/** A newer connection may own the user. */
	void displaced(Frame.Displacement by) {
		if (this.claim.isDisplaced(by) && !this.connection.isLeaving()) {
			displaced(by.generation(), by.client().equals(this.connection.client()));
		}
	}

	/** A renewal found that another connection owns the user. */
	void displaced(long by, boolean sameClient) {
		if (this.connection.isClosed()) {
			return;
		}
		if (sameClient) {
			this.connection.ending().endSilently();
		}
		else {
			this.connection.ending().kicked(CloseReason.TAKEOVER, by);
		}
	}

}
