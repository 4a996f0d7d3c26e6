package io.fanfare.node.recorder;

import java.util.Arrays;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import org.jspecify.annotations.Nullable;

/**
 * A stream as it is now, or as it was when it ended.
 *
 * @param connection its id
 * @param user whose it is
 * @param openedAt when it was opened, in milliseconds since the epoch
 * @param endedAt when it ended, or null while it is open
 * @param ending why it ended, or null
 * @param journal how its position changed
 * @param channels what it was subscribed to at first, by hashes
 * @param position up to which id everything was written, or announced as missing
 * @param ownUpTo up to which id its user's channel surely was
 * @param lastMessageAt when messages were last written
 * @param acknowledged up to which id its client says that it received all
 * @param acknowledgedAbove what else it says that it received, in order
 */
public record PastStream(String connection, String user, long openedAt, @Nullable Long endedAt, @Nullable String ending,
		StreamJournal journal, long[] channels, long position, long ownUpTo, long lastMessageAt, long acknowledged,
		long[] acknowledgedAbove) {

	/** What one takes, beside its texts, its channels and its journal. */
	private static final int FIXED_BYTES = 240;

	/**
	 * Channels as they stand in it.
	 * @param channels the channels
	 * @return their hashes
	 */
	public static long[] hashes(List<ChannelName> channels) {
		long[] hashes = new long[channels.size()];
		for (int i = 0; i < hashes.length; i++) {
			hashes[i] = StreamJournal.hash(channels.get(i));
		}
		return hashes;
	}

	/** How much memory it takes, once it has ended. */
	long bytes() {
		return FIXED_BYTES + 2L * (this.connection.length() + this.user.length())
				+ (long) Long.BYTES * (this.channels.length + this.acknowledgedAbove.length) + this.journal.bytes();
	}

	/** Whether its client says that it received a message. */
	boolean isAcknowledged(long id) {
		return id <= this.acknowledged || Arrays.binarySearch(this.acknowledgedAbove, id) >= 0;
	}

	boolean has(long channel) {
		for (long one : this.channels) {
			if (one == channel) {
				return true;
			}
		}
		return false;
	}

}
