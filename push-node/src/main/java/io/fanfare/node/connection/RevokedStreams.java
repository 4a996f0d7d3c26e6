package io.fanfare.node.connection;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.node.subscription.Topic;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.redis.revocation.Revocation;
import io.fanfare.redis.revocation.RevocationPage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends what was revoked, on one loop. It learns of it by a call, at once; and by each
 * renewal, which reads the log of revocations before it proves anything. So a stream
 * whose node missed the call receives messages no longer than its last proof holds.
 * <p>
 * A stream that claims its user later is refused by the claim itself. Belongs to its
 * loop.
 */
public final class RevokedStreams {

	private static final Logger log = LoggerFactory.getLogger(RevokedStreams.class);

	private static final String WHERE = "revocation";

	private final StreamLoop loop;

	/** The last entry of the log that was read; null before the first renewal. */
	private @Nullable Long known;

	/** How often all are still being sent on, for the log did not reach back. */
	private int sendingOn;

	RevokedStreams(StreamLoop loop) {
		this.loop = loop;
	}

	@Nullable Long known() {
		return this.known;
	}

	/**
	 * Does what a renewal found.
	 * @param page what it read of the log
	 * @return whether the renewal may prove anything
	 */
	boolean read(RevocationPage page) {
		Long before = this.known;
		boolean isBehind = page.extent() == RevocationPage.Extent.BEHIND;
		// What it knew may be no id of this log.
		this.known = (before == null || isBehind) ? page.upTo() : Math.max(before, page.upTo());
		if (isBehind) {
			// Slices that were sent at once read the same.
			if (this.sendingOn == 0 || before == null || page.upTo() > before) {
				sendOn(this.loop.present());
			}
			return false;
		}
		if (!page.revocations().isEmpty()) {
			end(page.revocations(), page.upTo());
		}
		return page.isComplete() && this.sendingOn == 0;
	}

	/** Nothing is proven before each of them is asked to reconnect. */
	private void sendOn(List<Connection> present) {
		log.warn("revocations=missed streams={}: their clients reconnect, and are checked", present.size());
		this.sendingOn++;
		Slices
			.of(this.loop, present, Slices.WRITE,
					(connection) -> this.loop.guard(WHERE, connection, (one) -> one.goAway(CloseReason.ERROR)))
			.whenComplete((done, failure) -> this.sendingOn--);
	}

	/**
	 * Ends what was revoked. On the loop.
	 * @param revocations what was
	 * @param id the id that ends the streams
	 * @return how many streams ended or lost a topic
	 */
	public int end(List<Revocation> revocations, long id) {
		int count = 0;
		Map<String, Revocation> tokens = new HashMap<>();
		for (Revocation revocation : revocations) {
			switch (revocation.target()) {
				case Revocation.OfUser(String user) -> {
					for (Connection connection : of(user)) {
						count += end(connection, revocation, id);
					}
				}
				case Revocation.OfTopic(String user, String topic) -> {
					for (Connection connection : of(user)) {
						count += unsubscribe(connection, topic, revocation);
					}
				}
				case Revocation.OfToken(String hash) -> tokens.put(hash, revocation);
			}
		}
		if (!tokens.isEmpty()) {
			List<Connection> present = new ArrayList<>(this.loop.waiting());
			present.addAll(this.loop.admitted());
			for (Connection connection : present) {
				Revocation revocation = tokens.get(connection.request().token().hash());
				if (revocation != null) {
					count += end(connection, revocation, id);
				}
			}
			this.loop.worked(present.size() / Slices.LOOK);
		}
		return count;
	}

	/** Those of a user: with a slot, and waiting for one. */
	private List<Connection> of(String user) {
		List<Connection> found = new ArrayList<>(2);
		Topic<Connection> topic = this.loop.topics().find(ChannelName.user(user));
		for (int i = 0; topic != null && i < topic.size(); i++) {
			found.add(topic.subscriber(i));
		}
		for (Connection waiter : this.loop.waiting()) {
			if (waiter.user().equals(user)) {
				found.add(waiter);
			}
		}
		return found;
	}

	private boolean concerns(Revocation revocation, Connection connection) {
		return !connection.isClosed() && !connection.isLeaving()
				&& revocation.refuses(connection.request().token(), this.loop.millis());
	}

	private int end(Connection connection, Revocation revocation, long id) {
		if (!concerns(revocation, connection)) {
			return 0;
		}
		int streams = connection.isBegun() ? 1 : 0;
		this.loop.guard(WHERE, connection, (one) -> one.ending().revoked(id));
		return streams;
	}

	private int unsubscribe(Connection connection, String topic, Revocation revocation) {
		int[] streams = { 0 };
		if (concerns(revocation, connection)) {
			this.loop.guard(WHERE, connection,
					(one) -> streams[0] = one.opening().unsubscribe(topic, revocation.reason()) ? 1 : 0);
		}
		return streams[0];
	}

}
